#include "cli/paper.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/fs.h"
#include "cli/energy.h"
#include "cli/print.h"
#include "flow/report.h"
#include "hw/energy.h"
#include "report/plot.h"

/* What both reports give. */
typedef struct Paper {
    const PaperRequest *request;
    Arena *arena;
    json_t *training, *quantized;
    const json_t *rung; /* training on integers, in `quantized` */
    double *accuracy, *validation;
    int epochs;
    EnergyCount count;
} Paper;

/* ---- reading -----------------------------------------------------------------------------------
 */

enum { REPORT_BYTES_MOST = 16 << 20 };

static Status read_report(const char *path, json_t **report)
{
    Buffer text = {0};
    Status status = fs_read_file(path, REPORT_BYTES_MOST, &text);
    *report = status == OK && text.data ? report_parse(text.data) : NULL;
    buffer_free(&text);
    if (status == OK && !*report)
        return error_set(ERR_REFUSED, "%s: is not a report; make one with --json", path);
    return status;
}

/* A section that a table or figure is drawn from. */
typedef struct Need {
    const char *section, *maker;
} Need;

static Status need(const json_t *report, const char *path, Need what)
{
    const json_t *section = report_at(report, what.section);
    if (section && !json_is_null(section))
        return OK;
    return error_set(ERR_REFUSED, "%s: the report has no '%s'; make it with 'dnn2fpga %s --json'",
                     path, what.section, what.maker);
}

static Status need_all(const Paper *paper)
{
    static const char *const sections[] = {"model.layers",       "model.sha256",
                                           "baseline.accuracy",  "baseline.bytes",
                                           "quantized.accuracy", "quantized.bytes"};
    const PaperRequest *request = paper->request;
    TRY(need(paper->training, request->training, (Need){"training.epochs", "train"}));
    TRY(need(paper->training, request->training, (Need){"training.output_sha256", "train"}));
    for (size_t i = 0; i < sizeof sections / sizeof *sections; i++)
        TRY(need(paper->quantized, request->quantized, (Need){sections[i], "quantize --qat"}));
    return OK;
}

/* The first rung of the ladder that trained on integers. */
static Status find_epochs(Paper *paper)
{
    const json_t *ladder = report_at(paper->quantized, "ladder");
    for (size_t i = 0; i < json_array_size(ladder) && !paper->rung; i++)
        if (json_array_size(json_object_get(json_array_get(ladder, i), "epochs")))
            paper->rung = json_array_get(ladder, i);
    if (!paper->rung)
        return error_set(ERR_REFUSED,
                         "%s: the report has no epochs of training on integers for Fig. 5; make "
                         "it with 'dnn2fpga quantize --qat --json'",
                         paper->request->quantized);
    const json_t *epochs = json_object_get(paper->rung, "epochs");
    paper->epochs = (int)json_array_size(epochs);
    paper->accuracy = ARENA_ARRAY(paper->arena, double, paper->epochs);
    paper->validation = ARENA_ARRAY(paper->arena, double, paper->epochs);
    for (int i = 0; i < paper->epochs; i++) {
        const json_t *epoch = json_array_get(epochs, (size_t)i);
        paper->accuracy[i] = report_number(epoch, "accuracy", NAN);
        paper->validation[i] = report_number(epoch, "validation_accuracy", NAN);
    }
    return OK;
}

/* Fig. 1 knows operations of 8 bits. */
static Status check_widths(const Paper *paper)
{
    const json_t *layers = report_at(paper->quantized, "quantized.layers");
    for (size_t i = 0; i < json_array_size(layers); i++) {
        const json_t *layer = json_array_get(layers, i);
        if (report_number(layer, "weight_bits", 0) > 8)
            return error_set(ERR_REFUSED,
                             "%s: layer %s has weights of %.0f bits; the paper's figures are for 8",
                             paper->request->quantized, report_text(layer, "name", "-"),
                             report_number(layer, "weight_bits", 0));
    }
    return OK;
}

/* What was quantized is the file that the training wrote. */
static Status check_chain(const Paper *paper)
{
    const PaperRequest *request = paper->request;
    const char *written = report_text(paper->training, "training.output_sha256", "");
    const char *read = report_text(paper->quantized, "model.sha256", "");
    if (strcmp(written, read) == 0)
        return OK;
    return error_set(ERR_REFUSED,
                     "%s: is of another model than %s: its model has the SHA-256 %.16s..., the "
                     "training wrote %.16s...; quantize what the training wrote, %s",
                     request->quantized, request->training, read, written,
                     report_text(paper->training, "training.output", "-"));
}

