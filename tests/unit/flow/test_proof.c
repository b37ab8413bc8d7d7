/* Random small networks through GHDL: hardware and golden model agree on every value, the cycle
 * model is right to the clock, and damaged hardware is caught with the right layer named. */
#include "proof_bed.h"

#include "flow/differences.h"
#include "tests/unit/hw/nets.h"

typedef IntegerModel *MakeModel(void);

typedef struct Case {
    const char *what;
    MakeModel *make;
} Case;

static IntegerModel *conv_alone(void)
{
    Tiny tiny = tiny_new("conv alone", shape_of(3, 6, 5, 2), 1);
    tiny_conv2d(&tiny, "conv", 3, tiny_window(3, 3, 1, 1));
    return tiny_finish(&tiny);
}

static IntegerModel *conv_one_by_one(void)
{
    Tiny tiny = tiny_new("one_by_one", shape_of(3, 4, 4, 3), 2);
    tiny_relu(tiny_conv2d(&tiny, "pointwise", 2, tiny_window(1, 1, 1, 1)));
    return tiny_finish(&tiny);
}

static IntegerModel *conv_strides_leave_rest(void)
{
    Tiny tiny = tiny_new("strided", shape_of(3, 9, 8, 1), 3);
    tiny_conv2d(&tiny, "conv", 2, tiny_window(2, 3, 3, 2));
    tiny_dense(&tiny, "dense", 4);
    return tiny_finish(&tiny);
}

static IntegerModel *conv_same_padding(void)
{
    Tiny tiny = tiny_new("same", shape_of(3, 5, 6, 2), 4);
    tiny_relu(tiny_conv2d(&tiny, "conv_a", 3, tiny_padded(tiny_window(3, 3, 1, 1), 1, 1, 1, 1)));
    tiny_conv2d(&tiny, "conv_b", 2, tiny_padded(tiny_window(3, 2, 2, 2), 0, 1, 0, 0));
    tiny_dense(&tiny, "dense", 3);
    return tiny_finish(&tiny);
}

static IntegerModel *reference_shape(void)
{
    Tiny tiny = tiny_new("reference", shape_of(3, 10, 10, 1), 5);
    tiny_relu(tiny_conv2d(&tiny, "conv2d", 4, tiny_window(3, 3, 1, 1)));
    tiny_relu(tiny_conv2d(&tiny, "conv2d_1", 4, tiny_window(3, 3, 1, 1)));
    tiny_pool(&tiny, OP_MAX_POOL2D, "max_pooling2d", tiny_window(2, 2, 2, 2));
    tiny_dense(&tiny, "dense", 10);
    return tiny_finish(&tiny);
}

static IntegerModel *folded(void)
{
    Tiny tiny = tiny_new("folded", shape_of(3, 8, 7, 2), 6);
    tiny_fold(tiny_conv2d(&tiny, "conv_a", 6, tiny_window(3, 3, 1, 1)), 2, 6);
    tiny_fold(tiny_conv2d(&tiny, "conv_b", 4, tiny_padded(tiny_window(3, 3, 1, 1), 1, 1, 1, 1)), 4,
              9);
    tiny_pool(&tiny, OP_MAX_POOL2D, "pool", tiny_window(2, 2, 2, 2));
    tiny_fold(tiny_dense(&tiny, "dense_a", 6), 3, 2);
    tiny_fold(tiny_dense(&tiny, "dense_b", 5), 1, 3);
    return tiny_finish(&tiny);
}

static IntegerModel *folded_hard(void)
{
    Tiny tiny = tiny_new("serial", shape_of(3, 5, 5, 1), 7);
    tiny_fold(tiny_conv2d(&tiny, "conv", 3, tiny_window(3, 3, 2, 2)), 1, 1);
    tiny_fold(tiny_dense(&tiny, "dense", 4), 1, 1);
    return tiny_finish(&tiny);
}

static IntegerModel *vector_network(void)
{
    Tiny tiny = tiny_new("perceptron", shape_of(1, 12), 8);
    tiny_relu(tiny_dense(&tiny, "hidden", 5));
    tiny_table(&tiny, "hidden.tanh");
    tiny_fold(tiny_dense(&tiny, "scores", 3), 3, 1);
    return tiny_finish(&tiny);
}

