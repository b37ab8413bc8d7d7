/* Runs that ended before they were done, taken up again in their rows. Those that are to be
 * cancelled run in forked children. */
#include "tests/unit/flow/place.h"

#include <sys/wait.h>
#include <unistd.h>

#include "base/cancel.h"
#include "flow/optimize.h"
#include "flow/report.h"
#include "flow/run.h"

/* Out of reach for noise: the whole ladder is climbed. */
static RunOptions ladder_options(const Place *place)
{
    RunOptions options = place_options(place);
    options.weight_bits = 3;
    options.target_accuracy = 1;
    options.qat_epochs = 3;
    return options;
}

static void cancel_behind_quantize(void *context, RunStage stage, StageState state, double seconds,
                                   const json_t *figures)
{
    (void)context;
    (void)seconds;
    (void)figures;
    if (stage == STAGE_QUANTIZE && state != STAGE_STARTED)
        cancel_request();
}

/* In the middle of training: tests/unit/optimize/test_resume.c and tests/e2e/resume.sh. */
static void cancel_after_first_rung(void *context, const char *line)
{
    (void)context;
    if (strncmp(line, "rung ptq-all", 12) == 0)
        cancel_request();
}

static void run_until_cancelled(const RunOptions *options, const RunEvents *events)
{
    pid_t child = fork();
    if (child == 0) {
        json_t *report = NULL;
        Status status = flow_run(options, events, &report);
        json_decref(report);
        _exit((int)status);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), ERR_CANCELLED);
}

static RunRecord row_of(Place *place, int64_t id)
{
    Store *store = NULL;
    RunRecord run;
    assert_int_equal(store_open(NULL, &store), OK);
    assert_int_equal(store_get(store, id, place->arena, &run), OK);
    store_close(store);
    return run;
}

static Status resume(int64_t id)
{
    json_t *report = NULL;
    Status status = flow_resume(NULL, id, NULL, &report);
    json_decref(report);
    return status;
}

/* Run 1 was stopped; run 2 is left alone, with the same options. */
static void resumed_is_the_same(Place *place, const RunOptions *options)
{
    RunRecord before = row_of(place, 1);
    assert_int_equal(before.status, RUN_CANCELLED);
    assert_int_equal(resume(1), ERR_UNMET);
    json_t *report = NULL;
    assert_int_equal(flow_run(options, NULL, &report), ERR_UNMET);
    json_decref(report);
    RunRecord resumed = row_of(place, 1), alone = row_of(place, 2);
    assert_int_equal(resumed.status, RUN_UNMET);
    assert_string_equal(resumed.folder, before.folder);
    assert_true(resumed.created_ms == before.created_ms && resumed.finished_ms > 0);
    assert_int_equal(strlen(alone.description_sha256), 64);
    assert_string_equal(resumed.description_sha256, alone.description_sha256);
    assert_false(fs_exists(fs_join(place->arena, resumed.folder, "ladder")));
    assert_int_equal(resume(1), ERR_REFUSED); /* finished */
}

static void test_cancelled_on_the_ladder(void **state)
{
    Place *place = *state;
    const RunOptions options = ladder_options(place);
    run_until_cancelled(&options, &(RunEvents){.log = cancel_after_first_rung});
    assert_true(fs_exists(fs_join(place->arena, row_of(place, 1).folder, "ladder/ladder.json")));
    resumed_is_the_same(place, &options);
}

static void test_cancelled_behind_the_ladder(void **state)
{
    Place *place = *state;
    const RunOptions options = ladder_options(place);
    run_until_cancelled(&options, &(RunEvents){.stage = cancel_behind_quantize});
    resumed_is_the_same(place, &options);
}

static void test_changed_images_are_refused(void **state)
{
    Place *place = *state;
    const RunOptions options = ladder_options(place);
    run_until_cancelled(&options, &(RunEvents){.log = cancel_after_first_rung});
    write_split(place, "t10k", 201);
    assert_int_equal(resume(1), ERR_REFUSED);
    assert_non_null(strstr(error_message(), "has changed"));
    assert_int_equal(row_of(place, 1).status, RUN_CANCELLED);
    write_split(place, "t10k", 200);
    write_split(place, "train", 101); /* in no column of the row, but in the ladder's state */
    assert_int_equal(resume(1), ERR_REFUSED);
    assert_non_null(strstr(error_message(), "another climb"));
    assert_int_equal(row_of(place, 1).status, RUN_CANCELLED);
    write_split(place, "train", 100);
    assert_int_equal(resume(1), ERR_UNMET);
}

static void test_new_run_takes_nothing_from_a_folder(void **state)
{
    Place *place = *state;
    RunOptions options = ladder_options(place);
    options.workdir = fs_join(place->arena, place->folder, "work");
    run_until_cancelled(&options, &(RunEvents){.log = cancel_after_first_rung});
    options.weight_bits = 4; /* with the old state this would be another climb, and refused */
    json_t *report = NULL;
    assert_int_equal(flow_run(&options, NULL, &report), ERR_UNMET);
    json_decref(report);
    assert_int_equal(resume(1), ERR_UNMET); /* from its start: its state is gone */
}