static Status read_all(Paper *paper)
{
    const PaperRequest *request = paper->request;
    TRY(read_report(request->training, &paper->training));
    TRY(read_report(request->quantized, &paper->quantized));
    TRY(need_all(paper));
    TRY(check_chain(paper));
    TRY(find_epochs(paper));
    TRY(check_widths(paper));
    TRY_IN(energy_count(paper->quantized, &paper->count), "%s", request->quantized);
    return OK;
}

/* ---- tables ------------------------------------------------------------------------------------
 */

static void print_table_1(const Paper *paper)
{
    const json_t *training = report_at(paper->training, "training");
    printf("Table 1 of the paper: hyperparameters\n");
    printf("%-26s %16s %16s\n", "", "paper", "ours");
    printf("%-26s %16s %16s\n", "loss function", "cross entropy",
           report_text(training, "loss", "-"));
    printf("%-26s %16s %16s\n", "optimizer", "Adam", report_text(training, "optimizer", "-"));
    printf("%-26s %16d %16zu\n", "epochs", 10,
           json_array_size(json_object_get(training, "epochs")));
    printf("%-26s %16d %16.0f\n", "batch size", 500, report_number(training, "batch", NAN));
    printf("Trained %s here: accuracy %.4f on %.0f test images.\n\n",
           report_flag(training, "from_scratch", false) ? "from scratch" : "on",
           report_number(training, "accuracy", NAN), report_number(training, "images", 0));
}

/* The median over single images: steadier than the table's rate when the machine has other work. */
static void print_latency_of_one(const Paper *paper)
{
    double real = report_number(paper->quantized, "baseline.latency_us_batch1", NAN);
    double whole = report_number(paper->quantized, "quantized.latency_us_batch1", NAN);
    printf(
        "One image at a time, one thread, median: %.1f us in float32, %.1f us in int8: %.2fx\n\n",
        real, whole, real / whole);
}

static void print_rungs(const Paper *paper)
{
    const json_t *ladder = report_at(paper->quantized, "ladder");
    for (size_t i = 0; i < json_array_size(ladder); i++) {
        const json_t *rung = json_array_get(ladder, i);
        char bytes[PRINT_NUMBER_BYTES];
        printf("%-26s accuracy %.4f, %s bytes%s\n",
               i ? json_object_get(rung, "epochs") ? "int8, trained (QAT)" : "int8, some float"
                 : "int8, after training (PTQ)",
               report_number(rung, "accuracy", NAN),
               print_number(report_number(rung, "bytes", NAN), 0, bytes),
               report_flag(rung, "chosen", false) ? ": in the table" : "");
    }
    printf("\n");
}

/* ---- figures -----------------------------------------------------------------------------------
 */

/* Prints a figure, and writes its SVG where there is a folder. */
static Status write_svg(const Paper *paper, const char *name, const Buffer *svg)
{
    const char *folder = paper->request->folder;
    if (!folder)
        return OK;
    TRY(fs_make_folders(folder));
    return fs_write_atomic(fs_join(paper->arena, folder, name), svg->data, svg->length);
}

static Status show_figure_5(const Paper *paper)
{
    const PlotSeries series[] = {{"training", paper->accuracy, paper->epochs},
                                 {"validation", paper->validation, paper->epochs}};
    const Plot plot = {.title = "Fig. 5: accuracy while training on integers (QAT)",
                       .x_label = "epoch",
                       .series = series,
                       .series_count = 2,
                       .first_x = 1};
    if (!paper->request->json)
        plot_print(&plot, paper->request->ascii, stdout);
    Buffer svg = {0};
    plot_svg(&plot, &svg);
    Status status = write_svg(paper, "fig5.svg", &svg);
    buffer_free(&svg);
    return status;
}

static void print_epochs(const Paper *paper)
{
    printf("\n%5s %10s %11s\n", "epoch", "training", "validation");
    for (int i = 0; i < paper->epochs; i++)
        printf("%5d %10.4f %11.4f\n", i + 1, paper->accuracy[i], paper->validation[i]);
    printf("\n");
}

static const char *const FORMAT_NAMES[ENERGY_FORMATS] = {
    [ENERGY_FLOAT32] = "float32", [ENERGY_INT8] = "int8"};

