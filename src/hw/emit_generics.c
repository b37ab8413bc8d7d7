/* What the generics of each entity are: one function for each kind of operation. */
#include <assert.h>
#include <stdio.h>

#include "hw/emit_parts.h"
#include "hw/weights_file.h"
#include "quant/float_kernels.h"

/* A generic map under way: one association a line, commas between them. */
typedef struct Map {
    Buffer *into;
    int count;
} Map;

static void map_text(Map *map, const char *generic, const char *value)
{
    buffer_printf(map->into, "%s            %-13s => %s", map->count++ ? ",\n" : "", generic,
                  value);
}

static void map_number(Map *map, const char *generic, int64_t value)
{
    char text[24];
    snprintf(text, sizeof text, "%lld", (long long)value);
    map_text(map, generic, text);
}

static void map_constant(const Emission *emission, Map *map, const Stage *stage,
                         const char *generic)
{
    map_text(map, generic, emit_constant_name(emission->arena, stage, generic));
}

static void map_image(Map *map, const Op *op)
{
    map_number(map, "HEIGHT", op->input_shape.dim[0]);
    map_number(map, "WIDTH", op->input_shape.dim[1]);
    map_number(map, "CHANNELS", shape_channels(op->input_shape));
}

static void map_pads(Map *map, const Window *window)
{
    map_number(map, "PAD_TOP", window->pad_top);
    map_number(map, "PAD_BOTTOM", window->pad_bottom);
    map_number(map, "PAD_LEFT", window->pad_left);
    map_number(map, "PAD_RIGHT", window->pad_right);
}

static void map_window(Map *map, const Window *window)
{
    map_number(map, "KERNEL_HEIGHT", window->kernel_height);
    map_number(map, "KERNEL_WIDTH", window->kernel_width);
    map_number(map, "STRIDE_HEIGHT", window->stride_height);
    map_number(map, "STRIDE_WIDTH", window->stride_width);
    map_pads(map, window);
}

static void map_input_range(Map *map, const Op *op)
{
    map_number(map, "IN_LOW", op->input.low);
    map_number(map, "IN_HIGH", op->input.high);
}

static void map_output_range(Map *map, const Op *op)
{
    map_number(map, "OUT_LOW", op->low);
    map_number(map, "OUT_HIGH", op->high);
}

static void map_weights(const Emission *emission, Map *map, const Stage *stage)
{
    const Op *op = stage->op;
    map_number(map, "WEIGHT_LOW", -((int64_t)1 << (op->weight_bits - 1)));
    map_number(map, "WEIGHT_HIGH", ((int64_t)1 << (op->weight_bits - 1)) - 1);
    map_number(map, "OUT_ZERO", op->output.zero_point);
    map_output_range(map, op);
    if (weights_are_loaded(emission->plan, stage))
        map_text(map, "LOADABLE", "true");
    else
        map_constant(emission, map, stage, "WEIGHTS");
    if (stage->packed)
        map_text(map, "PACKED", "true");
    map_constant(emission, map, stage, "BIAS");
    map_constant(emission, map, stage, "MULTIPLIERS");
    map_constant(emission, map, stage, "SHIFTS");
}

/* `lanes`, the generic that says how many channels come out, and its value. */
static void map_convolution(const Emission *emission, Map *map, const Stage *stage,
                            const char *lanes, int value)
{
    map_image(map, stage->op);
    map_number(map, lanes, value);
    map_window(map, &stage->op->window);
    map_number(map, "PE", stage->pe);
    map_number(map, "SIMD", stage->simd);
    map_input_range(map, stage->op);
    map_number(map, "PAD_VALUE", stage->op->input.zero_point);
    map_weights(emission, map, stage);
}

static void map_conv2d(const Emission *emission, Map *map, const Stage *stage)
{
    map_convolution(emission, map, stage, "FILTERS", stage->output.lanes);
}

static void map_depthwise_conv2d(const Emission *emission, Map *map, const Stage *stage)
{
    map_convolution(emission, map, stage, "MULTIPLIER", stage->output.lanes / stage->input.lanes);
}

static void map_dense(const Emission *emission, Map *map, const Stage *stage)
{
    map_number(map, "IN_LANES", stage->input.lanes);
    map_number(map, "BEATS", stage->input.beats);
    map_number(map, "OUTPUTS", stage->output.lanes);
    map_number(map, "PE", stage->pe);
    map_number(map, "SIMD", stage->simd);
    map_input_range(map, stage->op);
    map_weights(emission, map, stage);
}

static void map_affine(const Emission *emission, Map *map, const Stage *stage)
{
    map_number(map, "CHANNELS", stage->input.lanes);
    map_number(map, "BEATS", stage->input.beats);
    map_input_range(map, stage->op);
    map_weights(emission, map, stage);
}

