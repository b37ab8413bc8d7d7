/* Designs whose weights are loaded: bit-exact, on the same clocks, and a file that is wrong in any
 * way is noticed by the checksum of what the memories hold. */
#include "proof_bed.h"

#include "hw/weights_file.h"
#include "tests/unit/hw/nets.h"

enum { IMAGES = 6, MAX_FILE = 1 << 20 };

/* Everything at once: several rows and one, one byte and two, a depthwise layer, a class. */
static IntegerModel *mixed_network(void)
{
    Tiny tiny = tiny_new("mixed", shape_of(3, 6, 6, 2), 41);
    tiny_fold(tiny_conv2d(&tiny, "conv", 4, tiny_window(3, 3, 1, 1)), 2, 6);
    tiny_fold(tiny_depthwise(&tiny, "depthwise", 1, tiny_window(2, 2, 1, 1)), 2, 2);
    tiny_dense(&tiny, "hidden", 3);
    Op *wide = tiny_fold(tiny_dense(&tiny, "scores", 4), 2, 1);
    wide->weight_bits = 12;
    int32_t *weights = ARENA_ARRAY(tiny.model->arena, int32_t, 3 * 4);
    memcpy(weights, wide->weights, 3 * 4 * sizeof *weights);
    weights[5] = -2048;
    weights[6] = 2047;
    wide->weights = weights;
    return tiny_finish(&tiny);
}

static void open_loaded(Bed *bed)
{
    need_ghdl();
    bed_open(bed, mixed_network(), IMAGES);
    assert_int_equal(plan_load_weights(bed->plan), OK);
}

static void loaded_weights_change_no_value_and_no_clock(void **state)
{
    (void)state;
    for (int seed = 0; seed < 2; seed++) {
        Bed bed;
        ProofResult result;
        open_loaded(&bed);
        bed.setup.stall_seed = seed;
        if (proof_run(&bed.setup, bed.arena, &result) != OK)
            fail_msg("%s", error_message());
        if (!result.bit_exact)
            fail_msg("layer %s, image %lld, element %lld: %s", result.first.layer,
                     (long long)result.first.image, (long long)result.first.element,
                     result.fault ? result.fault : "");
        assert_int_equal(result.values_compared, IMAGES * 4);
        assert_true(result.timing_exact || seed);
        bed_close(&bed);
    }
}

/* What the proof says when `bytes` are loaded in the place of the model's. */
static void expect_fault(const Bed *bed, const ProofWork *work, const Buffer *bytes,
                         const char *words)
{
    ProofResult result;
    assert_int_equal(fs_write_atomic(work->design.weights, bytes->data, bytes->length), OK);
    if (proof_judge(&bed->setup, bed->arena, work, &result) != OK)
        fail_msg("%s", error_message());
    assert_false(result.bit_exact);
    assert_non_null(result.fault);
    if (!strstr(result.fault, words))
        fail_msg("\"%s\" does not say \"%s\"", result.fault, words);
}

/* A value in the last row of the last memory, which images may well not show. */
static void a_wrong_file_fails_the_proof(void **state)
{
    (void)state;
    Bed bed;
    ProofWork work;
    Buffer right = {0};
    open_loaded(&bed);
    bed.setup.one_backend = true;
    assert_int_equal(proof_write(&bed.setup, bed.arena, &work), OK);
    assert_int_equal(fs_read_file(work.design.weights, MAX_FILE, &right), OK);
    assert_int_equal(right.length, weights_file_bytes(bed.plan));
    right.data[right.length - 2] ^= 1;
    expect_fault(&bed, &work, &right, "checksum");
    right.data[right.length - 2] ^= 1;
    right.length--;
    expect_fault(&bed, &work, &right, "bytes of weights");
    right.length++;
    buffer_append_text(&right, "x");
    expect_fault(&bed, &work, &right, "bytes of weights");
    right.length = 0;
    expect_fault(&bed, &work, &right, "not loaded");
    buffer_free(&right);
    bed_close(&bed);
}

/* The checksum's definition, and that order counts. */
static void the_checksum_is_the_one_described(void **state)
{
    (void)state;
    static const uint8_t bytes[] = {1, 2, 255};
    static const uint8_t turned[] = {2, 1, 255};
    assert_int_equal(weights_checksum(bytes, 0), 1);
    assert_int_equal(weights_checksum(bytes, 3), (2 + 4 + 259) << 16 | 259);
    assert_int_not_equal(weights_checksum(bytes, 3), weights_checksum(turned, 3));
}

static void floating_point_is_refused(void **state)
{
    (void)state;
    Tiny tiny = tiny_new("float", shape_of(3, 4, 4, 1), 3);
    tiny_to_float(&tiny, "conv.to_float");
    tiny_float_conv2d(&tiny, "conv", 2, tiny_window(2, 2, 1, 1));
    tiny_to_integer(&tiny, "conv.to_integer");
    IntegerModel *model = tiny_finish(&tiny);
    Plan *plan;
    assert_int_equal(plan_new(model, &plan), OK);
    assert_int_equal(plan_load_weights(plan), ERR_REFUSED);
    assert_non_null(strstr(error_message(), "layer conv"));
    plan_free(plan);
    integer_model_free(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_checksum_is_the_one_described),
        cmocka_unit_test(floating_point_is_refused),
        cmocka_unit_test(loaded_weights_change_no_value_and_no_clock),
        cmocka_unit_test(a_wrong_file_fails_the_proof),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
