/* Additions, concatenations, padding and upsampling on integers: every level against one value at a
 * time, and the laws that the formats promise. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "quant/integer_op.h"
#include "quant/join.h"
#include "tests/unit/quant/models.h"

enum { CASES = 150 };

/* An operation with the operations that it reads: `ops[count - 1]` and those before it. */
typedef struct Joint {
    Arena *arena;
    IntegerModel model;
    Op ops[OP_MAX_INPUTS + 1];
    const int32_t *values[OP_MAX_INPUTS]; /* of each input */
} Joint;

static QuantParam random_format(Rng *rng)
{
    int bits = random_integer(rng, FIXED_MIN_BITS, FIXED_MAX_BITS);
    double reach = 0.2 + 3 * rng_uniform(rng);
    if (rng_below(rng, 3) == 0)
        return fixed_affine(-reach * rng_uniform(rng), reach, bits);
    if (rng_below(rng, 2) && bits <= FIXED_MAX_UNSIGNED_BITS)
        return fixed_unsigned(reach, bits);
    return fixed_symmetric(reach, bits);
}

static void random_values(Joint *joint, Rng *rng, int k)
{
    const Op *op = &joint->ops[k];
    int64_t count = shape_elements(op->output_shape);
    int32_t *values = ARENA_ARRAY(joint->arena, int32_t, count);
    for (int64_t i = 0; i < count; i++) {
        const int32_t ends[] = {op->output.low, op->output.high, op->output.zero_point};
        values[i] = rng_below(rng, 3) ? random_integer(rng, op->output.low, op->output.high)
                                      : ends[rng_below(rng, 3)];
    }
    joint->values[k] = values;
}

/* `inputs` operations of one shape but for their channels, read by one of `kind`. */
static Op *joint_open(Joint *joint, Rng *rng, OpKind kind, int inputs)
{
    *joint = (Joint){.arena = arena_new()};
    joint->model = (IntegerModel){.arena = joint->arena, .ops = joint->ops, .count = inputs + 1};
    Shape shape = shape_of(3, random_integer(rng, 1, 5), random_integer(rng, 1, 5),
                           random_integer(rng, 1, 20));
    Op *op = &joint->ops[inputs];
    *op = (Op){.kind = kind, .name = op_word(kind), .input_count = inputs};
    for (int k = 0; k < inputs; k++) {
        joint->ops[k] = (Op){.kind = OP_INPUT, .output = random_format(rng), .output_shape = shape};
        if (kind == OP_CONCAT)
            joint->ops[k].output_shape.dim[2] = random_integer(rng, 1, 20);
        op->inputs[k] = k;
        random_values(joint, rng, k);
    }
    op->input = joint->ops[0].output;
    op->input_shape = op->output_shape = joint->ops[0].output_shape;
    op->output = op_traits(kind)->keeps_format ? op->input : random_format(rng);
    op->low = rng_below(rng, 2) ? op->output.low : op->output.zero_point;
    op->high = op->output.high;
    return op;
}

/* Every level's result; the caller compares. */
static void run_levels(Joint *joint, const int32_t *want)
{
    Op *op = &joint->ops[joint->model.count - 1];
    int64_t count = shape_elements(op->output_shape);
    int32_t *got = ARENA_ARRAY(joint->arena, int32_t, count);
    const IntegerKernels *kernels;
    for (int level = 0; (kernels = integer_kernels_at(level)); level++) {
        IntegerOpSetup setup = {.kernels = kernels, .max_batch = 1};
        setup.bound = op_accumulator_bound(&joint->model, joint->model.count - 1);
        const void *inputs[OP_MAX_INPUTS];
        for (int k = 0; k < op->input_count; k++) {
            int64_t values = shape_elements(joint->ops[k].output_shape);
            void *stored = arena_alloc(joint->arena, (size_t)integer_storage_bytes(values));
            integer_storage_narrow(integer_storage(&joint->ops[k], kernels), joint->values[k], 0,
                                   values, stored);
            setup.sources[k] = &joint->ops[k];
            inputs[k] = stored;
        }
        void *to = arena_alloc(joint->arena, (size_t)integer_storage_bytes(count));
        integer_op_run(integer_op_new(joint->arena, op, &setup), inputs, 1, to);
        integer_storage_widen(integer_storage(op, kernels), to, 0, count, got);
        for (int64_t i = 0; i < count; i++)
            if (got[i] != want[i])
                fail_msg("%s, %s: value %lld is %d, expected %d", kernels->name, op->name,
                         (long long)i, got[i], want[i]);
    }
}

/* ---- additions -------------------------------------------------------------------------------- */

