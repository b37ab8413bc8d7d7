/* Runs in the real program: started from the screen, left, found again, seen by a second workbench,
 * cancelled, killed. GHDL is needed; without it each test is skipped. */
#include "place.h"

#include "db/queue.h"
#include "flow/options.h"

static bool has_ghdl(void)
{
    char *path = strdup(getenv("PATH") ? getenv("PATH") : ""), *rest = NULL, file[512];
    bool found = false;
    for (char *folder = strtok_r(path, ":", &rest); folder; folder = strtok_r(NULL, ":", &rest)) {
        snprintf(file, sizeof file, "%s/ghdl", folder);
        found = found || access(file, X_OK) == 0;
    }
    free(path);
    return found;
}

/* Test images and simulated ones, for a run of some seconds; sanitizers make it ten times slower. */
#if defined(__SANITIZE_ADDRESS__)
#define LONG_RUN "300", "200"
#else
#define LONG_RUN "3000", "1000"
#endif
/* One that is still simulated whenever it is to be cancelled. */
#define ENDLESS_RUN "300", "10000"

static Vt *start_on(const Place *place, const char *model, const char *test_images,
                    const char *images)
{
    const char *argv[] = {
        place->program,  model,           "--data",    "samples/mnist",  "--images", images, "--db",
        place->database, "--test-images", test_images, "--calib-images", "200",      NULL};
    if (!has_ghdl())
        skip();
    return vt_start(24, 80, (char *const *)(uintptr_t)argv);
}

static Vt *start_workbench(const Place *place, const char *test_images, const char *images)
{
    return start_on(place, "samples/mnist_cnn.h5", test_images, images);
}

/* A message leaves the last row after a while; the screen of messages keeps it. */
static void assert_was_told(Vt *vt, const char *message)
{
    assert_true(vt_press(vt, "8"));
    assert_vt_shows(vt, message);
}

static pid_t engine_of_run(const Place *place, int64_t id)
{
    Store *store = NULL;
    RunRecord run;
    assert_int_equal(store_open(place->database, &store), OK);
    assert_int_equal(store_get(store, id, place->arena, &run), OK);
    store_close(store);
    assert_true(run.owner.pid > 1);
    return (pid_t)run.owner.pid;
}

/* The engine of a run stands still, so that the run is not over before somebody looks at it; not
 * in the middle of writing to the history. */
static void hold_run(Place *place, int64_t id)
{
    place->held = engine_of_run(place, id);
    for (int i = 0; i < 20; i++) {
        Store *store = NULL;
        kill(place->held, SIGSTOP);
        assert_int_equal(store_open(place->database, &store), OK);
        Status status = store_set_note(store, id, "held");
        store_close(store);
        if (status == OK)
            return;
        kill(place->held, SIGCONT);
        poll(NULL, 0, 20);
    }
    fail_msg("the engine holds the history: %s", error_message());
}

static void release_run(Place *place)
{
    kill(place->held, SIGCONT);
    place->held = 0;
}

static void leave(Vt *vt)
{
    vt_press(vt, "Q");
    assert_ends_well(vt);
}

static void test_run_to_result(void **state)
{
    Vt *vt = start_workbench(*state, "100", "10");
    assert_true(vt_press(vt, "r"));
    assert_vt_shows(vt, "running");
    assert_vt_shows(vt, "run 1 is over: ok");
    assert_vt_shows(vt, "bit exact: 100 values of 10 images");
    assert_vt_shows(vt, "equal");
    assert_true(vt_press(vt, "7"));
    assert_vt_shows(vt, "  ok "); /* the history has it too */
    assert_vt_shows(vt, "1 of 1");
    const Place *place = *state;
    const char *page = fs_join(place->arena, place->folder, "runs.html");
    assert_true(vt_press(vt, ":export "));
    assert_true(vt_press(vt, page));
    assert_true(vt_press(vt, "\r"));
    assert_vt_shows(vt, "1 run written to");
    assert_true(fs_exists(page));
    assert_true(vt_press(vt, "\r"));
    assert_vt_shows(vt, "bit exact: 100 values of 10 images");
    leave(vt);
}

