/* Frames of the real program while runs go on in it: however many things happen at once, what events
 * draw takes at most 200 bytes of the terminal a frame, on each screen; and the end of a run is
 * there. */
#include "place.h"

enum { MOST_BYTES = 200 };

typedef struct Count {
    long received, frames, wholes;
    long worst; /* bytes of one frame */
    long seen;  /* frames with bytes */
} Count;

static Vt *start_workbench(const Place *place, int rows, int columns)
{
    const char *argv[] = {place->program,
                          "samples/mnist_tiny.h5",
                          "--data",
                          "samples/mnist",
                          "--db",
                          place->database,
                          "--test-images",
                          "400",
                          "--images",
                          "4",
                          NULL};
    return vt_start(rows, columns, (char *const *)(uintptr_t)argv);
}

/* Of a stretch with a frame that was to be whole nothing is said. */
static void count_frames(Vt *vt, Count *count, const char *screen)
{
    long bytes = vt->received - count->received, frames = vt->frames - count->frames;
    if (vt->wholes == count->wholes && bytes > MOST_BYTES * frames)
        fail_msg("%ld frames on screen %s at %dx%d take %ld bytes", frames, screen, vt->columns,
                 vt->rows, bytes);
    if (vt->wholes == count->wholes && frames > 0 && bytes / frames > count->worst)
        count->worst = bytes / frames;
    count->seen += vt->wholes == count->wholes && bytes > 0 ? frames : 0;
    count->received = vt->received;
    count->frames = vt->frames;
    count->wholes = vt->wholes;
}

static void watch_run(Vt *vt, const char *screen)
{
    int64_t end = vt_now_ms() + VT_TIMEOUT_MS;
    Count count = {0};
    assert_true(vt_press(vt, "3r"));
    assert_true(vt_press(vt, screen));
    while (!vt_is_between_frames(vt))
        vt_step(vt, 10);
    count = (Count){.received = vt->received, .frames = vt->frames, .wholes = vt->wholes};
    while (!vt_shows(vt, "is over") && vt_now_ms() < end) {
        vt_step(vt, 50);
        if (vt_is_between_frames(vt))
            count_frames(vt, &count, screen);
    }
    assert_vt_shows(vt, "is over");
    assert_true(count.seen > 3);
    print_message("# screen %s at %dx%d: %ld frames, at most %ld bytes\n", screen, vt->columns,
                  vt->rows, count.seen, count.worst);
    assert_true(vt_press(vt, "3"));
    assert_vt_shows(vt, "quantize");
}

static void check_size(const Place *place, const char *screens, int rows, int columns)
{
    Vt *vt = start_workbench(place, rows, columns);
    assert_vt_shows(vt, "parameters");
    for (; *screens; screens++)
        watch_run(vt, (char[]){*screens, '\0'});
    vt_press(vt, "Q");
    assert_ends_well(vt);
}

static void test_small_terminal(void **state)
{
    check_size(*state, "13457", 24, 80);
}

static void test_large_terminal(void **state)
{
    check_size(*state, "357", 50, 160);
}

int main(void)
{
    setlocale(LC_ALL, "C.UTF-8");
    const struct CMUnitTest tests[] = {PLACED(test_small_terminal), PLACED(test_large_terminal)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
