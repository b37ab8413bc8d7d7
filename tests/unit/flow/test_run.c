/* Whole runs on software: what they leave behind, and what a refusal does not. */
#include "tests/unit/flow/place.h"

#include <math.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cancel.h"
#include "flow/report.h"
#include "flow/run.h"

/* ---- events, as a text ----------------------------------------------------------------------- */

typedef struct Heard {
    Buffer text;
    int progress;
} Heard;

static void hear_started(void *context, int64_t run, const char *folder)
{
    Heard *heard = context;
    buffer_printf(&heard->text, "run %lld in %s\n", (long long)run, strrchr(folder, '/') + 1);
}

static void hear_stage(void *context, RunStage stage, StageState state, double seconds,
                       const json_t *figures)
{
    Heard *heard = context;
    assert_true(seconds >= 0);
    assert_true((state == STAGE_STARTED) == (figures == NULL));
    buffer_printf(&heard->text, "%s %s\n", stage_word(stage), stage_state_word(state));
}

static void hear_progress(void *context, RunStage stage, double fraction, const char *detail)
{
    Heard *heard = context;
    (void)stage;
    assert_true(fraction >= 0 && fraction <= 1);
    assert_non_null(detail);
    heard->progress++;
}

static void hear_finished(void *context, Status status, const char *message, const json_t *report)
{
    Heard *heard = context;
    assert_non_null(report);
    buffer_printf(&heard->text, "finished %d%s\n", (int)status,
                  message[0] ? " with a message" : "");
}

static RunEvents events_to(Heard *heard)
{
    return (RunEvents){.started = hear_started,
                       .stage = hear_stage,
                       .progress = hear_progress,
                       .finished = hear_finished,
                       .context = heard};
}

/* ---- helpers --------------------------------------------------------------------------------- */

static json_t *run_ok(const RunOptions *options)
{
    json_t *report = NULL;
    if (flow_run(options, NULL, &report) != OK)
        fail_msg("%s", error_message());
    return report;
}

static RunRecord only_row(Place *place)
{
    Store *store = NULL;
    RunRecord *runs;
    int count;
    assert_int_equal(store_open(NULL, &store), OK);
    assert_int_equal(store_list(store, NULL, place->arena, &runs, &count), OK);
    assert_int_equal(count, 1);
    store_close(store);
    return runs[0];
}

/* ---- runs that work -------------------------------------------------------------------------- */

static void test_run_to_the_description(void **state)
{
    Place *place = *state;
    const RunOptions options = place_options(place);
    Heard heard = {0};
    const RunEvents events = events_to(&heard);
    json_t *report = NULL;
    if (flow_run(&options, &events, &report) != OK)
        fail_msg("%s", error_message());
    assert_string_equal(heard.text.data,
                        "import started\nimport finished\nrun 1 in 1\n"
                        "baseline started\nbaseline finished\nquantize started\n"
                        "quantize finished\ndescribe started\ndescribe finished\nfinished 0\n");
    assert_true(heard.progress > 0);
    buffer_free(&heard.text);

    assert_string_equal(report_text(report, "status", ""), "ok");
    assert_true(report_number(report, "run", 0) == 1);
    assert_true(report_number(report, "model.parameters", 0) == SMALL_PARAMETERS);
    assert_true(report_number(report, "baseline.bytes", 0) == 4 * SMALL_PARAMETERS);
    assert_true(report_number(report, "baseline.images", 0) == 200);
    assert_true(report_number(report, "baseline.latency_us_batch1", 0) > 0);
    assert_true(report_number(report, "quantized.bytes", 1e9) < 4 * SMALL_PARAMETERS);
    assert_true(isfinite(report_number(report, "quantized.accuracy", NAN)));
    assert_true(report_number(report, "quantized.layers.1.weight_bits", 0) == 8);
    assert_string_equal(report_text(report, "ladder.0.step", ""), "ptq-all");
    assert_true(report_flag(report, "ladder.0.accepted", false));
    assert_string_equal(report_text(report, "dataset.calibration.split", ""), "train");
    assert_true(json_is_null(report_at(report, "hardware")));
    assert_true(json_is_null(report_at(report, "synthesis")));
    assert_string_equal(report_text(report, "stages.3.name", ""), "describe");
    assert_string_equal(report_text(report, "tools.dnn2fpga", ""), DNN2FPGA_VERSION);
    json_decref(report);
}

