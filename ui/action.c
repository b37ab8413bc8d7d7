#include "ui/action.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "ui/key.h"
#include "ui/theme.h"

/* Why an action has no twin. */
#define MOVES "it moves about the screen"
#define SHOWS "it is about what the screen shows"
#define EDITS "a step in the making of a scheme; --scheme takes the result"

static const ActionInfo TABLE[ACTIONS] = {
    [ACTION_NONE] = {"", "", "", NULL, .scope = 0},
    [ACTION_SHOW_MODEL] = {"model", "1", "layers of the model", NULL, .scope = SCOPE_APP,
                           .twin = "dnn2fpga inspect MODEL"},
    [ACTION_SHOW_CALIBRATE] = {"calibrate", "2", "what each layer gets, and its effect", NULL,
                               .scope = SCOPE_APP,
                               .twin = "dnn2fpga observe MODEL, --layer, --scheme"},
    [ACTION_SHOW_RUN] = {"run", "3", "the current run and its result", NULL, .scope = SCOPE_APP,
                         .twin = "dnn2fpga runs show ID"},
    [ACTION_SHOW_LADDER] = {"ladder", "4", "from 8 bits to training, rung by rung", NULL,
                            .scope = SCOPE_APP, .twin = "dnn2fpga quantize MODEL --max-drop D"},
    [ACTION_SHOW_HARDWARE] = {"hardware", "5", "folding, cycles, VHDL, proof", NULL,
                              .scope = SCOPE_APP, .twin = "dnn2fpga emit, dnn2fpga simulate"},
    [ACTION_SHOW_SYNTHESIS] = {"synthesis", "6", "what the run's synthesis came to", NULL,
                               .scope = SCOPE_APP, .twin = "dnn2fpga runs show ID --json"},
    [ACTION_SHOW_HISTORY] = {"history", "7", "all runs", NULL, .scope = SCOPE_APP,
                             .twin = "dnn2fpga runs list"},
    [ACTION_SHOW_MESSAGES] = {"messages", "8", "every message so far", NULL, .scope = SCOPE_APP,
                              .screen_only = SHOWS},
    [ACTION_SHOW_LOG] = {"log", "9", "what was done, command by command", NULL, .scope = SCOPE_APP,
                         .twin = "dnn2fpga runs log ID"},
    [ACTION_SHOW_TOOLS] = {"tools", "0", "programs found, what they enable", NULL,
                           .scope = SCOPE_APP, .twin = "dnn2fpga doctor"},
    [ACTION_START_RUN] = {"start-run", "r F5", "quantize, generate and prove the model", "run",
                          .scope = SCOPE_APP, .writes = true, .twin = "dnn2fpga run MODEL"},
    [ACTION_CANCEL_RUN] = {"cancel-run", "c F9", "stop the run that is shown", "cancel",
                           .scope = SCOPE_APP, .writes = true, .twin = "dnn2fpga runs cancel ID"},
    [ACTION_OPEN] = {"open", "Enter", "open the selected row", "open", .scope = SCOPE_ENTER,
                     .screen_only = MOVES},
    [ACTION_BACK] = {"back", "Esc < Backspace", "back to where you were", "back",
                     .scope = SCOPE_APP, .screen_only = MOVES},
    [ACTION_UP] = {"up", "k Up", "one row up", NULL, .scope = SCOPE_LIST, .screen_only = MOVES},
    [ACTION_DOWN] = {"down", "j Down", "one row down", NULL, .scope = SCOPE_LIST,
                     .screen_only = MOVES},
    [ACTION_PAGE_UP] = {"page-up", "PgUp ^U ^B", "one page up", NULL, .scope = SCOPE_LIST,
                        .screen_only = MOVES},
    [ACTION_PAGE_DOWN] = {"page-down", "PgDn ^D ^F", "one page down", NULL, .scope = SCOPE_LIST,
                          .screen_only = MOVES},
    [ACTION_PAGE_ON] = {"page-on", "Space", "one page on", NULL, .scope = SCOPE_TEXT,
                        .screen_only = MOVES},
    [ACTION_LEFT] = {"left", "Left h", "what is cut off at the left", NULL, .scope = SCOPE_ACROSS,
                     .screen_only = MOVES},
    [ACTION_RIGHT] = {"right", "Right l", "what is cut off at the right", NULL,
                      .scope = SCOPE_ACROSS, .screen_only = MOVES},
    [ACTION_FIRST] = {"first", "g Home", "to the first row", NULL, .scope = SCOPE_LIST,
                      .screen_only = MOVES},
    [ACTION_LAST] = {"last", "G End", "to the last row", NULL, .scope = SCOPE_LIST,
                     .screen_only = MOVES},
    [ACTION_SWITCH_TENSOR] = {"switch-tensor", "t", "weights, or activations", "tensor",
                              .scope = SCOPE_CALIBRATE, .screen_only = SHOWS},
    [ACTION_NEXT_CALIBRATION] = {"next-calibration", "m", "the next way to choose the clip",
                                 "method", .scope = SCOPE_CALIBRATE,
                                 .twin = "--layer NAME:calibration=..., weight-calibration=..."},
    [ACTION_PREVIOUS_CALIBRATION] = {"previous-calibration", "M", "the one before", NULL,
                                     .scope = SCOPE_CALIBRATE,
                                     .twin =
                                         "--layer NAME:calibration=..., weight-calibration=..."},
    [ACTION_FEWER_BITS] = {"fewer-bits", "[", "one bit less", "bits", .scope = SCOPE_CALIBRATE,
                           .twin = "--layer NAME:weight-bits=..., activation-bits=..."},
    [ACTION_MORE_BITS] = {"more-bits", "]", "one bit more", NULL, .scope = SCOPE_CALIBRATE,
                          .twin = "--layer NAME:weight-bits=..., activation-bits=..."},
    [ACTION_CLIP_DOWN] = {"clip-down", "Left h", "a clip a little smaller", "clip",
                          .scope = SCOPE_CALIBRATE, .twin = "--layer NAME:clip=..."},
    [ACTION_CLIP_UP] = {"clip-up", "Right l", "a clip a little larger", NULL,
                        .scope = SCOPE_CALIBRATE, .twin = "--layer NAME:clip=..."},
    [ACTION_CLIP_FAR_DOWN] = {"clip-far-down", "{", "a clip much smaller", NULL,
                              .scope = SCOPE_CALIBRATE, .twin = "--layer NAME:clip=..."},
    [ACTION_CLIP_FAR_UP] = {"clip-far-up", "}", "a clip much larger", NULL,
                            .scope = SCOPE_CALIBRATE, .twin = "--layer NAME:clip=..."},
    [ACTION_CLIP_AUTO] = {"clip-auto", "a", "the clip that the calibration chooses", NULL,
                          .scope = SCOPE_CALIBRATE, .twin = "--layer NAME:clip=auto"},
    [ACTION_GRANULARITY] = {"granularity", "p", "weights per tensor, or per channel", "per",
                            .scope = SCOPE_CALIBRATE, .twin = "--layer NAME:per-channel=yes"},
    [ACTION_PIN_FLOAT] = {"pin-float", "f", "the layer stays floating point, or not", "float",
                          .scope = SCOPE_CALIBRATE, .twin = "--float NAME"},
    [ACTION_MARK] = {"mark", "Space", "the next actions are for this row, too", "mark",
                     .scope = SCOPE_MARK, .screen_only = EDITS},
    [ACTION_MARK_ALL] = {"mark-all", "*", "mark all rows, or none", NULL, .scope = SCOPE_MARK,
                         .screen_only = EDITS},
    [ACTION_COMMIT] = {"commit", "Enter", "make what was changed one step to undo", "keep",
                       .scope = SCOPE_EDIT, .screen_only = EDITS},
    [ACTION_UNDO] = {"undo", "u", "take the last step back", "undo", .scope = SCOPE_MARK,
                     .screen_only = EDITS},
    [ACTION_REDO] = {"redo", "^R U", "do again what was taken back", NULL, .scope = SCOPE_EDIT,
                     .screen_only = EDITS},
    [ACTION_PRESETS] = {"presets", "P", "many choices at once, for the marked rows", "presets",
                        .scope = SCOPE_CALIBRATE,
                        .twin = "--bits B --calibration NAME --per-channel"},
    [ACTION_COMPARE] = {"compare", "x", "beside another calibration; again: next", "compare",
                        .scope = SCOPE_CALIBRATE, .twin = "dnn2fpga sweep MODEL"},
    [ACTION_TAKE_COMPARED] = {"take-compared", "X", "take the calibration on the right side", NULL,
                              .scope = SCOPE_CALIBRATE, .screen_only = EDITS},
    [ACTION_OBSERVE] = {"observe", "o", "look at the tensors again", NULL, .scope = SCOPE_CALIBRATE,
                        .twin = "dnn2fpga observe MODEL --workdir DIR"},
    [ACTION_WRITE_SCHEME] = {"write-scheme", "w", "write the choices to a scheme file", NULL,
                             .scope = SCOPE_CALIBRATE, .argument = "FILE",
                             .twin = "--write-scheme FILE"},
    [ACTION_READ_SCHEME] = {"read-scheme", "L", "take the choices of a scheme file", NULL,
                            .scope = SCOPE_CALIBRATE, .argument = "FILE", .twin = "--scheme FILE"},
    [ACTION_RESET_SCHEME] = {"reset-scheme", "R", "back to what the program started with", NULL,
                             .scope = SCOPE_CALIBRATE, .screen_only = EDITS},
    [ACTION_SET_TARGET] = {"set-target", "t", "accuracy that the next run must reach", "target",
                           .scope = SCOPE_LADDER, .argument = "FRACTION",
                           .twin = "--target-accuracy A"},
    [ACTION_SET_DROP] = {"set-drop", "d", "accuracy that it may lose", "drop",
                         .scope = SCOPE_LADDER, .argument = "FRACTION", .twin = "--max-drop D"},
    [ACTION_SET_EPOCHS] = {"set-epochs", "e", "most epochs of training", "epochs",
                           .scope = SCOPE_LADDER, .argument = "N", .twin = "--qat-epochs N"},
    [ACTION_SWITCH_POLICY] = {"switch-policy", "y", "how sensitive layers are found", "policy",
                              .scope = SCOPE_LADDER, .twin = "--policy conv|sensitivity"},
    [ACTION_PAUSE_RUN] = {"pause-run", "p", "the run waits; again: it goes on", "pause",
                          .scope = SCOPE_STEER, .writes = true,
                          .twin = "dnn2fpga runs pause ID, continue ID"},
    [ACTION_SKIP_RUNG] = {"skip-rung", "n", "end this rung with what it has", "next rung",
                          .scope = SCOPE_CLIMB, .writes = true, .twin = "dnn2fpga runs skip ID"},
    [ACTION_STOP_CLIMB] = {"stop-climb", "s", "no further rung: take the best so far", "stop here",
                           .scope = SCOPE_CLIMB, .writes = true, .twin = "dnn2fpga runs stop ID"},
    [ACTION_RESUME_RUN] = {"resume-run", "u", "go on with a run that did not end", "resume",
                           .scope = SCOPE_STEER, .writes = true, .twin = "dnn2fpga runs resume ID"},
    [ACTION_MORE_PE] = {"more-pe", "p", "more outputs at a time", "PE", .scope = SCOPE_HARDWARE,
                        .twin = "--fold NAME:pe=..,simd=.."},
    [ACTION_FEWER_PE] = {"fewer-pe", "P", "fewer outputs at a time", NULL, .scope = SCOPE_HARDWARE,
                         .twin = "--fold NAME:pe=..,simd=.."},
    [ACTION_MORE_SIMD] = {"more-simd", "m", "more inputs at a time", "SIMD",
                          .scope = SCOPE_HARDWARE, .twin = "--fold NAME:pe=..,simd=.."},
    [ACTION_FEWER_SIMD] = {"fewer-simd", "M", "fewer inputs at a time", NULL,
                           .scope = SCOPE_HARDWARE, .twin = "--fold NAME:pe=..,simd=.."},
    [ACTION_FOLD_AS_BUILT] = {"fold-as-built", "a", "every stage as this run built it", "as built",
                              .scope = SCOPE_HARDWARE, .screen_only = EDITS},
    [ACTION_SHOW_FILES] = {"show-files", "v", "read the VHDL of this run", "VHDL",
                           .scope = SCOPE_HARDWARE,
                           .twin = "dnn2fpga emit DESCRIPTION --workdir DIR"},
    [ACTION_SET_CLOCK] = {"set-clock", "t", "the clock that turns cycles into time", "clock",
                          .scope = SCOPE_HARDWARE, .argument = "MHZ", .twin = "--clock MHZ"},
    [ACTION_SHOW_DIFFERENCE] = {"show-difference", "D", "where hardware and software part",
                                "difference", .scope = SCOPE_HARDWARE,
                                .twin = "dnn2fpga runs differences ID"},
    [ACTION_SHOW_WAVE] = {"show-wave", "w", "waves of the first difference, in GTKWave", "wave",
                          .scope = SCOPE_WAVES,
                          .twin = "dnn2fpga simulate DESCRIPTION --wave FILE"},
    [ACTION_TAP_IMAGE] = {"tap-image", "i", "simulate it again, every layer compared", "image",
                          .scope = SCOPE_WAVES, .writes = true, .argument = "IMAGE",
                          .twin = "dnn2fpga runs differences ID --again --image N"},
    [ACTION_NEXT_DIFFERENCE] = {"next-difference", "n", "the next one that differs", "next",
                                .scope = SCOPE_DIFFERENCE, .screen_only = MOVES},
    [ACTION_PREVIOUS_DIFFERENCE] = {"previous-difference", "N", "the one before that differs", NULL,
                                    .scope = SCOPE_DIFFERENCE, .screen_only = MOVES},
    [ACTION_BALANCE] = {"balance", "b", "foldings for a rate, a device, or for both", "balance",
                        .scope = SCOPE_HARDWARE, .argument = "RATE_OR_DEVICE",
                        .twin = "--target-fps N, --device NAME"},
    [ACTION_NEXT_DEVICE] = {"next-device", "d", "the next device that the bars are of", "device",
                            .scope = SCOPE_HARDWARE, .twin = "--device NAME"},
    [ACTION_DEVICE] = {"device", "", "the device of that name", NULL, .scope = SCOPE_HARDWARE,
                       .argument = "NAME", .twin = "--device NAME"},
    [ACTION_NEXT_SYNTHESIS] = {"next-synthesis", "d",
                               "runs are synthesized for the next device", "device",
                               .scope = SCOPE_SYNTHESIS, .twin = "--device NAME --synth"},
    [ACTION_SYNTHESIZE_FOR] = {"synthesize-for", "",
                               "runs are synthesized for that one, or none", NULL,
                               .scope = SCOPE_SYNTHESIS, .argument = "DEVICE",
                               .twin = "--device NAME --synth"},
    [ACTION_LEVEL] = {"level", "L", "all, what matters more, failures alone", "level",
                      .scope = SCOPE_LEVEL, .screen_only = SHOWS},
    [ACTION_SEARCH] = {"search", "/ F3", "find a row that contains a text", "search",
                       .scope = SCOPE_SEARCH, .argument = "TEXT",
                       .twin = "dnn2fpga runs list --filter TEXT"},
    [ACTION_SEARCH_NEXT] = {"search-next", "n", "next row that was searched for", NULL,
                            .scope = SCOPE_SEARCH, .screen_only = SHOWS},
    [ACTION_SEARCH_PREVIOUS] = {"search-previous", "N", "previous row that was searched for", NULL,
                                .scope = SCOPE_SEARCH, .screen_only = SHOWS},
    [ACTION_SORT] = {"sort", "s F6", "sort by the next column", "sort", .scope = SCOPE_SORT,
                     .twin = "dnn2fpga runs list --sort COLUMN"},
    [ACTION_SORT_REVERSE] = {"sort-reverse", "S", "sort the other way round", NULL,
                             .scope = SCOPE_SORT, .twin = "dnn2fpga runs list --ascending"},
    [ACTION_REFRESH] = {"refresh", "o", "look again", "look again", .scope = SCOPE_REFRESH,
                        .twin = "dnn2fpga doctor"},
    [ACTION_FILTER] = {"filter", "\\ F4", "rows with a text only; !TEXT: without it", "filter",
                       .scope = SCOPE_HISTORY, .argument = "TEXT",
                       .twin = "dnn2fpga runs list --filter TEXT"},
    [ACTION_COLUMNS] = {"columns", "C", "which columns are shown", NULL, .scope = SCOPE_HISTORY,
                        .screen_only = MOVES},
    [ACTION_TOGGLE] = {"toggle", "Space Enter", "on, or off", "on/off", .scope = SCOPE_TOGGLE,
                       .screen_only = MOVES},
    [ACTION_COMPARE_RUNS] = {"compare-runs", "x", "the marked runs side by side", "compare",
                             .scope = SCOPE_HISTORY, .twin = "dnn2fpga runs compare ID..."},
    [ACTION_SHOW_EQUAL] = {"show-equal", "=", "also what is equal, or not", "equal ones",
                           .scope = SCOPE_COMPARE, .twin = "dnn2fpga runs compare ID... --json"},
    [ACTION_PARETO] = {"pareto", "v", "accuracy, size and latency in a plane", "plot",
                       .scope = SCOPE_HISTORY, .twin = "dnn2fpga runs export ID... --format html"},
    [ACTION_SWITCH_AXIS] = {"switch-axis", "a", "size across, or latency", "axis",
                            .scope = SCOPE_PARETO, .screen_only = MOVES},
    [ACTION_NOTE] = {"note", "e", "text of your own for the run; - for none", "note",
                     .scope = SCOPE_HISTORY, .writes = true, .argument = "TEXT",
                     .twin = "dnn2fpga runs note ID TEXT"},
    [ACTION_TAGS] = {"tags", "t", "words for the run; - for none", "tags", .scope = SCOPE_HISTORY,
                     .writes = true, .argument = "WORDS", .twin = "dnn2fpga runs tag ID WORD..."},
    [ACTION_DELETE] = {"delete", "D", "into the bin", "delete", .scope = SCOPE_HISTORY,
                       .writes = true, .twin = "dnn2fpga runs delete ID..."},
    [ACTION_UNDELETE] = {"undelete", "U", "out of the bin", NULL, .scope = SCOPE_HISTORY,
                         .writes = true, .twin = "dnn2fpga runs undelete ID..."},
    [ACTION_BIN] = {"bin", "b", "the deleted runs, and back", "bin", .scope = SCOPE_HISTORY,
                    .twin = "dnn2fpga runs list --deleted"},
    [ACTION_REPRODUCE] = {"reproduce", "R", "do the run again, compare its hashes", "again",
                          .scope = SCOPE_HISTORY, .writes = true,
                          .twin = "dnn2fpga runs reproduce ID"},
    [ACTION_RESUME_SELECTED] = {"resume", ">", "go on with a run that did not end", NULL,
                                .scope = SCOPE_HISTORY, .writes = true,
                                .twin = "dnn2fpga runs resume ID"},
    [ACTION_EXPORT] = {"export", "E", "to a new .csv or .json; runs: .html, too", "export",
                       .scope = SCOPE_TABLE, .argument = "FILE",
                       .twin = "--json, dnn2fpga runs export ID... --format csv --output FILE"},
    [ACTION_QUEUE] = {"queue", "w", "runs that wait for their turn", "queue",
                      .scope = SCOPE_HISTORY, .twin = "dnn2fpga runs queue list"},
    [ACTION_UNQUEUE] = {"unqueue", "D", "take it out of the queue", "remove", .scope = SCOPE_QUEUE,
                        .writes = true, .twin = "dnn2fpga runs queue remove JOB"},
    [ACTION_SOONER] = {"sooner", "K", "before the one above", "sooner", .scope = SCOPE_QUEUE,
                       .writes = true, .twin = "dnn2fpga runs queue up JOB"},
    [ACTION_LATER] = {"later", "J", "after the one below", "later", .scope = SCOPE_QUEUE,
                      .writes = true, .twin = "dnn2fpga runs queue down JOB"},
    [ACTION_TRY_AGAIN] = {"try-again", "t", "one that could not begin waits again", "try again",
                          .scope = SCOPE_QUEUE, .writes = true,
                          .twin = "dnn2fpga runs queue retry JOB"},
    [ACTION_LAST_SCREEN] = {"last-screen", "- `", "the main screen that was there before", NULL,
                            .scope = SCOPE_APP, .screen_only = MOVES},
    [ACTION_FOCUS] = {"focus", "Tab", "movement keys are for the other pane", "pane",
                      .scope = SCOPE_PANES, .screen_only = MOVES},
    [ACTION_FOCUS_BACK] = {"focus-back", "S-Tab", "the same, backwards", NULL,
                           .scope = SCOPE_PANES, .screen_only = MOVES},
    [ACTION_PANE] = {"pane", "+", "one pane alone, then the other, then both", NULL,
                     .scope = SCOPE_PANES, .screen_only = SHOWS},
    [ACTION_ZOOM] = {"zoom", "O", "the screen alone; again: title and hints", NULL,
                     .scope = SCOPE_APP, .screen_only = SHOWS},
    [ACTION_THEME] = {"theme", "", "other colours", NULL, .scope = SCOPE_APP, .argument = "NAME",
                      .choices = THEME_NAMES, .twin = "--theme NAME"},
    [ACTION_MOUSE] = {"mouse", "", "ask the terminal for the mouse, or not", NULL,
                      .scope = SCOPE_APP, .twin = "--no-mouse"},
    [ACTION_SAVE_SETTINGS] = {"save-settings", "", "theme, mouse and columns, at once", NULL,
                              .scope = SCOPE_APP, .writes = true,
                              .screen_only = "the file is text: 'dnn2fpga paths' says where"},
    [ACTION_SNAPSHOT] = {"snapshot", "", "write the screen as text to a file", NULL,
                         .scope = SCOPE_APP, .argument = "FILE", .twin = "--script FILE"},
    [ACTION_COMMAND] = {"command", ":", "type an action by its name", "command", .scope = SCOPE_APP,
                        .screen_only = SHOWS},
    [ACTION_HELP] = {"help", "? F1", "keys of this screen", "help", .scope = SCOPE_APP,
                     .twin = "dnn2fpga --help"},
    [ACTION_REPAINT] = {"repaint", "^L", "draw the whole screen again", NULL, .scope = SCOPE_APP,
                        .screen_only = SHOWS},
    [ACTION_SUSPEND] = {"suspend", "^Z", "back to the shell; `fg` returns", NULL,
                        .scope = SCOPE_APP, .screen_only = SHOWS},
    [ACTION_CLOSE] = {"close", "q", "back; from a main screen: leave", "close", .scope = SCOPE_APP,
                      .screen_only = SHOWS},
    [ACTION_QUIT] = {"quit", "Q ^C F10", "leave the workbench", "quit", .scope = SCOPE_APP,
                     .screen_only = SHOWS},
};