static void set_add(Joint *joint)
{
    int index = joint->model.count - 1;
    Op *op = &joint->ops[index];
    JoinNumbers *numbers = ARENA_NEW(joint->arena, JoinNumbers);
    Requantizer *requantizer = ARENA_NEW(joint->arena, Requantizer);
    *numbers = join_add_numbers(&joint->model, index);
    op->weights = numbers->weights;
    op->bias = &numbers->bias;
    op->weight_bits = numbers->weight_bits;
    assert_true(
        fixed_requantizer(join_ratio(&joint->model, index, 0, numbers->weight_scale), requantizer));
    op->requantizers = requantizer;
    op->requantizer_count = 1;
    assert_true(op_accumulator_bound(&joint->model, index) < (int64_t)1
                                                                 << (FIXED_ACCUMULATOR_BITS - 1));
}

/* What an addition gives lies within a half step of the real sum, and what weights of that width and
 * M of 15 bits leave. */
static void test_addition(void **state)
{
    (void)state;
    Rng rng = rng_seed(1);
    for (int i = 0; i < CASES; i++) {
        Joint joint;
        const Op *op = joint_open(&joint, &rng, OP_ADD, random_integer(&rng, 2, OP_MAX_INPUTS));
        set_add(&joint);
        int64_t count = shape_elements(op->output_shape);
        int32_t *want = ARENA_ARRAY(joint.arena, int32_t, count);
        for (int64_t v = 0; v < count; v++) {
            int64_t sum = op->bias[0];
            double real = 0, reach = 0;
            for (int k = 0; k < op->input_count; k++) {
                double term = fixed_dequantize(joint.values[k][v], joint.ops[k].output);
                sum += (int64_t)op->weights[k] * joint.values[k][v];
                real += term;
                reach += fabs(term);
            }
            want[v] = fixed_requantize(sum, op->requantizers[0], op->output.zero_point, op->low,
                                       op->high);
            double low = fixed_dequantize(op->low, op->output);
            double high = fixed_dequantize(op->high, op->output);
            real = fmin(fmax(real, low), high);
            double bound = 0.5 * op->output.scale + reach * exp2(-15);
            for (int k = 0; k < op->input_count; k++) /* a half step of the weights */
                bound += fabs((double)joint.values[k][v] - joint.ops[k].output.zero_point) *
                         op->input.scale *
                         join_add_numbers(&joint.model, op->input_count).weight_scale;
            double error = fabs(fixed_dequantize(want[v], op->output) - real);
            if (error > bound * (1 + 1e-9))
                fail_msg("case %d: %g off, at most %g", i, error, bound);
        }
        run_levels(&joint, want);
        arena_free(joint.arena);
    }
}

/* Inputs of one scale weigh the same; to 8 bits an addition is the nearest integer but for ties. */
static void test_addition_of_equal_scales(void **state)
{
    (void)state;
    Rng rng = rng_seed(2);
    Joint joint;
    Op *op = joint_open(&joint, &rng, OP_ADD, 2);
    joint.ops[0].output = joint.ops[1].output = op->input = fixed_symmetric(1, 8);
    op->output = fixed_symmetric(2, 8);
    set_add(&joint);
    assert_int_equal(op->weights[0], op->weights[1]);
    assert_int_equal(op->weights[0], 32767);
    for (int32_t a = -127; a <= 127; a++)
        for (int32_t b = -127; b <= 127; b++) {
            int32_t q = fixed_requantize((int64_t)op->weights[0] * (a + b), op->requantizers[0], 0,
                                         -127, 127);
            assert_true(fabs(q - (a + b) / 2.0) <= 0.502);
        }
    arena_free(joint.arena);
}

/* ---- concatenations ---------------------------------------------------------------------------- */

static void set_concat(Joint *joint)
{
    int index = joint->model.count - 1;
    Op *op = &joint->ops[index];
    Requantizer *requantizers = ARENA_ARRAY(joint->arena, Requantizer, op->input_count);
    op->output_shape.dim[2] = 0;
    for (int k = 0; k < op->input_count; k++) {
        if (!fixed_requantizer(join_ratio(&joint->model, index, k, 0), &requantizers[k]))
            requantizers[k] = (Requantizer){FIXED_MULTIPLIER_MAX, FIXED_SHIFT_MIN};
        op->output_shape.dim[2] += op_channels(&joint->ops[k]);
    }
    op->requantizers = requantizers;
    op->requantizer_count = op->input_count;
}

static int32_t *expected_concat(const Joint *joint)
{
    const Op *op = &joint->ops[joint->model.count - 1];
    int32_t *want = ARENA_ARRAY(joint->arena, int32_t, shape_elements(op->output_shape)),
            *at = want;
    for (int64_t p = 0; p < shape_elements(op->output_shape) / op_channels(op); p++)
        for (int k = 0; k < op->input_count; k++)
            for (int64_t c = 0; c < op_channels(&joint->ops[k]); c++) {
                int32_t q = joint->values[k][p * op_channels(&joint->ops[k]) + c];
                *at++ = fixed_requantize(q - joint->ops[k].output.zero_point, op->requantizers[k],
                                         op->output.zero_point, op->low, op->high);
            }
    return want;
}