/* Bridges are rows of their own: image, conv2d.to_float, conv2d, conv2d.to_integer, ... */
static void test_a_layer_that_stays_floating_point(void **state)
{
    Place *place = *state;
    RunOptions options = place_options(place);
    options.float_layers = (const char *const[]){"conv2d"};
    options.float_layer_count = 1;
    options.stop_after = STAGE_PLAN;
    json_t *report = run_ok(&options);
    assert_string_equal(report_text(report, "quantized.layers.1.kind", ""), "to_float");
    assert_string_equal(report_text(report, "quantized.layers.2.name", ""), "conv2d");
    assert_string_equal(report_text(report, "quantized.layers.2.calibration", ""), "float");
    assert_true(report_number(report, "quantized.layers.2.weight_bits", 0) == 32);
    assert_true(json_is_null(report_at(report, "quantized.layers.2.clip")));
    assert_true(report_number(report, "quantized.layers.2.sqnr_db", 0) > 60);
    assert_string_equal(report_text(report, "quantized.layers.3.calibration", ""), "minmax");
    assert_string_equal(report_text(report, "hardware.layers.1.entity", ""), "conv2d_float_stream");
    assert_true(report_number(report, "hardware.layers.1.simd", 0) == 1);
    assert_string_equal(report_text(report, "ladder.0.step", ""), "ptq-partial");
    assert_string_equal(report_text(report, "ladder.0.float_layers.0", ""), "conv2d");
    json_decref(report);
}

static void test_run_is_in_the_history(void **state)
{
    Place *place = *state;
    const RunOptions options = place_options(place);
    json_t *report = run_ok(&options);
    RunRecord row = only_row(place);
    assert_int_equal(row.status, RUN_OK);
    assert_string_equal(row.stage, "describe");
    assert_true(row.finished_ms >= row.created_ms);
    assert_int_equal(row.model_path[0], '/'); /* so that it can be found from anywhere */
    assert_int_equal(strlen(row.model_sha256), 64);
    assert_int_equal(strlen(row.dataset_sha256), 64);
    assert_int_equal(strlen(row.description_sha256), 64);
    assert_true(row.figures.values[FIGURE_BASELINE_BYTES] == 4 * SMALL_PARAMETERS);
    assert_true(row.figures.values[FIGURE_QUANTIZED_ACCURACY] ==
                report_number(report, "quantized.accuracy", NAN));
    assert_string_equal(row.folder, fs_join(place->arena, place->paths.runs, "1"));

    Buffer file = {0};
    assert_int_equal(fs_read_file(fs_join(place->arena, row.folder, "report.json"), 1 << 20, &file),
                     OK);
    assert_string_equal(file.data, row.report);
    buffer_free(&file);
    assert_true(fs_exists(fs_join(place->arena, row.folder, "description/model.json")));
    assert_int_equal(fs_read_file(fs_join(place->arena, row.folder, "run.log"), 1 << 20, &file),
                     OK);
    assert_non_null(strstr(file.data, "import started"));
    assert_non_null(strstr(file.data, "describe finished"));
    buffer_free(&file);

    Store *store = NULL;
    StageRecord *stages;
    LayerChoice *choices;
    int count;
    assert_int_equal(store_open(NULL, &store), OK);
    assert_int_equal(store_stages(store, 1, place->arena, &stages, &count), OK);
    assert_int_equal(count, 4);
    for (int i = 0; i < count; i++)
        assert_string_equal(stages[i].status, "ok");
    assert_non_null(strstr(stages[1].figures, "accuracy"));
    assert_null(stages[1].found);
    assert_non_null(strstr(stages[2].found, "\"step\":\"ptq-all\"")); /* the rung that it tried */
    assert_int_equal(store_choices(store, 1, place->arena, &choices, &count), OK);
    assert_true(count >= 5);
    assert_string_equal(choices[0].kind, "input");
    store_close(store);
    json_decref(report);
}

