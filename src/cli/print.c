#include "cli/print.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "flow/report.h"
#include "graph/tensor.h"

const char *print_number(double value, int decimals, char text[PRINT_NUMBER_BYTES])
{
    if (!isfinite(value) || fabs(value) >= 1e15) {
        snprintf(text, PRINT_NUMBER_BYTES, "-");
        return text;
    }
    char plain[PRINT_NUMBER_BYTES];
    snprintf(plain, sizeof plain, "%.*f", decimals, value);
    size_t used = 0, start = plain[0] == '-';
    size_t whole = strcspn(plain, ".");
    for (size_t i = 0; plain[i] && used + 2 < PRINT_NUMBER_BYTES; i++) {
        if (i > start && i < whole && (whole - i) % 3 == 0)
            text[used++] = ',';
        text[used++] = plain[i];
    }
    text[used] = '\0';
    return text;
}

/* The number at a path of the report; "-" when it is not there. */
static const char *cell(const json_t *report, const char *path, int decimals,
                        char text[PRINT_NUMBER_BYTES])
{
    return print_number(report_number(report, path, NAN), decimals, text);
}

static const char *shape_cell(const json_t *shape, char text[SHAPE_TEXT_BYTES])
{
    size_t used = 0;
    text[0] = '\0';
    for (size_t i = 0; i < json_array_size(shape) && used < SHAPE_TEXT_BYTES - 24; i++)
        used += (size_t)snprintf(text + used, SHAPE_TEXT_BYTES - used, "%s%lld", i ? "x" : "",
                                 (long long)json_integer_value(json_array_get(shape, i)));
    return text;
}

/* Which layers a layer reads, where that is not just the one before it. */
static void print_inputs(const json_t *layers, size_t index)
{
    const json_t *inputs = json_object_get(json_array_get(layers, index), "inputs");
    const json_t *before = index > 0 ? json_array_get(layers, index - 1) : NULL;
    const json_t *first = json_array_get(inputs, 0);
    if (json_array_size(inputs) == 0 || (json_array_size(inputs) == 1 && before &&
                                         json_equal(first, json_object_get(before, "name"))))
        return;
    for (size_t i = 0; i < json_array_size(inputs); i++)
        printf("%s%s", i ? ", " : "  reads ", json_string_value(json_array_get(inputs, i)));
}

void print_model(const json_t *report)
{
    char text[SHAPE_TEXT_BYTES], number[PRINT_NUMBER_BYTES];
    printf("%s\nsha256 %s\n\n", report_text(report, "model.path", "-"),
           report_text(report, "model.sha256", "-"));
    printf("%-24s %-21s %-14s %12s\n", "layer", "kind", "output", "parameters");
    const json_t *layers = report_at(report, "model.layers");
    for (size_t i = 0; i < json_array_size(layers); i++) {
        const json_t *layer = json_array_get(layers, i);
        printf("%-24s %-21s %-14s %12s", report_text(layer, "name", "-"),
               report_text(layer, "kind", "-"), shape_cell(report_at(layer, "output_shape"), text),
               cell(layer, "parameters", 0, number));
        print_inputs(layers, i);
        printf("\n");
    }
    printf("%-24s %-21s %-14s %12s\n", "total", "", "",
           cell(report, "model.parameters", 0, number));
    const json_t *blockers = report_at(report, "blockers");
    if (!blockers)
        return;
    printf("\n%s\n", json_array_size(blockers) ? "What keeps it from becoming hardware:"
                                               : "Nothing keeps it from becoming hardware.");
    for (size_t i = 0; i < json_array_size(blockers); i++)
        printf("  - %s\n", json_string_value(json_array_get(blockers, i)));
}

/* One line of the result table: three paths, NULL for an empty cell. */
typedef struct ResultRow {
    const char *label;
    const char *paths[3];
    int decimals;
} ResultRow;

