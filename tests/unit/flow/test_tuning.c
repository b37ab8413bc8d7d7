/* Editing a scheme: drafts, steps, files, effects; on the sample's small twin. */
#include "tests/unit/flow/place.h"

#include "flow/report.h"
#include "flow/run.h"
#include "flow/tuning.h"

enum { ROW_INPUT, ROW_CONV_1, ROW_CONV_2, ROW_DENSE, ROWS };

static Tuning *open_with(const RunOptions *options)
{
    Tuning *tuning = NULL;
    if (tuning_open(options, &tuning) != OK)
        fail_msg("%s", error_message());
    return tuning;
}

static Tuning *open_tuning(const Place *place, RunOptions *options)
{
    *options = place_options(place);
    return open_with(options);
}

static void observe(const Place *place, Tuning *tuning, RunOptions options)
{
    json_t *report = NULL;
    options.workdir = fs_join(place->arena, place->folder, "seen");
    if (flow_observe(&options, NULL, &report) != OK)
        fail_msg("%s", error_message());
    const char *path = report_text(report, "observation.histograms", "");
    assert_int_equal(tuning_observe(tuning, path), OK);
    json_decref(report);
}

static void test_rows(void **state)
{
    RunOptions options;
    Tuning *tuning = open_tuning(*state, &options);
    assert_int_equal(tuning_count(tuning), ROWS);
    assert_false(tuning_row(tuning, ROW_INPUT).has_weights);
    assert_false(tuning_row(tuning, ROW_INPUT).may_float);
    assert_true(tuning_row(tuning, ROW_CONV_2).has_weights);
    assert_string_equal(tuning_row(tuning, ROW_DENSE).kind, "dense");
    assert_int_equal(tuning_choice(tuning, ROW_DENSE)->activation_bits, LOGIT_BITS);
    assert_int_equal(strlen(tuning_sha256(tuning)), 64);
    options.weight_bits = 4; /* edits of 8 bits are not those of 4 */
    Tuning *other = open_with(&options), *same = open_with(&options);
    assert_string_not_equal(tuning_identity(tuning), tuning_identity(other));
    assert_string_equal(tuning_identity(same), tuning_identity(other));
    assert_string_equal(tuning_sha256(tuning), tuning_sha256(other));
    tuning_free(other);
    tuning_free(same);
    tuning_free(tuning);
}

static void test_steps(void **state)
{
    RunOptions options;
    Tuning *tuning = open_tuning(*state, &options);
    Buffer text = {0};
    assert_false(tuning_can_undo(tuning));
    assert_false(tuning_undo(tuning, &text));
    assert_int_equal(tuning_edit(tuning, ROW_CONV_1, "bits=4,per-channel"), OK);
    assert_true(tuning_has_draft(tuning));
    assert_int_equal(tuning_committed(tuning, ROW_CONV_1)->weight_bits, 8);
    assert_true(tuning_commit(tuning));
    assert_false(tuning_commit(tuning)); /* nothing new */
    tuning_add_bits(tuning, ROW_CONV_2, TENSOR_OUTPUTS, -2);
    assert_true(tuning_commit(tuning));
    assert_true(tuning_row_is_edited(tuning, ROW_CONV_1));
    assert_false(tuning_row_is_edited(tuning, ROW_DENSE));
    assert_true(tuning_undo(tuning, &text));
    assert_non_null(strstr(text.data, "activation-bits 6 -> 8"));
    assert_int_equal(tuning_choice(tuning, ROW_CONV_2)->activation_bits, 8);
    assert_true(tuning_undo(tuning, &text));
    assert_int_equal(tuning_choice(tuning, ROW_CONV_1)->weight_bits, 8);
    assert_int_equal(tuning_differences(tuning, NULL), 0);
    assert_true(tuning_redo(tuning, &text) && tuning_redo(tuning, &text));
    assert_false(tuning_redo(tuning, &text));
    assert_int_equal(tuning_choice(tuning, ROW_CONV_2)->activation_bits, 6);
    assert_true(tuning_undo(tuning, &text));
    assert_true(tuning_can_redo(tuning));
    tuning_add_bits(tuning, ROW_DENSE, TENSOR_WEIGHTS, 1);
    assert_true(tuning_commit(tuning));
    assert_false(tuning_can_redo(tuning)); /* another way was taken */
    tuning_reset(tuning);
    assert_true(tuning_commit(tuning));
    assert_int_equal(tuning_differences(tuning, NULL), 0);
    buffer_free(&text);
    tuning_free(tuning);
}

