/* Wishes for work under way, and curves as dots. */
#include <math.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cancel.h"
#include "base/dots.h"
#include "base/steer.h"

static void test_wishes(void **state)
{
    (void)state;
    assert_false(steer_ends_step() || steer_finishes() || steer_is_paused());
    steer_end_step();
    assert_true(steer_ends_step());
    assert_false(steer_finishes());
    steer_begin_step();
    assert_false(steer_ends_step());
    steer_finish();
    steer_begin_step();
    assert_true(steer_ends_step() && steer_finishes()); /* the next one ends at once, too */
    steer_reset();
    assert_false(steer_ends_step() || steer_finishes());
}

static atomic_int checks;

static void *work(void *unused)
{
    (void)unused;
    for (int i = 0; i < 3; i++) {
        if (cancel_check() != OK)
            break;
        atomic_fetch_add(&checks, 1);
    }
    return NULL;
}

static void test_pause(void **state)
{
    (void)state;
    pthread_t worker;
    steer_pause(true);
    assert_int_equal(pthread_create(&worker, NULL, work, NULL), 0);
    usleep(120000);
    assert_int_equal(atomic_load(&checks), 0);
    steer_pause(false);
    pthread_join(worker, NULL);
    assert_int_equal(atomic_load(&checks), 3);
    steer_pause(true); /* and a cancel is heard in a pause */
    assert_int_equal(pthread_create(&worker, NULL, work, NULL), 0);
    cancel_request();
    pthread_join(worker, NULL);
    assert_int_equal(atomic_load(&checks), 3);
    steer_reset();
}

/* From another process: queued with its wish; one without says nothing. */
static void test_signal(void **state)
{
    (void)state;
    steer_install_signal();
    assert_int_equal(kill(getpid(), STEER_SIGNAL), 0);
    assert_false(steer_is_paused());
    assert_int_equal(sigqueue(getpid(), STEER_SIGNAL, (union sigval){.sival_int = STEER_PAUSE}), 0);
    assert_true(steer_is_paused());
    sigqueue(getpid(), STEER_SIGNAL, (union sigval){.sival_int = STEER_CONTINUE});
    assert_false(steer_is_paused());
    sigqueue(getpid(), STEER_SIGNAL, (union sigval){.sival_int = STEER_END_STEP});
    assert_true(steer_ends_step() && !steer_finishes());
    sigqueue(getpid(), STEER_SIGNAL, (union sigval){.sival_int = STEER_FINISH});
    assert_true(steer_finishes());
    steer_reset();
}

static void test_dots(void **state)
{
    (void)state;
    unsigned char cells[2 * 2] = {0};
    const double values[] = {0, NAN, 1}, rising[] = {0, 1};
    Dots dots = {.rows = 2, .columns = 2, .ascii = true, .cells = cells};
    dots_curve(&dots, values, 3, &(DotsScale){0, 1, 2}, 1);
    assert_int_equal(dots_rune(&dots, 1, 0), 'o');
    assert_int_equal(dots_rune(&dots, 0, 1), 'o');
    assert_int_equal(dots_rune(&dots, 0, 0), 0);
    unsigned char cell = 0;
    dots = (Dots){.rows = 1, .columns = 1, .cells = &cell};
    dots_curve(&dots, rising, 2, &(DotsScale){0, 1, 1}, 0);
    assert_int_equal(dots_rune(&dots, 0, 0), 0x2800 + (0x40 + 0x04 + 0x10 + 0x08));
    const double beyond[] = {-5, 7}; /* stay inside */
    dots_curve(&dots, beyond, 2, &(DotsScale){0, 1, 1}, 0);
    assert_int_equal(dots_mark(0), '*');
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_wishes),
        cmocka_unit_test(test_signal),
        cmocka_unit_test(test_dots),
        cmocka_unit_test(test_pause),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
