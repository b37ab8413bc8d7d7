/* The accumulator proof, sizes, and the invariants of a model. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "tests/unit/quant/models.h"

/* Dense layer of one output on `inputs` 16-bit values, with all weights `weight`. */
static IntegerModel *sum_model(int inputs, int32_t weight, int32_t bias)
{
    Rng rng = rng_seed(1);
    IntegerModel *model = model_of_input(shape_of(1, inputs), 16);
    Op *op = add_op(model, OP_DENSE, "narrow", 16);
    op->output_shape = shape_of(1, 1);
    set_weights(model, &rng, op, 16, 1);
    int32_t *weights = ARENA_ARRAY(model->arena, int32_t, inputs);
    int32_t *biases = ARENA_ARRAY(model->arena, int32_t, 1);
    for (int i = 0; i < inputs; i++)
        weights[i] = i % 2 ? weight : -weight;
    *biases = bias;
    op->weights = weights;
    op->bias = biases;
    finish_model(model);
    return model;
}

/* Signs do not help: partial sums may come in any order. */
static void test_proof_at_the_limit_and_beyond(void **state)
{
    (void)state;
    const int32_t limit = (1 << (FIXED_ACCUMULATOR_BITS - 1)) - 1;
    /* 4 * 8191 * 32767 = 1073577988; the bias takes it to 2^30 - 1. */
    const int32_t rest = limit - 4 * 8191 * 32767;
    for (int sign = -1; sign <= 1; sign += 2) {
        IntegerModel *model = sum_model(4, 8191, sign * rest);
        assert_int_equal(op_accumulator_bound(model, 1), limit);
        assert_int_equal(integer_model_prove(model), OK);
        assert_int_equal(model->ops[1].accumulator_bits, FIXED_ACCUMULATOR_BITS);
        integer_model_free(model);
        model = sum_model(4, 8191, sign * (rest + 1));
        assert_int_equal(integer_model_prove(model), ERR_REFUSED);
        assert_non_null(strstr(error_message(), "layer narrow: its sums need 32 bits, at most 31"));
        integer_model_free(model);
    }
}

/* The smallest width that holds -bound..bound. */
static void test_proof_is_tight(void **state)
{
    (void)state;
    static const struct {
        int32_t weight, bias;
        int bits;
    } rows[] = {{0, 0, 1},    {0, 1, 2},  {0, -1, 2}, {0, 127, 8}, {0, 128, 9},
                {0, -128, 9}, {1, 0, 16}, {1, 1, 17}, {2, 0, 17}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        IntegerModel *model = sum_model(1, rows[i].weight, rows[i].bias);
        assert_int_equal(integer_model_prove(model), OK);
        assert_int_equal(model->ops[1].accumulator_bits, rows[i].bits);
        integer_model_free(model);
    }
}

static void test_proof_of_other_kinds(void **state)
{
    (void)state;
    IntegerModel *model = model_of_all_kinds(3);
    assert_int_equal(integer_model_prove(model), OK);
    for (int i = 0; i < model->count; i++) {
        const Op *op = &model->ops[i];
        if (!op_traits(op->kind)->requantizes)
            assert_int_equal(op->accumulator_bits, 0);
        if (op->kind == OP_AVERAGE_POOL2D) /* 4 * 127 = 508 */
            assert_int_equal(op->accumulator_bits, 10);
    }
    integer_model_free(model);
}

/* All that are too wide are named at once. */
static void test_proof_names_every_layer(void **state)
{
    (void)state;
    Rng rng = rng_seed(2);
    IntegerModel *model = model_of_input(shape_of(1, 64), 16);
    const char *names[] = {"first", "second"};
    for (int i = 0; i < 2; i++) {
        Op *op = add_op(model, OP_DENSE, names[i], 16);
        op->output_shape = shape_of(1, 64);
        set_weights(model, &rng, op, 16, 1);
    }
    finish_model(model);
    assert_int_equal(integer_model_prove(model), ERR_REFUSED);
    assert_non_null(strstr(error_message(), "layer first"));
    assert_non_null(strstr(error_message(), "layer second"));
    integer_model_free(model);
}

static void test_bytes(void **state)
{
    (void)state;
    IntegerModel *model = model_of_all_kinds(3);
    /* conv: 3*3*2*3 weights, 3 biases, 1 requantizer; table: 255 entries; affine: 3 weights, no
     * bias, 3 requantizers; mean: 1 requantizer; dense: 2*2*3*3 weights, 3 biases, 1. */
    const int64_t expected[] = {0, 54 + 12 + 3, 255, 0, 3 + 9, 3, -1};
    for (int i = 0; expected[i] >= 0; i++)
        assert_int_equal(op_bytes(&model->ops[i]), expected[i]);
    const Op *dense = &model->ops[model->count - 1];
    int64_t inputs = shape_elements(dense->input_shape);
    assert_int_equal(op_bytes(dense), inputs * 3 + 12 + 3);
    int64_t sum = 0;
    for (int i = 0; i < model->count; i++)
        sum += op_bytes(&model->ops[i]);
    assert_int_equal(integer_model_bytes(model), sum);
    model->ops[1].weight_bits = 5; /* 54 * 5 = 270 bits: 34 bytes */
    assert_int_equal(op_bytes(&model->ops[1]), 34 + 12 + 3);
    integer_model_free(model);
}