static void test_a_draft_is_taken_back_first(void **state)
{
    RunOptions options;
    Tuning *tuning = open_tuning(*state, &options);
    Buffer text = {0};
    assert_int_equal(tuning_edit(tuning, ROW_CONV_1, "bits=4"), OK);
    assert_int_equal(tuning_edit(tuning, ROW_CONV_1, "bits=99"), ERR_USAGE);
    assert_int_equal(tuning_edit(tuning, ROW_CONV_1, "bits=3,nonsense=1"), ERR_USAGE);
    assert_int_equal(tuning_choice(tuning, ROW_CONV_1)->weight_bits, 4); /* as it was */
    assert_true(tuning_undo(tuning, &text));
    assert_false(tuning_has_draft(tuning));
    assert_int_equal(tuning_choice(tuning, ROW_CONV_1)->weight_bits, 8);
    buffer_free(&text);
    tuning_free(tuning);
}

/* More steps than are kept: the oldest are forgotten, the newest are there. */
static void test_many_steps(void **state)
{
    RunOptions options;
    Tuning *tuning = open_tuning(*state, &options);
    for (int i = 0; i < 400; i++) {
        tuning_add_bits(tuning, ROW_CONV_1, TENSOR_WEIGHTS, i % 2 ? 1 : -1);
        assert_true(tuning_commit(tuning));
    }
    int undone = 0;
    while (tuning_undo(tuning, NULL))
        undone++;
    assert_int_equal(undone, 255);
    tuning_free(tuning);
}

static void test_cycles(void **state)
{
    RunOptions options;
    Tuning *tuning = open_tuning(*state, &options);
    char text[64], first[64];
    tuning_calibration(tuning, ROW_CONV_1, TENSOR_OUTPUTS, first, sizeof first);
    int count = 0;
    while (calibrator_at(count))
        count++;
    for (int i = 0; i < count; i++) {
        tuning_cycle(tuning, ROW_CONV_1, TENSOR_OUTPUTS, 1);
        tuning_calibration(tuning, ROW_CONV_1, TENSOR_OUTPUTS, text, sizeof text);
        assert_int_equal(strcmp(text, first) == 0, i == count - 1);
    }
    tuning_cycle(tuning, ROW_CONV_1, TENSOR_WEIGHTS, -1);
    assert_ptr_equal(tuning_choice(tuning, ROW_CONV_1)->weight_calibrator,
                     calibrator_at(count - 1));
    tuning_cycle(tuning, ROW_CONV_1, TENSOR_WEIGHTS, 1);
    assert_null(tuning_choice(tuning, ROW_CONV_1)->weight_calibrator);
    for (int i = 0; i < 30; i++)
        tuning_add_bits(tuning, ROW_CONV_1, TENSOR_WEIGHTS, 1);
    assert_int_equal(tuning_choice(tuning, ROW_CONV_1)->weight_bits, FIXED_MAX_BITS);
    tuning_add_bits(tuning, ROW_CONV_1, TENSOR_WEIGHTS, -100);
    assert_int_equal(tuning_choice(tuning, ROW_CONV_1)->weight_bits, FIXED_MIN_BITS);
    tuning_free(tuning);
}

static void test_presets(void **state)
{
    RunOptions options;
    Tuning *tuning = open_tuning(*state, &options);
    for (int i = 0; tuning_preset(i); i++) {
        const TuningPreset *preset = tuning_preset(i);
        for (int row = 0; row < ROWS; row++)
            tuning_apply_preset(tuning, row, preset);
        assert_int_equal(tuning_choice(tuning, ROW_CONV_2)->activation_bits, preset->bits);
        assert_int_equal(tuning_choice(tuning, ROW_DENSE)->weight_bits, preset->bits);
        assert_int_equal(tuning_choice(tuning, ROW_DENSE)->activation_bits, LOGIT_BITS);
        assert_non_null(tuning_choice(tuning, ROW_CONV_1)->calibrator);
    }
    tuning_free(tuning);
}

