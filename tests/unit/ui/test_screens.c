/* Every screen at three sizes, in UTF-8 and in ASCII, against tests/golden/screens/. ACCEPT=1 in
 * the environment writes the files anew. */
#include "differences.h"

static const struct {
    int rows, columns;
} SIZES[] = {{24, 80}, {40, 120}, {17, 60}, {60, 200}};

/* Screens that have more to show than three sizes can tell get all of them. */
enum { SIZE_COUNT = sizeof SIZES / sizeof SIZES[0], USUAL_SIZES = SIZE_COUNT - 1 };

static void compare_golden(App *app, const char *name, int size)
{
    char path[256];
    int rows = SIZES[size].rows, columns = SIZES[size].columns;
    snprintf(path, sizeof path, "tests/golden/screens/%s.%dx%d.%s.txt", name, columns, rows,
             app->settings.ascii ? "ascii" : "utf8");
    char *text = screen_text(app, rows, columns);
    const char *accept = getenv("ACCEPT");
    if (accept && *accept)
        assert_int_equal(fs_write_atomic(path, text, strlen(text)), OK);
    Buffer golden = {0};
    if (fs_read_file(path, 1 << 20, &golden) != OK)
        fail_msg("%s", error_message());
    if (strcmp(golden.data ? golden.data : "", text) != 0)
        fail_msg("%s differs; ACCEPT=1 takes this:\n%s", path, text);
    buffer_free(&golden);
    free(text);
}

/* `prepare` brings the app to what is to be seen. */
static void check_sizes(const char *name, bool with_model, int sizes,
                        void (*prepare)(App *app, FakeHost *fake))
{
    for (int ascii = 0; ascii < 2; ascii++) {
        FakeHost fake;
        App *app = fixture_app(&fake, ascii, with_model);
        prepare(app, &fake);
        for (int size = 0; size < sizes; size++)
            compare_golden(app, name, size);
        app_free(app);
    }
}

static void check_screen(const char *name, bool with_model,
                         void (*prepare)(App *app, FakeHost *fake))
{
    check_sizes(name, with_model, USUAL_SIZES, prepare);
}

static void load_model(App *app, FakeHost *fake)
{
    (void)fake;
    app_model_loaded(app, fixture_model(false));
}

static void load_blocked_model(App *app, FakeHost *fake)
{
    (void)fake;
    app_model_loaded(app, fixture_model(true));
    press(app, "j");
}

static void refuse_model(App *app, FakeHost *fake)
{
    (void)fake;
    ModelView view = model_view_loading("samples/mnist_cnn.h5");
    view.state = MODEL_REFUSED;
    view.message = "mnist_cnn.h5: 2 things keep it from being used\n"
                   "  layer lstm: kind LSTM is not supported; supported are InputLayer, Dense and "
                   "Conv2D\n"
                   "  layer dense: kernel is 784x64, expected 784x128";
    app_model_loaded(app, view);
    press(app, "x");
    messages_acknowledge(&app->messages);
}

static void nothing(App *app, FakeHost *fake)
{
    (void)fake;
    press(app, "1");
}

static void open_calibrate(App *app, FakeHost *fake)
{
    load_model(app, fake);
    fixture_tuning(app);
    press(app, "2");
}

static void observe_model(App *app, FakeHost *fake)
{
    open_calibrate(app, fake);
    fixture_observed(app);
    press(app, "j");
}

/* A clip by hand on one layer, fewer bits on another, marks, and a draft. */
static void edit_choices(App *app, FakeHost *fake)
{
    observe_model(app, fake);
    press(app, "{{{{j[[[j t");
    press(app, "km[[");
}

static void compare_calibrations(App *app, FakeHost *fake)
{
    observe_model(app, fake);
    press(app, "j[[xxx");
}

static void show_presets(App *app, FakeHost *fake)
{
    observe_model(app, fake);
    press(app, "*Pjj");
}

static void observe_in_vain(App *app, FakeHost *fake)
{
    open_calibrate(app, fake);
    app_observation_gone(app, "samples/mnist: labels go up to 11, the model has 10 classes");
}