/* What the history keeps is enough to do the run again, with the same result. */
static void test_stored_options_give_the_same_description(void **state)
{
    Place *place = *state;
    RunOptions options = place_options(place);
    options.calib_images = 60;
    json_decref(run_ok(&options));
    RunRecord first = only_row(place);
    json_t *stored = json_loads(first.options, 0, NULL);
    RunOptions again;
    assert_int_equal(run_options_from_json(stored, place->arena, &again), OK);
    json_decref(stored);
    again.jobs = 1;
    json_t *report = run_ok(&again);
    Store *store = NULL;
    RunRecord second;
    assert_int_equal(store_open(NULL, &store), OK);
    assert_int_equal(store_get(store, 2, place->arena, &second), OK);
    assert_string_equal(first.description_sha256, second.description_sha256);
    store_close(store);
    json_decref(report);
}

static void test_workdir_and_own_history(void **state)
{
    Place *place = *state;
    RunOptions options = place_options(place);
    options.workdir = fs_join(place->arena, place->folder, "deep/work");
    options.database = fs_join(place->arena, place->folder, "own.db");
    json_decref(run_ok(&options));
    assert_true(fs_exists(fs_join(place->arena, options.workdir, "description/model.json")));
    assert_true(fs_exists(options.database));
    assert_false(fs_exists(place->paths.history));
    assert_false(fs_exists(place->paths.runs));
}

static void test_folder_of_another_history_is_left_alone(void **state)
{
    Place *place = *state;
    assert_int_equal(fs_make_folders(fs_join(place->arena, place->paths.runs, "1")), OK);
    const RunOptions options = place_options(place);
    json_decref(run_ok(&options));
    assert_string_equal(only_row(place).folder, fs_join(place->arena, place->paths.runs, "1-2"));
}

static void test_calibration_without_training_split(void **state)
{
    Place *place = *state;
    assert_int_equal(unlink(fs_join(place->arena, place->data, "train-images-idx3-ubyte")), 0);
    const RunOptions options = place_options(place);
    json_t *report = run_ok(&options);
    assert_string_equal(report_text(report, "dataset.calibration.split", ""), "test");
    json_decref(report);
}

static void test_missed_target(void **state)
{
    Place *place = *state;
    RunOptions options = place_options(place);
    options.target_accuracy = 0.99; /* of random labels */
    options.qat_epochs = 2;
    json_t *report = NULL;
    assert_int_equal(flow_run(&options, NULL, &report), ERR_UNMET);
    static const char *const STEPS[] = {"ptq-all", "ptq-partial", "qat", "qat"};
    double best = 0;
    int chosen = 0;
    for (int i = 0; i < 4; i++) {
        const json_t *rung = json_array_get(json_object_get(report, "ladder"), (size_t)i);
        assert_string_equal(report_text(rung, "step", ""), STEPS[i]);
        best = fmax(best, report_number(rung, "accuracy", 0));
        chosen += report_flag(rung, "chosen", false);
    }
    assert_int_equal(chosen, 1);
    assert_true(report_number(report, "quantized.accuracy", 0) == best);
    assert_int_equal(json_array_size(report_at(report, "ladder.2.epochs")), 2);
    assert_true(report_number(report, "ladder.2.epochs.0.validation_loss", NAN) > 0);
    assert_non_null(strstr(error_message(), "0.9900 was asked for"));
    assert_string_equal(report_text(report, "status", ""), "unmet");
    assert_string_equal(report_text(report, "stages.2.status", ""), "unmet");
    assert_string_equal(report_text(report, "stages.3.status", ""), "ok");
    assert_false(report_flag(report, "ladder.0.accepted", true));
    assert_int_equal(only_row(place).status, RUN_UNMET);
    json_decref(report);
}

/* ---- refusals -------------------------------------------------------------------------------- */