static IntegerModel *affine_and_pools(void)
{
    Tiny tiny = tiny_new("pools", shape_of(3, 8, 8, 3), 9);
    tiny_affine(&tiny, "batch_norm");
    tiny_pool(&tiny, OP_MAX_POOL2D, "max", tiny_padded(tiny_window(3, 3, 2, 2), 0, 1, 0, 1));
    tiny_table(&tiny, "sigmoid");
    tiny_pool(&tiny, OP_AVERAGE_POOL2D, "average", tiny_window(2, 2, 2, 2));
    tiny_dense(&tiny, "dense", 2);
    return tiny_finish(&tiny);
}

static IntegerModel *affine_on_a_vector(void)
{
    Tiny tiny = tiny_new("scaler", shape_of(1, 6), 10);
    tiny_affine(&tiny, "normalize");
    tiny_dense(&tiny, "dense", 1);
    return tiny_finish(&tiny);
}

static IntegerModel *awkward_names(void)
{
    Tiny tiny = tiny_new("1st Net: signal", shape_of(3, 4, 4, 1), 11);
    tiny_conv2d(&tiny, "signal", 2, tiny_window(2, 2, 1, 1));
    tiny_conv2d(&tiny, "Signal", 2, tiny_window(2, 2, 1, 1));
    tiny_conv2d(&tiny, "in", 2, tiny_window(1, 1, 1, 1));
    tiny_conv2d(&tiny, "signal_layer_valid", 2, tiny_window(1, 1, 1, 1));
    tiny_dense(&tiny, "best\nlayer \"x\"", 2);
    return tiny_finish(&tiny);
}

/* ---- other formats: no sign, a zero point, all 2^b integers ------------------------------------
 */

/* Makes the output of `op` unsigned or gives it a zero point, and so the input of what follows. */
static Op *with_format(Op *op, QuantParam format)
{
    op->output = format;
    op->low = format.low;
    op->high = format.high;
    return op;
}

static void input_format(Tiny *tiny, QuantParam format)
{
    Op *image = with_format(&tiny->model->ops[0], format);
    image->input = format;
}

static IntegerModel *unsigned_formats(void)
{
    Tiny tiny = tiny_new("without_sign", shape_of(3, 8, 7, 2), 31);
    input_format(&tiny, fixed_unsigned(1, 8));
    with_format(tiny_conv2d(&tiny, "conv_a", 3, tiny_padded(tiny_window(3, 3, 1, 1), 1, 1, 1, 1)),
                fixed_unsigned(2, 8));
    tiny_pool(&tiny, OP_AVERAGE_POOL2D, "average", tiny_window(2, 2, 2, 2));
    with_format(tiny_fold(tiny_conv2d(&tiny, "conv_b", 4, tiny_window(2, 2, 1, 1)), 2, 3),
                fixed_unsigned(2, 15));
    tiny_pool(&tiny, OP_MAX_POOL2D, "max", tiny_padded(tiny_window(2, 2, 2, 2), 0, 1, 0, 0));
    tiny_dense(&tiny, "dense", 3);
    return tiny_finish(&tiny);
}

/* Images and results that fill more than a byte. */
static IntegerModel *wide_formats(void)
{
    Tiny tiny = tiny_new("wide", shape_of(3, 5, 5, 2), 34);
    input_format(&tiny, fixed_unsigned(1, 11));
    with_format(tiny_conv2d(&tiny, "conv", 3, tiny_window(3, 3, 1, 1)), fixed_symmetric(2, 12));
    return tiny_finish(&tiny);
}

/* Every kind of operation reads and writes zero points; padding is one. */
static IntegerModel *affine_formats(void)
{
    Tiny tiny = tiny_new("zero_points", shape_of(3, 8, 8, 2), 32);
    input_format(&tiny, fixed_affine(-0.2, 1, 8));
    tiny_relu(with_format(
        tiny_conv2d(&tiny, "conv_a", 3, tiny_padded(tiny_window(3, 3, 1, 1), 1, 1, 1, 1)),
        fixed_affine(-1, 3, 8)));
    with_format(tiny_affine(&tiny, "batch_norm"), fixed_affine(-3, 1, 8));
    with_format(tiny_pool(&tiny, OP_AVERAGE_POOL2D, "average", tiny_window(2, 2, 2, 2)),
                fixed_affine(-2, 2.5, 8));
    with_format(tiny_table(&tiny, "tanh"), fixed_affine(-0.5, 1, 8));
    with_format(tiny_conv2d(&tiny, "conv_b", 2, tiny_padded(tiny_window(3, 3, 2, 2), 1, 1, 1, 1)),
                fixed_affine(-4, 1, 16));
    tiny_pool(&tiny, OP_MAX_POOL2D, "max", tiny_window(2, 2, 1, 1));
    tiny_fold(with_format(tiny_dense(&tiny, "dense", 3), fixed_affine(-1, 5, 8)), 3, 1);
    return tiny_finish(&tiny);
}

