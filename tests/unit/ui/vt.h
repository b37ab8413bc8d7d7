/* vt.h: a real program on a pseudo terminal, and a second opinion of what it shows (libvterm).
 *
 * No sleeps: the program writes a '.' to $DNN2FPGA_SYNC_FD when it has drawn the effect of what
 * came in. vt_press() returns then; vt_wait_for() is for things that happen by themselves. It also
 * writes a 'b' before each frame, and after it an 'f', or a 'w' when that was one at once.
 *
 * A pty's kernel worker hands over what was written to it later, on a busy machine much later than
 * the byte in the other pipe. So a mark is sent through the terminal itself, behind what the program
 * wrote, and the screen is looked at when the mark has come out.
 *
 *     Vt *vt = vt_start(24, 80, argv);
 *     vt_press(vt, "3");
 *     assert_true(vt_shows(vt, "History"));
 *     vt_free(vt);
 *
 * Everything is static: to be included by one test program.
 */
#ifndef TESTS_UI_VT_H
#define TESTS_UI_VT_H

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>
#include <utmp.h>
#include <vterm.h>
#include <wchar.h>

/* Limits only say that a test has failed: on a busy machine all may take very long. The mark is a
 * byte that no program writes to a terminal. */
enum { VT_MAX_BYTES = 1 << 16, VT_TIMEOUT_MS = 120000, VT_SYNC_FILE = 9, VT_MARK = 0x1F };

typedef struct Vt {
    VTerm *term;
    VTermScreen *screen;
    int rows, columns;
    int master; /* the terminal's side of the pty; -1: closed */
    int slave;  /* kept open, to look at its modes after the program is gone */
    int marker; /* the slave once more, to write marks */
    int sync;
    pid_t pid;
    int status; /* of waitpid(), once it ended */
    bool ended;
    bool other_screen;          /* the alternate one is shown */
    bool mouse;                 /* the program asks for it */
    long received;              /* bytes from the program */
    long begun, frames, wholes; /* frames, as it says itself */
    long marks, passed;         /* written, and come out */
} Vt;

#define VT_UNUSED __attribute__((unused))

static int vt_on_property(VTermProp property, VTermValue *value, void *user)
{
    if (property == VTERM_PROP_ALTSCREEN)
        ((Vt *)user)->other_screen = value->boolean;
    return 1;
}

static int64_t vt_now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Takes the marks out of `bytes`; returns how many others there are. */
static size_t vt_take_marks(Vt *vt, char *bytes, size_t count)
{
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        if (bytes[i] == VT_MARK)
            vt->passed++;
        else
            bytes[kept++] = bytes[i];
    }
    return kept;
}

/* Passes on what the program has written; false when it closed the terminal. */
static bool vt_drain(Vt *vt)
{
    char bytes[4096];
    for (;;) {
        ssize_t count = read(vt->master, bytes, sizeof bytes);
        if (count < 0 && (errno == EAGAIN || errno == EINTR))
            return true;
        if (count <= 0)
            return false;
        size_t length = vt_take_marks(vt, bytes, (size_t)count);
        if (memmem(bytes, length, "1000h", 5)) /* libvterm takes the first mode of several */
            vt->mouse = true;
        if (memmem(bytes, length, "1000l", 5))
            vt->mouse = false;
        vterm_input_write(vt->term, bytes, length);
        vt->received += (long)length;
    }
}

/* All that was written to the terminal up to now has come out when this returns. */
static void vt_flush(Vt *vt)
{
    static const char MARK = VT_MARK;
    int64_t end = vt_now_ms() + VT_TIMEOUT_MS;
    if (vt->master < 0)
        return;
    while (write(vt->marker, &MARK, 1) != 1) {
        if (vt_now_ms() > end || (errno != EAGAIN && errno != EINTR))
            return;
        poll(NULL, 0, 1);
        vt_drain(vt);
    }
    vt->marks++;
    while (vt->passed < vt->marks && vt_now_ms() < end) {
        struct pollfd file = {.fd = vt->master, .events = POLLIN};
        poll(&file, 1, 50);
        vt_drain(vt);
    }
}

/* Takes what the program said in the meantime; true: an answer was there. */
static bool vt_hear(Vt *vt)
{
    char said;
    while (read(vt->sync, &said, 1) == 1) {
        if (said == '.')
            return true;
        vt->begun += said == 'b';
        vt->frames += said == 'f';
        vt->wholes += said == 'w';
    }
    return false;
}

