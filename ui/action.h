/* action.h: everything that a user can do, as one table.
 *
 * The keymap, the hint row, the help screen and the completion of `:` commands are all made from
 * the rows in action.c. To add an action: an enumerator here, a row there, and the code that obeys
 * it, either in app.c (SCOPE_APP) or in the `action` function of the screens of its scope.
 *
 * A key may mean different things on different screens, never two things on one: a screen names
 * the scopes whose actions it understands (ScreenOps.scopes), and a test checks every screen.
 */
#ifndef UI_ACTION_H
#define UI_ACTION_H

#include <stdbool.h>

typedef enum ActionId {
    ACTION_NONE,
    ACTION_SHOW_MODEL,
    ACTION_SHOW_CALIBRATE,
    ACTION_SHOW_RUN,
    ACTION_SHOW_LADDER,
    ACTION_SHOW_HARDWARE,
    ACTION_SHOW_SYNTHESIS,
    ACTION_SHOW_HISTORY,
    ACTION_SHOW_MESSAGES,
    ACTION_SHOW_LOG,
    ACTION_SHOW_TOOLS,
    ACTION_START_RUN,
    ACTION_CANCEL_RUN,
    ACTION_OPEN,
    ACTION_BACK,
    ACTION_UP,
    ACTION_DOWN,
    ACTION_PAGE_UP,
    ACTION_PAGE_DOWN,
    ACTION_PAGE_ON,
    ACTION_LEFT,
    ACTION_RIGHT,
    ACTION_FIRST,
    ACTION_LAST,
    ACTION_SWITCH_TENSOR,
    ACTION_NEXT_CALIBRATION,
    ACTION_PREVIOUS_CALIBRATION,
    ACTION_FEWER_BITS,
    ACTION_MORE_BITS,
    ACTION_CLIP_DOWN,
    ACTION_CLIP_UP,
    ACTION_CLIP_FAR_DOWN,
    ACTION_CLIP_FAR_UP,
    ACTION_CLIP_AUTO,
    ACTION_GRANULARITY,
    ACTION_PIN_FLOAT,
    ACTION_MARK,
    ACTION_MARK_ALL,
    ACTION_COMMIT,
    ACTION_UNDO,
    ACTION_REDO,
    ACTION_PRESETS,
    ACTION_COMPARE,
    ACTION_TAKE_COMPARED,
    ACTION_OBSERVE,
    ACTION_WRITE_SCHEME,
    ACTION_READ_SCHEME,
    ACTION_RESET_SCHEME,
    ACTION_SET_TARGET,
    ACTION_SET_DROP,
    ACTION_SET_EPOCHS,
    ACTION_SWITCH_POLICY,
    ACTION_PAUSE_RUN,
    ACTION_SKIP_RUNG,
    ACTION_STOP_CLIMB,
    ACTION_RESUME_RUN,
    ACTION_MORE_PE,
    ACTION_FEWER_PE,
    ACTION_MORE_SIMD,
    ACTION_FEWER_SIMD,
    ACTION_FOLD_AS_BUILT,
    ACTION_SHOW_FILES,
    ACTION_SET_CLOCK,
    ACTION_SHOW_WAVE,
    ACTION_SHOW_DIFFERENCE,
    ACTION_TAP_IMAGE,
    ACTION_NEXT_DIFFERENCE,
    ACTION_PREVIOUS_DIFFERENCE,
    ACTION_BALANCE,
    ACTION_NEXT_DEVICE,
    ACTION_DEVICE,
    ACTION_NEXT_SYNTHESIS,
    ACTION_SYNTHESIZE_FOR,
    ACTION_LEVEL,
    ACTION_SEARCH,
    ACTION_SEARCH_NEXT,
    ACTION_SEARCH_PREVIOUS,
    ACTION_SORT,
    ACTION_SORT_REVERSE,
    ACTION_REFRESH,
    ACTION_FILTER,
    ACTION_COLUMNS,
    ACTION_TOGGLE,
    ACTION_COMPARE_RUNS,
    ACTION_SHOW_EQUAL,
    ACTION_PARETO,
    ACTION_SWITCH_AXIS,
    ACTION_NOTE,
    ACTION_TAGS,
    ACTION_DELETE,
    ACTION_UNDELETE,
    ACTION_BIN,
    ACTION_REPRODUCE,
    ACTION_RESUME_SELECTED,
    ACTION_EXPORT,
    ACTION_QUEUE,
    ACTION_UNQUEUE,
    ACTION_SOONER,
    ACTION_LATER,
    ACTION_TRY_AGAIN,
    ACTION_LAST_SCREEN,
    ACTION_FOCUS,
    ACTION_FOCUS_BACK,
    ACTION_PANE,
    ACTION_ZOOM,
    ACTION_THEME,
    ACTION_MOUSE,
    ACTION_SAVE_SETTINGS,
    ACTION_SNAPSHOT,
    ACTION_COMMAND,
    ACTION_HELP,
    ACTION_REPAINT,
    ACTION_SUSPEND,
    ACTION_CLOSE,
    ACTION_QUIT,
    ACTIONS
} ActionId;