static IntegerModel *full_formats(void)
{
    Tiny tiny = tiny_new("full_range", shape_of(3, 6, 6, 1), 33);
    input_format(&tiny, fixed_symmetric_full(1, 8));
    Op *conv = with_format(tiny_conv2d(&tiny, "conv", 3, tiny_window(3, 3, 1, 1)),
                           fixed_symmetric_full(2, 8));
    for (int i = 0; i < 27; i += 5)
        ((int32_t *)(uintptr_t)conv->weights)[i] = -128;
    with_format(tiny_dense(&tiny, "dense", 3), fixed_symmetric_full(4, 12));
    return tiny_finish(&tiny);
}

/* ---- floating-point layers ---------------------------------------------------------------------
 */

static IntegerModel *float_first(void)
{
    Tiny tiny = tiny_new("float_first", shape_of(3, 7, 6, 2), 21);
    tiny_to_float(&tiny, "conv_a.to_float");
    tiny_relu(tiny_float_conv2d(&tiny, "conv_a", 3, tiny_window(3, 3, 1, 1)));
    tiny_to_integer(&tiny, "conv_a.to_integer");
    tiny_conv2d(&tiny, "conv_b", 2, tiny_window(2, 2, 1, 1));
    tiny_dense(&tiny, "dense", 4);
    return tiny_finish(&tiny);
}

static IntegerModel *float_middle(void)
{
    Tiny tiny = tiny_new("float_middle", shape_of(3, 8, 8, 1), 22);
    tiny_relu(tiny_conv2d(&tiny, "conv_a", 2, tiny_window(3, 3, 1, 1)));
    tiny_to_float(&tiny, "conv_b.to_float");
    tiny_fold(
        tiny_float_conv2d(&tiny, "conv_b", 4, tiny_padded(tiny_window(3, 3, 2, 2), 0, 1, 0, 1)), 2,
        1);
    tiny_to_integer(&tiny, "conv_b.to_integer");
    tiny_table(&tiny, "conv_b.tanh");
    tiny_fold(tiny_dense(&tiny, "dense", 3), 3, 2);
    return tiny_finish(&tiny);
}

static IntegerModel *float_last(void)
{
    Tiny tiny = tiny_new("float_last", shape_of(3, 6, 6, 1), 23);
    tiny_conv2d(&tiny, "conv", 3, tiny_window(3, 3, 1, 1));
    tiny_pool(&tiny, OP_MAX_POOL2D, "pool", tiny_window(2, 2, 2, 2));
    tiny_to_float(&tiny, "dense.to_float");
    tiny_fold(tiny_float_dense(&tiny, "dense", 6), 3, 1);
    tiny_wide(tiny_to_integer(&tiny, "dense.to_integer"));
    return tiny_finish(&tiny);
}

static IntegerModel *all_float(void)
{
    Tiny tiny = tiny_new("all_float", shape_of(3, 10, 10, 1), 24);
    tiny_to_float(&tiny, "conv_a.to_float");
    tiny_relu(
        tiny_float_conv2d(&tiny, "conv_a", 3, tiny_padded(tiny_window(3, 3, 1, 1), 1, 1, 1, 1)));
    tiny_float_pool(&tiny, OP_FLOAT_MAX_POOL2D, "max",
                    tiny_padded(tiny_window(3, 3, 2, 2), 0, 1, 0, 1));
    tiny_fold(tiny_float_conv2d(&tiny, "conv_b", 4, tiny_window(2, 2, 1, 1)), 1, 0);
    tiny_relu(tiny_float_pool(&tiny, OP_FLOAT_AVERAGE_POOL2D, "mean", tiny_window(2, 2, 2, 2)));
    tiny_relu(tiny_float_dense(&tiny, "dense_a", 6));
    tiny_fold(tiny_float_dense(&tiny, "dense_b", 4), 2, 1);
    tiny_wide(tiny_to_integer(&tiny, "dense_b.to_integer"));
    return tiny_finish(&tiny);
}