static void test_leave_and_come_back(void **state)
{
    Vt *vt = start_workbench(*state, LONG_RUN);
    assert_true(vt_press(vt, "r"));
    assert_vt_shows(vt, "simulate   running");
    hold_run(*state, 1);
    assert_true(vt_press(vt, "Q"));
    assert_vt_shows(vt, "it goes on in the background");
    assert_true(vt_resize(vt, 30, 100)); /* in a dialog */
    assert_vt_shows(vt, "it goes on in the background");
    vt_press(vt, "l");
    assert_ends_well(vt);
    vt = start_workbench(*state, LONG_RUN);
    assert_true(vt_press(vt, "3"));
    assert_vt_shows(vt, "Run 1");
    assert_vt_shows(vt, "running");
    release_run(*state);
    assert_vt_shows(vt, "run 1 is over: ok");
    assert_vt_shows(vt, "bit exact");
    leave(vt);
}

/* The workbench dies with the run at work; the run does not. */
static void test_kill_workbench(void **state)
{
    Vt *vt = start_workbench(*state, LONG_RUN);
    assert_true(vt_press(vt, "r"));
    assert_vt_shows(vt, "simulate   running");
    hold_run(*state, 1);
    kill(vt->pid, SIGKILL);
    vt_wait_end(vt);
    vt_free(vt);
    vt = start_workbench(*state, LONG_RUN);
    assert_true(vt_press(vt, "3"));
    assert_vt_shows(vt, "simulate   running");
    release_run(*state);
    assert_vt_shows(vt, "run 1 is over: ok");
    leave(vt);
}

static void test_two_workbenches(void **state)
{
    Vt *watcher = start_workbench(*state, LONG_RUN);
    assert_true(vt_press(watcher, "7"));
    assert_vt_shows(watcher, "No run yet");
    Vt *worker = start_workbench(*state, LONG_RUN);
    assert_true(vt_press(worker, "r"));
    assert_vt_shows(watcher, "1 of 1"); /* without a key */
    assert_vt_shows(watcher, "simulate ");
    assert_was_told(watcher, "run 1 is over: ok");
    assert_was_told(worker, "run 1 is over: ok");
    leave(watcher);
    leave(worker);
}

/* Who only watches a run may make it wait: its programs stop, both see it, and it comes to its end. */
static void test_pause_from_another(void **state)
{
    Vt *worker = start_workbench(*state, LONG_RUN);
    assert_true(vt_press(worker, "r"));
    assert_vt_shows(worker, "simulate   running");
    Vt *watcher = start_workbench(*state, LONG_RUN);
    assert_true(vt_press(watcher, "3"));
    assert_vt_shows(watcher, "simulate   running");
    assert_true(vt_press(watcher, "p"));
    assert_vt_shows(watcher, "paused");
    assert_vt_shows(worker, "paused");
    assert_true(vt_press(worker, "p")); /* it may let it go on as well */
    assert_vt_shows(worker, "run 1 is over: ok");
    assert_vt_shows(watcher, "run 1 is over: ok");
    leave(watcher);
    leave(worker);
}

/* A run that was asked for while another goes on begins when that is over; what its workbench left
 * behind, another one begins. */
static void test_queue(void **state)
{
    Vt *vt = start_workbench(*state, "100", "10");
    assert_true(vt_send(vt, "rr")); /* at once: none is over before */
    assert_vt_shows(vt, "it waits for its turn");
    assert_vt_shows(vt, "run 2 is over: ok");
    assert_true(vt_send(vt, "rr"));
    assert_vt_shows(vt, "it waits for its turn");
    assert_true(vt_press(vt, "3"));
    assert_vt_shows(vt, "simulate   running");
    hold_run(*state, 3);
    assert_true(vt_press(vt, "Q"));
    assert_vt_shows(vt, "it goes on in the background");
    vt_press(vt, "l");
    assert_ends_well(vt);
    vt = start_workbench(*state, "100", "10");
    assert_true(vt_press(vt, "3"));
    assert_vt_shows(vt, "simulate   running");
    release_run(*state);
    assert_vt_shows(vt, "run 4 is over: ok");
    leave(vt);
}

