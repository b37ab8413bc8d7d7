#include "ui/terminal.h"

#include <curses.h>
#include <errno.h>
#include <fcntl.h>
#include <langinfo.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <term.h>
#include <termios.h>
#include <unistd.h>

#undef columns /* <term.h> makes a macro of it */
#include "ui/key.h"

enum {
    ESCAPE_DELAY_MS = 25,
    FIRST_PAIR = 1,
    MOVE_BYTES = 9,   /* "\033[24;160H", or the characters between, where these are less */
    STYLE_BYTES = 20, /* attributes off, the colours of the user, a flag, a colour */
    SPARE_BYTES = 40  /* curses may send what lies between once more, with its styles */
};

struct Terminal {
    SCREEN *screen;    /* NULL: in memory */
    int rows, columns; /* then */
    bool ascii;
    int click_row, click_column;
    ColourDepth depth;
    Theme theme;
    Canvas *shown; /* what the screen has now; NULL: not known */
};

/* ---- rescue: the tty is put back whatever ends the program ----------------------------------- */

static const int FATAL[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP, SIGQUIT};

enum { FATAL_COUNT = sizeof FATAL / sizeof FATAL[0], ALTERNATE_STACK_BYTES = 1 << 16 };

/* Signal handlers and atexit() take no argument: the one piece of state of this program that they
 * need is here. Everything is prepared beforehand; a handler may do little. */
static struct Rescue {
    volatile sig_atomic_t active;
    struct termios modes;
    char restore[256]; /* sequences that leave the curses screen */
    char words[1024];  /* said when the program crashes */
    int real_stderr;
    char *log;
    struct sigaction before[FATAL_COUNT];
    char *stack;
} rescue;

static void put_tty_back(void)
{
    if (!rescue.active)
        return;
    rescue.active = 0;
    ssize_t ignored = write(STDOUT_FILENO, rescue.restore, strlen(rescue.restore));
    (void)ignored;
    tcsetattr(STDIN_FILENO, TCSANOW, &rescue.modes);
    dup2(rescue.real_stderr, STDERR_FILENO);
}

static void on_fatal_signal(int number)
{
    put_tty_back();
    ssize_t ignored = write(STDERR_FILENO, rescue.words, strlen(rescue.words));
    (void)ignored;
    for (int i = 0; i < FATAL_COUNT; i++)
        sigaction(FATAL[i], &rescue.before[i], NULL);
    raise(number);
}

/* Somebody called exit() with the screen up; the last words went to the log. */
static void on_exit_with_screen(void)
{
    if (!rescue.active)
        return;
    put_tty_back();
    fprintf(stderr, "dnn2fpga: ended early%s%s\n", rescue.log ? "; see " : "",
            rescue.log ? rescue.log : "");
}

static void append_capability(const char *name)
{
    char *sequence = tigetstr(name);
    size_t used = strlen(rescue.restore);
    bool there = sequence && sequence != (char *)-1;
    if (there && used + strlen(sequence) < sizeof rescue.restore)
        memcpy(rescue.restore + used, sequence, strlen(sequence) + 1);
}

static void rescue_prepare(bool mouse)
{
    static bool registered;
    rescue.restore[0] = '\0';
    if (mouse)
        snprintf(rescue.restore, sizeof rescue.restore, "%s", "\033[?1000l\033[?1006l");
    append_capability("sgr0");
    append_capability("rmkx");
    append_capability("cnorm");
    append_capability("rmcup");
    snprintf(rescue.words, sizeof rescue.words,
             "dnn2fpga " DNN2FPGA_VERSION " crashed; a run that was going on goes on%s%s\n",
             rescue.log ? ". The log: " : "", rescue.log ? rescue.log : "");
    if (!rescue.stack)
        rescue.stack = malloc(ALTERNATE_STACK_BYTES);
    sigaltstack(&(stack_t){.ss_sp = rescue.stack, .ss_size = ALTERNATE_STACK_BYTES}, NULL);
    struct sigaction action = {.sa_handler = on_fatal_signal, .sa_flags = SA_ONSTACK};
    for (int i = 0; i < FATAL_COUNT; i++)
        sigaction(FATAL[i], &action, &rescue.before[i]);
    if (!registered)
        registered = atexit(on_exit_with_screen) == 0;
    rescue.active = 1;
}