static IntegerModel *float_twice_on_a_vector(void)
{
    Tiny tiny = tiny_new("perceptron", shape_of(1, 9), 25);
    tiny_to_float(&tiny, "hidden.to_float");
    tiny_relu(tiny_float_dense(&tiny, "hidden", 5));
    tiny_to_integer(&tiny, "hidden.to_integer");
    tiny_dense(&tiny, "middle", 4);
    tiny_to_float(&tiny, "scores.to_float");
    tiny_float_dense(&tiny, "scores", 3);
    tiny_wide(tiny_to_integer(&tiny, "scores.to_integer"));
    return tiny_finish(&tiny);
}

/* The middle layer reads and writes integers whose zero is elsewhere. */
static IntegerModel *float_between_zero_points(void)
{
    const QuantParam wide = {
        .scale = 0.01, .zero_point = -90, .low = -128, .high = 127, .bits = 8, .is_signed = true};
    const QuantParam narrow = {
        .scale = 0.2, .zero_point = 3, .low = -8, .high = 7, .bits = 4, .is_signed = true};
    Tiny tiny = tiny_new("zero_points", shape_of(3, 5, 5, 2), 26);
    Op *conv = tiny_conv2d(&tiny, "conv_a", 3, tiny_window(2, 2, 1, 1));
    conv->output = wide;
    conv->low = conv->output.low;
    conv->high = conv->output.high;
    tiny_to_float(&tiny, "conv_b.to_float");
    tiny_float_conv2d(&tiny, "conv_b", 2, tiny_padded(tiny_window(2, 2, 1, 1), 0, 1, 0, 1));
    Op *bridge = tiny_to_integer(&tiny, "conv_b.to_integer");
    bridge->output = narrow;
    bridge->low = bridge->output.zero_point - 6; /* a clamp of its own */
    bridge->high = bridge->output.high;
    tiny_dense(&tiny, "dense", 4);
    return tiny_finish(&tiny);
}

static const Case cases[] = {
    {"one convolution", conv_alone},
    {"a 1x1 convolution", conv_one_by_one},
    {"strides that leave a rest", conv_strides_leave_rest},
    {"same padding", conv_same_padding},
    {"the reference network, small", reference_shape},
    {"folding", folded},
    {"one multiplier per layer", folded_hard},
    {"vectors and a table", vector_network},
    {"affine, pools and a table", affine_and_pools},
    {"affine on a vector", affine_on_a_vector},
    {"awkward names", awkward_names},
    {"formats without a sign", unsigned_formats},
    {"fields of two bytes", wide_formats},
    {"zero points everywhere", affine_formats},
    {"all 2^b integers", full_formats},
    {"floating point first", float_first},
    {"floating point in the middle, folded, a table behind", float_middle},
    {"floating point last", float_last},
    {"floating point throughout", all_float},
    {"floating point between zero points", float_between_zero_points},
    {"floating point twice", float_twice_on_a_vector},
    {"a branch around a convolution", net_around_a_convolution},
    {"a branch around two, folded", net_around_folded_ones},
    {"the input is added to what is made of it", net_with_a_forked_input},
    {"branches of different lengths side by side", net_side_by_side},
    {"a pool in bursts before a slow layer", net_in_bursts},
    {"down and up again", net_down_and_up},
    {"concatenation behind a border", net_beside},
    {"vectors side by side", net_of_vectors},
    {"a floating-point branch", net_with_a_float_branch},
    {"depthwise and pointwise", net_separable},
    {"a residual network", net_residual},
};

static void expect_exact(const char *what, const ProofSetup *setup, const ProofResult *result)
{
    if (!result->bit_exact)
        fail_msg("%s: layer %s, image %lld, element %lld: got %d, expected %d; %s", what,
                 result->first.layer, (long long)result->first.image,
                 (long long)result->first.element, result->first.got, result->first.expected,
                 result->fault ? result->fault : "");
    const StreamLayout *output = &setup->plan->output;
    assert_int_equal(result->images, setup->images);
    assert_int_equal(result->values_compared, setup->images * output->beats * output->lanes);
    assert_int_equal(result->mismatches, 0);
    assert_int_equal(result->labelled, setup->images);
    assert_true(result->label_agreement == 1);
    for (int i = 0; setup->stall_seed == 0 && i < setup->plan->buffer_count; i++)
        if (setup->plan->buffers[i].depth > BUFFER_REGISTER_DEPTH &&
            result->peaks[i] != result->planned_peaks[i])
            fail_msg("%s: the buffer behind %s held %lld beats, predicted %lld", what,
                     plan_stage_name(setup->plan, setup->plan->buffers[i].from),
                     (long long)result->peaks[i], (long long)result->planned_peaks[i]);
    assert_true(result->peaks_exact || setup->stall_seed);
    if (setup->stall_seed == 0 && !result->timing_exact)
        fail_msg(
            "%s: latency %lld, predicted %lld; interval %lld (%lld to %lld), predicted %lld "
            "(%lld to %lld)",
            what, (long long)result->latency_cycles, (long long)result->predicted.latency_cycles,
            (long long)result->interval_cycles, (long long)result->interval_min,
            (long long)result->interval_max, (long long)result->predicted.interval_cycles,
            (long long)result->predicted.interval_min, (long long)result->predicted.interval_max);
}

