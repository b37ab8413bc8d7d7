/* How fast the workbench is with a long history: fills one with runs as real ones leave them, opens
 * the real program on a pseudo terminal, and takes the time from each key to the screen that shows
 * its effect.
 *
 *     bench_history PROGRAM FOLDER RUNS
 *
 * Beside the time that passes stands what the program itself used of a processor: on a machine that
 * has other things to do, that is the figure to trust. Status 1 when it is above 100 ms.
 *
 * The history stays in FOLDER, and is used again when it has that many runs. */
#include <locale.h>
#include <math.h>

#include "base/buffer.h"
#include "base/fs.h"
#include "base/rng.h"
#include "db/store_internal.h"
#include "vt.h"

enum { STAGE_COUNT = 7, LAYER_COUNT = 5, REPORT_LAYERS = 12, MOST_TIMES = 512, BOUND_MS = 100 };

static void die(const char *what)
{
    fprintf(stderr, "bench_history: %s: %s\n", what, error_message());
    exit(1);
}

static void must(Status status, const char *what)
{
    if (status != OK)
        die(what);
}

/* ---- a long history -------------------------------------------------------------------------- */

static double part(Rng *rng)
{
    return (double)rng_below(rng, 1000000) / 1e6;
}

/* Some kilobytes, as a run of a small network has them. */
static void write_report(Buffer *report, int64_t id, Rng *rng)
{
    report->length = 0;
    buffer_printf(report, "{\"run\": %lld, \"status\": \"ok\", \"model\": {\"layers\": [",
                  (long long)id);
    for (int i = 0; i < REPORT_LAYERS; i++)
        buffer_printf(
            report,
            "%s{\"name\": \"conv2d_%d\", \"kind\": \"conv2d\", \"output_shape\": [26, 26, "
            "%d], \"parameters\": %d, \"macs\": %d, \"sqnr_db\": %.6f, \"clip\": %.9g, "
            "\"scale\": %.17g, \"calibration\": \"percentile\", \"saturated\": %.9g}",
            i ? ", " : "", i, 8 + i, 1000 * i + 120, 73008 * i, 30 + 10 * part(rng), part(rng),
            part(rng), part(rng));
    buffer_printf(report, "]}, \"ladder\": [{\"step\": \"ptq-all\", \"accuracy\": %.6f}]}",
                  part(rng));
}

static void add_details(Store *store, int64_t id)
{
    static const char *const STAGES[STAGE_COUNT] = {"import", "baseline", "quantize", "describe",
                                                    "plan",   "emit",     "simulate"};
    Statement stage = statement_new(
        store->database, "INSERT INTO stage (run, position, name, status, started_ms, finished_ms,"
                         " figures) VALUES (?, ?, ?, 'ok', ?, ?, '{\"accuracy\": 0.97}')");
    for (int i = 0; i < STAGE_COUNT; i++) {
        statement_again(&stage);
        bind_integer(&stage, id);
        bind_integer(&stage, i);
        bind_text(&stage, STAGES[i]);
        bind_integer(&stage, 1700000000000 + id * 1000 + i);
        bind_integer(&stage, 1700000000000 + id * 1000 + i + 1);
        while (statement_next(&stage))
            continue;
    }
    must(statement_done(&stage), "stages");
}

static void bind_run(Statement *insert, int64_t id, const char *report, Rng *rng)
{
    static const char *const MODELS[] = {"mnist_cnn", "mnist_mlp", "fashion_cnn", "resnet8",
                                         "kws_ds_cnn"};
    static const char *const STATES[] = {"ok",    "ok",     "ok",        "ok",
                                         "unmet", "failed", "cancelled", "interrupted"};
    static const char *const TAGS[] = {"", "", "", "paper", "board demo", "sweep"};
    char path[128], note[96] = "";
    const char *model = MODELS[rng_below(rng, 5)];
    snprintf(path, sizeof path, "/home/somebody/projects/fpga/models/%s.h5", model);
    if (rng_below(rng, 10) == 0)
        snprintf(note, sizeof note, "tried with %d calibration images", (int)rng_below(rng, 999));
    bind_integer(insert, id);
    bind_integer(insert, 1700000000000 + id * 60000);
    bind_integer(insert, 1700000000000 + id * 60000 + 31000);
    bind_text(insert, STATES[rng_below(rng, 8)]);
    bind_text(insert, path);
    bind_text(insert, model);
    bind_text(insert, report);
    bind_text(insert, TAGS[rng_below(rng, 6)]);
    bind_text(insert, note);
    bind_real(insert, 0.97 + 0.02 * part(rng));
    bind_real(insert, 0.9 + 0.09 * part(rng));
    bind_integer(insert, 2000 + (int64_t)rng_below(rng, 80000));
    bind_integer(insert, (int64_t)rng_below(rng, 20) != 0);
    bind_integer(insert, 700 + (int64_t)rng_below(rng, 100000));
    bind_integer(insert, 600 + (int64_t)rng_below(rng, 90000));
    while (statement_next(insert))
        continue;
}