/* Nothing of a row that nobody measured. */
static void print_row(const json_t *report, const ResultRow *row)
{
    bool known = false;
    for (int k = 0; k < 3; k++)
        known = known || (row->paths[k] && isfinite(report_number(report, row->paths[k], NAN)));
    if (!known)
        return;
    printf("%-24s", row->label);
    for (int k = 0; k < 3; k++) {
        char text[PRINT_NUMBER_BYTES] = "";
        if (row->paths[k])
            cell(report, row->paths[k], row->decimals, text);
        printf(" %14s", text);
    }
    printf("\n");
}

void print_results(const json_t *report)
{
    static const ResultRow rows[] = {
        {"accuracy", {"baseline.accuracy", "quantized.accuracy", "hardware.accuracy"}, 4},
        {"images", {"baseline.images", "quantized.images", "hardware.images"}, 0},
        {"bytes", {"baseline.bytes", "quantized.bytes", NULL}, 0},
        {"latency, one image, us",
         {"baseline.latency_us_batch1", "quantized.latency_us_batch1", "hardware.latency_us"},
         1},
        {"images per second",
         {"baseline.images_per_s", "quantized.images_per_s", "hardware.images_per_s"},
         0},
    };
    printf("%-24s %14s %14s %14s\n", "", "float32", "integer", "hardware");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        print_row(report, &rows[i]);
    double ratio = report_number(report, "baseline.bytes", NAN) /
                   report_number(report, "quantized.bytes", NAN);
    if (isfinite(ratio))
        printf("%-24s %14s %13.2fx\n", "smaller by", "", ratio);
}

void print_hardware(const json_t *report)
{
    const json_t *hardware = report_at(report, "hardware");
    if (!json_is_object(hardware))
        return;
    char a[PRINT_NUMBER_BYTES], b[PRINT_NUMBER_BYTES], c[PRINT_NUMBER_BYTES];
    printf("hardware: latency %s cycles (predicted %s), ", cell(hardware, "latency_cycles", 0, a),
           cell(hardware, "predicted_latency_cycles", 0, b));
    printf("an image every %s (predicted %s), clock %s MHz\n",
           cell(hardware, "interval_cycles", 0, a),
           cell(hardware, "predicted_interval_cycles", 0, b), cell(hardware, "clock_mhz", 0, c));
    print_foldings(hardware);
    print_estimate(hardware);
    print_energy_estimate(hardware);
    if (!json_is_boolean(report_at(hardware, "bit_exact")))
        return;
    printf("hardware: %s on %s values of %s images",
           report_flag(hardware, "bit_exact", false) ? "bit-exact" : "DIFFERS FROM SOFTWARE",
           cell(hardware, "values_compared", 0, a), cell(hardware, "images", 0, b));
    if (report_number(hardware, "kept_images", 0) > 0)
        printf(", %s of them as proven here before", cell(hardware, "kept_images", 0, a));
    if (isfinite(report_number(hardware, "simulated_images_per_s", NAN)))
        printf(", simulated at %s images/s", cell(hardware, "simulated_images_per_s", 0, c));
    printf("\n");
    if (report_number(hardware, "tapped_images", 0) > 0)
        printf("hardware: every layer's stream compared, of %s images\n",
               cell(hardware, "tapped_images", 0, a));
}

void print_quantized_layers(const json_t *report)
{
    const json_t *layers = report_at(report, "quantized.layers");
    if (!json_array_size(layers))
        return;
    printf("\n%-24s %8s %8s %-12s %10s %9s %9s\n", "layer", "weights", "outputs", "calibration",
           "clip", "SQNR dB", "clipped");
    for (size_t i = 0; i < json_array_size(layers); i++) {
        const json_t *layer = json_array_get(layers, i);
        char a[PRINT_NUMBER_BYTES], b[PRINT_NUMBER_BYTES], c[PRINT_NUMBER_BYTES];
        char d[PRINT_NUMBER_BYTES];
        printf("%-24s %8s %8s %-12s %10s %9s", report_text(layer, "name", "-"),
               cell(layer, "weight_bits", 0, a), cell(layer, "activation_bits", 0, b),
               report_text(layer, "calibration", "-"), cell(layer, "clip", 4, c),
               cell(layer, "sqnr_db", 1, d));
        printf(" %8.3f%%\n", 100 * report_number(layer, "clipped_fraction", NAN));
    }
    printf("\n");
}

