#include "cli/invocation.h"

#include <stdio.h>
#include <stdlib.h>

#include "cli/print.h"
#include "cli/print_optimize.h"
#include "flow/report.h"

void invocation_print_json(const json_t *json)
{
    char *text = report_format(json, true);
    puts(text);
    free(text);
}

Status invocation_report(Invocation *invocation, Status status, json_t *report, ReportTable *table)
{
    progress_line_clear(&invocation->progress);
    if (invocation->arguments.json && report) {
        invocation_print_json(report);
        invocation->reported = true;
    } else if (report && (status == OK || status == ERR_UNMET)) {
        table(invocation, report);
    }
    json_decref(report);
    return status;
}

void invocation_run_table(const Invocation *invocation, const json_t *report)
{
    if (report_at(report, "training")) {
        print_training(report);
        return;
    }
    print_results(report);
    print_preparation(report);
    print_ladder(report);
    print_quantized_layers(report);
    if (invocation->arguments.paper)
        print_paper_table(report);
    print_hardware(report);
    print_mutation(report);
    print_synthesis(report);
}
