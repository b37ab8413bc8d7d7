/* terminal.h: the only place that knows curses.
 *
 * While a Terminal is open, standard error goes to a log file, so that no library can paint over
 * the screen. The tty is put back by terminal_close(), by exit(), and by a handler when a signal
 * kills the program. There is at most one Terminal at a time: it is the process's tty.
 *
 *     Terminal *terminal = NULL;
 *     TRY(terminal_open(&options, &terminal));
 *     while (terminal_next_key(terminal, &key)) ...
 *     terminal_show(terminal, canvas);
 *     terminal_close(terminal);
 */
#ifndef UI_TERMINAL_H
#define UI_TERMINAL_H

#include <stdbool.h>

#include "base/error.h"
#include "ui/canvas.h"

typedef struct Terminal Terminal;

typedef struct TerminalOptions {
    bool ascii;    /* even where UTF-8 would work */
    bool no_color; /* the same as a non-empty NO_COLOR */
    bool no_mouse;
    Theme theme;
    const char *log; /* file for standard error; NULL: dropped */
} TerminalOptions;

/* ERR_ENVIRONMENT when there is no tty, or its type is not known. */
Status terminal_open(const TerminalOptions *options, Terminal **terminal) MUST_CHECK;

/* A screen in memory, for walks that nobody watches: it takes what is shown and gives no keys. */
Terminal *terminal_in_memory(int rows, int columns, bool ascii);
/* Its size; a tty has its own, and nothing happens. */
void terminal_set_size(Terminal *terminal, int rows, int columns);

/* NULL is allowed. */
void terminal_close(Terminal *terminal);

/* The file that becomes readable when keys wait; -1: none ever will. */
int terminal_file(const Terminal *terminal);

/* True when that file is readable and has nothing: the other end is gone. Asked before keys are
 * taken; bytes that are no key are not an end. */
bool terminal_hung_up(const Terminal *terminal);

/* True when only ASCII may be drawn. */
bool terminal_ascii(const Terminal *terminal);

void terminal_size(const Terminal *terminal, int *rows, int *columns);

/* The next waiting key (ui/key.h); false when there is none. Never waits, but for the 25 ms that
 * tell Esc from the start of a longer sequence. */
bool terminal_next_key(Terminal *terminal, int *key);

/* The cell of the last KEY_CLICKED. */
void terminal_click(const Terminal *terminal, int *row, int *column);

/* Drops keys that were typed ahead. */
void terminal_forget_keys(Terminal *terminal);

/* After SIGWINCH: takes the new size over from the tty. */
void terminal_take_size(Terminal *terminal);

/* What one frame sends at most; where more than this part of all cells differs, it is another page
 * instead. */
enum { TERMINAL_FRAME_BYTES = 200, TERMINAL_PAGE_PART = 4 };

/* Brings the screen to what the canvas shows; only what differs is sent. Without `whole`, at most
 * TERMINAL_FRAME_BYTES are, from the top: false when that was not all of it, and it is to be called
 * again with the next frame. Another page, or a screen of another size, is whole in any case. */
bool terminal_show(Terminal *terminal, const Canvas *canvas, bool whole);

/* Other colours, from the next terminal_show() on. */
void terminal_set_theme(Terminal *terminal, Theme theme);

/* Asks the terminal for clicks and the wheel, or leaves the mouse to it (to select text). */
void terminal_set_mouse(Terminal *terminal, bool on);

/* The next terminal_show() sends everything. */
void terminal_repaint(Terminal *terminal);

/* Gives the tty back to the shell, and takes it again. */
void terminal_leave(Terminal *terminal);
void terminal_return(Terminal *terminal);

#endif