/* A job for a run that is no more there stays with the reason; the one behind it begins. */
static void test_job_of_a_purged_run(void **state)
{
    const Place *place = *state;
    RunOptions options = run_options_default();
    Store *store = NULL;
    JobRecord *jobs = NULL;
    int count = 0;
    options.model = "samples/mnist_cnn.h5";
    options.data = "samples/mnist";
    options.test_images = options.images = 10;
    json_t *json = run_options_to_json(&options);
    char *text = json_dumps(json, 0);
    const JobRecord gone = {.kind = JOB_RESUME, .run = 99, .what = "run 99"};
    const JobRecord next = {.kind = JOB_RUN, .options = text, .what = options.model};
    assert_int_equal(store_open(place->database, &store), OK);
    assert_int_equal(queue_add(store, &gone, NULL), OK);
    assert_int_equal(queue_add(store, &next, NULL), OK);
    Vt *vt = start_workbench(place, "100", "10");
    assert_vt_shows(vt, "run 1 is over: ok");
    leave(vt);
    assert_int_equal(queue_list(store, place->arena, &jobs, &count), OK);
    assert_int_equal(count, 1);
    assert_non_null(strstr(jobs[0].message, "no run 99"));
    store_close(store);
    json_decref(json);
    free(text);
}

static void test_cancel(void **state)
{
    Vt *vt = start_workbench(*state, ENDLESS_RUN);
    assert_true(vt_press(vt, "r"));
    assert_vt_shows(vt, "simulate   running");
    assert_true(vt_press(vt, "c"));
    assert_vt_shows(vt, "Cancel the run?");
    assert_true(vt_press(vt, "y"));
    assert_vt_shows(vt, "run 1 is over: cancelled");
    assert_vt_shows(vt, "simulate   cancelled");
    leave(vt);
}

/* Cancelled by a workbench that did not start it. */
static void test_cancel_from_outside(void **state)
{
    Vt *worker = start_workbench(*state, ENDLESS_RUN);
    assert_true(vt_press(worker, "r"));
    assert_vt_shows(worker, "simulate   running");
    Vt *other = start_workbench(*state, ENDLESS_RUN);
    assert_true(vt_press(other, "3cy"));
    assert_was_told(other, "run 1 is over: cancelled");
    assert_was_told(worker, "run 1 is over: cancelled");
    leave(other);
    leave(worker);
}

static void test_kill_engine(void **state)
{
    Vt *vt = start_workbench(*state, LONG_RUN);
    assert_true(vt_press(vt, "r"));
    assert_vt_shows(vt, "simulate   running");
    pid_t engine = engine_of_run(*state, 1);
    assert_int_not_equal(engine, vt->pid);
    kill(engine, SIGKILL);
    assert_vt_shows(vt, "run 1 is over: interrupted");
    assert_true(vt_press(vt, "7"));
    assert_vt_shows(vt, "interrupted");
    assert_true(vt_press(vt, "r")); /* a new run works */
    assert_vt_shows(vt, "run 2 is over: ok");
    leave(vt);
}

/* ---- choices --------------------------------------------------------------------------------- */

/* The column of the mark where the clip ends, on the axis; -1: there is none. */
static int clip_column(const Vt *vt)
{
    char text[VT_MAX_BYTES];
    for (int row = 0; row < vt->rows; row++) {
        vt_row(vt, row, text, sizeof text);
        const char *mark = strstr(text, "\u25b2");
        if (mark && strstr(text, "\u2500\u2500\u2500\u2500"))
            return (int)(mark - text);
    }
    return -1;
}

