/* Jobs that wait: their order, who gets one, and that a job is in the queue or a run. */
#include "place.h"

#include <sys/wait.h>
#include <unistd.h>

#include "db/queue.h"

static int64_t add(Place *place, const char *what)
{
    int64_t id = 0;
    const JobRecord job = {.kind = JOB_RUN, .options = "{\"images\": 3}", .what = what};
    assert_int_equal(queue_add(place->store, &job, &id), OK);
    return id;
}

static int64_t next(Place *place)
{
    int64_t id = -1;
    assert_int_equal(queue_next(place->store, &id), OK);
    return id;
}

static int waiting(Place *place, JobRecord **jobs)
{
    int count = -1;
    assert_int_equal(queue_list(place->store, place->arena, jobs, &count), OK);
    return count;
}

static int64_t begin(Store *store)
{
    int64_t run = 0;
    const RunStart start = {.model_path = "m.h5",
                            .model_name = "m",
                            .model_sha256 = "ab",
                            .options = "{}",
                            .tools = "{}"};
    assert_int_equal(store_begin_run(store, &start, &run), OK);
    return run;
}

static void test_order(void **state)
{
    Place *place = *state;
    JobRecord *jobs = NULL;
    assert_int_equal(next(place), 0);
    int64_t a = add(place, "a"), b = add(place, "b"), c = add(place, "c");
    assert_int_equal(next(place), a);
    assert_int_equal(queue_move(place->store, c, -1), OK);
    assert_int_equal(queue_move(place->store, c, -1), OK);
    assert_int_equal(queue_move(place->store, c, -1), OK); /* it is the first already */
    assert_int_equal(next(place), c);
    assert_int_equal(queue_move(place->store, a, 1), OK);
    assert_int_equal(waiting(place, &jobs), 3);
    assert_int_equal(jobs[1].id, b);
    assert_string_equal(jobs[2].what, "a");
    assert_string_equal(jobs[2].options, "{\"images\": 3}");
    assert_int_equal(queue_remove(place->store, c), OK);
    assert_int_equal(queue_remove(place->store, c), ERR_REFUSED);
    assert_int_equal(queue_move(place->store, c, 1), ERR_REFUSED);
    assert_int_equal(next(place), b);
}

/* Claimed, then a run: the job goes with the run's first row. */
static void test_becomes_a_run(void **state)
{
    Place *place = *state;
    JobRecord job, *jobs = NULL;
    int64_t a = add(place, "a"), b = add(place, "b");
    assert_int_equal(queue_claim(place->store, a, place->arena, &job), OK);
    assert_int_equal(job.kind, JOB_RUN);
    assert_int_equal(next(place), 0); /* one begins already */
    assert_int_equal(queue_claim(place->store, a, place->arena, &job), ERR_REFUSED);
    assert_false(queue_has_failed(place->store, a)); /* who comes second did not fail */
    assert_int_equal(queue_remove(place->store, a), ERR_REFUSED);
    int64_t run = begin(place->store);
    assert_int_equal(waiting(place, &jobs), 1);
    assert_int_equal(jobs[0].id, b);
    assert_int_equal(next(place), 0); /* a run goes on */
    const RunEnd end = {.status = RUN_INTERRUPTED, .figures = run_figures_none()};
    assert_int_equal(store_finish_run(place->store, run, &end), OK);
    assert_int_equal(next(place), b);
    assert_int_equal(queue_claim(place->store, b, place->arena, &job), OK);
    assert_int_equal(store_resume_run(place->store, run), OK);
    assert_int_equal(waiting(place, &jobs), 0);
}

/* An engine that dies before its run has a row leaves a job that waits. */
static void test_engine_dies(void **state)
{
    Place *place = *state;
    JobRecord *jobs = NULL;
    int64_t a = add(place, "a");
    int status = -1;
    store_close(place->store); /* no connection goes through a fork */
    place->store = NULL;
    pid_t child = fork();
    if (child == 0) {
        Store *store = NULL;
        JobRecord job;
        bool claimed = store_open(place->path, &store) == OK &&
                       queue_claim(store, a, place->arena, &job) == OK;
        _exit(claimed ? 0 : 1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_int_equal(store_open(place->path, &place->store), OK);
    assert_int_equal(waiting(place, &jobs), 1);
    assert_false(jobs[0].begins);
    assert_int_equal(next(place), a);
}

static void test_cannot_begin(void **state)
{
    Place *place = *state;
    JobRecord job, *jobs = NULL;
    int64_t a = add(place, "a"), b = add(place, "b");
    assert_int_equal(queue_claim(place->store, a, place->arena, &job), OK);
    assert_int_equal(queue_fail(place->store, a, "no such model"), OK);
    assert_int_equal(next(place), b);
    assert_int_equal(waiting(place, &jobs), 2);
    assert_string_equal(jobs[0].message, "no such model");
    assert_true(queue_has_failed(place->store, a));
    assert_false(queue_has_failed(place->store, b));
    assert_false(queue_has_failed(place->store, 99));
    assert_int_equal(queue_claim(place->store, a, place->arena, &job), ERR_REFUSED);
    assert_int_equal(queue_retry(place->store, a), OK);
    assert_int_equal(next(place), a);
    assert_int_equal(queue_retry(place->store, 99), ERR_REFUSED);
    assert_int_equal(queue_fail(place->store, 99, "it is a run by now"), OK);
}

#define PLACED(test) cmocka_unit_test_setup_teardown(test, place_open, place_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        PLACED(test_order),
        PLACED(test_becomes_a_run),
        PLACED(test_engine_dies),
        PLACED(test_cannot_begin),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