static void rescue_end(void)
{
    rescue.active = 0;
    for (int i = 0; i < FATAL_COUNT; i++)
        sigaction(FATAL[i], &rescue.before[i], NULL);
    sigaltstack(&(stack_t){.ss_flags = SS_DISABLE}, NULL);
    free(rescue.stack);
    free(rescue.log);
    rescue.stack = rescue.log = NULL;
}

/* ---- open and close -------------------------------------------------------------------------- */

static void stderr_to_log(const char *path)
{
    fflush(stderr);
    rescue.real_stderr = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
    int log = path ? open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600) : -1;
    rescue.log = log >= 0 ? strdup(path) : NULL;
    if (log < 0)
        log = open("/dev/null", O_WRONLY | O_CLOEXEC);
    if (log >= 0) {
        dup2(log, STDERR_FILENO);
        close(log);
    }
}

static void stderr_back(void)
{
    fflush(stderr);
    dup2(rescue.real_stderr, STDERR_FILENO);
    close(rescue.real_stderr);
}

/* Keypad mode expects one of the two forms that terminals send; both are understood. */
static void define_twins(void)
{
    static const struct {
        const char *sequence;
        int key;
    } TWINS[] = {
        {"\033[A", KEY_UP},     {"\033OA", KEY_UP},    {"\033[B", KEY_DOWN},
        {"\033OB", KEY_DOWN},   {"\033[C", KEY_RIGHT}, {"\033OC", KEY_RIGHT},
        {"\033[D", KEY_LEFT},   {"\033OD", KEY_LEFT},  {"\033[H", KEY_HOME},
        {"\033OH", KEY_HOME},   {"\033[1~", KEY_HOME}, {"\033[F", KEY_END},
        {"\033OF", KEY_END},    {"\033[4~", KEY_END},  {"\033[5~", KEY_PPAGE},
        {"\033[6~", KEY_NPAGE}, {"\033[Z", KEY_BTAB},
    };
    for (size_t i = 0; i < sizeof TWINS / sizeof TWINS[0]; i++)
        define_key(TWINS[i].sequence, TWINS[i].key);
}

static ColourDepth find_depth(const TerminalOptions *options)
{
    const char *no_color = getenv("NO_COLOR");
    if (options->no_color || (no_color && *no_color) || !has_colors() || start_color() != OK)
        return COLOURS_NONE;
    if (use_default_colors() != OK)
        return COLOURS_NONE; /* forced colours would be unreadable on half of the backgrounds */
    return COLORS >= 256 ? COLOURS_256 : COLORS >= 16 ? COLOURS_16 : COLOURS_8;
}

static void start_theme(Terminal *terminal)
{
    for (int style = 0; style < STYLES && terminal->depth != COLOURS_NONE; style++) {
        Look look = theme_look(terminal->theme, (Style)style, terminal->depth);
        init_pair((short)(FIRST_PAIR + style), look.foreground, look.background);
    }
}

static void ask_for_mouse(bool on)
{
    mousemask(on ? BUTTON1_PRESSED | BUTTON4_PRESSED | BUTTON5_PRESSED : 0, NULL);
}

static void start_modes(const TerminalOptions *options)
{
    if (!getenv("ESCDELAY"))
        set_escdelay(ESCAPE_DELAY_MS);
    raw();
    noecho();
    nonl();
    keypad(stdscr, TRUE);
    nodelay(stdscr, TRUE);
    intrflush(stdscr, FALSE);
    curs_set(0);
    define_twins();
    mouseinterval(0);
    ask_for_mouse(!options->no_mouse);
}