static void map_global_max_pool(Map *map, const Stage *stage)
{
    map_number(map, "BEATS", stage->input.beats);
    map_number(map, "CHANNELS", stage->input.lanes);
    map_input_range(map, stage->op);
    map_output_range(map, stage->op);
}

static void map_mean(Map *map, const Op *op)
{
    map_number(map, "BIAS", op_pool_bias(op));
    map_number(map, "OUT_ZERO", op->output.zero_point);
    map_number(map, "MULTIPLIER", op_requantizer(op, 0).multiplier);
    map_number(map, "SHIFT", op_requantizer(op, 0).shift);
}

static void map_max_pool(const Emission *emission, Map *map, const Stage *stage)
{
    (void)emission;
    if (plan_is_global_pool(stage->op)) {
        map_global_max_pool(map, stage);
        return;
    }
    map_image(map, stage->op);
    map_window(map, &stage->op->window);
    map_input_range(map, stage->op);
    map_output_range(map, stage->op);
}

static void map_average_pool(const Emission *emission, Map *map, const Stage *stage)
{
    map_max_pool(emission, map, stage);
    if (plan_is_global_pool(stage->op))
        map_number(map, "PE", stage->pe);
    map_mean(map, stage->op);
}

static void map_table(const Emission *emission, Map *map, const Stage *stage)
{
    map_number(map, "LANES", stage->input.lanes);
    map_input_range(map, stage->op);
    map_constant(emission, map, stage, "TABLE");
}

/* The range of all inputs together. */
static void map_joined_range(const Emission *emission, Map *map, const Stage *stage)
{
    const IntegerModel *model = emission->plan->model;
    int32_t low = stage->op->input.low, high = stage->op->input.high;
    for (int k = 1; k < stage->input_count; k++) {
        QuantParam format = op_input(model, stage->op_index, k)->output;
        low = format.low < low ? format.low : low;
        high = format.high > high ? format.high : high;
    }
    map_number(map, "IN_LOW", low);
    map_number(map, "IN_HIGH", high);
}

static void map_add(const Emission *emission, Map *map, const Stage *stage)
{
    Requantizer requantizer = op_requantizer(stage->op, 0);
    map_number(map, "INPUTS", stage->input_count);
    map_number(map, "CHANNELS", stage->input.lanes);
    map_number(map, "BEATS", stage->input.beats);
    map_number(map, "PE", stage->pe);
    map_joined_range(emission, map, stage);
    map_number(map, "OUT_ZERO", stage->op->output.zero_point);
    map_output_range(map, stage->op);
    map_constant(emission, map, stage, "WEIGHTS");
    map_number(map, "BIAS", stage->op->bias ? stage->op->bias[0] : 0);
    map_number(map, "MULTIPLIER", requantizer.multiplier);
    map_number(map, "SHIFT", requantizer.shift);
}

/* One value for each input of a join. */
typedef int32_t InputValue(const IntegerModel *model, int index, int k);

static int32_t channels_of_input(const IntegerModel *model, int index, int k)
{
    return (int32_t)op_channels(op_input(model, index, k));
}

static int32_t zero_of_input(const IntegerModel *model, int index, int k)
{
    return op_input(model, index, k)->output.zero_point;
}

static int32_t multiplier_of_input(const IntegerModel *model, int index, int k)
{
    return op_requantizer(&model->ops[index], k).multiplier;
}

static int32_t shift_of_input(const IntegerModel *model, int index, int k)
{
    return op_requantizer(&model->ops[index], k).shift;
}

static void map_inputs(const Emission *emission, Map *map, const Stage *stage, const char *generic,
                       InputValue *value)
{
    Buffer text = {0};
    for (int k = 0; k < stage->input_count; k++)
        buffer_printf(&text, "%s%d", k ? ", " : "(",
                      value(emission->plan->model, stage->op_index, k));
    buffer_append_text(&text, ")");
    map_text(map, generic, text.data);
    buffer_free(&text);
}

static void map_concat(const Emission *emission, Map *map, const Stage *stage)
{
    map_number(map, "INPUTS", stage->input_count);
    map_number(map, "OUT_CHANNELS", stage->output.lanes);
    map_number(map, "BEATS", stage->input.beats);
    map_inputs(emission, map, stage, "CHANNELS", channels_of_input);
    map_number(map, "PE", stage->pe);
    map_joined_range(emission, map, stage);
    map_number(map, "OUT_ZERO", stage->op->output.zero_point);
    map_output_range(map, stage->op);
    map_inputs(emission, map, stage, "ZEROS", zero_of_input);
    map_inputs(emission, map, stage, "MULTIPLIERS", multiplier_of_input);
    map_inputs(emission, map, stage, "SHIFTS", shift_of_input);
}

