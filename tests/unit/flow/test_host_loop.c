/* The host's side of a serial line against a board that answers well, badly, late, or not at all:
 * a thread at the other end of a pseudo-terminal. (Against VHDL: tests/e2e/deploy.sh.) */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fs.h"
#include "flow/host_loop.h"
#include "hw/weights_file.h"
#include "tests/unit/hw/tiny_model.h"

enum { IMAGES = 5, PIXELS = 12, SCORES = 3, ANSWER_BYTES = SCORES + 2, WEIGHTS = PIXELS * SCORES };

/* What the board does wrong, at image 2; the last two with the weights. */
typedef enum Fault {
    NONE,
    WRONG_VALUE,
    BAD_SUM_ONCE,
    BAD_MARK_ONCE,
    SILENT,
    HEARS_WRONG,
    HOLDS_WRONG_ONCE,
    HOLDS_WRONG
} Fault;

typedef struct FakeBoard {
    int fd;
    Fault fault;
    bool loads;             /* its weights come over the line */
    const int32_t *answers; /* IMAGES * SCORES */
    atomic_bool gone;
} FakeBoard;

static bool read_all(int fd, uint8_t *bytes, size_t count)
{
    while (count > 0) {
        ssize_t got = read(fd, bytes, count);
        if (got <= 0)
            return false;
        bytes += got;
        count -= (size_t)got;
    }
    return true;
}

static void make_frame(const FakeBoard *board, int image, const uint8_t *received, uint8_t *frame)
{
    const int32_t *answer = board->answers + image * SCORES;
    int best = 0;
    uint8_t sum = 0, image_sum = 0;
    frame[0] = HOST_FRAME_MARK;
    for (int i = 0; i < SCORES; i++) {
        frame[1 + i] = (uint8_t)answer[i];
        best = answer[i] > answer[best] ? i : best;
    }
    frame[1 + SCORES] = (uint8_t)best;
    frame[2 + SCORES] = 0;
    for (int i = 0; i < ANSWER_BYTES; i++)
        sum = (uint8_t)(sum + frame[1 + i]);
    for (int i = 0; i < PIXELS; i++)
        image_sum = (uint8_t)(image_sum + received[i]);
    frame[1 + ANSWER_BYTES] = sum;
    frame[2 + ANSWER_BYTES] = image_sum;
}

/* Takes weights, and says what its memories then hold. */
static bool take_weights(const FakeBoard *board, int time)
{
    uint8_t received[WEIGHTS], frame[BOARD_SUM_BYTES + BOARD_FRAME_EXTRA] = {HOST_FRAME_MARK};
    if (!read_all(board->fd, received, WEIGHTS))
        return false;
    uint8_t *sums = frame + 1 + BOARD_SUM_BYTES;
    for (int i = 0; i < WEIGHTS; i++)
        sums[1] = (uint8_t)(sums[1] + received[i]);
    if (board->fault == HOLDS_WRONG || (board->fault == HOLDS_WRONG_ONCE && time == 0))
        received[7] ^= 1;
    uint32_t sum = weights_checksum(received, WEIGHTS);
    for (int i = 0; i < BOARD_SUM_BYTES; i++) {
        frame[1 + i] = (uint8_t)(sum >> (8 * i));
        sums[0] = (uint8_t)(sums[0] + frame[1 + i]);
    }
    return write(board->fd, frame, sizeof frame) == sizeof frame;
}

/* Everything up to the pixels of an image. */
static bool reach_image(const FakeBoard *board, int *loads)
{
    uint8_t mark = 0;
    while (board->loads && mark != HOST_IMAGE_MARK) {
        if (!read_all(board->fd, &mark, 1))
            return false;
        if (mark == HOST_WEIGHTS_MARK && !take_weights(board, (*loads)++))
            return false;
    }
    return !board->loads || *loads > 0;
}

static void *be_board(void *context)
{
    FakeBoard *board = context;
    int loads = 0;
    uint8_t received[PIXELS], frame[ANSWER_BYTES + BOARD_FRAME_EXTRA];
    bool once = true;
    for (int image = 0;
         image < IMAGES && reach_image(board, &loads) && read_all(board->fd, received, PIXELS);) {
        make_frame(board, image, received, frame);
        bool here = image == 2 && once;
        bool repeat = here && (board->fault == BAD_SUM_ONCE || board->fault == BAD_MARK_ONCE ||
                               board->fault == HEARS_WRONG);
        if (here && board->fault == SILENT)
            break;
        if (here && board->fault == WRONG_VALUE) {
            frame[1]++;
            frame[1 + ANSWER_BYTES]++; /* the sum agrees: the value itself is wrong */
        }
        if (here && board->fault == BAD_SUM_ONCE)
            frame[1 + ANSWER_BYTES] ^= 0x40;
        if (here && board->fault == BAD_MARK_ONCE)
            frame[0] = 0;
        if (here && board->fault == HEARS_WRONG)
            frame[2 + ANSWER_BYTES]++;
        assert_int_equal(write(board->fd, frame, sizeof frame), sizeof frame);
        once = once && !here;
        image += !repeat;
    }
    atomic_store(&board->gone, board->fault == SILENT);
    return NULL;
}