static void test_words(void **state)
{
    (void)state;
    OpKind kind;
    for (int i = 0; i < OP_KINDS; i++) {
        assert_true(op_kind_parse(op_word((OpKind)i), &kind));
        assert_int_equal(kind, i);
    }
    assert_false(op_kind_parse("lstm", &kind));
}

/* ---- every invariant, broken once ------------------------------------------------------------ */

typedef struct Fault {
    const char *words; /* in the message */
    void (*spoil)(IntegerModel *model);
} Fault;

enum { CONV = 1, TABLE, POOL, NORM, MEAN, DIGIT };

#define SPOIL(name, statement)                                                                     \
    static void name(IntegerModel *model)                                                          \
    {                                                                                              \
        Op *ops = model->ops;                                                                      \
        (void)ops;                                                                                 \
        statement;                                                                                 \
    }

SPOIL(empty_name, ops[CONV].name = "")
SPOIL(control_name, ops[CONV].name = "a\nb")
SPOIL(same_name, ops[CONV].name = "pool")
SPOIL(no_ops, model->count = 1)
SPOIL(classes, model->classes = 4)
SPOIL(hash, strcpy(model->source_sha256, "xyz"))
SPOIL(input_scale, model->input_scale = 0)
SPOIL(two_inputs, ops[CONV].kind = OP_INPUT)
SPOIL(input_count, ops[POOL].input_count = 2)
SPOIL(later_input, ops[POOL].inputs[0] = 5)
SPOIL(skipped_input, ops[POOL].inputs[0] = 0)
SPOIL(input_format, ops[NORM].input.scale *= 2)
SPOIL(input_shape, ops[NORM].input_shape.dim[2]++)
SPOIL(rank, ops[DIGIT].output_shape = shape_of(2, 1, 3))
SPOIL(zero_dimension, ops[CONV].output_shape.dim[0] = 0)
SPOIL(huge_shape, ops[0].input_shape = ops[0].output_shape = shape_of(3, 4096, 4096, 2))
SPOIL(bits_low, ops[CONV].output.bits = 1)
SPOIL(bits_high, ops[CONV].output.bits = 17)
SPOIL(format_high, ops[CONV].output.high = 128)
SPOIL(format_low, ops[CONV].output.low = -129)
SPOIL(unsigned_format, ops[CONV].output.is_signed = false)
SPOIL(zero_point, ops[CONV].output.zero_point = 128)
SPOIL(scale_nan, ops[CONV].output.scale = NAN)
SPOIL(scale_negative, ops[CONV].output.scale = -1)
SPOIL(clamp_low, ops[CONV].low = -128)
SPOIL(clamp_high, ops[CONV].high = 128)
SPOIL(clamp_turned, ops[CONV].low = ops[CONV].high + 1)
SPOIL(clip, ops[CONV].clip = -1)
SPOIL(stride, ops[CONV].window.stride_height = 0)
SPOIL(kernel, ops[CONV].window.kernel_width = 0)
SPOIL(pads, ops[CONV].window.pad_left = 2)
SPOIL(window_shape, ops[CONV].window.stride_width = 2)
SPOIL(dense_shape, ops[DIGIT].output_shape = shape_of(3, 1, 1, 3))
SPOIL(table_shape, ops[TABLE].output_shape.dim[0] = 1)
SPOIL(pool_format, ops[POOL].output.scale *= 2)
SPOIL(mean_padding, ops[MEAN].window.same = true; ops[MEAN].window.pad_bottom = 1;
      ops[MEAN].window.pad_right = 1; ops[MEAN].output_shape = ops[MEAN].input_shape)
SPOIL(weight_bits, ops[CONV].weight_bits = 17)
SPOIL(weight_clip, ops[CONV].weight_clip = INFINITY)
SPOIL(requantizer_count, ops[NORM].requantizer_count = 2)
SPOIL(requantizers_none, ops[NORM].requantizer_count = 0)
SPOIL(requantizers_extra, ops[POOL].requantizer_count = 1)
SPOIL(multiplier, *(Requantizer *)(uintptr_t)ops[CONV].requantizers = ((Requantizer){32768, 9}))
SPOIL(shift, *(Requantizer *)(uintptr_t)ops[CONV].requantizers = ((Requantizer){32767, 46}))
SPOIL(weight_scale, *(double *)(uintptr_t)ops[CONV].weight_scales = 0)
SPOIL(pe, ops[CONV].pe = -1)
SPOIL(calibration, ops[CONV].calibration = "")