static void print_energy(const Paper *paper)
{
    const EnergyCount *count = &paper->count;
    EnergyShare real = energy_of(count, ENERGY_FLOAT32), whole = energy_of(count, ENERGY_INT8);
    const struct {
        const char *label;
        double real, whole;
    } rows[] = {{"multiplications, uJ", real.multiplications, whole.multiplications},
                {"additions, uJ", real.additions, whole.additions},
                {"memory accesses, uJ", real.memory, whole.memory},
                {"together, uJ", energy_total(&real), energy_total(&whole)}};
    char a[PRINT_NUMBER_BYTES], b[PRINT_NUMBER_BYTES];
    const EnergyTable table = energy_table_default();
    printf("\nFig. 1 of the paper: energy of an operation, pJ (45 nm; Horowitz, ISSCC 2014)\n");
    for (int i = 0; i < ENERGY_OPERATIONS; i++)
        printf("  %-30s %6.2f\n", energy_operation_title((EnergyOperation)i), table.picojoules[i]);
    printf("A 32-bit float addition costs %.1f times an 8-bit integer one (paper: 30 times).\n",
           energy_addition_ratio());
    printf("\napplied to this network, for one image: %s multiply-accumulates\n",
           print_number((double)count->macs, 0, a));
    printf("%-26s %12s %12s %8s\n", "", "float32", "int8", "ratio");
    printf("%-26s %12s %12s %7.2fx\n", "32-bit memory accesses",
           print_number(energy_words(count, ENERGY_FLOAT32), 0, a),
           print_number(energy_words(count, ENERGY_INT8), 0, b),
           energy_words(count, ENERGY_FLOAT32) / energy_words(count, ENERGY_INT8));
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        printf("%-26s %12.4f %12.4f %7.2fx\n", rows[i].label, rows[i].real / 1e6,
               rows[i].whole / 1e6, rows[i].real / rows[i].whole);
    printf("Weights are read once, values written once and read once; 8-bit products are added in "
           "32 bits.\nArithmetic and memory alone: an estimate, not a measurement.\n");
}

static Status show_figure_1(const Paper *paper)
{
    static const char *const parts[] = {"multiplications", "additions", "memory"};
    Bar bars[ENERGY_FORMATS];
    for (int i = 0; i < ENERGY_FORMATS; i++) {
        EnergyShare share = energy_of(&paper->count, (EnergyFormat)i);
        bars[i] = (Bar){FORMAT_NAMES[i],
                        {share.multiplications / 1e6, share.additions / 1e6, share.memory / 1e6}};
    }
    const BarChart chart = {.title = "Fig. 1 applied: energy of one image",
                            .unit = "uJ",
                            .part_names = parts,
                            .part_count = 3,
                            .bars = bars,
                            .bar_count = ENERGY_FORMATS};
    if (!paper->request->json) {
        print_energy(paper);
        printf("\n");
        bars_print(&chart, paper->request->ascii, stdout);
    }
    Buffer svg = {0};
    bars_svg(&chart, &svg);
    Status status = write_svg(paper, "fig1.svg", &svg);
    buffer_free(&svg);
    return status;
}

/* ---- as an object ------------------------------------------------------------------------------
 */

static json_t *energy_to_json(const Paper *paper, EnergyFormat format)
{
    EnergyShare share = energy_of(&paper->count, format);
    return json_pack("{s:f, s:f, s:f, s:f}", "multiplications_pj", share.multiplications,
                     "additions_pj", share.additions, "memory_pj", share.memory, "total_pj",
                     energy_total(&share));
}

static void print_object(const Paper *paper)
{
    json_t *object = json_object();
    static const char *const sections[] = {"baseline", "quantized"};
    json_object_set(object, "training", json_object_get(paper->training, "training"));
    for (size_t i = 0; i < sizeof sections / sizeof *sections; i++)
        json_object_set(object, sections[i], json_object_get(paper->quantized, sections[i]));
    json_object_set(object, "qat_epochs", json_object_get(paper->rung, "epochs"));
    json_t *energy = json_object();
    for (int i = 0; i < ENERGY_FORMATS; i++)
        json_object_set_new(energy, FORMAT_NAMES[i], energy_to_json(paper, (EnergyFormat)i));
    json_object_set_new(object, "energy", energy);
    char *text = report_format(object, true);
    puts(text);
    free(text);
    json_decref(object);
}

static Status show_all(Paper *paper)
{
    TRY(read_all(paper));
    if (paper->request->json) {
        print_object(paper);
    } else {
        print_table_1(paper);
        print_paper_table(paper->quantized);
        print_latency_of_one(paper);
        print_rungs(paper);
    }
    TRY(show_figure_5(paper));
    if (!paper->request->json)
        print_epochs(paper);
    TRY(show_figure_1(paper));
    if (paper->request->folder && !paper->request->json)
        printf("\nThe figures are in %s/fig5.svg and fig1.svg\n", paper->request->folder);
    return OK;
}

Status paper_show(const PaperRequest *request)
{
    Paper paper = {.request = request, .arena = arena_new()};
    Status status = show_all(&paper);
    json_decref(paper.training);
    json_decref(paper.quantized);
    arena_free(paper.arena);
    return status;
}
