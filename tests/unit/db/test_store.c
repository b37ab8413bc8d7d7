/* Runs, stages and choices in the history; owners that die; several writers. */
#include "place.h"

#include <math.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "db/store_internal.h"

static int64_t begin(Store *store, const char *model)
{
    const RunStart start = {.model_path = model,
                            .model_name = "net",
                            .model_sha256 = "ab",
                            .options = "{\"images\":3}",
                            .tools = "{}",
                            .seed = 42};
    int64_t id = 0;
    assert_int_equal(store_begin_run(store, &start, &id), OK);
    return id;
}

static RunRecord get(Place *place, int64_t id)
{
    RunRecord run;
    assert_int_equal(store_get(place->store, id, place->arena, &run), OK);
    return run;
}

static void test_begin_and_progress(void **state)
{
    Place *place = *state;
    Store *store = place->store;
    int64_t id = begin(store, "/models/a.h5");
    RunRecord run = get(place, id);
    assert_int_equal(run.status, RUN_RUNNING);
    assert_int_equal(run.finished_ms, 0);
    assert_int_equal(run.owner.pid, getpid());
    assert_true(owner_alive(&run.owner));
    assert_int_equal(run.seed, 42);
    assert_string_equal(run.dataset_path, "");
    assert_null(run.report);
    assert_true(isnan(run.figures.values[FIGURE_BIT_EXACT]));

    assert_int_equal(store_begin_stage(store, id, "import"), OK);
    assert_int_equal(store_progress(store, id, 0.25, "1 of 4"), OK);
    run = get(place, id);
    assert_string_equal(run.stage, "import");
    assert_string_equal(run.progress_text, "1 of 4");
    assert_true(run.progress == 0.25);
    StageRecord *stages = NULL;
    int count = 0;
    assert_int_equal(store_set_found(store, id, "import", "{\"ladder\": []}"), OK);
    assert_int_equal(store_stages(store, id, place->arena, &stages, &count), OK);
    assert_int_equal(count, 1);
    assert_string_equal(stages[0].found, "{\"ladder\": []}");
    assert_int_equal(store_begin_stage(store, id, "import"), OK);
    assert_int_equal(store_stages(store, id, place->arena, &stages, &count), OK);
    assert_null(stages[0].found);
    assert_int_equal(store_begin_stage(store, id, "baseline"), OK);
    assert_true(get(place, id).progress == 0);
}

/* A run of a clock that was ahead: numbers keep the order in which runs were begun. */
static void test_clock_set_back(void **state)
{
    Place *place = *state;
    int64_t first = begin(place->store, "/models/a.h5"), second = begin(place->store, "b.h5");
    int64_t *ids = NULL;
    int count = 0;
    Statement ahead =
        statement_new(place->store->database,
                      "UPDATE run SET created_ms = created_ms + 31536000000 WHERE id = ?");
    bind_integer(&ahead, first);
    assert_int_equal(statement_run(&ahead), OK);
    assert_int_equal(store_ids(place->store, NULL, place->arena, &ids, &count), OK);
    assert_int_equal(count, 2);
    assert_int_equal(ids[0], second);
    const RunQuery by_time = {.order = ORDER_CREATED};
    assert_int_equal(store_ids(place->store, &by_time, place->arena, &ids, &count), OK);
    assert_int_equal(ids[0], first);
    assert_int_equal(store_newest(place->store), second);
    assert_int_equal(store_count_after(place->store, first), 1);
}

static void test_finished_run_keeps_everything(void **state)
{
    Place *place = *state;
    Store *store = place->store;
    int64_t id = begin(store, "/models/a.h5");
    assert_int_equal(store_set_hashes(store, id, "d1", NULL), OK);
    assert_int_equal(store_set_hashes(store, id, NULL, "h1"), OK);
    assert_int_equal(store_set_folder(store, id, "/runs/1"), OK);
    assert_int_equal(store_set_tools(store, id, "{\"ghdl\":\"2.0\"}"), OK);
    RunEnd end = {.status = RUN_UNMET, .message = "below", .report = "{}"};
    end.figures = run_figures_none();
    end.figures.values[FIGURE_BASELINE_ACCURACY] = 0.984;
    end.figures.values[FIGURE_LATENCY_CYCLES] = 1234;
    end.figures.values[FIGURE_BIT_EXACT] = 1;
    assert_int_equal(store_finish_run(store, id, &end), OK);

    RunRecord run = get(place, id);
    assert_int_equal(run.status, RUN_UNMET);
    assert_true(run.finished_ms >= run.created_ms);
    assert_string_equal(run.message, "below");
    assert_string_equal(run.report, "{}");
    assert_string_equal(run.folder, "/runs/1");
    assert_string_equal(run.tools, "{\"ghdl\":\"2.0\"}");
    assert_string_equal(run.description_sha256, "d1");
    assert_string_equal(run.hdl_sha256, "h1");
    assert_true(run.figures.values[FIGURE_BASELINE_ACCURACY] == 0.984);
    assert_true(run.figures.values[FIGURE_LATENCY_CYCLES] == 1234);
    assert_true(run.figures.values[FIGURE_BIT_EXACT] == 1);
    assert_true(isnan(run.figures.values[FIGURE_QUANTIZED_ACCURACY]));
}