static void map_zero_pad(const Emission *emission, Map *map, const Stage *stage)
{
    (void)emission;
    map_image(map, stage->op);
    map_pads(map, &stage->op->window);
    map_input_range(map, stage->op);
    map_number(map, "PAD_VALUE", stage->op->input.zero_point);
}

static void map_upsample(const Emission *emission, Map *map, const Stage *stage)
{
    (void)emission;
    map_image(map, stage->op);
    map_number(map, "FACTOR_HEIGHT", stage->op->factor_height);
    map_number(map, "FACTOR_WIDTH", stage->op->factor_width);
    map_input_range(map, stage->op);
}

static void map_relu(Map *map, const Op *op)
{
    map_text(map, "RELU", op_float_relu(op) ? "true" : "false");
}

static void map_float_conv2d(const Emission *emission, Map *map, const Stage *stage)
{
    map_image(map, stage->op);
    map_number(map, "FILTERS", stage->output.lanes);
    map_window(map, &stage->op->window);
    map_number(map, "PE", stage->pe);
    map_relu(map, stage->op);
    map_constant(emission, map, stage, "WEIGHTS");
    map_constant(emission, map, stage, "BIAS");
}

static void map_float_dense(const Emission *emission, Map *map, const Stage *stage)
{
    map_number(map, "IN_LANES", stage->input.lanes);
    map_number(map, "BEATS", stage->input.beats);
    map_number(map, "OUTPUTS", stage->output.lanes);
    map_number(map, "PE", stage->pe);
    map_relu(map, stage->op);
    map_constant(emission, map, stage, "WEIGHTS");
    map_constant(emission, map, stage, "BIAS");
}

static void map_float_max_pool(const Emission *emission, Map *map, const Stage *stage)
{
    (void)emission;
    map_image(map, stage->op);
    map_window(map, &stage->op->window);
    map_relu(map, stage->op);
}

static void map_float_average_pool(const Emission *emission, Map *map, const Stage *stage)
{
    (void)emission;
    const Window *window = &stage->op->window;
    map_image(map, stage->op);
    map_number(map, "KERNEL_HEIGHT", window->kernel_height);
    map_number(map, "KERNEL_WIDTH", window->kernel_width);
    map_number(map, "STRIDE_HEIGHT", window->stride_height);
    map_number(map, "STRIDE_WIDTH", window->stride_width);
    map_number(map, "SCALE", float32_word(float_average_scale(window)));
    map_relu(map, stage->op);
}

/* The numbers of a bridge; the model's checks made sure that there are some. */
static FloatBridge bridge_of(QuantParam format)
{
    FloatBridge bridge;
    Status status = float_bridge_make(format, &bridge);
    assert(status == OK);
    (void)status;
    return bridge;
}

static void map_to_float(const Emission *emission, Map *map, const Stage *stage)
{
    (void)emission;
    map_number(map, "LANES", stage->input.lanes);
    map_input_range(map, stage->op);
    map_number(map, "ZERO", stage->op->input.zero_point);
    map_number(map, "SCALE", float32_word(bridge_of(stage->op->input).scale));
}

static void map_to_integer(const Emission *emission, Map *map, const Stage *stage)
{
    (void)emission;
    map_number(map, "LANES", stage->input.lanes);
    map_number(map, "INVERSE_SCALE", float32_word(bridge_of(stage->op->output).inverse_scale));
    map_number(map, "ZERO", stage->op->output.zero_point);
    map_output_range(map, stage->op);
}

typedef void MapGenerics(const Emission *emission, Map *map, const Stage *stage);

static MapGenerics *const MAP_GENERICS[OP_KINDS] = {
    [OP_CONV2D] = map_conv2d,
    [OP_DEPTHWISE_CONV2D] = map_depthwise_conv2d,
    [OP_DENSE] = map_dense,
    [OP_AFFINE] = map_affine,
    [OP_MAX_POOL2D] = map_max_pool,
    [OP_AVERAGE_POOL2D] = map_average_pool,
    [OP_TABLE] = map_table,
    [OP_ADD] = map_add,
    [OP_CONCAT] = map_concat,
    [OP_ZERO_PAD2D] = map_zero_pad,
    [OP_UPSAMPLE2D] = map_upsample,
    [OP_FLOAT_CONV2D] = map_float_conv2d,
    [OP_FLOAT_DENSE] = map_float_dense,
    [OP_FLOAT_MAX_POOL2D] = map_float_max_pool,
    [OP_FLOAT_AVERAGE_POOL2D] = map_float_average_pool,
    [OP_TO_FLOAT] = map_to_float,
    [OP_TO_INTEGER] = map_to_integer,
};

void emit_generics(const Emission *emission, const Stage *stage, Buffer *into)
{
    Map map = {.into = into};
    MAP_GENERICS[stage->op->kind](emission, &map, stage);
}