/* Asked first, because newterm() leaks memory when it fails. A terminal whose cursor stays where it
 * is (TERM=dumb) shows nothing that can be read. */
static bool type_is_usable(const char *type)
{
    int reason;
    if (!type || !*type || setupterm(type, STDOUT_FILENO, &reason) != OK)
        return false;
    bool moves = cursor_address != NULL;
    del_curterm(cur_term);
    return moves;
}

Status terminal_open(const TerminalOptions *options, Terminal **terminal)
{
    const char *type = getenv("TERM");
    *terminal = NULL;
    if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
        return error_set(ERR_ENVIRONMENT, "the workbench needs a terminal on standard input and "
                                          "output; without one, use the verbs (dnn2fpga --help)");
    tcgetattr(STDIN_FILENO, &rescue.modes);
    SCREEN *screen = type_is_usable(type) ? newterm(NULL, stdout, stdin) : NULL;
    if (!screen)
        return error_set(ERR_ENVIRONMENT,
                         "the terminal type TERM=%s is not known here, or cannot place text; try "
                         "TERM=xterm-256color dnn2fpga, or install ncurses-term",
                         type ? type : "");
    Terminal *made = calloc(1, sizeof *made);
    if (!made)
        abort();
    made->screen = screen;
    made->theme = options->theme;
    made->ascii = options->ascii || strcmp(nl_langinfo(CODESET), "UTF-8") != 0;
    start_modes(options);
    made->depth = find_depth(options);
    start_theme(made);
    stderr_to_log(options->log);
    rescue_prepare(!options->no_mouse);
    *terminal = made;
    return OK;
}

Terminal *terminal_in_memory(int rows, int columns, bool ascii)
{
    Terminal *made = calloc(1, sizeof *made);
    if (!made)
        abort();
    *made = (Terminal){.rows = rows, .columns = columns, .ascii = ascii};
    return made;
}

void terminal_set_size(Terminal *terminal, int rows, int columns)
{
    terminal->rows = rows;
    terminal->columns = columns;
}

static void close_screen(Terminal *terminal)
{
    endwin();
    tcsetattr(STDIN_FILENO, TCSANOW, &rescue.modes);
    rescue_end();
    stderr_back();
    delscreen(terminal->screen);
}

void terminal_close(Terminal *terminal)
{
    if (!terminal)
        return;
    if (terminal->screen)
        close_screen(terminal);
    canvas_free(terminal->shown);
    free(terminal);
}

int terminal_file(const Terminal *terminal)
{
    return terminal->screen ? STDIN_FILENO : -1;
}

bool terminal_hung_up(const Terminal *terminal)
{
    int waiting = 0;
    return ioctl(terminal_file(terminal), FIONREAD, &waiting) != 0 || waiting == 0;
}

bool terminal_ascii(const Terminal *terminal)
{
    return terminal->ascii;
}

/* ---- keys ------------------------------------------------------------------------------------ */

static int key_of_mouse(Terminal *terminal)
{
    MEVENT event;
    if (getmouse(&event) != OK)
        return KEY_UNNAMED;
    terminal->click_row = event.y;
    terminal->click_column = event.x;
    if (event.bstate & BUTTON1_PRESSED)
        return KEY_CLICKED;
    if (event.bstate & BUTTON4_PRESSED)
        return KEY_ARROW_UP;
    return event.bstate & BUTTON5_PRESSED ? KEY_ARROW_DOWN : KEY_UNNAMED;
}