static void test_stages_in_their_order(void **state)
{
    Place *place = *state;
    Store *store = place->store;
    int64_t id = begin(store, "/models/a.h5");
    const StageEnd import = {
        .name = "import", .status = "ok", .figures = "{\"layers\":4}", .started_ms = 5};
    const RunEnd end = {.status = RUN_CANCELLED, .figures = run_figures_none()};
    assert_int_equal(store_begin_stage(store, id, "import"), OK);
    assert_int_equal(store_finish_stage(store, id, &import), OK);
    assert_int_equal(store_begin_stage(store, id, "baseline"), OK);
    assert_int_equal(store_finish_run(store, id, &end), OK);

    StageRecord *stages;
    int count;
    assert_int_equal(store_stages(store, id, place->arena, &stages, &count), OK);
    assert_int_equal(count, 2);
    assert_string_equal(stages[0].name, "import");
    assert_string_equal(stages[0].status, "ok");
    assert_string_equal(stages[0].figures, "{\"layers\":4}");
    assert_int_equal(stages[0].started_ms, 5);
    assert_string_equal(stages[1].name, "baseline");
    assert_string_equal(stages[1].status, "cancelled"); /* was open: ends as the run */
    assert_true(stages[1].finished_ms >= stages[1].started_ms);
    assert_true(stages[1].started_ms > 5);
}

static void test_choices_are_replaced(void **state)
{
    Place *place = *state;
    int64_t id = begin(place->store, "m");
    const LayerChoice first[] = {{.layer = "old", .kind = "dense"}};
    const LayerChoice then[] = {
        {"conv_1", "conv2d", 8, 8, "minmax", 2.5, 0.0196850394, 4, 0},
        {"pool", "max_pool2d", 0, 8, NULL, NAN, NAN, 0, 0}, /* floating point */
    };
    assert_int_equal(store_set_choices(place->store, id, first, 1), OK);
    assert_int_equal(store_set_choices(place->store, id, then, 2), OK);
    LayerChoice *read;
    int count;
    assert_int_equal(store_choices(place->store, id, place->arena, &read, &count), OK);
    assert_int_equal(count, 2);
    assert_string_equal(read[0].layer, "conv_1");
    assert_int_equal(read[0].weight_bits, 8);
    assert_int_equal(read[0].pe, 4);
    assert_true(read[0].scale == 0.0196850394);
    assert_string_equal(read[1].calibration, "");
    assert_true(read[0].clip == 2.5 && isnan(read[1].clip) && isnan(read[1].scale));
    assert_int_equal(store_set_choices(place->store, 999, then, 2), ERR_ENVIRONMENT);
}

static void test_list_filters_and_pages(void **state)
{
    Place *place = *state;
    for (int i = 0; i < 9; i++) {
        int64_t id = begin(place->store, i % 2 ? "/x/Odd.h5" : "/x/even_100%.h5");
        const RunEnd end = {.status = i < 3 ? RUN_OK : RUN_FAILED, .figures = run_figures_none()};
        if (i < 6)
            assert_int_equal(store_finish_run(place->store, id, &end), OK);
    }
    RunRecord *runs;
    int count;
    assert_int_equal(store_list(place->store, NULL, place->arena, &runs, &count), OK);
    assert_int_equal(count, 9);
    assert_int_equal(runs[0].id, 9);
    assert_int_equal(runs[8].id, 1);
    RunQuery query = {.has_status = true, .status = RUN_OK};
    assert_int_equal(store_list(place->store, &query, place->arena, &runs, &count), OK);
    assert_int_equal(count, 3);
    query = (RunQuery){.text = "odd"};
    assert_int_equal(store_list(place->store, &query, place->arena, &runs, &count), OK);
    assert_int_equal(count, 4);
    query = (RunQuery){.text = "%.h5", .limit = 2, .offset = 1}; /* no wildcard */
    assert_int_equal(store_list(place->store, &query, place->arena, &runs, &count), OK);
    assert_int_equal(count, 2);
    assert_int_equal(runs[0].id, 7);
    RunRecord none;
    assert_int_equal(store_get(place->store, 77, place->arena, &none), ERR_REFUSED);
    assert_non_null(strstr(error_message(), "no run 77"));
    assert_int_equal(store_read_run(place->path, 77, place->arena, &none), ERR_REFUSED);
    assert_int_equal(store_read_run(place->path, 7, place->arena, &none), OK);
    assert_int_equal(none.id, 7);
}