static bool is_gone(void *board)
{
    return atomic_load(&((FakeBoard *)board)->gone);
}

/* ---- the stage ------------------------------------------------------------------------------- */

static void write_samples(const char *path, const int32_t *samples, size_t count)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    for (size_t i = 0; i < count; i++) {
        const uint8_t bytes[2] = {(uint8_t)samples[i], (uint8_t)((uint32_t)samples[i] >> 8)};
        assert_int_equal(fwrite(bytes, 1, 2, file), 2);
    }
    assert_int_equal(fclose(file), 0);
}

static Status exchange_over(Fault fault, bool loads, HostScore *score)
{
    char folder[] = "/tmp/test_host_loop.XXXXXX";
    assert_non_null(mkdtemp(folder));
    Arena *arena = arena_new();
    Tiny tiny = tiny_new("perceptron", shape_of(1, PIXELS), 8);
    tiny_dense(&tiny, "scores", SCORES);
    IntegerModel *model = tiny_finish(&tiny);
    Plan *plan = NULL;
    assert_int_equal(plan_new(model, &plan), OK);
    int32_t images[IMAGES * PIXELS], answers[IMAGES * SCORES], labels[IMAGES];
    for (int i = 0; i < IMAGES * PIXELS; i++)
        images[i] = (i * 37) % 200 - 100;
    for (int i = 0; i < IMAGES * SCORES; i++)
        answers[i] = i % SCORES == i / SCORES % SCORES ? 90 : -100 + i;
    for (int i = 0; i < IMAGES; i++)
        labels[i] = i == 4 ? 0 : i % SCORES; /* image 4 is class 1 */
    const VectorFiles files = {.stimulus = fs_join(arena, folder, "in"),
                               .expected = fs_join(arena, folder, "out"),
                               .count = IMAGES};
    write_samples(files.stimulus, images, IMAGES * PIXELS);
    write_samples(files.expected, answers, IMAGES * SCORES);

    Serial serial;
    assert_int_equal(serial_open_pair(&serial), OK);
    FakeBoard board = {.fd = serial.other_fd, .fault = fault, .loads = loads, .answers = answers};
    Buffer weights = {0};
    for (int i = 0; i < WEIGHTS; i++)
        buffer_append(&weights, &(uint8_t){(uint8_t)(i * 41)}, 1);
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, be_board, &board), 0);
    const Pins pins = {.sample_in_bytes = 1,
                       .sample_out_bytes = 1,
                       .samples_out_signed = true,
                       .in_bytes = PIXELS,
                       .out_bytes = ANSWER_BYTES};
    const HostJob job = {.plan = plan,
                         .pins = &pins,
                         .vectors = &files,
                         .labels = labels,
                         .weights = loads ? &weights : NULL,
                         .serial = &serial,
                         .patience_s = 20,
                         .quiet_s = 0.01,
                         .gone = is_gone,
                         .context = &board};
    Status status = host_loop(&job, score);
    if (fault == HOLDS_WRONG)
        assert_int_equal(pthread_cancel(thread), 0); /* it waits for an image */
    pthread_join(thread, NULL);
    serial_close(&serial);
    buffer_free(&weights);
    plan_free(plan);
    integer_model_free(model);
    arena_free(arena);
    assert_int_equal(fs_remove_tree(folder), OK);
    return status;
}

static Status exchange_with(Fault fault, HostScore *score)
{
    return exchange_over(fault, false, score);
}

static void test_good_answers(void **state)
{
    (void)state;
    HostScore score;
    assert_int_equal(exchange_with(NONE, &score), OK);
    assert_int_equal(score.images, IMAGES);
    assert_int_equal(score.values, IMAGES * SCORES);
    assert_int_equal(score.differing_values, 0);
    assert_int_equal(score.first_differing, -1);
    assert_int_equal(score.right, IMAGES - 1);
    assert_int_equal(score.repeated, 0);
}

static void test_wrong_value_is_named(void **state)
{
    (void)state;
    HostScore score;
    assert_int_equal(exchange_with(WRONG_VALUE, &score), OK);
    assert_int_equal(score.differing_values, 1);
    assert_int_equal(score.first_differing, 2);
}