static int key_of_code(Terminal *terminal, wint_t code)
{
    static const struct {
        wint_t code;
        int key;
    } KEYS[] = {
        {KEY_UP, KEY_ARROW_UP},       {KEY_DOWN, KEY_ARROW_DOWN}, {KEY_LEFT, KEY_ARROW_LEFT},
        {KEY_RIGHT, KEY_ARROW_RIGHT}, {KEY_PPAGE, KEY_PAGE_UP},   {KEY_NPAGE, KEY_PAGE_DOWN},
        {KEY_HOME, KEY_GO_HOME},      {KEY_END, KEY_GO_END},      {KEY_BACKSPACE, KEY_ERASE},
        {KEY_ENTER, KEY_RETURN},      {KEY_BTAB, KEY_BACK_TAB},
    };
    for (size_t i = 0; i < sizeof KEYS / sizeof KEYS[0]; i++)
        if (KEYS[i].code == code)
            return KEYS[i].key;
    if (code >= KEY_F(1) && code <= KEY_F(12))
        return KEY_FUNCTION_1 + (int)(code - KEY_F(1));
    return code == KEY_MOUSE ? key_of_mouse(terminal) : KEY_UNNAMED;
}

bool terminal_next_key(Terminal *terminal, int *key)
{
    wint_t code;
    int kind = terminal->screen ? get_wch(&code) : ERR;
    if (kind == ERR)
        return false;
    if (kind == KEY_CODE_YES)
        *key = key_of_code(terminal, code);
    else if (code == '\n')
        *key = KEY_RETURN;
    else if (code == 0x7F || code == '\b')
        *key = KEY_ERASE;
    else
        *key = (int)code;
    return true;
}

void terminal_click(const Terminal *terminal, int *row, int *column)
{
    *row = terminal->click_row;
    *column = terminal->click_column;
}

void terminal_forget_keys(Terminal *terminal)
{
    if (terminal->screen)
        flushinp();
}

/* ---- size and drawing ------------------------------------------------------------------------ */

void terminal_size(const Terminal *terminal, int *rows, int *columns)
{
    *rows = terminal->screen ? LINES : terminal->rows;
    *columns = terminal->screen ? COLS : terminal->columns;
}

void terminal_take_size(Terminal *terminal)
{
    struct winsize size;
    if (!terminal->screen || ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_row == 0 ||
        size.ws_col == 0)
        return;
    resizeterm(size.ws_row, size.ws_col);
    canvas_free(terminal->shown);
    terminal->shown = NULL;
    erase();
}

static void attributes_of(const Terminal *terminal, Style style, attr_t *attributes, short *pair)
{
    Look look = theme_look(terminal->theme, style, terminal->depth);
    *attributes = A_NORMAL;
    *attributes |= look.flags & FLAG_BOLD ? A_BOLD : 0;
    *attributes |= look.flags & FLAG_DIM ? A_DIM : 0;
    *attributes |= look.flags & FLAG_REVERSE ? A_REVERSE : 0;
    *attributes |= look.flags & FLAG_UNDERLINE ? A_UNDERLINE : 0;
    *pair = (short)(terminal->depth == COLOURS_NONE ? 0 : FIRST_PAIR + (int)style);
}

static void put_cell(const Terminal *terminal, int row, int column, const Cell *cell)
{
    wchar_t text[2] = {(wchar_t)cell->rune, L'\0'};
    attr_t attributes;
    short pair;
    cchar_t character;
    attributes_of(terminal, (Style)cell->style, &attributes, &pair);
    if (cell->rune && setcchar(&character, text, attributes, pair, NULL) == OK)
        mvadd_wch(row, column, &character);
}

static bool same_cell(const Cell *a, const Cell *b)
{
    return a->rune == b->rune && a->style == b->style;
}

/* What differs, as it is sent: in the order of rows, each stretch of equal style at once. */
typedef struct Pen {
    int row, column; /* after the last cell */
    int style;
    int bytes; /* that it takes, of a terminal with 256 colours */
} Pen;

static int rune_bytes(uint32_t rune)
{
    return rune == 0 ? 0 : rune < 0x80 ? 1 : rune < 0x800 ? 2 : rune < 0x10000 ? 3 : 4;
}