/* A child that begins a run, and waits to be killed. */
static pid_t fork_owner(Place *place, int64_t *id)
{
    int channel[2];
    assert_int_equal(pipe(channel), 0);
    store_close(place->store); /* a connection must not be carried through a fork */
    place->store = NULL;
    const char *path = place->path;
    pid_t child = fork();
    if (child == 0) {
        Store *store = NULL;
        int64_t run = 0;
        const RunStart start = {.model_path = "m",
                                .model_name = "m",
                                .model_sha256 = "",
                                .options = "{}",
                                .tools = "{}"};
        if (store_open(path, &store) != OK || store_begin_run(store, &start, &run) != OK ||
            store_begin_stage(store, run, "baseline") != OK ||
            write(channel[1], &run, sizeof run) != sizeof run)
            _exit(1);
        for (;;)
            pause();
    }
    close(channel[1]);
    assert_int_equal(read(channel[0], id, sizeof *id), sizeof *id);
    close(channel[0]);
    assert_int_equal(store_open(place->path, &place->store), OK);
    return child;
}

static void test_dead_owner_is_swept(void **state)
{
    Place *place = *state;
    int64_t ours = begin(place->store, "ours"), theirs = 0;
    pid_t child = fork_owner(place, &theirs);
    int changed = -1;
    assert_int_equal(store_sweep(place->store, &changed), OK);
    assert_int_equal(changed, 0); /* it lives */

    kill(child, SIGKILL);
    siginfo_t info;
    assert_int_equal(waitid(P_PID, (id_t)child, &info, WEXITED | WNOWAIT), 0); /* now a zombie */
    assert_int_equal(store_sweep(place->store, &changed), OK);
    assert_int_equal(changed, 1);
    waitpid(child, NULL, 0);

    RunRecord run = get(place, theirs);
    assert_int_equal(run.status, RUN_INTERRUPTED);
    assert_int_equal(run.finished_ms, 0);
    assert_true(run.message[0] != '\0');
    StageRecord *stages;
    int count;
    assert_int_equal(store_stages(place->store, theirs, place->arena, &stages, &count), OK);
    assert_string_equal(stages[0].status, "interrupted");
    assert_int_equal(get(place, ours).status, RUN_RUNNING);
}

static void test_opening_sweeps(void **state)
{
    Place *place = *state;
    int64_t id = 0;
    pid_t child = fork_owner(place, &id);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    Store *other = NULL;
    assert_int_equal(store_open(place->path, &other), OK);
    store_close(other);
    assert_int_equal(get(place, id).status, RUN_INTERRUPTED);
}

static void test_owner_is_told_from_a_later_process(void **state)
{
    (void)state;
    Owner owner = owner_self();
    assert_true(owner.start > 0);
    assert_true(owner_alive(&owner));
    Owner later = owner;
    later.start++;
    assert_false(owner_alive(&later)); /* the number was given to another process */
    Owner before = owner;
    before.boot[0] = before.boot[0] == 'z' ? 'y' : 'z';
    assert_false(owner_alive(&before)); /* the machine was started again */
}

static void test_two_writers_at_once(void **state)
{
    enum { WRITERS = 4, RUNS = 25 };
    Place *place = *state;
    store_close(place->store); /* a connection must not be carried through a fork */
    for (int i = 0; i < WRITERS; i++) {
        if (fork() == 0) {
            Store *store = NULL;
            int failed = store_open(place->path, &store) != OK;
            for (int j = 0; j < RUNS && !failed; j++) {
                int64_t id = 0;
                const RunStart start = {.model_path = "m",
                                        .model_name = "m",
                                        .model_sha256 = "",
                                        .options = "{}",
                                        .tools = "{}"};
                const RunEnd end = {.status = RUN_OK, .figures = run_figures_none()};
                failed = store_begin_run(store, &start, &id) != OK ||
                         store_begin_stage(store, id, "import") != OK ||
                         store_progress(store, id, 0.5, "half") != OK ||
                         store_finish_run(store, id, &end) != OK;
            }
            if (failed)
                fprintf(stderr, "%s\n", error_message());
            store_close(store);
            _exit(failed);
        }
    }
    for (int i = 0; i < WRITERS; i++) {
        int status = -1;
        assert_true(wait(&status) > 0);
        assert_int_equal(status, 0);
    }
    assert_int_equal(store_open(place->path, &place->store), OK);
    const RunQuery query = {.has_status = true, .status = RUN_OK};
    RunRecord *runs;
    int count;
    assert_int_equal(store_list(place->store, &query, place->arena, &runs, &count), OK);
    assert_int_equal(count, WRITERS * RUNS);
}

