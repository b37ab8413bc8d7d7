/* cli.h: the headless face: verbs, options, JSON and tables.
 *
 *     dnn2fpga VERB [ARGUMENT] [OPTION...]     one verb, results on stdout, the rest on stderr
 *     dnn2fpga [MODEL] [OPTION...]             the workbench
 *
 * With --json a verb prints exactly one JSON object on stdout, also when it fails. Progress and
 * messages go to stderr. The exit status is the Status of base/error.h.
 */
#ifndef CLI_CLI_H
#define CLI_CLI_H

#include <stdbool.h>

#include "flow/options.h"

/* What the command line says to the workbench. */
typedef struct WorkbenchRequest {
    RunOptions options; /* model NULL: none given */
    bool readonly, ascii, no_color, no_mouse;
    const char *theme;                  /* NULL: none given */
    const char *script, *record, *size; /* files of walks, and COLUMNSxROWS; NULL: none */
    bool tour;
} WorkbenchRequest;

/* A key of the workbench, for the manual. */
typedef struct KeyHelp {
    const char *screen;          /* where it works: "Everywhere" */
    const char *keys;            /* between blanks; "": by name only */
    const char *name, *help;     /* of the action */
    const char *argument, *twin; /* NULL: none */
} KeyHelp;

/* What this room is told about the screens, which are built on top of it. */
typedef struct WorkbenchDoor {
    int (*open)(const WorkbenchRequest *request);
    bool (*key)(int index, KeyHelp *help); /* false: there are no more */
} WorkbenchDoor;

int cli_main(int argc, char **argv, const WorkbenchDoor *door);

#endif
