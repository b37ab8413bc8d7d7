/* arguments.h: the command line as a struct. One table of options serves parsing, --help and the
 * check that a verb knows what it is given. */
#ifndef CLI_ARGUMENTS_H
#define CLI_ARGUMENTS_H

#include <stdbool.h>
#include <stdio.h>

#include "base/arena.h"
#include "base/nearest.h"
#include "flow/deploy.h"
#include "flow/optimize.h"
#include "flow/options.h"

enum {
    ARGUMENTS_MAX_FOLDS = 256,
    ARGUMENTS_MAX_LAYERS = 256,
    ARGUMENTS_MAX_FLOATS = 256,
    ARGUMENTS_MAX_WORDS = 80
};

/* Groups of options; a verb takes some of them. */
typedef enum OptionGroup {
    GROUP_COMMON = 1 << 0,
    GROUP_HISTORY = 1 << 1,
    GROUP_DATA = 1 << 2,
    GROUP_QUANTIZE = 1 << 3,
    GROUP_HARDWARE = 1 << 4,
    GROUP_RUN = 1 << 5,
    GROUP_LIST = 1 << 6,
    GROUP_SCREEN = 1 << 7,
    GROUP_WORKDIR = 1 << 8,
    GROUP_TRAIN = 1 << 9,
    GROUP_OPTIMIZED = 1 << 10,
    GROUP_DRAW = 1 << 11,
    GROUP_EVALUATE = 1 << 12,
    GROUP_DEPLOY = 1 << 13,
    GROUP_DEVICE = 1 << 14,
    GROUP_PLAN = 1 << 15,
    GROUP_SYNTH = 1 << 16, /* a run that may go on to synthesis */
    GROUP_JSON = 1 << 17,
    GROUP_WORK = 1 << 18, /* takes time, and says how far it is */
    GROUP_PROOF = 1 << 19
} OptionGroup;

typedef struct Arguments {
    RunOptions run;
    TrainRequest train;
    DeployRequest deploy;
    FoldChoice folds[ARGUMENTS_MAX_FOLDS];
    const char *float_layers[ARGUMENTS_MAX_FLOATS];
    const char *layer_choices[ARGUMENTS_MAX_LAYERS];
    const char *words[ARGUMENTS_MAX_WORDS]; /* what is no option, verb left out */
    int word_count;
    bool help, json, quiet, paper;
    bool queue; /* run: it waits for its turn */
    bool readonly, ascii, no_color, no_mouse;
    const char *theme; /* the workbench's; NULL: as configured */
    const char *script, *record, *size;
    int64_t limit;               /* runs list */
    const char *status;          /* runs list; NULL: any */
    const char *filter, *sort;   /* runs list; NULL: all, by number */
    bool ascending, deleted;     /* runs list */
    const char *format, *output; /* runs export; NULL: json, standard output */
    int64_t image;               /* runs differences; -1: any */
    bool again;                  /* runs differences */
} Arguments;

/* Parses arguments up to NULL; `groups` are those of the verb. ERR_USAGE names the option, what it
 * takes and, when it is unknown, the nearest one. Strings live in argv or the arena. */
Status arguments_parse(char **argv, unsigned groups, Arena *arena, Arguments *arguments) MUST_CHECK;

/* The n-th word of a table of the program; NULL after the last. */
typedef const char *WordAt(int nth);

typedef struct OptionInfo {
    const char *name;  /* "db" */
    const char *value; /* "FILE", "one|or|other"; NULL: takes none */
    unsigned groups;
    const char *help;
    WordAt *table; /* the words that it takes, where `value` does not list them; NULL: none */
} OptionInfo;

/* The rows of the table; false after the last. */
bool arguments_option(int index, OptionInfo *info);

enum { ARGUMENTS_CHOICE_BYTES = 32 };

/* The n-th of the words that an option takes: of its table, or of "one|or|other" in small letters.
 * False: no more, or it takes what is in no list. */
bool arguments_choice(const OptionInfo *option, int nth, char word[ARGUMENTS_CHOICE_BYTES]);

/* The words of a text and a line's end, in 80 columns: the first word at `column`, where the line
 * stands now, further lines from column `indent` on. */
void arguments_print_wrapped(const char *text, int column, int indent, FILE *stream);

/* The options of these groups, in 80 columns. */
void arguments_print_help(unsigned groups, FILE *stream);

#endif