static void test_damage_on_the_line_is_sent_again(void **state)
{
    (void)state;
    const Fault faults[] = {BAD_SUM_ONCE, BAD_MARK_ONCE, HEARS_WRONG};
    for (int i = 0; i < 3; i++) {
        HostScore score;
        assert_int_equal(exchange_with(faults[i], &score), OK);
        assert_int_equal(score.repeated, 1);
        assert_int_equal(score.images, IMAGES);
        assert_int_equal(score.differing_values, 0);
    }
}

/* Their checksum comes back; another one, and they are sent again. */
static void test_weights_go_first(void **state)
{
    (void)state;
    HostScore score;
    for (int i = 0; i < 2; i++) {
        assert_int_equal(exchange_over(i ? HOLDS_WRONG_ONCE : NONE, true, &score), OK);
        assert_int_equal(score.loads, 1 + i);
        assert_int_equal(score.repeated, 0);
        assert_int_equal(score.images, IMAGES);
        assert_int_equal(score.differing_values, 0);
        assert_int_not_equal(score.weights_sum, 0);
    }
}

/* The silence before an image is sent again makes the board forget its weights. */
static void test_weights_go_again_with_an_image(void **state)
{
    (void)state;
    HostScore score;
    assert_int_equal(exchange_over(BAD_SUM_ONCE, true, &score), OK);
    assert_int_equal(score.repeated, 1);
    assert_int_equal(score.loads, 2);
    assert_int_equal(score.differing_values, 0);
}

static void test_memories_that_hold_something_else(void **state)
{
    (void)state;
    HostScore score;
    assert_int_equal(exchange_over(HOLDS_WRONG, true, &score), ERR_ENVIRONMENT);
    assert_int_equal(score.loads, HOST_TRIES);
    assert_non_null(strstr(error_message(), "other weights than were sent: checksum"));
}

static void test_dead_board_is_noticed(void **state)
{
    (void)state;
    HostScore score;
    assert_int_equal(exchange_with(SILENT, &score), ERR_ENVIRONMENT);
    assert_non_null(strstr(error_message(), "image 2"));
    assert_non_null(strstr(error_message(), "no answer"));
}

static void test_ports_that_are_none(void **state)
{
    (void)state;
    Serial serial;
    assert_int_equal(serial_open("/dev/null", 115200, &serial), ERR_ENVIRONMENT);
    assert_non_null(strstr(error_message(), "not a serial port"));
    assert_int_equal(serial_open("/dev/there-is-none", 115200, &serial), ERR_ENVIRONMENT);
    assert_int_equal(serial_open("/dev/null", 1234, &serial), ERR_USAGE);
}

/* Even when as many samples are there as there are answers: noticed before the line is used. */
static void test_images_that_are_cut_off(void **state)
{
    (void)state;
    char folder[] = "/tmp/test_host_loop.XXXXXX";
    assert_non_null(mkdtemp(folder));
    Arena *arena = arena_new();
    Tiny tiny = tiny_new("perceptron", shape_of(1, PIXELS), 8);
    tiny_dense(&tiny, "scores", SCORES);
    IntegerModel *model = tiny_finish(&tiny);
    Plan *plan = NULL;
    assert_int_equal(plan_new(model, &plan), OK);
    const int32_t samples[IMAGES * SCORES] = {0};
    const VectorFiles files = {.stimulus = fs_join(arena, folder, "in"),
                               .expected = fs_join(arena, folder, "out"),
                               .count = IMAGES};
    write_samples(files.stimulus, samples, IMAGES * SCORES);
    write_samples(files.expected, samples, IMAGES * SCORES);
    const Pins pins = {.in_bytes = PIXELS, .out_bytes = ANSWER_BYTES};
    HostScore score;
    assert_int_equal(host_loop(&(HostJob){.plan = plan, .pins = &pins, .vectors = &files}, &score),
                     ERR_ENVIRONMENT);
    assert_non_null(strstr(error_message(), "/in: is shorter"));
    plan_free(plan);
    integer_model_free(model);
    arena_free(arena);
    assert_int_equal(fs_remove_tree(folder), OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good_answers),
        cmocka_unit_test(test_wrong_value_is_named),
        cmocka_unit_test(test_damage_on_the_line_is_sent_again),
        cmocka_unit_test(test_weights_go_first),
        cmocka_unit_test(test_weights_go_again_with_an_image),
        cmocka_unit_test(test_memories_that_hold_something_else),
        cmocka_unit_test(test_dead_board_is_noticed),
        cmocka_unit_test(test_ports_that_are_none),
        cmocka_unit_test(test_images_that_are_cut_off),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