/* Two runs of the model before, and one of another. */
static void earlier_runs(App *app)
{
    static const char *const MODELS[] = {"samples/mnist_cnn.h5", "b/other.h5", "a/mnist_cnn.h5"};
    for (int i = 0; i < 3; i++) {
        RunRecord record = fixture_record(4 + i, RUN_OK);
        record.model_path = MODELS[i];
        record.figures.values[FIGURE_QUANTIZED_ACCURACY] = 0.97 + 0.001 * i;
        record.figures.values[FIGURE_QUANTIZED_BYTES] = 18000 + i;
        fixture_put(app, &record);
        for (int stage = STAGE_IMPORT; stage <= STAGE_EMIT; stage++)
            fixture_stage(record.id, (RunStage)stage, 0.4 + stage + 0.1 * i);
    }
}

static void run_half_way(App *app, FakeHost *fake)
{
    earlier_runs(app);
    load_model(app, fake);
    press(app, "r");
    fixture_run_events(app);
}

static void run_to_the_end(App *app, FakeHost *fake)
{
    run_half_way(app, fake);
    fixture_event(app, (Event){.kind = EVENT_STAGE,
                               .stage = STAGE_SIMULATE,
                               .state = STAGE_FINISHED,
                               .seconds = 16.4});
    json_t *report = fixture_report();
    fixture_event(app, (Event){.kind = EVENT_REPORT, .code = OK, .json = report});
    json_decref(report);
}

/* A run that failed, with what its log says of that. */
static void run_with_log(App *app, FakeHost *fake)
{
    char folder[64];
    run_half_way(app, fake);
    fixture_folder(folder);
    fixture_event(app, (Event){.kind = EVENT_RUN_STARTED, .run = 7, .folder = folder});
    fixture_event(app, (Event){.kind = EVENT_STAGE,
                               .stage = STAGE_SIMULATE,
                               .state = STAGE_FAILED,
                               .seconds = 4.9});
    json_t *report = json_deep_copy(app->run.report);
    fixture_event(app, (Event){.kind = EVENT_REPORT,
                               .code = ERR_ENVIRONMENT,
                               .text = "bench was ended by signal 9",
                               .json = report});
    json_decref(report);
    free(screen_text(app, 40, 120)); /* reads it */
    assert_int_equal(fs_remove_tree(folder), OK);
    snprintf(app->run.folder, sizeof app->run.folder, "/tmp/runs/7"); /* as its lines have it */
    messages_acknowledge(&app->messages);
}

static void show_log(App *app, FakeHost *fake)
{
    char folder[64];
    load_model(app, fake);
    press(app, "r");
    fixture_folder(folder);
    fixture_event(app, (Event){.kind = EVENT_RUN_STARTED, .run = 7, .folder = folder});
    press(app, "9");
    free(screen_text(app, 24, 80)); /* reads it */
    assert_int_equal(fs_remove_tree(folder), OK);
}

static void show_tools(App *app, FakeHost *fake)
{
    load_model(app, fake);
    press(app, "0");
    assert_int_equal(fake->looked, 1);
    json_t *report = json_pack(
        "{s:b, s:[{s:s, s:b, s:s, s:s, s:s, s:s}, {s:s, s:b, s:s, s:s, s:s, s:s}]}", "can_simulate",
        1, "tools", "tool", "GHDL (llvm)", "found", 1, "path", "/usr/bin/ghdl-llvm", "version",
        "2.0.0", "enables", "simulates generated hardware, fast", "install",
        "apt-get install ghdl-llvm", "tool", "nextpnr-ecp5", "found", 0, "path", "", "version", "",
        "enables", "place and route for ECP5", "install", "apt-get install nextpnr-ecp5");
    assert_non_null(report);
    app_tools_known(app, report);
    json_decref(report);
    press(app, "j");
}