static const Fault FAULTS[] = {
    {"must have 1 to 200 bytes", empty_name},
    {"control character", control_name},
    {"two operations are named pool", same_name},
    {"number of operations is 1", no_ops},
    {"number of classes is 4, expected 3", classes},
    {"64 hexadecimal digits", hash},
    {"input scale is 0", input_scale},
    {"layer conv: the input must be the first", two_inputs},
    {"layer pool: input count is 2", input_count},
    {"layer pool: input is 5", later_input},
    {"layer pool: input format differs from the output of image", skipped_input},
    {"layer norm: input format differs from the output of pool", input_format},
    {"layer norm: input shape is 3x3x4, but pool gives 3x3x3", input_shape},
    {"layer digit: output shape is 1x3, expected (n) or", rank},
    {"layer conv: output shape is 0x6x3", zero_dimension},
    {"layer image: input shape is 4096x4096x2", huge_shape},
    {"layer conv: output format: bits is 1", bits_low},
    {"layer conv: output format: bits is 17", bits_high},
    {"layer conv: output format: high is 128", format_high},
    {"layer conv: output format: low is -129", format_low},
    {"layer conv: output format: low is -127, expected 0 to 254", unsigned_format},
    {"layer conv: output format: zero point is 128, expected -127 to 127", zero_point},
    {"layer conv: output format: scale is", scale_nan},
    {"layer conv: output format: scale is -1", scale_negative},
    {"layer conv: low is -128", clamp_low},
    {"layer conv: high is 128", clamp_high},
    {"layer conv: low is 128", clamp_turned},
    {"layer conv: clip is -1", clip},
    {"layer conv: stride height is 0", stride},
    {"layer conv: kernel width is 0", kernel},
    {"layer conv: pads are 1 1 2 1, expected 1 1 1 1", pads},
    {"layer conv: pads are 1 1 1 1, expected", window_shape},
    {"layer digit: output shape is 1x1x3, expected 3", dense_shape},
    {"layer conv.tanh: output shape is 1x6x3, expected 6x6x3", table_shape},
    {"layer pool: a max_pool2d must keep the format", pool_format},
    {"layer mean: an average pool cannot have padding", mean_padding},
    {"layer conv: weight bits is 17", weight_bits},
    {"layer conv: weight clip is inf", weight_clip},
    {"layer norm: 2 requantizers, expected 1 or 3", requantizer_count},
    {"layer norm: requantizers is 0, expected 1", requantizers_none},
    {"layer pool: requantizers is 1, expected 0", requantizers_extra},
    {"layer conv: multiplier is 32768", multiplier},
    {"layer conv: shift is 46", shift},
    {"layer conv: weight scale is 0", weight_scale},
    {"layer conv: pe is -1", pe},
    {"layer conv: calibration must have", calibration},
};

static void test_structure_faults(void **state)
{
    (void)state;
    IntegerModel *model = model_of_all_kinds(3);
    assert_int_equal(integer_model_check_structure(model), OK);
    integer_model_free(model);
    for (size_t i = 0; i < sizeof FAULTS / sizeof *FAULTS; i++) {
        model = model_of_all_kinds(3);
        FAULTS[i].spoil(model);
        if (integer_model_check_structure(model) != ERR_REFUSED ||
            !strstr(error_message(), FAULTS[i].words))
            fail_msg("expected \"%s\", found \"%s\"", FAULTS[i].words, error_message());
        integer_model_free(model);
    }
}

static void test_value_faults(void **state)
{
    (void)state;
    IntegerModel *model = model_of_all_kinds(3);
    assert_int_equal(integer_model_check_values(model), OK);
    int32_t *weights = (int32_t *)(uintptr_t)model->ops[CONV].weights;
    weights[5] = -129;
    assert_int_equal(integer_model_check_values(model), ERR_REFUSED);
    assert_non_null(strstr(error_message(), "layer conv: weight 5 is -129, expected -128 to 127"));
    weights[5] = 127;
    int32_t *table = (int32_t *)(uintptr_t)model->ops[TABLE].table;
    table[254] = 128;
    assert_int_equal(integer_model_check_values(model), ERR_REFUSED);
    assert_non_null(strstr(error_message(), "layer conv.tanh: table entry 254 is 128"));
    integer_model_free(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_proof_at_the_limit_and_beyond),
        cmocka_unit_test(test_proof_is_tight),
        cmocka_unit_test(test_proof_of_other_kinds),
        cmocka_unit_test(test_proof_names_every_layer),
        cmocka_unit_test(test_bytes),
        cmocka_unit_test(test_words),
        cmocka_unit_test(test_structure_faults),
        cmocka_unit_test(test_value_faults),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