const ActionInfo *action_info(ActionId action)
{
    return &TABLE[action];
}

const char *action_scope_name(unsigned scope)
{
    static const struct {
        unsigned scope;
        const char *name;
    } NAMES[] = {
        {SCOPE_APP, "Everywhere"},
        {SCOPE_LIST, "In lists and texts"},
        {SCOPE_SEARCH, "Where there is something to find"},
        {SCOPE_SORT, "In tables that can be sorted"},
        {SCOPE_ENTER, "Where rows can be opened"},
        {SCOPE_TEXT, "In long texts"},
        {SCOPE_ACROSS, "Where there is more at the side"},
        {SCOPE_MARK, "Where rows are marked"},
        {SCOPE_EDIT, "Where rows are edited"},
        {SCOPE_TOGGLE, "Where rows are on or off"},
        {SCOPE_REFRESH, "On History and Tools"},
        {SCOPE_CALIBRATE, "On Calibrate"},
        {SCOPE_LADDER, "On Ladder"},
        {SCOPE_HARDWARE, "On Hardware"},
        {SCOPE_SYNTHESIS, "On Synthesis"},
        {SCOPE_WAVES, "On Hardware and Difference"},
        {SCOPE_DIFFERENCE, "On Difference, from Hardware"},
        {SCOPE_HISTORY, "On History"},
        {SCOPE_COMPARE, "On Compare, from History"},
        {SCOPE_QUEUE, "On Queue, from History"},
        {SCOPE_PARETO, "On Pareto, from History"},
        {SCOPE_STEER, "On Run and Ladder, while a run goes on"},
        {SCOPE_PANES, "On Calibrate, Ladder and History"},
        {SCOPE_TABLE, "In tables"},
        {SCOPE_LEVEL, "On Messages and Log"},
        {SCOPE_CLIMB, "There, while a rung is tried"},
    };
    for (size_t i = 0; i < sizeof NAMES / sizeof NAMES[0]; i++)
        if (NAMES[i].scope == scope)
            return NAMES[i].name;
    return NULL;
}