static void refused_without_trace(Place *place, const RunOptions *options, Status expected,
                                  const char *words)
{
    json_t *report = NULL;
    Status status = flow_run(options, NULL, &report);
    if (status != expected || !strstr(error_message(), words))
        fail_msg("status %d, \"%s\" expected in: %s", (int)status, words, error_message());
    assert_true(json_is_null(report_at(report, "run")));
    assert_string_equal(report_text(report, "status", ""), "refused");
    assert_string_equal(report_text(report, "message", ""), error_message());
    assert_false(fs_exists(place->paths.history));
    assert_false(fs_exists(place->paths.runs));
    if (options->workdir)
        assert_false(fs_exists(options->workdir));
    json_decref(report);
}

static void test_refusals_leave_nothing(void **state)
{
    Place *place = *state;
    const FoldChoice unknown[] = {{"nowhere", 1, 1}}, uneven[] = {{"conv2d", 7, 1}};
    const RunOptions good = place_options(place);
    RunOptions bad = good;
    bad.workdir = fs_join(place->arena, place->folder, "work");
    bad.model = "tests/fixtures/refused/empty.h5";
    refused_without_trace(place, &bad, ERR_REFUSED, "empty.h5");
    bad.model = "/nowhere.h5";
    refused_without_trace(place, &bad, ERR_REFUSED, "/nowhere.h5");
    bad.model = NULL;
    refused_without_trace(place, &bad, ERR_USAGE, "no model was given");
    bad = good;
    bad.data = NULL;
    refused_without_trace(place, &bad, ERR_USAGE, "--data");
    bad.data = "/nowhere";
    refused_without_trace(place, &bad, ERR_REFUSED, "/nowhere");
    bad = good;
    bad.weight_bits = 99;
    refused_without_trace(place, &bad, ERR_USAGE, "--weight-bits");
    bad = good;
    bad.folds = unknown;
    bad.fold_count = 1;
    refused_without_trace(place, &bad, ERR_USAGE, "--fold: no layer is named nowhere");
    bad.folds = uneven;
    bad.stop_after = STAGE_PLAN;
    refused_without_trace(place, &bad, ERR_USAGE, "7");
    bad = good;
    bad.float_layers = (const char *const[]){"nowhere"};
    bad.float_layer_count = 1;
    refused_without_trace(place, &bad, ERR_USAGE, "--float: no layer is named nowhere");
    bad = good;
    bad.model = "tests/fixtures/models/softmax_image.k3.h5";
    refused_without_trace(place, &bad, ERR_REFUSED,
                          "images are 12x12x1, but the model expects 5x4x2");
}

static void test_labels_beyond_the_classes(void **state)
{
    Place *place = *state;
    FILE *labels = fopen(fs_join(place->arena, place->data, "t10k-labels-idx1-ubyte"), "r+b");
    assert_non_null(labels);
    assert_int_equal(fseek(labels, 8 + 5, SEEK_SET), 0);
    assert_int_equal(fputc(PLACE_CLASSES, labels), PLACE_CLASSES);
    assert_int_equal(fclose(labels), 0);
    const RunOptions options = place_options(place);
    refused_without_trace(place, &options, ERR_REFUSED, "label 10 of image 5");
}

static void test_history_that_cannot_be_opened(void **state)
{
    Place *place = *state;
    RunOptions options = place_options(place);
    options.database = place->folder;
    json_t *report = NULL;
    assert_int_equal(flow_run(&options, NULL, &report), ERR_ENVIRONMENT);
    assert_non_null(strstr(error_message(), place->folder));
    assert_string_equal(report_text(report, "status", ""), "failed");
    assert_false(fs_exists(place->paths.runs));
    json_decref(report);
}

/* ---- the environment fails in mid-run -------------------------------------------------------- */