static void test_effects(void **state)
{
    RunOptions options;
    Tuning *tuning = open_tuning(*state, &options);
    assert_false(tuning_is_observed(tuning));
    assert_false(tuning_preview(tuning, ROW_CONV_1, TENSOR_OUTPUTS).known);
    assert_false(tuning_set_clip(tuning, ROW_CONV_1, TENSOR_OUTPUTS, 0.5));
    observe(*state, tuning, options);
    assert_true(tuning_is_observed(tuning));
    Preview before = tuning_preview(tuning, ROW_CONV_1, TENSOR_OUTPUTS);
    assert_true(before.known && before.clipped_fraction == 0);
    assert_true(tuning_set_clip(tuning, ROW_CONV_1, TENSOR_OUTPUTS, 0.5 * before.clip));
    Preview after = tuning_preview(tuning, ROW_CONV_1, TENSOR_OUTPUTS);
    assert_true(after.clip < 0.51 * before.clip && after.clipped_fraction > 0);
    assert_true(tuning_preview_committed(tuning, ROW_CONV_1, TENSOR_OUTPUTS).clip == before.clip);
    assert_true(tuning_set_clip(tuning, ROW_CONV_1, TENSOR_OUTPUTS, 1e6)); /* not beyond it */
    assert_true(tuning_preview(tuning, ROW_CONV_1, TENSOR_OUTPUTS).clip <= before.clip * 1.001);
    Preview other = tuning_preview_calibrator(tuning, ROW_CONV_1, TENSOR_OUTPUTS,
                                              calibrator_find("mean-sigma"));
    assert_true(other.known && other.clip != before.clip);
    assert_int_equal(tuning_edit(tuning, ROW_CONV_1, "float"), OK);
    assert_false(tuning_preview(tuning, ROW_CONV_1, TENSOR_OUTPUTS).known);
    tuning_free(tuning);
}

/* A tensor of weights is cut where its user says; per channel, no channel reaches further. */
static void test_clip_of_weights(void **state)
{
    RunOptions options;
    char text[64];
    Tuning *tuning = open_tuning(*state, &options);
    Preview before = tuning_preview(tuning, ROW_CONV_1, TENSOR_WEIGHTS);
    assert_true(before.known && before.clipped_fraction == 0);
    assert_true(tuning_set_clip(tuning, ROW_CONV_1, TENSOR_WEIGHTS, 0.5 * before.clip));
    Preview after = tuning_preview(tuning, ROW_CONV_1, TENSOR_WEIGHTS);
    assert_true(fabs(after.clip - 0.5 * before.clip) < 1e-4 * before.clip);
    assert_true(after.clipped_fraction > 0);
    tuning_calibration(tuning, ROW_CONV_1, TENSOR_WEIGHTS, text, sizeof text);
    assert_string_equal(text, "by hand");
    assert_int_equal(tuning_edit(tuning, ROW_CONV_1, "per-channel=yes"), OK);
    assert_true(tuning_preview(tuning, ROW_CONV_1, TENSOR_WEIGHTS).clip <= 0.5001 * before.clip);
    assert_int_equal(tuning_edit(tuning, ROW_CONV_1, "weight-clip=auto"), OK);
    assert_true(tuning_preview(tuning, ROW_CONV_1, TENSOR_WEIGHTS).clip > 0.9 * before.clip);
    tuning_free(tuning);
}

/* Steps are there after a restart: taken back ones, too. Those of other choices are not taken. */
static void test_steps_in_a_file(void **state)
{
    Place *place = *state;
    RunOptions options;
    Tuning *tuning = open_tuning(place, &options);
    const char *path = fs_join(place->arena, place->folder, "steps.undo");
    assert_int_equal(tuning_edit(tuning, ROW_CONV_1, "weight-bits=5"), OK);
    assert_true(tuning_commit(tuning));
    assert_int_equal(tuning_edit(tuning, ROW_DENSE, "weight-bits=4,calibration=mse"), OK);
    assert_true(tuning_commit(tuning));
    assert_true(tuning_undo(tuning, NULL));
    assert_int_equal(tuning_write_steps(tuning, path), OK);
    tuning_free(tuning);
    tuning = open_with(&options);
    assert_int_equal(tuning_read_steps(tuning, path), OK);
    assert_int_equal(tuning_choice(tuning, ROW_CONV_1)->weight_bits, 5);
    assert_int_equal(tuning_choice(tuning, ROW_DENSE)->weight_bits, 8);
    assert_true(tuning_redo(tuning, NULL));
    assert_int_equal(tuning_choice(tuning, ROW_DENSE)->weight_bits, 4);
    assert_true(tuning_undo(tuning, NULL));
    assert_true(tuning_undo(tuning, NULL));
    assert_int_equal(tuning_choice(tuning, ROW_CONV_1)->weight_bits, 8);
    assert_false(tuning_can_undo(tuning));
    tuning_free(tuning);
    options.weight_bits = 6; /* other choices to begin with */
    tuning = open_with(&options);
    assert_int_equal(tuning_read_steps(tuning, path), ERR_REFUSED);
    assert_false(tuning_can_undo(tuning));
    tuning_free(tuning);
}