typedef enum ActionScope {
    SCOPE_APP = 1 << 0,    /* works everywhere */
    SCOPE_LIST = 1 << 1,   /* moves in a list or a long text */
    SCOPE_SEARCH = 1 << 2, /* finds a row or a line */
    SCOPE_SORT = 1 << 3,   /* sorts a table */
    SCOPE_ENTER = 1 << 4,  /* the selected row can be opened */
    SCOPE_TEXT = 1 << 5,   /* a long text to read */
    SCOPE_EDIT = 1 << 6,   /* rows are edited step by step */
    SCOPE_CALIBRATE = 1 << 7,
    SCOPE_REFRESH = 1 << 8, /* can be looked at again */
    SCOPE_LADDER = 1 << 9,
    SCOPE_STEER = 1 << 10, /* the run under way is asked for something */
    SCOPE_HARDWARE = 1 << 11,
    SCOPE_HISTORY = 1 << 12, /* rows are runs of the history */
    SCOPE_COMPARE = 1 << 13,
    SCOPE_PARETO = 1 << 14,
    SCOPE_TOGGLE = 1 << 15, /* rows are on or off */
    SCOPE_MARK = 1 << 16,   /* rows are marked, and what was done to them undone */
    SCOPE_ACROSS = 1 << 17, /* scrolls across */
    SCOPE_QUEUE = 1 << 18,  /* rows are jobs that wait */
    SCOPE_CLIMB = 1 << 19,  /* the ladder under way is asked for something */
    SCOPE_WAVES = 1 << 20,  /* a simulated design can be looked into */
    SCOPE_DIFFERENCE = 1 << 21,
    SCOPE_LEVEL = 1 << 22, /* lines have levels */
    SCOPE_PANES = 1 << 23, /* there are two panes */
    SCOPE_TABLE = 1 << 24, /* a table to write to a file */
    SCOPE_SYNTHESIS = 1 << 25
} ActionScope;

typedef struct ActionInfo {
    const char *name; /* what `:` understands: "start-run" */
    const char *keys; /* names between blanks, the one for the hints first; "": only by name */
    const char *help; /* one line, no full stop */
    const char *hint; /* a word for the hint row; NULL: not shown there */
    unsigned scope;
    bool writes;          /* not possible with --readonly */
    const char *argument; /* what `:NAME ` takes, "FILE"; NULL: nothing */
    const char *choices;  /* words that the argument may be, between blanks; NULL: any */
    /* The same without a screen: a command, or options of one. A test knows that they exist. */
    const char *twin;
    const char *screen_only; /* or why there is no such thing */
} ActionInfo;

const ActionInfo *action_info(ActionId action);

/* Where an action of this scope works, for people: "Everywhere", "On Calibrate". */
const char *action_scope_name(unsigned scope);

/* What a key means where these scopes are understood; ACTION_NONE when nothing. */
ActionId action_of_key(int key, unsigned scopes);

/* The action of that name, or the only one that starts so; ACTION_NONE otherwise. */
ActionId action_of_name(const char *name, unsigned scopes);

/* The name that completes what was typed, NULL when there is none; `nth` steps through several. */
const char *action_complete(const char *typed, unsigned scopes, int nth);

#endif
