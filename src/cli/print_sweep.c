/* print_sweep.c: the table calibrator x width of 'dnn2fpga sweep'. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "cli/print.h"
#include "flow/report.h"

enum { SWEEP_MAX_WIDTHS = 16 };

/* The widths in the order of the first rows. */
static int collect_widths(const json_t *rows, int widths[SWEEP_MAX_WIDTHS])
{
    int count = 0;
    for (size_t i = 0; i < json_array_size(rows) && count < SWEEP_MAX_WIDTHS; i++) {
        int bits = (int)report_number(json_array_get(rows, i), "bits", 0);
        for (int k = 0; k < count; k++)
            if (widths[k] == bits)
                return count;
        widths[count++] = bits;
    }
    return count;
}

void print_sweep(const json_t *report)
{
    const json_t *rows = report_at(report, "sweep.rows");
    int widths[SWEEP_MAX_WIDTHS];
    int count = collect_widths(rows, widths);
    char number[PRINT_NUMBER_BYTES];
    printf("accuracy after quantization, %s test images; float32: %.4f\n\n",
           print_number(report_number(report, "sweep.images", NAN), 0, number),
           report_number(report, "sweep.float_accuracy", NAN));
    printf("%-14s %-12s", "calibration", "weights");
    for (int i = 0; i < count; i++)
        printf(" %3d bits", widths[i]);
    for (size_t i = 0; i < json_array_size(rows); i++) {
        const json_t *row = json_array_get(rows, i);
        if (count > 0 && i % (size_t)count == 0)
            printf("\n%-14s %-12s", report_text(row, "calibration", "-"),
                   json_is_true(json_object_get(row, "per_channel")) ? "per channel"
                                                                     : "per tensor");
        double accuracy = report_number(row, "accuracy", NAN);
        printf(" %8s", isnan(accuracy) ? "-" : print_number(accuracy, 4, number));
    }
    printf("\n");
}
