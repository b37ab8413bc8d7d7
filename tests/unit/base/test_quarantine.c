/* A task that dies takes only its copy with it. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/pool.h"
#include "base/quarantine.h"

static Status fine(const char *path)
{
    (void)path;
    return OK;
}

static Status refuse(const char *path)
{
    return error_set(ERR_REFUSED, "%s: layer a: no", path);
}

static Status crash(const char *path)
{
    (void)path;
    (void)raise(SIGSEGV);
    return OK;
}

static Status fail_to_stop(const char *path)
{
    (void)path;
    (void)raise(SIGALRM); /* what the time limit sends */
    return OK;
}

static void test_outcomes_come_back(void **state)
{
    (void)state;
    assert_int_equal(quarantine_try(fine, "m.h5"), OK);
    assert_int_equal(quarantine_try(refuse, "m.h5"), ERR_REFUSED);
    assert_string_equal(error_message(), "m.h5: layer a: no");
}

static void test_a_crash_is_a_refusal(void **state)
{
    (void)state;
    assert_int_equal(quarantine_try(crash, "m.h5"), ERR_REFUSED);
    assert_non_null(strstr(error_message(), "m.h5: the file is damaged"));
}

static void test_too_long_is_a_refusal(void **state)
{
    (void)state;
    assert_int_equal(quarantine_try(fail_to_stop, "m.h5"), ERR_REFUSED);
    assert_non_null(strstr(error_message(), "60 seconds"));
}

static Status take_memory(const char *path)
{
    for (size_t i = 1; i < 50; i++) {
        char *volatile block = malloc(64 * i);
        block[0] = path[0];
        free(block);
    }
    return OK;
}

/* Threads that have just been made hold nothing that a copy of the process would wait for. */
static void test_a_copy_beside_new_threads(void **state)
{
    (void)state;
    for (int i = 0; i < 50; i++) {
        Pool *pool = pool_new(4);
        assert_int_equal(quarantine_try(take_memory, "m.h5"), OK);
        pool_free(pool);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_outcomes_come_back),
        cmocka_unit_test(test_a_crash_is_a_refusal),
        cmocka_unit_test(test_too_long_is_a_refusal),
        cmocka_unit_test(test_a_copy_beside_new_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
