/* The cancel flag cannot be taken back, so its test is a program of its own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/cancel.h"
#include "base/clock.h"
#include "tools/ghdl.h"
#include "tools/process.h"

static void request_on_line(void *context, const char *line)
{
    (void)context;
    (void)line;
    cancel_request();
}

static void a_cancel_stops_all_and_lets_none_start(void **state)
{
    (void)state;
    const char *const argv[] = {"sh", "-c", "echo ready; sleep 60", NULL};
    ProcessSpec specs[3];
    ProcessResult results[3];
    for (int i = 0; i < 3; i++)
        specs[i] = (ProcessSpec){.argv = argv, .on_line = request_on_line};
    int64_t start = clock_monotonic_ns();
    assert_int_equal(process_run_many(specs, 3, 2, results), ERR_CANCELLED);
    assert_true(clock_seconds_since(start) < 50);
    assert_int_equal(results[0].end, PROCESS_CANCELLED);
    assert_int_equal(results[1].end, PROCESS_CANCELLED);
    assert_int_equal(results[2].end, PROCESS_NOT_STARTED);
    assert_int_equal(process_run(&specs[0], &results[0]), ERR_CANCELLED);
    assert_int_equal(results[0].end, PROCESS_NOT_STARTED);
}

/* Called after that one. A cancelled look for GHDL does not say that there is none. */
static void a_cancelled_search_finds_nothing_out(void **state)
{
    (void)state;
    Arena *arena = arena_new();
    GhdlTools tools;
    bool there = process_find_program(arena, "ghdl") != NULL;
    Status status = there ? ghdl_find(arena, &tools) : ERR_CANCELLED;
    arena_free(arena);
    if (!there)
        skip();
    assert_int_equal(status, ERR_CANCELLED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_cancel_stops_all_and_lets_none_start),
        cmocka_unit_test(a_cancelled_search_finds_nothing_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