static void fill(Store *store, int64_t runs)
{
    Rng rng = rng_seed(7);
    Buffer report = {0};
    must(database_begin(store->database), "begin");
    Statement insert = statement_new(
        store->database,
        "INSERT INTO run (id, created_ms, finished_ms, status, stage, progress, owner_pid,"
        " owner_start, owner_boot, model_path, model_name, model_sha256, options, tools, seed,"
        " report, tags, note, baseline_accuracy, quantized_accuracy, quantized_bytes, bit_exact,"
        " latency_cycles, interval_cycles) VALUES (?, ?, ?, ?, 'simulate', 1, 1, 1, '', ?, ?,"
        " 'c01a806542', '{\"images\": 1000, \"weight_bits\": 8, \"calibration\": \"minmax\"}',"
        " '{\"ghdl\": \"2.0.0\"}', 1, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
    for (int64_t id = 1; id <= runs; id++) {
        write_report(&report, id, &rng);
        statement_again(&insert);
        bind_run(&insert, id, report.data, &rng);
        add_details(store, id);
    }
    must(database_end(store->database, statement_done(&insert)), "commit");
    buffer_free(&report);
}

static void prepare(const char *path, int64_t runs)
{
    Store *store = NULL;
    must(store_open(path, &store), path);
    if (store_newest(store) != runs)
        fill(store, runs);
    must(store_check(store), "check");
    store_close(store);
}

/* ---- keys ------------------------------------------------------------------------------------ */

static double seconds_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

typedef struct Times {
    double ms[MOST_TIMES];
    double processor; /* worst */
    int count;
} Times;

/* Milliseconds that a process was on a processor. */
static double processor_ms(pid_t pid)
{
    char path[64];
    double nanoseconds = 0;
    snprintf(path, sizeof path, "/proc/%d/schedstat", (int)pid);
    FILE *file = fopen(path, "r");
    if (file && fscanf(file, "%lf", &nanoseconds) != 1)
        nanoseconds = 0;
    if (file)
        fclose(file);
    return nanoseconds / 1e6;
}

static int compare_times(const void *a, const void *b)
{
    double first = *(const double *)a, second = *(const double *)b;
    return (first > second) - (first < second);
}

static int slow;

static void tell(const char *what, Times *times)
{
    qsort(times->ms, (size_t)times->count, sizeof *times->ms, compare_times);
    double worst = times->ms[times->count - 1];
    printf("%-44s %4d  %8.1f  %8.1f  %8.1f%s\n", what, times->count, times->ms[times->count / 2],
           worst, times->processor, times->processor > BOUND_MS ? "  above the bound" : "");
    slow += times->processor > BOUND_MS;
}

static void take(Vt *vt, Times *times, const char *keys)
{
    double start = seconds_now(), before = processor_ms(vt->pid);
    vt_press(vt, keys);
    times->processor = fmax(times->processor, processor_ms(vt->pid) - before);
    times->ms[times->count++] = 1e3 * (seconds_now() - start);
}

static void repeat(Vt *vt, const char *what, const char *keys, int count)
{
    Times times = {.count = 0};
    for (int i = 0; i < count; i++)
        take(vt, &times, keys);
    tell(what, &times);
}

static void first_frames(char *const argv[], int count)
{
    Times times = {.count = 0};
    for (int i = 0; i < count; i++) {
        double start = seconds_now();
        Vt *vt = vt_start(40, 120, argv);
        times.ms[times.count++] = 1e3 * (seconds_now() - start);
        times.processor = fmax(times.processor, processor_ms(vt->pid));
        vt_press(vt, "Q");
        vt_free(vt);
    }
    tell("first frame, from exec", &times);
}

static void type_filters(Vt *vt)
{
    static const char *const WORDS[] = {"resnet", "!ok", "board", "calibration images", "nothing"};
    Times times = {.count = 0};
    for (size_t i = 0; i < sizeof WORDS / sizeof *WORDS; i++) {
        vt_press(vt, "\\");
        for (const char *letter = WORDS[i]; *letter; letter++)
            take(vt, &times, (const char[]){*letter, '\0'});
        take(vt, &times, "\033");
    }
    tell("filtering, each key of five filters", &times);
}

int main(int argc, char **argv)
{
    setlocale(LC_ALL, "C.UTF-8");
    if (argc != 4)
        return 2;
    char path[4096];
    snprintf(path, sizeof path, "%s/history.db", argv[2]);
    prepare(path, atoll(argv[3]));
    setenv("XDG_STATE_HOME", argv[2], 1);
    setenv("XDG_CONFIG_HOME", argv[2], 1);
    char *const command[] = {argv[1], "--db", path, NULL};
    printf("%-44s %4s  %8s  %8s  %8s\n", "milliseconds", "", "median", "worst", "processor");
    first_frames(command, 7);
    Vt *vt = vt_start(40, 120, command);
    repeat(vt, "scrolling: one row", "j", 200);
    repeat(vt, "scrolling: one page", "\006", 200);
    repeat(vt, "scrolling: to the end and back", "G", 1);
    repeat(vt, "scrolling: from the end", "g", 1);
    repeat(vt, "sorting by each column and back", "s", 17);
    repeat(vt, "sorting the other way round", "S", 20);
    type_filters(vt);
    repeat(vt, "marking", " ", 20);
    repeat(vt, "comparing 20 runs", "x", 1);
    repeat(vt, "back", "\033", 1);
    repeat(vt, "no marks", "*", 1);
    repeat(vt, "plotting all of them", "v", 1);
    vt_press(vt, "Q");
    vt_free(vt);
    return slow > 0;
}