static bool has_key(const char *keys, int key)
{
    char name[KEY_NAME_BYTES];
    int length;
    while (sscanf(keys, " %11s%n", name, &length) == 1) {
        if (key_parse(name) == key)
            return true;
        keys += length;
    }
    return false;
}

ActionId action_of_key(int key, unsigned scopes)
{
    for (int i = ACTION_NONE + 1; i < ACTIONS; i++)
        if ((TABLE[i].scope & scopes) && has_key(TABLE[i].keys, key))
            return (ActionId)i;
    return ACTION_NONE;
}

const char *action_complete(const char *typed, unsigned scopes, int nth)
{
    size_t length = strlen(typed);
    for (int i = ACTION_NONE + 1; i < ACTIONS; i++)
        if ((TABLE[i].scope & scopes) && strncmp(TABLE[i].name, typed, length) == 0 && nth-- == 0)
            return TABLE[i].name;
    return NULL;
}

ActionId action_of_name(const char *name, unsigned scopes)
{
    for (int i = ACTION_NONE + 1; i < ACTIONS; i++)
        if ((TABLE[i].scope & scopes) && strcmp(TABLE[i].name, name) == 0)
            return (ActionId)i;
    const char *only = action_complete(name, scopes, 0);
    if (!only || !*name || action_complete(name, scopes, 1))
        return ACTION_NONE;
    return action_of_name(only, scopes);
}