static void test_concatenation(void **state)
{
    (void)state;
    Rng rng = rng_seed(3);
    for (int i = 0; i < CASES; i++) {
        Joint joint;
        joint_open(&joint, &rng, OP_CONCAT, random_integer(&rng, 2, OP_MAX_INPUTS));
        set_concat(&joint);
        run_levels(&joint, expected_concat(&joint));
        arena_free(joint.arena);
    }
}

/* Equal formats: M / 2^s is 1, and every value stays. */
static void test_concatenation_of_equal_scales(void **state)
{
    (void)state;
    Rng rng = rng_seed(4);
    for (int i = 0; i < CASES; i++) {
        Joint joint;
        Op *op = joint_open(&joint, &rng, OP_CONCAT, 3);
        for (int k = 0; k < 3; k++) {
            joint.ops[k].output = op->input;
            random_values(&joint, &rng, k);
        }
        op->output = op->input;
        op->low = op->output.low;
        op->high = op->output.high;
        set_concat(&joint);
        const int32_t *want = expected_concat(&joint);
        for (int k = 0; k < 3; k++) {
            assert_int_equal(op->requantizers[k].multiplier, 1 << 14);
            assert_int_equal(op->requantizers[k].shift, 14);
        }
        int64_t first = op_channels(&joint.ops[0]);
        for (int64_t c = 0; c < first; c++)
            assert_int_equal(want[c], joint.values[0][c]);
        for (int64_t c = 0; c < op_channels(&joint.ops[1]); c++)
            assert_int_equal(want[first + c], joint.values[1][c]);
        run_levels(&joint, want);
        arena_free(joint.arena);
    }
}

/* ---- values that are moved --------------------------------------------------------------------- */

static int32_t padded_value(const Joint *joint, int64_t y, int64_t x, int64_t c)
{
    const Op *op = &joint->ops[1];
    const int64_t *in = op->input_shape.dim;
    y -= op->window.pad_top;
    x -= op->window.pad_left;
    bool inside = y >= 0 && x >= 0 && y < in[0] && x < in[1];
    return inside ? joint->values[0][(y * in[1] + x) * in[2] + c] : op->output.zero_point;
}

static int32_t enlarged_value(const Joint *joint, int64_t y, int64_t x, int64_t c)
{
    const Op *op = &joint->ops[1];
    const int64_t *in = op->input_shape.dim;
    return joint->values[0][(y / op->factor_height * in[1] + x / op->factor_width) * in[2] + c];
}

static void compare_moves(Joint *joint,
                          int32_t (*value)(const Joint *joint, int64_t y, int64_t x, int64_t c))
{
    const Op *op = &joint->ops[1];
    const int64_t *out = op->output_shape.dim;
    int32_t *want = ARENA_ARRAY(joint->arena, int32_t, shape_elements(op->output_shape));
    for (int64_t i = 0; i < shape_elements(op->output_shape); i++)
        want[i] = value(joint, i / out[2] / out[1], i / out[2] % out[1], i % out[2]);
    run_levels(joint, want);
    arena_free(joint->arena);
}

static void test_padding(void **state)
{
    (void)state;
    Rng rng = rng_seed(5);
    for (int i = 0; i < CASES; i++) {
        Joint joint;
        Op *op = joint_open(&joint, &rng, OP_ZERO_PAD2D, 1);
        op->low = op->output.low;
        op->window = (Window){1,
                              1,
                              1,
                              1,
                              false,
                              random_integer(&rng, 0, 3),
                              random_integer(&rng, 0, 3),
                              random_integer(&rng, 0, 3),
                              random_integer(&rng, 0, 3)};
        op->output_shape.dim[0] += op->window.pad_top + op->window.pad_bottom;
        op->output_shape.dim[1] += op->window.pad_left + op->window.pad_right;
        compare_moves(&joint, padded_value);
    }
}

static void test_upsampling(void **state)
{
    (void)state;
    Rng rng = rng_seed(6);
    for (int i = 0; i < CASES; i++) {
        Joint joint;
        Op *op = joint_open(&joint, &rng, OP_UPSAMPLE2D, 1);
        op->low = op->output.low;
        op->factor_height = random_integer(&rng, 1, 3);
        op->factor_width = random_integer(&rng, 1, 3);
        op->output_shape.dim[0] *= op->factor_height;
        op->output_shape.dim[1] *= op->factor_width;
        compare_moves(&joint, enlarged_value);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_addition),      cmocka_unit_test(test_addition_of_equal_scales),
        cmocka_unit_test(test_concatenation), cmocka_unit_test(test_concatenation_of_equal_scales),
        cmocka_unit_test(test_padding),       cmocka_unit_test(test_upsampling),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