/* A task has all that it needs: what is chosen and seen after it was asked for is not its. */
static void test_a_task_stands_alone(void **state)
{
    RunOptions options;
    Tuning *tuning = open_tuning(*state, &options);
    observe(*state, tuning, options);
    Preview before = tuning_preview(tuning, ROW_CONV_1, TENSOR_OUTPUTS);
    PreviewTask *task =
        preview_task_new(tuning, ROW_CONV_1, TENSOR_OUTPUTS, tuning_choice(tuning, ROW_CONV_1));
    assert_int_equal(tuning_edit(tuning, ROW_CONV_1, "activation-bits=3"), OK);
    assert_int_equal(tuning_observe(tuning, "/nowhere"), ERR_REFUSED);
    assert_false(tuning_is_observed(tuning));
    Preview found = preview_task_do(task);
    assert_true(found.known && found.clip == before.clip && found.sqnr_db == before.sqnr_db);
    preview_task_free(task);
    tuning_free(tuning);
}

/* What was edited is what a run does. */
static void test_a_run_obeys_the_file(void **state)
{
    Place *place = *state;
    RunOptions options;
    Tuning *tuning = open_tuning(place, &options);
    const char *path = fs_join(place->arena, place->folder, "mine.scheme");
    observe(place, tuning, options);
    assert_int_equal(tuning_edit(tuning, ROW_CONV_1, "weight-bits=5,calibration=mse"), OK);
    double clip = tuning_preview(tuning, ROW_CONV_2, TENSOR_OUTPUTS).clip;
    assert_true(tuning_set_clip(tuning, ROW_CONV_2, TENSOR_OUTPUTS, 0.5 * clip));
    Preview wanted = tuning_preview(tuning, ROW_CONV_2, TENSOR_OUTPUTS);
    assert_true(tuning_commit(tuning));
    assert_int_equal(tuning_write(tuning, path), OK);
    options.scheme = path;
    json_t *report = NULL;
    if (flow_run(&options, NULL, &report) != OK)
        fail_msg("%s", error_message());
    assert_true(report_number(report, "quantized.layers.1.weight_bits", 0) == 5);
    assert_string_equal(report_text(report, "quantized.layers.1.calibration", ""), "mse");
    assert_true(report_number(report, "quantized.layers.2.clip", 0) == wanted.clip);
    json_decref(report);
    Tuning *again = open_with(&options);
    assert_int_equal(tuning_differences(again, NULL), 0); /* --scheme is where it starts */
    assert_int_equal(tuning_choice(again, ROW_CONV_1)->weight_bits, 5);
    tuning_free(again);
    assert_true(fs_exists(fs_join(place->arena, place->paths.runs, "1/chosen.scheme")));
    tuning_reset(tuning);
    assert_int_equal(tuning_read(tuning, path), OK);
    assert_int_equal(tuning_choice(tuning, ROW_CONV_1)->weight_bits, 5);
    assert_int_equal(tuning_read(tuning, SMALL_MODEL), ERR_REFUSED);
    assert_int_equal(tuning_choice(tuning, ROW_CONV_1)->weight_bits, 5);
    tuning_free(tuning);
}

static void test_refused_models(void **state)
{
    RunOptions options = place_options(*state);
    Tuning *tuning = NULL;
    options.model = "tests/fixtures/refused/empty.h5";
    assert_int_equal(tuning_open(&options, &tuning), ERR_REFUSED);
    options.model = NULL;
    assert_int_equal(tuning_open(&options, &tuning), ERR_USAGE);
    assert_null(tuning);
    tuning_free(tuning);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        PLACED(test_rows),
        PLACED(test_steps),
        PLACED(test_cycles),
        PLACED(test_a_draft_is_taken_back_first),
        PLACED(test_presets),
        PLACED(test_many_steps),
        PLACED(test_effects),
        PLACED(test_clip_of_weights),
        PLACED(test_a_task_stands_alone),
        PLACED(test_steps_in_a_file),
        PLACED(test_a_run_obeys_the_file),
        PLACED(test_refused_models),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