static void prove(const Case *one, int stall_seed, bool one_backend)
{
    Bed bed;
    bed_open(&bed, one->make(), 12);
    bed.setup.stall_seed = stall_seed;
    bed.setup.one_backend = one_backend;
    ProofResult result;
    if (proof_run(&bed.setup, bed.arena, &result) != OK)
        fail_msg("%s: %s", one->what, error_message());
    expect_exact(one->what, &bed.setup, &result);
    bed_close(&bed);
}

static void every_network_is_bit_exact_and_on_the_clock(void **state)
{
    (void)state;
    need_ghdl();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        prove(&cases[i], 0, i % 3 != 0);
}

static void waiting_changes_no_value(void **state)
{
    (void)state;
    need_ghdl();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        prove(&cases[i], 17 + (int)i, true);
}

/* ---- the proof can fail ---------------------------------------------------------------------- */

/* Replaces `old` in a file of the design; `after` is a text that must come before it. */
static void damage(Bed *bed, const char *file, const char *after, const char *old,
                   const char *fresh)
{
    const char *path = fs_join(bed->arena, fs_join(bed->arena, bed->folder, "hdl"), file);
    Buffer text = {0};
    assert_int_equal(fs_read_file(path, 1 << 24, &text), OK);
    char *at = strstr(text.data, after);
    at = at ? strstr(at, old) : NULL;
    if (!at)
        fail_msg("%s: \"%s\" is not there", file, old);
    Buffer changed = {0};
    buffer_append(&changed, text.data, (size_t)(at - text.data));
    buffer_append_text(&changed, fresh);
    buffer_append_text(&changed, at + strlen(old));
    assert_int_equal(fs_write_atomic(path, changed.data, changed.length), OK);
    buffer_free(&text);
    buffer_free(&changed);
}

typedef struct Damage {
    const char *file, *after, *old, *fresh;
} Damage;

static ProofResult prove_damaged(Bed *bed, const Damage *done)
{
    ProofWork work;
    ProofResult result;
    assert_int_equal(proof_write(&bed->setup, bed->arena, &work), OK);
    damage(bed, done->file, done->after, done->old, done->fresh);
    if (proof_judge(&bed->setup, bed->arena, &work, &result) != OK)
        fail_msg("%s", error_message());
    assert_false(result.bit_exact);
    assert_true(result.first.found);
    return result;
}

/* All differences of the tapped images are kept, the first of them as the proof has it. */
static void expect_kept(const Bed *bed, const Difference *first)
{
    Differences *found = NULL;
    ValueDifference *values;
    int at = 0;
    if (differences_open(bed->folder, &found) != OK)
        fail_msg("%s", error_message());
    while (at < found->layer_count && found->layers[at].first < 0)
        at++;
    assert_true(at < found->layer_count);
    const LayerDifferences *layer = &found->layers[at];
    assert_string_equal(layer->layer, first->layer);
    assert_int_equal(layer->image, first->image);
    assert_int_equal(layer->first, first->element);
    int64_t channel = first->element % layer->channels;
    values = ARENA_ARRAY(bed->arena, ValueDifference, layer->per_channel[channel]);
    assert_int_equal(differences_read(found, at, channel, values), OK);
    assert_int_equal(values[0].got, first->got);
    assert_int_equal(values[0].expected, first->expected);
    differences_free(found);
}