static void show_synthesis(App *app, FakeHost *fake)
{
    load_model(app, fake);
    press(app, "r6");
    json_t *report = fixture_report();
    json_object_set_new(report, "synthesis",
                        json_pack("{s:s, s:i, s:f, s:b, s:n, s:[{s:s, s:i}]}", "device",
                                  "iCE40 UP5K", "lut", 5120, "fmax_mhz", 24.25, "fits", 0,
                                  "bitstream", "layers", "name", "conv_1", "lut", 1234));
    fixture_event(app, (Event){.kind = EVENT_REPORT, .code = OK, .json = report});
    json_decref(report);
    press(app, "6");
    messages_acknowledge(&app->messages);
}

static void show_no_synthesis(App *app, FakeHost *fake)
{
    load_model(app, fake);
    press(app, "r");
    fixture_event(app, (Event){.kind = EVENT_RUN_STARTED, .run = 7, .folder = "/runs/7"});
    press(app, "6");
}

static void climb(App *app, FakeHost *fake)
{
    load_model(app, fake);
    press(app, "4:set-drop 0.01");
    app_key(app, KEY_RETURN);
    press(app, "r");
    fixture_climb(app);
}

static void climb_to_the_end(App *app, FakeHost *fake)
{
    climb(app, fake);
    json_t *report = json_deep_copy(app->run.report);
    json_object_del(report, "climb");
    json_t *epochs = json_deep_copy(report_at(app->run.report, "climb.epochs"));
    json_array_append_new(json_object_get(report, "ladder"),
                          json_pack("{s:s, s:f, s:i, s:b, s:b, s:[], s:o, s:s}", "step", "qat",
                                    "accuracy", 0.9768, "bytes", 7161, "accepted", 1, "chosen", 1,
                                    "float_layers", "epochs", epochs, "note",
                                    "ended on request after epoch 3"));
    json_object_set_new(json_array_get(json_object_get(report, "ladder"), 1), "chosen",
                        json_false());
    fixture_event(app, (Event){.kind = EVENT_REPORT, .code = OK, .json = report});
    json_decref(report);
    messages_acknowledge(&app->messages);
}

static void show_empty_ladder(App *app, FakeHost *fake)
{
    load_model(app, fake);
    press(app, "4");
}

static void simulate_design(App *app, FakeHost *fake)
{
    load_model(app, fake);
    press(app, "r");
    fixture_design(app);
    json_t *shards = json_pack("{s:[{s:i, s:i}, {s:i, s:i}]}", "shards", "images", 50, "done", 31,
                               "images", 50, "done", 7);
    fixture_event(app, (Event){.kind = EVENT_FIGURES, .stage = STAGE_SIMULATE, .json = shards});
    json_decref(shards);
}

static void fold_design(App *app, FakeHost *fake)
{
    simulate_design(app, fake);
    json_t *report = fixture_report();
    fixture_event(app, (Event){.kind = EVENT_REPORT, .code = OK, .json = report});
    json_decref(report);
    press(app, "jMMPddd");
    messages_acknowledge(&app->messages);
}

static void differ(App *app, FakeHost *fake)
{
    simulate_design(app, fake);
    json_t *report = fixture_report();
    json_t *hardware = json_object_get(report, "hardware");
    json_object_set_new(hardware, "bit_exact", json_false());
    json_object_set_new(hardware, "wave", json_string("/runs/7/difference.ghw"));
    json_object_set_new(hardware, "first_mismatch",
                        json_pack("{s:s, s:i, s:i, s:i, s:i, s:i, s:i, s:i, s:f, s:f}", "layer",
                                  "conv_2", "image", 17, "element", 4711, "channel", 7, "row", 16,
                                  "column", 8, "got", 12, "expected", 13, "got_real", 0.6204,
                                  "expected_real", 0.6721));
    fixture_event(app, (Event){.kind = EVENT_REPORT, .code = ERR_UNMET, .json = report});
    json_decref(report);
    press(app, "ddd");
    messages_acknowledge(&app->messages);
}

