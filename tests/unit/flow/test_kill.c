/* kill -9 at random moments: the history opens, says that the run was interrupted, and a new run
 * works. The runner is a forked child; how long a run takes is measured first. */
#include "tests/unit/flow/place.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "flow/run.h"

enum { ROUNDS = 20 };

static int run_here(const Place *place)
{
    const RunOptions options = place_options(place);
    json_t *report = NULL;
    Status status = flow_run(&options, NULL, &report);
    json_decref(report);
    return (int)status;
}

static pid_t fork_run(const Place *place)
{
    pid_t child = fork();
    if (child == 0)
        _exit(run_here(place));
    return child;
}

/* All rows are at rest: done, or interrupted. */
static void check_history(Place *place, int *interrupted, int *finished)
{
    Store *store = NULL;
    RunRecord *runs;
    int count;
    *interrupted = *finished = 0;
    if (store_open(NULL, &store) != OK)
        fail_msg("%s", error_message());
    assert_int_equal(store_list(store, NULL, place->arena, &runs, &count), OK);
    for (int i = 0; i < count; i++) {
        assert_true(runs[i].status == RUN_INTERRUPTED || runs[i].status == RUN_OK);
        if (runs[i].status == RUN_OK)
            ++*finished;
        else
            ++*interrupted;
    }
    store_close(store);
}

static void test_killed_at_random_moments(void **state)
{
    Place *place = *state;
    int status, interrupted, finished;
    int64_t start = clock_monotonic_ns();
    assert_int_equal(waitpid(fork_run(place), &status, 0) > 0 ? status : -1, 0);
    uint64_t whole_us = (uint64_t)(clock_seconds_since(start) * 1e6) + 1;

    Rng rng = rng_seed(20);
    for (int i = 0; i < ROUNDS; i++) {
        pid_t child = fork_run(place);
        usleep((useconds_t)rng_below(&rng, whole_us));
        kill(child, SIGKILL);
        assert_int_equal(waitpid(child, &status, 0), child);
        check_history(place, &interrupted, &finished);
    }
    assert_true(interrupted > 0); /* or the moments were all beside the run */
    int before = finished;
    assert_int_equal(run_here(place), OK);
    check_history(place, &interrupted, &finished);
    assert_int_equal(finished, before + 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {PLACED(test_killed_at_random_moments)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