/* Flips the lowest bit of the second weight of the second convolution. */
static void a_flipped_weight_bit_names_its_layer(void **state)
{
    (void)state;
    need_ghdl();
    for (int one_backend = 0; one_backend < 2; one_backend++) {
        Bed bed;
        bed_open(&bed, reference_shape(), 12);
        bed.setup.one_backend = one_backend;
        bed.setup.wave = arena_printf(bed.arena, "%s/difference.ghw", bed.setup.folder);
        const Stage *stage = &bed.plan->stages[1];
        int32_t weight = stage->op->weights[4]; /* filter 0, window element 1: channels are 4 */
        int32_t before = stage->op->weights[0];
        char old[32], fresh[32];
        snprintf(old, sizeof old, "%d, %d,", before, weight);
        snprintf(fresh, sizeof fresh, "%d, %d,", before, weight ^ 1);
        ProofResult result = prove_damaged(
            &bed, &(Damage){"reference_constants.vhd", "CONV2D_1_WEIGHTS", old, fresh});
        assert_string_equal(result.first.layer, "conv2d_1");
        assert_false(result.first.missing);
        assert_true(abs(result.first.got - result.first.expected) < 8);
        assert_int_equal(result.first.element % 4, 0); /* filter 0 */
        assert_true(fs_exists(bed.setup.wave));
        assert_true(result.taps_first <= result.first.image &&
                    result.first.image < result.taps_first + result.taps_count);
        expect_kept(&bed, &result.first);
        bed_close(&bed);
    }
}

/* A bit in the middle of a weight's fraction, in a floating-point layer behind another one. */
static void a_flipped_float_bit_names_its_layer(void **state)
{
    (void)state;
    need_ghdl();
    Bed bed;
    bed_open(&bed, all_float(), 8);
    const Op *op = bed.plan->stages[3].op;
    assert_string_equal(op->name, "conv_b");
    int32_t weight = op->weights[1]; /* of filter 1, which comes behind all of filter 0 */
    char old[32], fresh[32];
    snprintf(old, sizeof old, "\n        %d,", weight);
    snprintf(fresh, sizeof fresh, "\n        %d,", weight ^ 0x00001000);
    assert_true(weight != 0 && weight != INT32_MIN);
    ProofResult result =
        prove_damaged(&bed, &(Damage){"all_float_constants.vhd", "CONV_B_WEIGHTS", old, fresh});
    assert_string_equal(result.first.layer, "conv_b");
    assert_true(result.first.is_float);
    assert_false(result.first.missing);
    assert_true(float32_of_word(result.first.got) != float32_of_word(result.first.expected));
    assert_int_equal(result.first.element % 4, 1);
    bed_close(&bed);
}

/* Half is added before the shift: without it results round down. */
static void a_wrong_rounding_constant_is_caught(void **state)
{
    (void)state;
    need_ghdl();
    Bed bed;
    bed_open(&bed, reference_shape(), 6);
    ProofResult result =
        prove_damaged(&bed, &(Damage){"folded_mac.vhd", "function to_scale",
                                      "OFFSET + power_of_two(PLACES - 1)", "OFFSET"});
    assert_string_equal(result.first.layer, "conv2d");
    assert_int_equal(result.first.image, 0);
    assert_int_equal(result.first.got, result.first.expected - 1);
    bed_close(&bed);
}

/* The second layer believes in one row less: its images slide into each other. */
static void a_dropped_row_is_caught(void **state)
{
    (void)state;
    need_ghdl();
    for (int one_backend = 0; one_backend < 2; one_backend++) {
        Bed bed;
        bed_open(&bed, reference_shape(), 6);
        bed.setup.one_backend = one_backend;
        ProofResult result = prove_damaged(
            &bed, &(Damage){"reference_core.vhd", "conv2d_1 : entity", "=> 8,", "=> 7,"});
        assert_string_equal(result.first.layer, "conv2d_1");
        bed_close(&bed);
    }
}

/* The pooling layer waits for a row that never comes. */
static void a_hang_is_noticed_and_named(void **state)
{
    (void)state;
    need_ghdl();
    Bed bed;
    bed_open(&bed, reference_shape(), 1);
    ProofResult result = prove_damaged(
        &bed, &(Damage){"reference_core.vhd", "max_pooling2d : entity", "=> 6,", "=> 9,"});
    assert_string_equal(result.first.layer, "max_pooling2d");
    assert_true(result.first.missing);
    bed_close(&bed);
}