static void follow_difference(App *app, const char *keys)
{
    char folder[] = "/tmp/dnn2fpga-differs-XXXXXX";
    assert_non_null(mkdtemp(folder));
    fixture_unequal_run(app, folder, true);
    press(app, "D");
    for (; *keys; keys++) {
        app_key(app, *keys == 'e' ? KEY_RETURN : *keys);
        free(screen_text(app, 24, 80)); /* reads the values, while they are there */
    }
    assert_int_equal(fs_remove_tree(folder), OK);
}

static void show_difference(App *app, FakeHost *fake)
{
    (void)fake;
    follow_difference(app, "");
}

static void show_channels(App *app, FakeHost *fake)
{
    (void)fake;
    follow_difference(app, "e");
}

static void show_values(App *app, FakeHost *fake)
{
    (void)fake;
    follow_difference(app, "een");
}

static void show_vector(App *app, FakeHost *fake)
{
    (void)fake;
    follow_difference(app, "ne");
}

static void show_no_hardware(App *app, FakeHost *fake)
{
    load_model(app, fake);
    press(app, "5");
}

static void run_refused(App *app, FakeHost *fake)
{
    load_model(app, fake);
    press(app, "r");
    json_t *report = report_new();
    fixture_event(app,
                  (Event){.kind = EVENT_REPORT,
                          .code = ERR_REFUSED,
                          .text = "samples/mnist: labels go up to 11, the model has 10 classes",
                          .json = report});
    json_decref(report);
}

static void show_history(App *app, FakeHost *fake)
{
    load_model(app, fake);
    fake->record = fixture_record(59, RUN_RUNNING);
    fixture_history(app);
    app_history_changed(app);
    press(app, "7jS");
}

/* While the filter is typed; rows are marked. */
static void filter_history(App *app, FakeHost *fake)
{
    show_history(app, fake);
    press(app, "jj  s\\!ok");
}

static void compare_runs(App *app, FakeHost *fake)
{
    show_history(app, fake);
    press(app, "g  jx");
}

static void plot_runs(App *app, FakeHost *fake)
{
    show_history(app, fake);
    press(app, "vj");
}

static void choose_columns(App *app, FakeHost *fake)
{
    show_history(app, fake);
    press(app, "Cjj j");
}

static void show_messages(App *app, FakeHost *fake)
{
    load_model(app, fake);
    app_message(app, MESSAGE_INFO, "the first thing");
    app_message(app, MESSAGE_WARNING, "the second: %s", "with a \t tab");
    app_message(app, MESSAGE_ERROR,
                "ghdl was not found on the PATH; the software stages are kept in the history.\n"
                "Install it with: apt-get install ghdl-mcode");
    press(app, "8");
}

static void show_help(App *app, FakeHost *fake)
{
    show_history(app, fake);
    press(app, "?");
}

static void show_dialog(App *app, FakeHost *fake)
{
    run_half_way(app, fake);
    press(app, "q");
}

static void show_prompt(App *app, FakeHost *fake)
{
    load_model(app, fake);
    press(app, ":se");
}

static void test_model(void **state)
{
    (void)state;
    check_screen("model", true, load_model);
    check_screen("model-blocked", true, load_blocked_model);
    check_screen("model-refused", true, refuse_model);
    check_screen("model-none", false, nothing);
    check_screen("model-loading", true, nothing);
}

static void test_calibrate(void **state)
{
    (void)state;
    check_sizes("calibrate", true, SIZE_COUNT, observe_model);
    check_sizes("calibrate-edited", true, SIZE_COUNT, edit_choices);
    check_sizes("calibrate-compared", true, SIZE_COUNT, compare_calibrations);
    check_screen("calibrate-waiting", true, open_calibrate);
    check_screen("calibrate-failed", true, observe_in_vain);
    check_screen("presets", true, show_presets);
}

static void test_run(void **state)
{
    (void)state;
    check_sizes("run-live", true, SIZE_COUNT, run_half_way);
    check_sizes("run-done", true, SIZE_COUNT, run_to_the_end);
    check_sizes("run-log", true, SIZE_COUNT, run_with_log);
    check_screen("run-refused", true, run_refused);
}

