/* verb.h: what the program can be told to do, as a table: dispatch, --help, the manual and the
 * completions are made from it. To add a verb: a function and a row in cli.c.
 */
#ifndef CLI_VERB_H
#define CLI_VERB_H

#include "cli/invocation.h"

/* Does the verb and prints its result; a failure's message is printed by the caller. */
typedef Status VerbFunction(Invocation *invocation);

/* A word that may follow a verb, with what it takes itself. */
typedef struct VerbWord {
    const char *name;  /* "show" */
    const char *takes; /* " ID" */
    const char *help;
} VerbWord;

/* The n-th of them; false: no more. */
typedef bool VerbWords(int nth, VerbWord *word);

typedef struct Verb {
    const char *name;
    const char *words; /* what it takes, for --help */
    int least, most;   /* number of words */
    unsigned groups;
    VerbFunction *function;
    const char *help;
    const char *examples; /* command lines, one a line */
    VerbWords *details;   /* what may come first after the verb; NULL: `words` says it */
} Verb;

/* The rows; NULL after the last. */
const Verb *verb_at(int index);

/* NULL: there is none. */
const Verb *verb_find(const char *name);

enum { VERB_WORD_BYTES = 32 };

/* The n-th word that must come first after the verb ("list", "show" of `runs`); false: no more. */
bool verb_first_word(const Verb *verb, int nth, char word[VERB_WORD_BYTES]);

/* Options that the workbench takes. */
enum {
    WORKBENCH_GROUPS = GROUP_COMMON | GROUP_HISTORY | GROUP_DATA | GROUP_QUANTIZE | GROUP_HARDWARE |
                       GROUP_PROOF | GROUP_PLAN | GROUP_DEVICE | GROUP_SYNTH | GROUP_WORK |
                       GROUP_SCREEN
};

#endif