/* Builds a net whose buffer before the join is `less` beats smaller than planned. */
static ProofResult prove_shallow(Bed *bed, int less)
{
    ProofWork work;
    ProofResult result;
    char old[32], fresh[32];
    bed_open(bed, net_around_a_convolution(), 3);
    int64_t depth = bed->plan->buffers[1].depth;
    snprintf(old, sizeof old, "DEPTH => %lld", (long long)depth);
    snprintf(fresh, sizeof fresh, "DEPTH => %lld", (long long)depth - less);
    bed->setup.one_backend = true;
    bed->setup.jobs = 1;
    assert_int_equal(proof_write(&bed->setup, bed->arena, &work), OK);
    damage(bed, "around_core.vhd", "first_held_2 : entity", old, fresh);
    if (proof_judge(&bed->setup, bed->arena, &work, &result) != OK)
        fail_msg("%s", error_message());
    return result;
}

static void one_beat_less_before_a_join_costs_time(void **state)
{
    (void)state;
    need_ghdl();
    Bed bed;
    ProofResult result = prove_shallow(&bed, 1);
    assert_true(result.bit_exact);
    assert_null(result.standstill);
    assert_false(result.timing_exact);
    assert_true(result.latency_cycles > result.predicted.latency_cycles ||
                result.interval_max > result.predicted.interval_max);
    assert_int_equal(result.peaks[1], bed.plan->buffers[1].depth - 1);
    bed_close(&bed);
}

/* The short branch is full before the long one has its first result. */
static void far_too_few_beats_before_a_join_lock_it(void **state)
{
    (void)state;
    need_ghdl();
    Bed bed;
    ProofResult result = prove_shallow(&bed, 10);
    assert_false(result.bit_exact);
    assert_true(result.first.missing);
    assert_non_null(result.standstill);
    const char *words =
        arena_printf(bed.arena, "full: first to sum (%lld beats); empty: second to sum",
                     (long long)bed.plan->buffers[1].depth - 10);
    assert_string_equal(result.standstill, words);
    assert_false(result.peaks_exact);
    bed_close(&bed);
}

/* The last layer goes on when its beat was not taken. */
static void an_impatient_output_is_caught(void **state)
{
    (void)state;
    need_ghdl();
    Bed bed;
    bed_open(&bed, conv_alone(), 4);
    bed.setup.stall_seed = 5;
    bed.setup.one_backend = true;
    ProofResult result = prove_damaged(
        &bed, &(Damage){"conv2d_stream.vhd", "-- the window, and the next position",
                        "if out_ready = '1' or out_valid = '0' then", "if true then"});
    assert_non_null(result.fault);
    assert_non_null(strstr(result.fault, "m_axis changed before it was taken"));
    bed_close(&bed);
}

/* The outputs are right, the class made of them is not. */
static void a_wrong_class_is_caught(void **state)
{
    (void)state;
    need_ghdl();
    for (int one_backend = 0; one_backend < 2; one_backend++) {
        Bed bed;
        bed_open(&bed, reference_shape(), 6);
        bed.setup.one_backend = one_backend;
        ProofResult result = prove_damaged(&bed, &(Damage){"reference_core.vhd", "out_ready => '1'",
                                                           "class_index <= best_data(0)",
                                                           "class_index <= best_data(0) + 1"});
        assert_string_equal(result.first.layer, ""); /* every layer is right */
        assert_non_null(result.fault);
        assert_non_null(strstr(result.fault, "class_index is"));
        bed_close(&bed);
    }
}

static void no_images_is_a_usage_error(void **state)
{
    (void)state;
    Bed bed;
    bed_open(&bed, conv_alone(), 1);
    bed.setup.images = 0;
    ProofResult result;
    assert_int_equal(proof_run(&bed.setup, bed.arena, &result), ERR_USAGE);
    bed_close(&bed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_network_is_bit_exact_and_on_the_clock),
        cmocka_unit_test(waiting_changes_no_value),
        cmocka_unit_test(a_flipped_weight_bit_names_its_layer),
        cmocka_unit_test(a_flipped_float_bit_names_its_layer),
        cmocka_unit_test(a_wrong_rounding_constant_is_caught),
        cmocka_unit_test(a_dropped_row_is_caught),
        cmocka_unit_test(a_hang_is_noticed_and_named),
        cmocka_unit_test(one_beat_less_before_a_join_costs_time),
        cmocka_unit_test(far_too_few_beats_before_a_join_lock_it),
        cmocka_unit_test(an_impatient_output_is_caught),
        cmocka_unit_test(a_wrong_class_is_caught),
        cmocka_unit_test(no_images_is_a_usage_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