static Pen pen_after(Pen pen, int row, int column, const Cell *cell)
{
    bool moved = row != pen.row || column != pen.column;
    pen.bytes += rune_bytes(cell->rune) + (moved ? MOVE_BYTES : 0);
    pen.bytes += moved || cell->style != pen.style ? STYLE_BYTES : 0;
    return (Pen){row, column + 1, cell->style, pen.bytes};
}

/* From which column on a row is empty: one sequence makes it so. */
static int row_end(const Canvas *canvas, int row)
{
    static const Cell EMPTY = {.rune = ' ', .style = STYLE_NORMAL};
    int end = canvas->columns;
    while (end > 0 && same_cell(canvas_cell(canvas, row, end - 1), &EMPTY))
        end--;
    return end;
}

/* Sends what differs in a row, until the pen has written more than `most`; false: that was so. */
static bool send_row(const Terminal *terminal, const Canvas *canvas, int row, int most, Pen *pen)
{
    int end = row_end(canvas, row);
    for (int column = 0; column < canvas->columns && column < COLS; column++) {
        const Cell *cell = canvas_cell(canvas, row, column);
        Cell *shown = &terminal->shown->cells[row * canvas->columns + column];
        if (same_cell(cell, shown))
            continue;
        if (column > end && pen->row == row && pen->column == column)
            pen->column++;
        else
            *pen = pen_after(*pen, row, column, cell);
        if (pen->bytes > most)
            return false;
        put_cell(terminal, row, column, cell);
        *shown = *cell;
    }
    return true;
}

/* So much differs that it is another page. */
static bool is_page(const Canvas *shown, const Canvas *canvas)
{
    int cells = canvas->rows * canvas->columns, different = 0;
    for (int i = 0; i < cells; i++)
        different += !same_cell(&shown->cells[i], &canvas->cells[i]);
    return different > cells / TERMINAL_PAGE_PART;
}

/* A screen that is not known differs everywhere. */
static void forget_screen(Terminal *terminal, const Canvas *canvas)
{
    canvas_free(terminal->shown);
    terminal->shown = canvas_new(canvas->rows, canvas->columns, canvas->ascii);
    for (int i = 0; i < canvas->rows * canvas->columns; i++)
        terminal->shown->cells[i] = (Cell){.rune = UINT32_MAX};
    erase();
}

static void flush_changes(void)
{
    wnoutrefresh(stdscr);
    doupdate();
}

bool terminal_show(Terminal *terminal, const Canvas *canvas, bool whole)
{
    const Canvas *shown = terminal->shown;
    Pen pen = {.row = -1};
    bool all = true;
    if (!terminal->screen)
        return true;
    if (!shown || shown->rows != canvas->rows || shown->columns != canvas->columns)
        forget_screen(terminal, canvas);
    whole = whole || is_page(terminal->shown, canvas);
    int most = whole ? INT_MAX : TERMINAL_FRAME_BYTES - SPARE_BYTES;
    for (int row = 0; all && row < canvas->rows && row < LINES; row++) {
        all = send_row(terminal, canvas, row, most, &pen);
        if (!whole && pen.row == row) /* else curses might scroll, and draw equal rows again */
            flush_changes();
    }
    flush_changes();
    return all;
}

void terminal_set_theme(Terminal *terminal, Theme theme)
{
    terminal->theme = theme;
    if (!terminal->screen)
        return;
    start_theme(terminal);
    canvas_free(terminal->shown);
    terminal->shown = NULL;
}

void terminal_set_mouse(Terminal *terminal, bool on)
{
    if (terminal->screen)
        ask_for_mouse(on);
}

void terminal_repaint(Terminal *terminal)
{
    if (terminal->screen)
        clearok(curscr, TRUE);
}

void terminal_leave(Terminal *terminal)
{
    if (terminal->screen)
        endwin();
}

void terminal_return(Terminal *terminal)
{
    if (!terminal->screen)
        return;
    reset_prog_mode();
    terminal_take_size(terminal);
    clearok(curscr, TRUE);
}