/* The mark is drawn with the picture, which may come after the text beside it. */
static int wait_for_clip_column(Vt *vt)
{
    int column = clip_column(vt);
    for (int i = 0; column < 0 && i < 400; i++) {
        vt_step(vt, 50);
        column = clip_column(vt);
    }
    return column;
}

/* The clip of a layer is moved: the mark moves, the edit is kept over a restart, a run obeys it. */
static void test_calibrate(void **state)
{
    Vt *vt = start_workbench(*state, "100", "2");
    assert_true(vt_press(vt, "2j"));
    assert_vt_shows(vt, "conv_1 activations  8 bits, minmax");
    assert_vt_shows(vt, "1,622,400 values");
    int before = wait_for_clip_column(vt);
    assert_true(before > 0);
    assert_true(vt_press(vt, "{{{{{{"));
    assert_vt_shows(vt, "by hand");
    int after = wait_for_clip_column(vt);
    assert_true(after > 0 && after < before);
    assert_true(vt_press(vt, "j[[[")); /* fewer bits for the next one: leaving keeps them, too */
    leave(vt);
    vt = start_workbench(*state, "100", "2");
    assert_vt_shows(vt, "2 earlier edits of this model taken up again");
    assert_true(vt_press(vt, "2j"));
    assert_vt_shows(vt, "1,622,400 values");
    assert_int_equal(wait_for_clip_column(vt), after);
    assert_true(vt_press(vt, "r"));
    assert_vt_shows(vt, "run 1 is over: ok");
    assert_true(vt_press(vt, "9"));
    assert_vt_shows(vt, "simulate finished");
    leave(vt);
    char report[512];
    Buffer text = {0};
    snprintf(report, sizeof report, "%s/dnn2fpga/runs/1/chosen.scheme",
             ((const Place *)*state)->folder);
    assert_int_equal(fs_read_file(report, 1 << 20, &text), OK);
    assert_non_null(strstr(text.data, "activation-bits = 5"));
    assert_non_null(strstr(text.data, "clip = 1."));
    buffer_free(&text);
}

/* Two bits miss any target: the user watches the climb, and ends it. */
static void test_climb_and_stop(void **state)
{
    Vt *vt = start_on(*state, "samples/mnist_mlp.h5", "200", "2"); /* its epochs are short */
    assert_true(vt_press(vt, "2*P"));
    for (int i = 0; i < 7; i++)
        assert_true(vt_press(vt, "j"));
    assert_true(vt_press(vt, "\r")); /* 3 bits */
    assert_true(vt_press(vt, "4t1\r"));
    assert_true(vt_press(vt, "e50\r"));
    assert_vt_shows(vt, "target 1, most drop none, policy conv, 50 epochs");
    assert_true(vt_press(vt, "r"));
    assert_vt_shows(vt, "short of 1.0000");
    assert_vt_shows(vt, " of 50 done");
    assert_true(vt_press(vt, "s"));
    assert_vt_shows(vt, "ended on request");
    assert_vt_shows(vt, "run 1 is over: unmet");
    assert_vt_shows(vt, "chosen");
    leave(vt);
}

static void test_hardware_and_files(void **state)
{
    Vt *vt = start_workbench(*state, "100", "10");
    assert_true(vt_press(vt, "5"));
    assert_vt_shows(vt, "No run yet");
    assert_true(vt_press(vt, "r"));
    assert_vt_shows(vt, "run 1 is over: ok");
    assert_vt_shows(vt, " cycles, simulated ");
    assert_true(vt_press(vt, "jM"));
    assert_vt_shows(vt, "54/108");
    assert_true(vt_press(vt, "v"));
    assert_vt_shows(vt, "mnist_cnn_top.vhd");
    assert_true(vt_press(vt, "/top.vhd\r\r"));
    assert_vt_shows(vt, "File mnist_cnn_top.vhd");
    assert_true(vt_press(vt, "/end entity\r"));
    assert_vt_shows(vt, "end entity");
    assert_true(vt_press(vt, "5r"));
    assert_vt_shows(vt, "run 2 is over: ok");
    assert_vt_shows(vt, "simulated 1,"); /* twice the steps */
    assert_true(vt_press(vt, "0"));
    assert_vt_shows(vt, "hardware can be simulated");
    leave(vt);
}