/* ---- trainings --------------------------------------------------------------------------------- */

static TrainRequest request_for(Place *place, const char *name)
{
    TrainRequest request = train_request_default();
    request.output = fs_join(place->arena, place->folder, name);
    request.epochs = 5;
    request.batch = 25;
    request.schedule = "cosine";
    request.early_stop = 4; /* so that the best weights are kept, too */
    return request;
}

static void cancel_after_two_epochs(void *context, const char *line)
{
    (void)context;
    if (strncmp(line, "epoch 2:", 8) == 0)
        cancel_request();
}

static void train_until_cancelled(const RunOptions *options, const TrainRequest *request)
{
    pid_t child = fork();
    if (child == 0) {
        json_t *report = NULL;
        Status status =
            flow_train(options, request, &(RunEvents){.log = cancel_after_two_epochs}, &report);
        json_decref(report);
        _exit((int)status);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == ERR_CANCELLED);
}

static void same_trainings(const json_t *resumed, const json_t *alone)
{
    static const char *const texts[] = {"training.sha256", "training.output_sha256"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        assert_int_equal(strlen(report_text(alone, texts[i], "")), 64);
        assert_string_equal(report_text(resumed, texts[i], ""), report_text(alone, texts[i], ""));
    }
    for (int i = 0; i < 5; i++) {
        char path[64];
        snprintf(path, sizeof path, "training.epochs.%d.validation_loss", i);
        assert_true(report_number(alone, path, -1) > 0);
        assert_true(report_number(resumed, path, -1) == report_number(alone, path, -2));
    }
    assert_int_equal(json_array_size(report_at(resumed, "training.epochs")), 5);
    assert_true(report_number(resumed, "training.accuracy_before", -1) ==
                report_number(alone, "training.accuracy_before", -2));
}

static void test_cancelled_training(void **state)
{
    Place *place = *state;
    const RunOptions options = place_options(place);
    const TrainRequest first = request_for(place, "a.h5"), second = request_for(place, "b.h5");
    train_until_cancelled(&options, &first);
    assert_int_equal(row_of(place, 1).status, RUN_CANCELLED);
    assert_false(fs_exists(first.output));
    const char *folder = row_of(place, 1).folder;
    assert_true(fs_exists(fs_join(place->arena, folder, "training/trainer.state")));
    json_t *resumed = NULL, *alone = NULL;
    if (flow_resume(NULL, 1, NULL, &resumed) != OK)
        fail_msg("%s", error_message());
    assert_int_equal(flow_train(&options, &second, NULL, &alone), OK);
    same_trainings(resumed, alone);
    json_decref(resumed);
    json_decref(alone);
    assert_false(fs_exists(fs_join(place->arena, folder, "training")));
    RunRecord row = row_of(place, 1);
    assert_int_equal(row.status, RUN_OK);
    assert_true(row.figures.values[FIGURE_BASELINE_ACCURACY] >= 0);
    assert_int_equal(resume(1), ERR_REFUSED); /* finished */
}

static void test_training_on_other_images_is_refused(void **state)
{
    Place *place = *state;
    const RunOptions options = place_options(place);
    const TrainRequest request = request_for(place, "a.h5");
    train_until_cancelled(&options, &request);
    write_split(place, "t10k", 201);
    assert_int_equal(resume(1), ERR_REFUSED);
    assert_non_null(strstr(error_message(), "has changed"));
    write_split(place, "t10k", 200);
    write_split(place, "train", 101); /* in no column of the row, but in the state */
    assert_int_equal(resume(1), ERR_REFUSED);
    assert_non_null(strstr(error_message(), "another training"));
    assert_int_equal(row_of(place, 1).status, RUN_CANCELLED);
    write_split(place, "train", 100);
    assert_int_equal(resume(1), OK);
}

/* A refusal of what train() itself would refuse leaves no row. */
static void test_refused_training_has_no_row(void **state)
{
    Place *place = *state;
    const RunOptions options = place_options(place);
    TrainRequest request = request_for(place, "a.h5");
    request.batch = 0;
    json_t *report = NULL;
    assert_int_equal(flow_train(&options, &request, NULL, &report), ERR_USAGE);
    assert_true(json_is_null(report_at(report, "run")));
    json_decref(report);
    assert_int_equal(resume(1), ERR_REFUSED);
    assert_non_null(strstr(error_message(), "no run 1"));
}

static void test_no_such_run(void **state)
{
    (void)state;
    assert_int_equal(resume(7), ERR_REFUSED);
    assert_non_null(strstr(error_message(), "no run 7"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        PLACED(test_cancelled_on_the_ladder),     PLACED(test_cancelled_behind_the_ladder),
        PLACED(test_changed_images_are_refused),  PLACED(test_new_run_takes_nothing_from_a_folder),
        PLACED(test_cancelled_training),          PLACED(test_training_on_other_images_is_refused),
        PLACED(test_refused_training_has_no_row), PLACED(test_no_such_run),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
