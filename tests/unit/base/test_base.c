/* The base room: errors, memory, hashes, random numbers, files, threads. References are published
 * test vectors where they exist. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/blockers.h"
#include "base/buffer.h"
#include "base/fs.h"
#include "base/hash.h"
#include "base/paths.h"
#include "base/pool.h"
#include "base/rng.h"

static Status inner(void)
{
    return error_set(ERR_REFUSED, "kernel has %d values, expected %d", 12, 108);
}

static Status outer(void)
{
    TRY_IN(inner(), "%s: layer %s", "model.h5", "conv_1");
    return OK;
}

static void test_error_gathers_context(void **state)
{
    (void)state;
    assert_int_equal(outer(), ERR_REFUSED);
    assert_string_equal(error_message(),
                        "model.h5: layer conv_1: kernel has 12 values, expected 108");
}

static void test_error_may_quote_itself(void **state)
{
    (void)state;
    error_set(ERR_REFUSED, "first");
    error_set(ERR_ENVIRONMENT, "again: %s", error_message());
    assert_string_equal(error_message(), "again: first");
}

static void test_error_cuts_a_long_tail(void **state)
{
    (void)state;
    char *text = test_malloc(20000);
    memset(text, 'x', 19999);
    text[19999] = '\0';
    error_set(ERR_REFUSED, "%s", text);
    error_context(ERR_REFUSED, "where");
    assert_memory_equal(error_message(), "where: xxx", 10);
    assert_true(strlen(error_message()) < 20000);
    error_context(ERR_REFUSED, "%s", text);
    test_free(text);
}

static void test_arena_blocks_are_zeroed_and_aligned(void **state)
{
    (void)state;
    Arena *arena = arena_new();
    for (size_t bytes = 1; bytes < 3000000; bytes = bytes * 3 + 1) {
        unsigned char *block = arena_alloc(arena, bytes);
        assert_int_equal((uintptr_t)block % 64, 0);
        assert_int_equal(block[0] | block[bytes - 1], 0);
        memset(block, 0xff, bytes);
    }
    assert_string_equal(arena_printf(arena, "%s-%d", "conv", 3), "conv-3");
    arena_free(arena);
}

static void test_buffer_grows(void **state)
{
    (void)state;
    Buffer buffer = {0};
    for (int i = 0; i < 1000; i++)
        buffer_printf(&buffer, "%d,", i);
    assert_int_equal(buffer.length, strlen(buffer.data));
    assert_int_equal(buffer.length, 10 * 2 + 90 * 3 + 900 * 4);
    buffer_free(&buffer);
}

static void test_blockers_list_all(void **state)
{
    (void)state;
    Blockers blockers = {0};
    assert_int_equal(blockers_refuse(&blockers, "m.h5"), OK);
    blockers_add(&blockers, "layer %s: kind LSTM is not supported", "a");
    assert_int_equal(blockers_refuse(&blockers, "m.h5"), ERR_REFUSED);
    assert_string_equal(error_message(), "m.h5: layer a: kind LSTM is not supported");
    blockers_add(&blockers, "layer b: dilation_rate (2, 2)");
    assert_int_equal(blockers_refuse(&blockers, "m.h5"), ERR_REFUSED);
    assert_non_null(strstr(error_message(), "2 things"));
    assert_non_null(strstr(error_message(), "layer b"));
    blockers_free(&blockers);
}

/* FIPS 180-4 examples. */
static void test_hash_vectors(void **state)
{
    (void)state;
    char hex[HASH_HEX_BYTES];
    hash_bytes("abc", 3, hex);
    assert_string_equal(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    hash_bytes("", 0, hex);
    assert_string_equal(hex, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

/* splitmix64 of seed 1234567 is a published sequence; the xoshiro state is its first four. */
static void test_rng_is_the_published_one(void **state)
{
    (void)state;
    Rng rng = rng_seed(1234567);
    assert_true(rng.state[0] == 6457827717110365317u);
    assert_true(rng.state[1] == 3203168211198807973u);
    uint64_t counts[7] = {0};
    for (int i = 0; i < 70000; i++)
        counts[rng_below(&rng, 7)]++;
    for (int i = 0; i < 7; i++)
        assert_in_range(counts[i], 9500, 10500);
    for (int i = 0; i < 1000; i++) {
        double u = rng_uniform(&rng);
        assert_true(u >= 0 && u < 1);
    }
}

static void test_shuffle_keeps_every_value(void **state)
{
    (void)state;
    Rng rng = rng_seed(7);
    int64_t values[100];
    int64_t sum = 0, moved = 0;
    for (int64_t i = 0; i < 100; i++)
        values[i] = i;
    rng_shuffle(&rng, values, 100);
    for (int64_t i = 0; i < 100; i++) {
        sum += values[i] * values[i];
        moved += values[i] != i;
    }
    assert_int_equal(sum, 328350);
    assert_true(moved > 80);
}

typedef struct Sums {
    int64_t by_index[1000];
    _Atomic int64_t calls;
} Sums;

static void add_index(void *context, int64_t index, int worker)
{
    Sums *sums = context;
    (void)worker;
    sums->by_index[index] += index;
    sums->calls++;
}

static void test_pool_calls_each_index_once(void **state)
{
    (void)state;
    for (int threads = 1; threads <= 5; threads++) {
        Pool *pool = pool_new(threads);
        static Sums sums;
        memset(&sums, 0, sizeof sums);
        for (int round = 0; round < 50; round++)
            pool_run(pool, 1000, add_index, &sums);
        assert_int_equal(sums.calls, 50000);
        for (int64_t i = 0; i < 1000; i++)
            assert_int_equal(sums.by_index[i], 50 * i);
        pool_run(pool, 0, add_index, &sums);
        pool_free(pool);
    }
}

static void test_files(void **state)
{
    (void)state;
    char folder[] = "/tmp/dnn2fpga-base-XXXXXX";
    assert_non_null(mkdtemp(folder));
    Arena *arena = arena_new();
    char *deep = fs_join(arena, folder, "a/b/c");
    assert_int_equal(fs_make_folders(deep), OK);
    assert_int_equal(fs_make_folders(deep), OK);
    char *path = fs_join(arena, deep, "f.txt");
    assert_int_equal(fs_write_atomic(path, "hello", 5), OK);
    assert_int_equal(fs_write_atomic(path, "bye", 3), OK);
    assert_int_equal(fs_size(path), 3);
    Buffer text = {0};
    assert_int_equal(fs_read_file(path, 100, &text), OK);
    assert_string_equal(text.data, "bye");
    assert_int_equal(fs_read_file(path, 2, &text), ERR_REFUSED);
    assert_int_equal(fs_read_file(deep, 2, &text), ERR_ENVIRONMENT);
    assert_string_equal(text.data, "bye"); /* a failure leaves it as it was */
    assert_int_equal(text.length, 3);
    buffer_free(&text);
    assert_int_equal(fs_read_file(path, 2, &text), ERR_REFUSED);
    assert_null(text.data);
    assert_int_equal(fs_make_folders(path), ERR_ENVIRONMENT);
    char *around = fs_join(arena, deep, "../c/f.txt");
    assert_string_equal(fs_absolute(arena, around), fs_resolve(arena, path));
    assert_string_equal(fs_absolute(arena, "no/such file"), "no/such file");
    assert_int_equal(fs_remove_tree(folder), OK);
    assert_false(fs_exists(folder));
    assert_int_equal(fs_remove_tree(folder), OK);
    arena_free(arena);
}

static void test_a_failed_write_names_the_file(void **state)
{
    (void)state;
    assert_int_equal(fs_write_atomic("/nonexistent-folder/x", "y", 1), ERR_ENVIRONMENT);
    assert_non_null(strstr(error_message(), "/nonexistent-folder/x"));
}

static void test_paths_follow_xdg(void **state)
{
    (void)state;
    Arena *arena = arena_new();
    setenv("XDG_DATA_HOME", "/data", 1);
    setenv("XDG_STATE_HOME", "relative/is/ignored", 1);
    setenv("HOME", "/home/u", 1);
    Paths paths = paths_of_user(arena);
    assert_string_equal(paths.history, "/data/dnn2fpga/history.db");
    assert_string_equal(paths.runs, "/data/dnn2fpga/runs");
    assert_string_equal(paths.logs, "/home/u/.local/state/dnn2fpga");
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_error_gathers_context),
        cmocka_unit_test(test_error_may_quote_itself),
        cmocka_unit_test(test_error_cuts_a_long_tail),
        cmocka_unit_test(test_arena_blocks_are_zeroed_and_aligned),
        cmocka_unit_test(test_buffer_grows),
        cmocka_unit_test(test_blockers_list_all),
        cmocka_unit_test(test_hash_vectors),
        cmocka_unit_test(test_rng_is_the_published_one),
        cmocka_unit_test(test_shuffle_keeps_every_value),
        cmocka_unit_test(test_pool_calls_each_index_once),
        cmocka_unit_test(test_files),
        cmocka_unit_test(test_a_failed_write_names_the_file),
        cmocka_unit_test(test_paths_follow_xdg),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
