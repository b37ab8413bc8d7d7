/* print_compare.c: the table of 'dnn2fpga runs compare'. */
#include <stdio.h>
#include <string.h>

#include "cli/print.h"
#include "flow/report.h"

enum { VALUE_BYTES = 15 };

static void print_row(const json_t *row)
{
    const json_t *values = json_object_get(row, "values");
    const json_t *best = json_object_get(row, "best");
    printf("%s %-34.34s", json_is_true(json_object_get(row, "differs")) ? "*" : " ",
           report_text(row, "name", "-"));
    for (size_t i = 0; i < json_array_size(values); i++) {
        char text[VALUE_BYTES];
        report_value_text(json_array_get(values, i), text, sizeof text);
        bool is_best = json_is_integer(best) && json_integer_value(best) == (json_int_t)i;
        printf(" %15s%s", text, is_best ? "+" : " ");
    }
    printf("\n");
}

/* Figures are shown in any case, the rest where it differs. */
void print_comparison(const json_t *comparison)
{
    const json_t *runs = json_object_get(comparison, "runs");
    const json_t *rows = json_object_get(comparison, "rows");
    const char *section = "";
    size_t equal = 0;
    printf("%-36s", "run");
    for (size_t i = 0; i < json_array_size(runs); i++)
        printf(" %15.0f ", report_number(json_array_get(runs, i), "run", 0));
    printf("\n");
    for (size_t i = 0; i < json_array_size(rows); i++) {
        const json_t *row = json_array_get(rows, i);
        const char *own = report_text(row, "section", "-");
        bool differs = json_is_true(json_object_get(row, "differs"));
        if (!differs && strcmp(own, "figures") != 0) {
            equal++;
            continue;
        }
        if (strcmp(own, section) != 0)
            printf("%s%s\n", section[0] ? "\n" : "", own);
        section = own;
        print_row(row);
    }
    printf("\n* differs, + best; %zu equal values are left out (--json has all)\n", equal);
}
