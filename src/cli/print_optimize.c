#include "cli/print_optimize.h"

#include <math.h>
#include <stdio.h>

#include "cli/print.h"
#include "flow/report.h"

static void print_float_layers(const json_t *rung)
{
    const json_t *names = json_object_get(rung, "float_layers");
    for (size_t i = 0; i < json_array_size(names); i++)
        printf("%s%s", i ? ", " : "  in float: ", json_string_value(json_array_get(names, i)));
    printf("\n");
}

static void print_epochs(const json_t *epochs)
{
    if (!json_array_size(epochs))
        return;
    printf("\n%5s %10s %9s %9s %9s %9s %8s\n", "epoch", "rate", "loss", "accuracy", "val loss",
           "val acc", "seconds");
    for (size_t i = 0; i < json_array_size(epochs); i++) {
        const json_t *row = json_array_get(epochs, i);
        printf("%5.0f %10.6f %9.4f %9.4f %9.4f %9.4f %8.1f\n", report_number(row, "epoch", 0),
               report_number(row, "rate", NAN), report_number(row, "loss", NAN),
               report_number(row, "accuracy", NAN), report_number(row, "validation_loss", NAN),
               report_number(row, "validation_accuracy", NAN), report_number(row, "seconds", NAN));
    }
}

void print_ladder(const json_t *report)
{
    const json_t *ladder = report_at(report, "ladder");
    if (json_array_size(ladder) < 2)
        return;
    printf("\n%-12s %-12s %9s %10s %-8s\n", "rung", "starts from", "accuracy", "bytes", "");
    for (size_t i = 0; i < json_array_size(ladder); i++) {
        const json_t *rung = json_array_get(ladder, i);
        char bytes[PRINT_NUMBER_BYTES];
        printf("%-12s %-12s %9.4f %10s %-8s", report_text(rung, "step", "-"),
               report_text(rung, "starts_from", "float"), report_number(rung, "accuracy", NAN),
               print_number(report_number(rung, "bytes", NAN), 0, bytes),
               report_flag(rung, "chosen", false) ? "chosen" : "");
        print_float_layers(rung);
    }
    for (size_t i = 0; i < json_array_size(ladder); i++)
        if (report_flag(json_array_get(ladder, i), "chosen", false))
            print_epochs(json_object_get(json_array_get(ladder, i), "epochs"));
}

static void print_folding(const json_t *folding)
{
    const json_t *folded = json_object_get(folding, "folded"),
                 *kept = json_object_get(folding, "kept");
    if (json_array_size(folded))
        printf("batch norms folded: %zu; the float network gives the same within %.2g on %.0f "
               "images\n",
               json_array_size(folded), report_number(folding, "max_difference", NAN),
               report_number(folding, "images", 0));
    for (size_t i = 0; i < json_array_size(kept); i++)
        printf("%s%s%s",
               i ? ", " : "batch norms on their own: ", json_string_value(json_array_get(kept, i)),
               i + 1 == json_array_size(kept) ? "\n" : "");
}

static void print_before_and_after(const char *step, const json_t *section)
{
    printf("%-24s %9s %9s\n", step, "before", "after");
    if (json_object_get(section, "pairs"))
        printf("%-24s %8.2fx %8.2fx  (%.0f pairs of layers)\n", "channel ranges differ by",
               report_number(section, "ratio_before", NAN),
               report_number(section, "ratio_after", NAN), report_number(section, "pairs", 0));
    printf("%-24s %9.4f %9.4f\n", "accuracy, post-training",
           report_number(section, "accuracy_before", NAN),
           report_number(section, "accuracy_after", NAN));
    printf("%-24s %9.1f %9.1f\n", "SQNR of the logits, dB",
           report_number(section, "sqnr_db_before", NAN),
           report_number(section, "sqnr_db_after", NAN));
    const json_t *layers = json_object_get(section, "layers");
    for (size_t i = 0; i < json_array_size(layers); i++) {
        const json_t *row = json_array_get(layers, i);
        printf("mean error of %-10s %9.5f %9.5f\n", report_text(row, "name", "-"),
               report_number(row, "mean_error_before", NAN),
               report_number(row, "mean_error_after", NAN));
    }
}

void print_preparation(const json_t *report)
{
    const json_t *section = report_at(report, "preparation");
    print_folding(json_object_get(section, "batch_norm"));
    const json_t *equalization = json_object_get(section, "equalization");
    const json_t *correction = json_object_get(section, "bias_correction");
    if (json_object_get(equalization, "accuracy_before"))
        print_before_and_after("equalization", equalization);
    if (json_is_object(correction))
        print_before_and_after("bias correction", correction);
}

void print_training(const json_t *report)
{
    const json_t *training = report_at(report, "training");
    if (!training)
        return;
    print_epochs(json_object_get(training, "epochs"));
    printf("\naccuracy on %.0f test images: %.4f before, %.4f after\n",
           report_number(training, "images", 0), report_number(training, "accuracy_before", NAN),
           report_number(training, "accuracy", NAN));
    printf("weights of epoch %.0f in %s\n", report_number(training, "kept_epoch", 0),
           report_text(training, "output", "-"));
}

void print_sensitivity(const json_t *report)
{
    const json_t *section = report_at(report, "sensitivity");
    const json_t *layers = report_at(section, "layers");
    if (!layers)
        return;
    printf("accuracy on %.0f images: %.4f in float, %.4f quantized\n\n",
           report_number(section, "images", 0), report_number(section, "float_accuracy", NAN),
           report_number(section, "all_quantized_accuracy", NAN));
    printf("%-20s %4s | %9s %8s | %9s %8s %8s | %8s %8s %8s %6s\n", "", "", "only this", "",
           "only this", "", "", "all", "", "", "");
    printf("%-20s %4s | %9s %8s | %9s %8s %8s | %8s %8s %8s %6s\n", "layer", "rank", "quantized",
           "SQNR dB", "in float", "SQNR dB", "gain", "SQNR dB", "clipped", "at end", "dead");
    for (size_t i = 0; i < json_array_size(layers); i++) {
        const json_t *row = json_array_get(layers, i);
        printf("%-20s %4.0f | %9.4f %8.1f | %9.4f %8.1f %+8.4f | %8.1f %7.2f%% %7.2f%% %6.0f\n",
               report_text(row, "name", "-"), report_number(row, "rank", 0),
               report_number(row, "only_quantized_accuracy", NAN),
               report_number(row, "only_quantized_sqnr_db", NAN),
               report_number(row, "only_float_accuracy", NAN),
               report_number(row, "only_float_sqnr_db", NAN), report_number(row, "gain", NAN),
               report_number(row, "sqnr_db", NAN),
               100 * report_number(row, "clipped_fraction", NAN),
               100 * report_number(row, "saturated_fraction", NAN),
               report_number(row, "dead_channels", 0));
    }
    printf("\n%s\n", report_text(section, "explanation", ""));
}