/* True when each frame that began has ended, and every byte of it is here. */
VT_UNUSED static bool vt_is_between_frames(Vt *vt)
{
    vt_hear(vt);
    long begun = vt->begun;
    if (begun != vt->frames + vt->wholes)
        return false;
    vt_flush(vt);
    vt_hear(vt);
    return vt->begun == begun;
}

static void vt_reap(Vt *vt)
{
    if (!vt->ended && waitpid(vt->pid, &vt->status, WNOHANG) == vt->pid)
        vt->ended = true;
}

/* One step: waits for output or an answer, at most `ms`. Returns true for an answer. */
static bool vt_step(Vt *vt, int ms)
{
    struct pollfd files[] = {{.fd = vt->master, .events = POLLIN},
                             {.fd = vt->sync, .events = POLLIN}};
    poll(files, 2, ms);
    bool answered = (files[1].revents & POLLIN) && vt_hear(vt);
    if (vt->master >= 0 && files[0].revents)
        vt_drain(vt);
    vt_reap(vt);
    return answered;
}

/* Waits until the program has drawn the effect of all that came in; false: it ended instead. */
static bool vt_settle(Vt *vt)
{
    int64_t end = vt_now_ms() + VT_TIMEOUT_MS;
    while (vt_now_ms() < end && !vt->ended) {
        if (vt_step(vt, 50)) {
            vt_flush(vt);
            return true;
        }
    }
    return false;
}

/* Sends bytes; what the program answered to earlier ones is no answer to these. */
static bool vt_type(Vt *vt, const char *bytes, size_t count)
{
    while (vt_hear(vt))
        ;
    return write(vt->master, bytes, count) == (ssize_t)count && vt_settle(vt);
}

static void vt_child(int sync, char *const argv[])
{
    dup2(sync, VT_SYNC_FILE);
    setenv("DNN2FPGA_SYNC_FD", "9", 1);
    setenv("TERM", "xterm-256color", 1);
    setenv("LC_ALL", "C.UTF-8", 1);
    setenv("TZ", "UTC", 1);
    unsetenv("NO_COLOR");
    unsetenv("ESCDELAY");
    execv(argv[0], argv);
    _exit(127);
}