static void test_history(void **state)
{
    (void)state;
    check_sizes("history", true, SIZE_COUNT, show_history);
    check_screen("history-empty", false, load_model);
    check_sizes("history-filtered", true, SIZE_COUNT, filter_history);
    check_sizes("compare", true, SIZE_COUNT, compare_runs);
    check_sizes("pareto", true, SIZE_COUNT, plot_runs);
    check_screen("columns", true, choose_columns);
}

static void test_messages_and_help(void **state)
{
    (void)state;
    check_screen("messages", true, show_messages);
    check_screen("help", true, show_help);
}

static void test_hardware(void **state)
{
    (void)state;
    check_sizes("hardware", true, SIZE_COUNT, simulate_design);
    check_sizes("hardware-folded", true, SIZE_COUNT, fold_design);
    check_screen("hardware-differs", true, differ);
    check_screen("hardware-none", true, show_no_hardware);
    check_sizes("difference", true, SIZE_COUNT, show_difference);
    check_sizes("difference-channels", true, SIZE_COUNT, show_channels);
    check_sizes("difference-values", true, SIZE_COUNT, show_values);
    check_screen("difference-vector", true, show_vector);
}

static void test_ladder(void **state)
{
    (void)state;
    check_sizes("ladder", true, SIZE_COUNT, climb);
    check_sizes("ladder-done", true, SIZE_COUNT, climb_to_the_end);
    check_screen("ladder-empty", true, show_empty_ladder);
}

static void test_log_tools_synthesis(void **state)
{
    (void)state;
    check_sizes("log", true, SIZE_COUNT, show_log);
    check_sizes("tools", true, SIZE_COUNT, show_tools);
    check_sizes("synthesis", true, SIZE_COUNT, show_synthesis);
    check_screen("synthesis-none", true, show_no_synthesis);
}

static void test_overlays(void **state)
{
    (void)state;
    check_screen("dialog", true, show_dialog);
    check_screen("prompt", true, show_prompt);
}

/* ASCII means ASCII: whatever the screen and whatever the names in the model. */
static void test_ascii_is_ascii(void **state)
{
    (void)state;
    FakeHost fake;
    App *app = fixture_app(&fake, true, true);
    run_to_the_end(app, &fake);
    show_messages(app, &fake);
    for (const char *key = "1234567890?"; *key; key++) {
        app_key(app, *key);
        char *text = screen_text(app, 40, 120);
        for (const char *byte = text; *byte; byte++)
            assert_true(*byte == '\n' || (*byte >= ' ' && *byte < 0x7F));
        free(text);
    }
    app_free(app);
}

/* No size crashes, and a small one says what is needed. */
static void test_any_size(void **state)
{
    (void)state;
    FakeHost fake;
    App *app = fixture_app(&fake, false, true);
    run_half_way(app, &fake);
    app->draw_anyway = true;
    for (const char *key = "1234567890?q"; *key; key++) {
        app_key(app, *key);
        for (int rows = 1; rows < 30; rows++)
            for (int columns = 1; columns < 90; columns += 7)
                free(screen_text(app, rows, columns));
    }
    app->draw_anyway = false;
    app_key(app, KEY_ESCAPE);
    char *text = screen_text(app, 10, 70);
    assert_non_null(strstr(text, "70x10 is small; 60x17 is needed. i: ignore"));
    free(text);
    app_key(app, 'i');
    text = screen_text(app, 10, 70);
    assert_non_null(strstr(text, "q quit"));
    free(text);
    app_free(app);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_model),
        cmocka_unit_test(test_run),
        cmocka_unit_test(test_calibrate),
        cmocka_unit_test(test_history),
        cmocka_unit_test(test_messages_and_help),
        cmocka_unit_test(test_overlays),
        cmocka_unit_test(test_log_tools_synthesis),
        cmocka_unit_test(test_ladder),
        cmocka_unit_test(test_hardware),
        cmocka_unit_test(test_ascii_is_ascii),
        cmocka_unit_test(test_any_size),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
