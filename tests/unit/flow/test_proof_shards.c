/* Finished pieces of a proof: kept whole, and only for what they were made from. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/fs.h"
#include "flow/proof_shards.h"

typedef struct Bed {
    char folder[64];
    Arena *arena;
    const char *path, *outputs;
} Bed;

static void put(const char *path, const char *text)
{
    assert_int_equal(fs_write_atomic(path, text, strlen(text)), OK);
}

static int set_up(void **state)
{
    Bed *bed = calloc(1, sizeof *bed);
    strcpy(bed->folder, "/tmp/test_shards.XXXXXX");
    assert_non_null(mkdtemp(bed->folder));
    bed->arena = arena_new();
    bed->path = fs_join(bed->arena, bed->folder, "shard.done");
    bed->outputs = fs_join(bed->arena, bed->folder, "outputs.bin");
    put(bed->outputs, "values");
    *state = bed;
    return 0;
}

static int tear_down(void **state)
{
    Bed *bed = *state;
    arena_free(bed->arena);
    Status status = fs_remove_tree(bed->folder);
    free(bed);
    return status == OK ? 0 : -1;
}

static void save(const Bed *bed)
{
    int64_t peaks[] = {3, -1};
    const ShardDone done = {
        .outputs = bed->outputs, .sentinel = "RESULT images=3", .peaks = peaks, .peak_count = 2};
    assert_int_equal(shard_save(bed->path, "abc", &done), OK);
}

static bool loads(const Bed *bed, const char *identity, int peaks, ShardDone *done)
{
    *done = (ShardDone){.outputs = bed->outputs, .peak_count = peaks};
    return shard_load(bed->path, identity, bed->arena, done);
}

static void test_comes_back(void **state)
{
    const Bed *bed = *state;
    ShardDone done;
    assert_false(loads(bed, "abc", 2, &done)); /* nothing there yet */
    save(bed);
    assert_true(loads(bed, "abc", 2, &done));
    assert_string_equal(done.sentinel, "RESULT images=3");
    assert_int_equal(done.peaks[0], 3);
    assert_int_equal(done.peaks[1], -1);
}

static void test_only_for_what_it_was_made_from(void **state)
{
    const Bed *bed = *state;
    ShardDone done;
    save(bed);
    assert_false(loads(bed, "abd", 2, &done));
    assert_false(loads(bed, "abc", 3, &done)); /* another plan */
    put(bed->outputs, "value");
    assert_false(loads(bed, "abc", 2, &done));
    assert_int_equal(fs_remove_tree(bed->outputs), OK);
    assert_false(loads(bed, "abc", 2, &done));
}

static void test_cut_off_files_do_not_count(void **state)
{
    const Bed *bed = *state;
    ShardDone done;
    save(bed);
    Buffer text = {0};
    assert_int_equal(fs_read_file(bed->path, 1 << 20, &text), OK);
    for (size_t length = 0; length < text.length; length++) {
        assert_int_equal(fs_write_atomic(bed->path, text.data, length), OK);
        assert_false(loads(bed, "abc", 2, &done));
    }
    buffer_free(&text);
}

static void test_identity_depends_on_everything(void **state)
{
    const Bed *bed = *state;
    const VectorFiles vectors = {.stimulus = fs_join(bed->arena, bed->folder, "in"),
                                 .expected = fs_join(bed->arena, bed->folder, "out")};
    const char *const all[] = {vectors.stimulus, vectors.expected};
    ShardInput input = {.design = "ab", .files = &vectors, .simulator = "ghdl 2"};
    char first[HASH_HEX_BYTES], other[HASH_HEX_BYTES];
    for (int i = 0; i < 2; i++)
        put(all[i], "x");
    assert_int_equal(shard_identity(&input, first), OK);
    for (int i = 0; i < 2; i++) {
        put(all[i], "y");
        assert_int_equal(shard_identity(&input, other), OK);
        assert_string_not_equal(first, other);
        put(all[i], "x");
    }
    assert_int_equal(shard_identity(&input, other), OK);
    assert_string_equal(first, other);
    input.simulator = "ghdl 3";
    assert_int_equal(shard_identity(&input, other), OK);
    assert_string_not_equal(first, other);
    input.simulator = "ghdl 2";
    input.design = "ac";
    assert_int_equal(shard_identity(&input, other), OK);
    assert_string_not_equal(first, other);
    assert_int_equal(fs_remove_tree(vectors.expected), OK);
    assert_int_equal(shard_identity(&input, other), ERR_REFUSED);
}

static void test_counts_of_shards(void **state)
{
    (void)state;
    assert_int_equal(shards_needed(1, 2), 1);
    assert_int_equal(shards_needed(100, 2), 2);
    assert_int_equal(shards_needed(1000, 2), 2);
    assert_int_equal(shards_needed(10000, 2), 10);
    assert_int_equal(shards_needed(10001, 2), 12); /* whole rounds */
    assert_int_equal(shards_needed(3, 0), 1);
}

#define PLACED(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        PLACED(test_comes_back),
        PLACED(test_only_for_what_it_was_made_from),
        PLACED(test_cut_off_files_do_not_count),
        PLACED(test_identity_depends_on_everything),
        cmocka_unit_test(test_counts_of_shards),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
