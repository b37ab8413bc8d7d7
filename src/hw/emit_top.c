#include <stdio.h>
#include <string.h>

#include "hw/emit.h"
#include "hw/emit_parts.h"
#include "hw/names.h"
#include "hw/template.h"
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

static void map_window(Map *map, const Window *window)
{
    map_number(map, "KERNEL_HEIGHT", window->kernel_height);
    map_number(map, "KERNEL_WIDTH", window->kernel_width);
    map_number(map, "STRIDE_HEIGHT", window->stride_height);
    map_number(map, "STRIDE_WIDTH", window->stride_width);
    map_number(map, "PAD_TOP", window->pad_top);
    map_number(map, "PAD_BOTTOM", window->pad_bottom);
    map_number(map, "PAD_LEFT", window->pad_left);
    map_number(map, "PAD_RIGHT", window->pad_right);
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
    map_constant(emission, map, stage, "WEIGHTS");
    map_constant(emission, map, stage, "BIAS");
    map_constant(emission, map, stage, "MULTIPLIERS");
    map_constant(emission, map, stage, "SHIFTS");
}

static void map_conv2d(const Emission *emission, Map *map, const Stage *stage)
{
    map_image(map, stage->op);
    map_number(map, "FILTERS", stage->output.lanes);
    map_window(map, &stage->op->window);
    map_number(map, "PE", stage->pe);
    map_number(map, "SIMD", stage->simd);
    map_input_range(map, stage->op);
    map_number(map, "PAD_VALUE", stage->op->input.zero_point);
    map_weights(emission, map, stage);
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

static void map_max_pool(const Emission *emission, Map *map, const Stage *stage)
{
    (void)emission;
    map_image(map, stage->op);
    map_window(map, &stage->op->window);
    map_input_range(map, stage->op);
    map_output_range(map, stage->op);
}

static void map_average_pool(const Emission *emission, Map *map, const Stage *stage)
{
    map_max_pool(emission, map, stage);
    map_number(map, "BIAS", op_pool_bias(stage->op));
    map_number(map, "OUT_ZERO", stage->op->output.zero_point);
    map_number(map, "MULTIPLIER", op_requantizer(stage->op, 0).multiplier);
    map_number(map, "SHIFT", op_requantizer(stage->op, 0).shift);
}

static void map_table(const Emission *emission, Map *map, const Stage *stage)
{
    map_number(map, "LANES", stage->input.lanes);
    map_input_range(map, stage->op);
    map_constant(emission, map, stage, "TABLE");
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
    [OP_DENSE] = map_dense,
    [OP_AFFINE] = map_affine,
    [OP_MAX_POOL2D] = map_max_pool,
    [OP_AVERAGE_POOL2D] = map_average_pool,
    [OP_TABLE] = map_table,
    [OP_FLOAT_CONV2D] = map_float_conv2d,
    [OP_FLOAT_DENSE] = map_float_dense,
    [OP_FLOAT_MAX_POOL2D] = map_float_max_pool,
    [OP_FLOAT_AVERAGE_POOL2D] = map_float_average_pool,
    [OP_TO_FLOAT] = map_to_float,
    [OP_TO_INTEGER] = map_to_integer,
};

/* ---- one layer ------------------------------------------------------------------------------- */

static bool is_float(const Stage *stage)
{
    return op_traits(stage->op->kind)->writes_float;
}

/* The controls of a stream; its name may be too long for one line. */
static void add_controls(const char *label, const char *ending, Buffer *into)
{
    enum { COLUMNS = 100 };
    static const char line[] = "    signal %1$s%2$s_valid, %1$s%2$s_ready, %1$s%2$s_last : "
                               "std_logic;\n";
    char text[3 * (NAME_MAX_LETTERS + 64)];
    int length = snprintf(text, sizeof text, line, label, ending);
    if (length <= COLUMNS)
        buffer_append_text(into, text);
    else
        buffer_printf(into,
                      "    signal %1$s%2$s_valid : std_logic;\n"
                      "    signal %1$s%2$s_ready : std_logic;\n"
                      "    signal %1$s%2$s_last  : std_logic;\n",
                      label, ending);
}

static void add_signals(const Plan *plan, int index, Buffer *into)
{
    const Stage *stage = &plan->stages[index];
    const char *endings[] = {"", "_held"};
    int count = index + 1 < plan->count ? 2 : 1; /* the last layer has no register behind it */
    for (int i = 0; i < count; i++) {
        add_controls(stage->label, endings[i], into);
        buffer_printf(into, "    signal %s%s_data : %s(0 to %d);\n", stage->label, endings[i],
                      is_float(stage) ? "float_vector" : "sample_vector", stage->output.lanes - 1);
    }
    buffer_append_text(into, "\n");
}

static void add_description(const Emission *emission, int index, Buffer *into)
{
    const Stage *stage = &emission->plan->stages[index];
    const Op *op = stage->op;
    const Window *window = &op->window;
    char in[SHAPE_TEXT_BYTES], out[SHAPE_TEXT_BYTES];
    buffer_printf(into, "    -- %s: %s, %s to %s", emit_plain(emission->arena, op->name),
                  op_word(op->kind), shape_format(op->input_shape, in),
                  shape_format(op->output_shape, out));
    if (window->kernel_height)
        buffer_printf(into, ", window %dx%d every %dx%d", window->kernel_height,
                      window->kernel_width, window->stride_height, window->stride_width);
    buffer_append_text(into, "\n    --   ");
    if (op->weights && op->accumulator_bits)
        buffer_printf(into, "weights of %d bits, accumulator of %d bits; ", op->weight_bits,
                      op->accumulator_bits);
    if (is_float(stage))
        buffer_append_text(into, "floating point (binary32)\n");
    else
        buffer_printf(into, "output %d to %d, scale %.9g\n", op->low, op->high, op->output.scale);
    buffer_append_text(into, "    --   ");
    if (stage->rows)
        buffer_printf(into, "PE %d x SIMD %d: %lld multipliers, %lld clock%s for each %s; ",
                      stage->pe, stage->simd, (long long)stage->macs_per_cycle,
                      (long long)stage->fold_steps, stage->fold_steps == 1 ? "" : "s",
                      op_traits(op->kind)->is_dense ? "beat" : "window");
    else if (stage->fold_steps > 1)
        buffer_printf(into, "%lld clocks for each window; ", (long long)stage->fold_steps);
    buffer_printf(into, "%lld clocks an image\n",
                  (long long)emission->timing->layers[index].interval_cycles);
}

static void add_ports(const char *from, const char *to, Buffer *into)
{
    static const char *const wires[] = {"valid", "ready", "data", "last"};
    buffer_append_text(into, "            clk       => clk,\n            rst       => rst");
    for (int side = 0; side < 2; side++)
        for (size_t i = 0; i < sizeof wires / sizeof *wires; i++)
            buffer_printf(into, ",\n            %s_%-*s => %s_%s", side ? "out" : "in",
                          side ? 5 : 6, wires[i], side ? to : from, wires[i]);
    buffer_append_text(into, "\n        );\n\n");
}

static void add_register(const Emission *emission, const Stage *stage, Buffer *into)
{
    buffer_printf(into,
                  "    %s_held : entity work.%s\n        generic map (\n"
                  "            LANES => %d\n        )\n        port map (\n",
                  stage->label, is_float(stage) ? "float_register_stage" : "register_stage",
                  stage->output.lanes);
    add_ports(stage->label, arena_printf(emission->arena, "%s_held", stage->label), into);
}

/* A tap takes samples: a word is two of them. */
static void add_tap(const Emission *emission, const Stage *stage, Buffer *into)
{
    int lanes = stage->output.lanes * (is_float(stage) ? 2 : 1);
    const char *data = arena_printf(emission->arena, "%s_data", stage->label);
    buffer_printf(into, "    %s_tap : if TAPS generate\n", stage->label);
    if (is_float(stage)) {
        buffer_printf(into,
                      "        signal samples : sample_vector(0 to %d);\n    begin\n"
                      "        samples <= to_samples(%s);\n\n",
                      lanes - 1, data);
        data = "samples";
    }
    buffer_printf(into,
                  "        tap : entity work.stream_tap\n"
                  "            generic map (\n"
                  "                LANES     => %2$d,\n"
                  "                FILE_NAME => \"%3$s\"\n"
                  "            )\n"
                  "            port map (\n"
                  "                clk   => clk,\n"
                  "                valid => %1$s_valid,\n"
                  "                ready => %1$s_ready,\n"
                  "                data  => %4$s\n"
                  "            );\n"
                  "    end generate;\n\n",
                  stage->label, lanes, emit_tap_name(emission->arena, stage), data);
}

static void add_layer(const Emission *emission, int index, Buffer *into)
{
    const Plan *plan = emission->plan;
    const Stage *stage = &plan->stages[index];
    add_description(emission, index, into);
    buffer_printf(into, "    %s : entity work.%s\n        generic map (\n", stage->label,
                  stage->entity);
    Map map = {.into = into};
    MAP_GENERICS[stage->op->kind](emission, &map, stage);
    buffer_append_text(into, "\n        )\n        port map (\n");
    const char *from = index ? arena_printf(emission->arena, "%s_held", stage[-1].label) : "in";
    add_ports(from, stage->label, into);
    add_tap(emission, stage, into);
    if (index + 1 < plan->count)
        add_register(emission, stage, into);
}

/* ---- the whole ------------------------------------------------------------------------------- */

/* "--   image 28x28x1 --> conv_1 --> ...", wrapped. */
static void add_chain(const Plan *plan, Buffer *into)
{
    enum { COLUMNS = 90 };
    char shape[SHAPE_TEXT_BYTES];
    size_t line = into->length;
    buffer_printf(into, "--   %s", shape_format(plan->model->ops[0].output_shape, shape));
    for (int i = 0; i < plan->count; i++) {
        const char *label = plan->stages[i].label;
        if (into->length - line + strlen(label) + 5 > COLUMNS) {
            buffer_append_text(into, "\n--  ");
            line = into->length - 4;
        }
        buffer_printf(into, " --> %s", label);
    }
}

/* Takes the last character away: a newline that the template has itself. */
static void drop_last(Buffer *text)
{
    if (text->length)
        text->data[--text->length] = '\0';
}

static const char *beat_words(Arena *arena, StreamLayout layout)
{
    if (layout.lanes == 1)
        return "1 value";
    return arena_printf(arena, layout.beats == 1 ? "all %d values" : "1 pixel of %d values",
                        layout.lanes);
}

static const char *number(Arena *arena, int64_t value)
{
    return arena_printf(arena, "%lld", (long long)value);
}

static const char *real(Arena *arena, double value)
{
    return arena_printf(arena, "%.9g", value);
}

Status emit_top(const Emission *emission, Buffer *into)
{
    const Plan *plan = emission->plan;
    Arena *arena = emission->arena;
    const Op *first = &plan->model->ops[0], *last = plan->stages[plan->count - 1].op;
    Buffer chain = {0}, signals = {0}, layers = {0};
    add_chain(plan, &chain);
    for (int i = 0; i < plan->count; i++) {
        add_signals(plan, i, &signals);
        add_layer(emission, i, &layers);
    }
    if (plan->has_class)
        buffer_append_text(&signals, "    signal best_valid : std_logic;\n"
                                     "    signal best_data  : sample_vector(0 to 0);\n\n");
    const TemplateKey keys[] = {
        {"name", plan->name},
        {"version", DNN2FPGA_VERSION},
        {"model", emit_plain(arena, plan->model->name)},
        {"sha256", plan->model->source_sha256},
        {"chain", chain.data},
        {"in_lanes", beat_words(arena, plan->input)},
        {"in_beats", number(arena, plan->input.beats)},
        {"in_high_lane", number(arena, plan->input.lanes - 1)},
        {"in_low", number(arena, first->output.low)},
        {"in_high", number(arena, first->output.high)},
        {"in_scale", real(arena, first->output.scale)},
        {"in_zero", number(arena, first->output.zero_point)},
        {"out_lanes", beat_words(arena, plan->output)},
        {"out_lane_count", number(arena, plan->output.lanes)},
        {"out_beats", number(arena, plan->output.beats)},
        {"out_high_lane", number(arena, plan->output.lanes - 1)},
        {"out_low", number(arena, last->low)},
        {"out_high", number(arena, last->high)},
        {"out_scale", real(arena, last->output.scale)},
        {"out_zero", number(arena, last->output.zero_point)},
        {"latency", number(arena, emission->timing->latency_cycles)},
        {"interval", number(arena, emission->timing->interval_cycles)},
        {"signals", signals.data},
        {"layers", layers.data},
        {"output", plan->stages[plan->count - 1].label},
        {"float", plan_has_floats(plan) ? "yes" : ""},
        {"class", plan->has_class ? "yes" : ""},
        {"no_class", plan->has_class ? "" : "yes"},
        {NULL, NULL},
    };
    /* The text in the values ends with a newline of its own. */
    drop_last(&layers);
    drop_last(&signals);
    Status status = template_expand("top.vhd.tmpl", keys, into);
    buffer_free(&chain);
    buffer_free(&signals);
    buffer_free(&layers);
    return status;
}