void print_confusion(const json_t *report, const char *section)
{
    char path[64];
    snprintf(path, sizeof path, "%s.confusion", section);
    const json_t *rows = report_at(report, path);
    size_t classes = json_array_size(rows);
    if (!classes || classes > 32)
        return;
    printf("\n%s: true label down, predicted across\n     ", section);
    for (size_t c = 0; c < classes; c++)
        printf("%6zu", c);
    for (size_t r = 0; r < classes; r++) {
        printf("\n%5zu", r);
        for (size_t c = 0; c < classes; c++)
            printf("%6lld",
                   (long long)json_integer_value(json_array_get(json_array_get(rows, r), c)));
    }
    printf("\n");
}

/* Seconds for the 10,000 test images, from a rate. */
static double test_set_seconds(const json_t *report, const char *path)
{
    return 10000 / report_number(report, path, NAN);
}

void print_paper_table(const json_t *report)
{
    double baseline = report_number(report, "baseline.bytes", NAN);
    double quantized = report_number(report, "quantized.bytes", NAN);
    double slow = test_set_seconds(report, "baseline.images_per_s");
    double fast = test_set_seconds(report, "quantized.images_per_s");
    printf("Table 2 of the paper (Tourad and Eleuldj 2022), beside this run\n");
    printf("%-26s %10s %10s %7s   %10s %10s %7s\n", "", "paper FP32", "paper int8", "ratio",
           "float32", "integer", "ratio");
    printf("%-26s %10.3f %10.3f %6.2fx   %10.3f %10.3f %6.2fx\n", "memory, MB", 0.08, 0.023,
           0.08 / 0.023, baseline / 1e6, quantized / 1e6, baseline / quantized);
    printf("%-26s %10.4f %10.4f %7s   %10.4f %10.4f\n", "accuracy", 0.9655, 0.9650, "",
           report_number(report, "baseline.accuracy", NAN),
           report_number(report, "quantized.accuracy", NAN));
    printf("%-26s %10.3f %10.3f %6.2fx   %10.3f %10.3f %6.2fx\n", "latency, s", 5.003, 1.230,
           5.003 / 1.230, slow, fast, slow / fast);
    printf("Latency is ours for the 10,000 test images on all threads; the paper does not define "
           "its own.\n\n");
}

/* ---- history -----------------------------------------------------------------------------------
 */

static const char *local_time(int64_t utc_ms, char text[32])
{
    time_t seconds = (time_t)(utc_ms / 1000);
    struct tm parts;
    if (!utc_ms || !localtime_r(&seconds, &parts) ||
        !strftime(text, 32, "%Y-%m-%d %H:%M:%S", &parts))
        snprintf(text, 32, "-");
    return text;
}

static const char *figure_cell(const RunRecord *run, Figure figure, int decimals,
                               char text[PRINT_NUMBER_BYTES])
{
    return print_number(run->figures.values[figure], decimals, text);
}

static const char *agreement(const RunRecord *run)
{
    double exact = run->figures.values[FIGURE_BIT_EXACT];
    return isnan(exact) ? "-" : exact > 0 ? "bit-exact" : "DIFFERS";
}

void print_mutation(const json_t *report)
{
    const json_t *section = report_at(report, "mutation");
    if (!json_is_object(section))
        return;
    printf("\nplanted faults: %.0f, caught %.0f, shown by no test image %.0f, survived %.0f: score "
           "%.4f\n",
           report_number(section, "mutants", 0), report_number(section, "caught", 0),
           report_number(section, "equivalent", 0), report_number(section, "survived", 0),
           report_number(section, "score", NAN));
    const json_t *survivors = report_at(section, "survivors");
    for (size_t i = 0; i < json_array_size(survivors); i++) {
        const json_t *row = json_array_get(survivors, i);
        printf("  %-10s %s: %s\n", report_text(row, "fate", "-"), report_text(row, "fault", "-"),
               report_text(row, "reason", "-"));
    }
}