static void test_version_shows_the_commits_of_others(void **state)
{
    Place *place = *state;
    Store *other = NULL;
    assert_int_equal(store_open(place->path, &other), OK);
    int64_t id = begin(other, "m");
    int64_t before = store_version(place->store);
    assert_int_equal(store_version(place->store), before);
    assert_int_equal(store_progress(other, id, 0.5, "half"), OK);
    assert_int_not_equal(store_version(place->store), before);
    store_close(other);
}

static void test_ended_run_is_claimed_once(void **state)
{
    Place *place = *state;
    int64_t id = begin(place->store, "m");
    assert_int_equal(store_resume_run(place->store, id), ERR_REFUSED); /* it is running */
    const RunEnd cancelled = {
        .status = RUN_CANCELLED, .message = "enough", .figures = run_figures_none()};
    assert_int_equal(store_finish_run(place->store, id, &cancelled), OK);
    assert_int_equal(store_resume_run(place->store, id), OK);
    RunRecord run = get(place, id);
    assert_int_equal(run.status, RUN_RUNNING);
    assert_int_equal(run.owner.pid, getpid());
    assert_int_equal(run.finished_ms, 0);
    assert_string_equal(run.message, "");
    assert_int_equal(store_resume_run(place->store, id), ERR_REFUSED); /* another was faster */
    const RunEnd done = {.status = RUN_OK, .figures = run_figures_none()};
    assert_int_equal(store_finish_run(place->store, id, &done), OK);
    assert_int_equal(store_resume_run(place->store, id), ERR_REFUSED);
    assert_int_equal(get(place, id).status, RUN_OK);
}

static int ids_of(Place *place, const RunQuery *query, int64_t **ids)
{
    int count = -1;
    assert_int_equal(store_ids(place->store, query, place->arena, ids, &count), OK);
    return count;
}

static void finish_with(Place *place, int64_t id, double accuracy)
{
    RunEnd end = {.status = RUN_OK, .report = "{}", .figures = run_figures_none()};
    end.figures.values[FIGURE_QUANTIZED_ACCURACY] = accuracy;
    assert_int_equal(store_finish_run(place->store, id, &end), OK);
}

static void test_orders_put_the_unknown_last(void **state)
{
    Place *place = *state;
    const double accuracy[] = {0.5, NAN, 0.9, 0.5};
    for (int i = 0; i < 4; i++)
        finish_with(place, begin(place->store, "m.h5"), accuracy[i]);
    int64_t *ids;
    RunQuery query = {.order = ORDER_QUANTIZED_ACCURACY};
    assert_int_equal(ids_of(place, &query, &ids), 4);
    assert_memory_equal(ids, ((int64_t[]){3, 4, 1, 2}), 4 * sizeof *ids);
    query.ascending = true;
    assert_int_equal(ids_of(place, &query, &ids), 4);
    assert_memory_equal(ids, ((int64_t[]){1, 4, 3, 2}), 4 * sizeof *ids);
    for (int i = 0; i < RUN_ORDERS; i++) {
        RunOrder order;
        assert_true(run_order_parse(run_order_word((RunOrder)i), &order));
        assert_int_equal(order, i);
        assert_int_equal(ids_of(place, &(RunQuery){.order = order}, &ids), 4);
    }
}

static void test_rows_come_in_the_order_asked_and_without_reports(void **state)
{
    Place *place = *state;
    for (int i = 0; i < 3; i++)
        finish_with(place, begin(place->store, "m.h5"), i);
    RunRecord rows[3];
    const int64_t ids[] = {3, 99, 1};
    assert_int_equal(store_rows(place->store, ids, 3, place->arena, rows), OK);
    assert_int_equal(rows[0].id, 3);
    assert_int_equal(rows[1].id, 0);
    assert_int_equal(rows[2].id, 1);
    assert_null(rows[0].report);
    assert_true(rows[2].figures.values[FIGURE_QUANTIZED_ACCURACY] == 0);
}

