/* invocation.h: one call of the program from the command line, as its verb sees it. */
#ifndef CLI_INVOCATION_H
#define CLI_INVOCATION_H

#include <jansson.h>

#include "cli/arguments.h"
#include "cli/cli.h"
#include "cli/progress_line.h"
#include "flow/run.h"

typedef struct Invocation {
    Arguments arguments;
    Arena *arena;
    ProgressLine progress;
    RunEvents events;
    bool reported; /* an object was printed: a failure needs none */
    const WorkbenchDoor *door;
    bool opens; /* the verb ends by opening the workbench with `request` */
    WorkbenchRequest request;
} Invocation;

/* Prints a report as text. */
typedef void ReportTable(const Invocation *invocation, const json_t *report);

/* Ends a verb: prints its report (taken; NULL: none) as JSON, or by `table` when the verb came so
 * far that there is one. Returns `status`. */
Status invocation_report(Invocation *invocation, Status status, json_t *report,
                         ReportTable *table) MUST_CHECK;

/* One object on standard output. */
void invocation_print_json(const json_t *json);

/* The table of a whole run. */
ReportTable invocation_run_table;

#endif