static void test_missing_ghdl_keeps_the_software_stages(void **state)
{
    Place *place = *state;
    RunOptions options = place_options(place);
    options.stop_after = STAGE_SIMULATE;
    options.images = 2;
    char *path = strdup(getenv("PATH"));
    setenv("PATH", place->folder, 1);
    json_t *report = NULL;
    Status status = flow_run(&options, NULL, &report);
    setenv("PATH", path, 1);
    free(path);
    if (status != ERR_ENVIRONMENT || !strstr(error_message(), "apt"))
        fail_msg("status %d: %s", (int)status, error_message());
    RunRecord row = only_row(place);
    assert_int_equal(row.status, RUN_FAILED);
    assert_string_equal(row.message, error_message());
    assert_string_equal(row.stage, "simulate");
    assert_true(isfinite(row.figures.values[FIGURE_QUANTIZED_ACCURACY]));
    assert_true(row.figures.values[FIGURE_PREDICTED_LATENCY_CYCLES] > 0);
    assert_true(isnan(row.figures.values[FIGURE_BIT_EXACT]));
    assert_int_equal(strlen(row.hdl_sha256), 64);
    assert_string_equal(report_text(report, "stages.5.status", ""), "ok");
    assert_string_equal(report_text(report, "stages.6.status", ""), "failed");
    json_decref(report);
}

/* ---- cancel: in a child, for the flag has no way back ---------------------------------------- */

static void cancel_in_baseline(void *context, RunStage stage, StageState state, double seconds,
                               const json_t *figures)
{
    (void)context, (void)seconds, (void)figures;
    if (stage == STAGE_BASELINE && state == STAGE_STARTED)
        cancel_request();
}

static void test_cancel_is_saved(void **state)
{
    Place *place = *state;
    pid_t child = fork();
    if (child == 0) {
        const RunOptions options = place_options(place);
        const RunEvents events = {.stage = cancel_in_baseline};
        json_t *report = NULL;
        Status status = flow_run(&options, &events, &report);
        json_decref(report);
        _exit((int)status);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), ERR_CANCELLED);
    RunRecord row = only_row(place);
    assert_int_equal(row.status, RUN_CANCELLED);
    assert_string_equal(row.stage, "baseline");
    assert_non_null(strstr(row.message, "'dnn2fpga runs resume 1' goes on"));
    json_t *report = report_parse(row.report);
    assert_string_equal(report_text(report, "stages.1.status", ""), "cancelled");
    json_decref(report);
}

static void dawdle(void *context, RunStage stage, StageState state, double seconds,
                   const json_t *figures)
{
    (void)context, (void)state, (void)seconds, (void)figures;
    for (int i = 0; stage == STAGE_BASELINE && i < 500 && !cancel_requested(); i++)
        usleep(10000);
}

static void test_cancel_from_another_process(void **state)
{
    Place *place = *state;
    pid_t child = fork();
    if (child == 0) {
        cancel_install_signals();
        const RunOptions options = place_options(place);
        const RunEvents events = {.started = NULL, .stage = dawdle};
        json_t *report = NULL;
        Status status = flow_run(&options, &events, &report);
        json_decref(report);
        _exit((int)status);
    }
    RunRecord row = {.status = RUN_FAILED};
    for (int i = 0; i < 3000 && row.status != RUN_RUNNING; i++) {
        usleep(10000);
        if (fs_exists(place->paths.history)) {
            Store *store = NULL;
            assert_int_equal(store_open(NULL, &store), OK);
            if (store_get(store, 1, place->arena, &row) != OK)
                row.status = RUN_FAILED;
            store_close(store);
        }
    }
    assert_int_equal(row.status, RUN_RUNNING);
    assert_int_equal(flow_cancel(&row), OK);
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == ERR_CANCELLED);
    assert_int_equal(only_row(place).status, RUN_CANCELLED);
    assert_int_equal(flow_cancel(&row), ERR_REFUSED); /* that process is gone */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        PLACED(test_run_to_the_description),
        PLACED(test_a_layer_that_stays_floating_point),
        PLACED(test_run_is_in_the_history),
        PLACED(test_stored_options_give_the_same_description),
        PLACED(test_workdir_and_own_history),
        PLACED(test_folder_of_another_history_is_left_alone),
        PLACED(test_calibration_without_training_split),
        PLACED(test_missed_target),
        PLACED(test_refusals_leave_nothing),
        PLACED(test_labels_beyond_the_classes),
        PLACED(test_history_that_cannot_be_opened),
        PLACED(test_missing_ghdl_keeps_the_software_stages),
        PLACED(test_cancel_is_saved),
        PLACED(test_cancel_from_another_process),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
