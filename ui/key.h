/* key.h: keys by number and by name, whatever the terminal library calls them.
 *
 * A character is its Unicode code point; other keys have numbers above Unicode. Names are what the
 * action table and the hints use: "q", "Up", "PgDn", "Enter", "^L".
 */
#ifndef UI_KEY_H
#define UI_KEY_H

enum Key {
    KEY_NOTHING = 0,
    KEY_CTRL_C = 3,
    KEY_TABULATOR = 9,
    KEY_RETURN = 13,
    KEY_CTRL_L = 12,
    KEY_CTRL_Z = 26,
    KEY_ESCAPE = 27,
    KEY_BLANK = 32,
    KEY_FIRST_NAMED = 0x110000,
    KEY_ARROW_UP = KEY_FIRST_NAMED,
    KEY_ARROW_DOWN,
    KEY_ARROW_LEFT,
    KEY_ARROW_RIGHT,
    KEY_PAGE_UP,
    KEY_PAGE_DOWN,
    KEY_GO_HOME,
    KEY_GO_END,
    KEY_ERASE, /* Backspace */
    KEY_BACK_TAB,
    KEY_FUNCTION_1, /* the next ones up to F12 */
    KEY_FUNCTION_12 = KEY_FUNCTION_1 + 11,
    KEY_CLICKED, /* the mouse: terminal_click() says where */
    KEY_UNNAMED  /* a key that nobody uses */
};

enum { KEY_NAME_BYTES = 12 };

/* The number of a key name; KEY_NOTHING when there is no such key. */
int key_parse(const char *name);

/* Writes the name of a key to `name`, and returns it. */
const char *key_label(int key, char name[KEY_NAME_BYTES]);

#endif