static void test_notes_and_tags_are_found(void **state)
{
    Place *place = *state;
    int64_t id = begin(place->store, "m.h5"), other = begin(place->store, "m.h5");
    assert_int_equal(store_set_note(place->store, id, "the Good one"), OK);
    assert_int_equal(store_set_tags(place->store, id, " paper best\tbest "), OK);
    assert_string_equal(get(place, id).note, "the Good one");
    assert_string_equal(get(place, id).tags, "best paper");
    int64_t *ids;
    assert_int_equal(ids_of(place, &(RunQuery){.text = "good"}, &ids), 1);
    assert_int_equal(ids[0], id);
    assert_int_equal(ids_of(place, &(RunQuery){.text = "PAPER", .without_text = true}, &ids), 1);
    assert_int_equal(ids[0], other);
    assert_int_equal(store_set_tags(place->store, id, "a;b"), ERR_USAGE);
    assert_non_null(strstr(error_message(), "'a;b'"));
    assert_int_equal(store_set_tags(place->store, id, ""), OK);
    assert_string_equal(get(place, id).tags, "");
    char *much = malloc(STORE_NOTE_MAX_BYTES + 2);
    memset(much, 'n', STORE_NOTE_MAX_BYTES + 1);
    much[STORE_NOTE_MAX_BYTES + 1] = '\0';
    assert_int_equal(store_set_note(place->store, id, much), ERR_USAGE);
    free(much);
    assert_int_equal(store_set_note(place->store, 77, "x"), ERR_REFUSED);
}

static void test_bin(void **state)
{
    Place *place = *state;
    int64_t id = begin(place->store, "m.h5"), *ids;
    assert_int_equal(store_set_deleted(place->store, id, true), ERR_REFUSED); /* it is running */
    finish_with(place, id, 1);
    assert_int_equal(store_purge(place->store, id), ERR_REFUSED); /* not in the bin */
    assert_int_equal(store_set_deleted(place->store, id, false), ERR_REFUSED);
    assert_int_equal(store_set_deleted(place->store, id, true), OK);
    assert_int_equal(ids_of(place, NULL, &ids), 0);
    assert_int_equal(ids_of(place, &(RunQuery){.deleted = true}, &ids), 1);
    assert_true(get(place, id).deleted_ms > 0);
    assert_int_equal(store_set_deleted(place->store, id, false), OK);
    assert_int_equal(ids_of(place, NULL, &ids), 1);
    assert_int_equal(store_set_deleted(place->store, id, true), OK);
    assert_int_equal(store_purge(place->store, id), OK);
    RunRecord none;
    assert_int_equal(store_get(place->store, id, place->arena, &none), ERR_REFUSED);
    assert_int_equal(begin(place->store, "m.h5"), id + 1); /* a number is never used again */
}

static void test_parent_is_kept(void **state)
{
    Place *place = *state;
    const RunStart start = {.model_path = "m.h5",
                            .model_name = "net",
                            .model_sha256 = "ab",
                            .options = "{}",
                            .tools = "{}",
                            .parent = begin(place->store, "m.h5")};
    int64_t id = 0;
    assert_int_equal(store_begin_run(place->store, &start, &id), OK);
    assert_int_equal(get(place, id).parent, start.parent);
    assert_int_equal(get(place, start.parent).parent, 0);
}

static void test_words(void **state)
{
    (void)state;
    RunStatus status;
    for (int i = 0; i < RUN_STATUSES; i++) {
        assert_true(run_status_parse(run_status_word((RunStatus)i), &status));
        assert_int_equal(status, i);
    }
    assert_false(run_status_parse("done", &status));
    for (int i = 0; i < FIGURES; i++)
        assert_non_null(figure_word((Figure)i));
}

#define PLACED(test) cmocka_unit_test_setup_teardown(test, place_open, place_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        PLACED(test_begin_and_progress),
        PLACED(test_finished_run_keeps_everything),
        PLACED(test_clock_set_back),
        PLACED(test_stages_in_their_order),
        PLACED(test_choices_are_replaced),
        PLACED(test_list_filters_and_pages),
        PLACED(test_dead_owner_is_swept),
        PLACED(test_opening_sweeps),
        cmocka_unit_test(test_owner_is_told_from_a_later_process),
        PLACED(test_two_writers_at_once),
        PLACED(test_version_shows_the_commits_of_others),
        PLACED(test_ended_run_is_claimed_once),
        PLACED(test_orders_put_the_unknown_last),
        PLACED(test_rows_come_in_the_order_asked_and_without_reports),
        PLACED(test_notes_and_tags_are_found),
        PLACED(test_bin),
        PLACED(test_parent_is_kept),
        cmocka_unit_test(test_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