/* A real fault in the VHDL of run 1: half is no longer added before results are rounded. */
static void damage(const Place *place)
{
    static const char RIGHT[] = "OFFSET + power_of_two(PLACES - 1)", WRONG[] = "OFFSET";
    const char *path =
        arena_printf(place->arena, "%s/dnn2fpga/runs/1/hdl/folded_mac.vhd", place->folder);
    Buffer text = {0}, changed = {0};
    assert_int_equal(fs_read_file(path, 1 << 20, &text), OK);
    const char *at = strstr(text.data, RIGHT);
    assert_non_null(at);
    buffer_append(&changed, text.data, (size_t)(at - text.data));
    buffer_printf(&changed, "%s%s", WRONG, at + strlen(RIGHT));
    assert_int_equal(fs_write_atomic(path, changed.data, changed.length), OK);
    buffer_free(&text);
    buffer_free(&changed);
}

/* Layer, channel, value; and on to the next one. */
static void test_difference(void **state)
{
    Vt *vt = start_workbench(*state, "100", "2");
    assert_true(vt_press(vt, "r"));
    assert_vt_shows(vt, "run 1 is over: ok");
    assert_true(vt_press(vt, "5D"));
    assert_vt_shows(vt, "hardware and software are equal");
    damage(*state);
    assert_true(vt_press(vt, "i1\r"));
    assert_vt_shows(vt, "values differ, first in conv_1 of image 0");
    assert_vt_shows(vt, "Difference of run 1");
    assert_vt_shows(vt, "conv_1 differs first at channel 0, row 0, column 0");
    assert_true(vt_press(vt, "\r"));
    assert_vt_shows(vt, "26x26 pixels");
    assert_true(vt_press(vt, "\r"));
    assert_vt_shows(vt, "got 0 (0), expected 1 (0.");
    assert_true(vt_press(vt, "n"));
    assert_vt_shows(vt, "channel 0, row 0, column 1; beat 1 of the stream");
    assert_true(vt_press(vt, "N"));
    assert_vt_shows(vt, "channel 0, row 0, column 0; beat 0 of the stream");
    assert_true(vt_send(vt, "\x1b"));
    assert_vt_shows(vt, "Difference conv_1 of image 0");
    assert_true(vt_press(vt, "w")); /* no display here, or no viewer: either is said */
    assert_vt_shows(vt, "GTKWave");
    leave(vt);
}

/* A run that was cancelled while it trained goes on from where it was. */
static void test_resume(void **state)
{
    Vt *vt = start_workbench(*state, LONG_RUN);
    assert_true(vt_press(vt, "r"));
    assert_vt_shows(vt, "simulate   running");
    assert_true(vt_press(vt, "cy"));
    assert_vt_shows(vt, "run 1 is over: cancelled");
    assert_true(vt_press(vt, "u"));
    assert_vt_shows(vt, "run 1 is over: ok");
    assert_vt_shows(vt, "bit exact");
    leave(vt);
}

int main(void)
{
    setlocale(LC_ALL, "C.UTF-8");
    const struct CMUnitTest tests[] = {
        PLACED(test_run_to_result),
        PLACED(test_leave_and_come_back),
        PLACED(test_kill_workbench),
        PLACED(test_two_workbenches),
        PLACED(test_pause_from_another),
        PLACED(test_queue),
        PLACED(test_job_of_a_purged_run),
        PLACED(test_cancel),
        PLACED(test_cancel_from_outside),
        PLACED(test_kill_engine),
        PLACED(test_calibrate),
        PLACED(test_climb_and_stop),
        PLACED(test_hardware_and_files),
        PLACED(test_difference),
        PLACED(test_resume),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