VT_UNUSED static Vt *vt_begin(int rows, int columns, char *const argv[])
{
    Vt *vt = calloc(1, sizeof *vt);
    struct winsize size = {.ws_row = (unsigned short)rows, .ws_col = (unsigned short)columns};
    static const VTermScreenCallbacks CALLBACKS = {.settermprop = vt_on_property};
    int sync[2];
    if (!vt || pipe2(sync, O_CLOEXEC) != 0 ||
        openpty(&vt->master, &vt->slave, NULL, NULL, &size) != 0)
        abort();
    vt->rows = rows;
    vt->columns = columns;
    vt->term = vterm_new(rows, columns);
    vterm_set_utf8(vt->term, 1);
    vt->screen = vterm_obtain_screen(vt->term);
    vterm_screen_set_callbacks(vt->screen, &CALLBACKS, vt);
    vterm_screen_enable_altscreen(vt->screen, 1);
    vterm_screen_reset(vt->screen, 1);
    vt->pid = fork();
    if (vt->pid == 0) {
        close(vt->master);
        close(sync[0]);
        int kept = fcntl(sync[1], F_DUPFD, VT_SYNC_FILE + 1);
        login_tty(vt->slave);
        vt_child(kept, argv);
    }
    close(sync[1]);
    vt->sync = sync[0];
    fcntl(vt->master, F_SETFD, FD_CLOEXEC); /* another program's terminal is not this one's */
    fcntl(vt->slave, F_SETFD, FD_CLOEXEC);
    vt->marker = open(ptsname(vt->master), O_WRONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    fcntl(vt->master, F_SETFL, O_NONBLOCK);
    fcntl(vt->sync, F_SETFL, O_NONBLOCK);
    return vt;
}

/* The program's first screen is drawn when this returns. */
VT_UNUSED static Vt *vt_start(int rows, int columns, char *const argv[])
{
    Vt *vt = vt_begin(rows, columns, argv);
    vt_settle(vt);
    return vt;
}

/* Types characters, one after the other; each one's effect is drawn. False: the program ended. */
VT_UNUSED static bool vt_press(Vt *vt, const char *keys)
{
    for (; *keys; keys++) {
        if (!vt_type(vt, keys, 1))
            return false;
    }
    return true;
}

/* Sends bytes that are one key to the program. */
VT_UNUSED static bool vt_send(Vt *vt, const char *bytes)
{
    return vt_type(vt, bytes, strlen(bytes));
}

VT_UNUSED static bool vt_key(Vt *vt, VTermKey key)
{
    char bytes[32];
    vterm_keyboard_key(vt->term, key, VTERM_MOD_NONE);
    size_t count = vterm_output_read(vt->term, bytes, sizeof bytes - 1);
    bytes[count] = '\0';
    return vt_send(vt, bytes);
}

VT_UNUSED static bool vt_resize(Vt *vt, int rows, int columns)
{
    struct winsize size = {.ws_row = (unsigned short)rows, .ws_col = (unsigned short)columns};
    vt->rows = rows;
    vt->columns = columns;
    vterm_set_size(vt->term, rows, columns);
    ioctl(vt->master, TIOCSWINSZ, &size);
    return vt_settle(vt);
}

static void vt_row(const Vt *vt, int row, char *text, size_t size)
{
    size_t used = 0;
    for (int column = 0; column < vt->columns && used + 8 < size; column++) {
        VTermScreenCell cell;
        vterm_screen_get_cell(vt->screen, (VTermPos){.row = row, .col = column}, &cell);
        uint32_t rune = cell.chars[0];
        if (rune == (uint32_t)-1)
            continue;
        if (rune < 0x80)
            text[used++] = rune ? (char)rune : ' ';
        else
            used += (size_t)snprintf(text + used, size - used, "%lc", (wint_t)rune);
    }
    while (used > 0 && text[used - 1] == ' ')
        used--;
    text[used] = '\0';
}

/* The whole screen; the buffer is the caller's, VT_MAX_BYTES long. */
static const char *vt_text(const Vt *vt, char *text)
{
    size_t used = 0;
    for (int row = 0; row < vt->rows; row++) {
        vt_row(vt, row, text + used, VT_MAX_BYTES - used - 2);
        used += strlen(text + used);
        text[used++] = '\n';
    }
    text[used] = '\0';
    return text;
}

VT_UNUSED static bool vt_shows(const Vt *vt, const char *wanted)
{
    char text[VT_MAX_BYTES];
    return strstr(vt_text(vt, text), wanted) != NULL;
}

/* A frame comes in several pieces: takes in the rest of one that has begun to arrive. */
static void vt_take_frame(Vt *vt)
{
    int64_t end = vt_now_ms() + 1000;
    long before;
    do {
        before = vt->received;
        vt_step(vt, 40);
    } while (vt->received != before && vt_now_ms() < end);
}

/* Waits for something that happens by itself, and for the rest of the frame that shows it. What is
 * there already was drawn by a key, or by a frame that was taken in. */
VT_UNUSED static bool vt_wait_for(Vt *vt, const char *wanted)
{
    int64_t end = vt_now_ms() + 2 * VT_TIMEOUT_MS;
    if (vt_shows(vt, wanted))
        return true;
    while (!vt_shows(vt, wanted)) {
        if (vt->ended || vt_now_ms() > end)
            return false;
        vt_step(vt, 50);
    }
    vt_take_frame(vt);
    return true;
}

/* Waits for the program's end; the status of waitpid(), or -1. */
VT_UNUSED static int vt_wait_end(Vt *vt)
{
    int64_t end = vt_now_ms() + VT_TIMEOUT_MS;
    while (!vt->ended && vt_now_ms() < end)
        vt_step(vt, 20);
    if (vt->ended)
        vt_flush(vt);
    return vt->ended ? vt->status : -1;
}

/* The tty is as a shell expects it: canonical, with echo, on the normal screen. */
VT_UNUSED static bool vt_tty_is_restored(const Vt *vt)
{
    struct termios modes;
    if (tcgetattr(vt->slave, &modes) != 0)
        return false;
    return (modes.c_lflag & ICANON) && (modes.c_lflag & ECHO) && (modes.c_lflag & ISIG) &&
           (modes.c_iflag & ICRNL) && !vt->other_screen;
}

/* The terminal goes away, as when its window is closed. */
VT_UNUSED static void vt_hang_up(Vt *vt)
{
    close(vt->slave);
    close(vt->marker);
    close(vt->master);
    vt->slave = vt->marker = vt->master = -1;
}

VT_UNUSED static void vt_free(Vt *vt)
{
    if (!vt->ended) {
        kill(vt->pid, SIGKILL);
        waitpid(vt->pid, &vt->status, 0);
    }
    if (vt->master >= 0)
        close(vt->master);
    if (vt->slave >= 0) {
        close(vt->slave);
        close(vt->marker);
    }
    close(vt->sync);
    vterm_free(vt->term);
    free(vt);
}

#endif