void print_deployed(const json_t *report)
{
    char images[PRINT_NUMBER_BYTES], values[PRINT_NUMBER_BYTES];
    if (report_at(report, "deployed.bitstream"))
        printf("\nbitstream %s, clock up to %.1f MHz\n",
               report_text(report, "deployed.bitstream", "-"),
               report_number(report, "deployed.fmax_mhz", NAN));
    if (!report_at(report, "deployed.images"))
        return;
    printf("\n%s%s, %.0f baud: %s images, %.1f images/s\n",
           report_flag(report, "deployed.simulated", false) ? "simulated " : "",
           report_text(report, "deployed.board", "-"), report_number(report, "deployed.baud", NAN),
           cell(report, "deployed.images", 0, images),
           report_number(report, "deployed.images_per_s", NAN));
    const char *checksum = report_text(report, "deployed.weights_checksum", NULL);
    if (checksum)
        printf("weights:  loaded, checksum %s read back\n", checksum);
    printf("answers:  %s on %s values, accuracy %.4f, %.0f images sent again\n",
           report_flag(report, "deployed.bit_exact", false) ? "bit-exact" : "DIFFERENT",
           cell(report, "deployed.values", 0, values),
           report_number(report, "deployed.accuracy", NAN),
           report_number(report, "deployed.repeated", 0));
}

void print_runs(const RunRecord *runs, int count)
{
    printf("%5s  %-19s  %-18s %-11s %-9s %8s %8s %8s  %s\n", "run", "started", "model", "status",
           "stage", "float32", "integer", "bytes", "hardware");
    for (int i = 0; i < count; i++) {
        const RunRecord *run = &runs[i];
        char when[32], a[PRINT_NUMBER_BYTES], b[PRINT_NUMBER_BYTES], c[PRINT_NUMBER_BYTES];
        printf("%5lld  %-19s  %-18.18s %-11s %-9s %8s %8s %8s  %s\n", (long long)run->id,
               local_time(run->created_ms, when), run->model_name, run_status_word(run->status),
               run->stage, figure_cell(run, FIGURE_BASELINE_ACCURACY, 4, a),
               figure_cell(run, FIGURE_QUANTIZED_ACCURACY, 4, b),
               figure_cell(run, FIGURE_QUANTIZED_BYTES, 0, c), agreement(run));
    }
    if (count == 0)
        printf("(no runs)\n");
}

void print_run(const RunRecord *run, const StageRecord *stages, int stage_count)
{
    char when[32];
    printf("run %lld: %s\n", (long long)run->id, run_status_word(run->status));
    printf("  started    %s\n", local_time(run->created_ms, when));
    printf("  finished   %s\n", local_time(run->finished_ms, when));
    printf("  model      %s\n             sha256 %s\n", run->model_path, run->model_sha256);
    if (run->dataset_path[0])
        printf("  data       %s\n             sha256 %s\n", run->dataset_path, run->dataset_sha256);
    printf("  folder     %s\n", run->folder);
    printf("  seed       %lld\n", (long long)run->seed);
    if (run->tags[0])
        printf("  tags       %s\n", run->tags);
    if (run->note[0])
        printf("  note       %s\n", run->note);
    if (run->deleted_ms)
        printf("  in the bin since %s\n", local_time(run->deleted_ms, when));
    printf("  options    %s\n", run->options);
    printf("  tools      %s\n", run->tools);
    if (run->description_sha256[0])
        printf("  model description  sha256 %s\n", run->description_sha256);
    if (run->hdl_sha256[0])
        printf("  VHDL               sha256 %s\n", run->hdl_sha256);
    if (run->message[0])
        printf("  message    %s\n", run->message);
    printf("\n  %-10s %-12s %9s\n", "stage", "status", "seconds");
    for (int i = 0; i < stage_count; i++) {
        double seconds = (double)(stages[i].finished_ms - stages[i].started_ms) / 1000;
        char text[PRINT_NUMBER_BYTES];
        printf("  %-10s %-12s %9s\n", stages[i].name, stages[i].status,
               print_number(stages[i].finished_ms ? seconds : NAN, 1, text));
    }
    printf("\n");
}
