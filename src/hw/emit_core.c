#include <stdio.h>
#include <string.h>

#include "hw/emit.h"
#include "hw/emit_parts.h"
#include "hw/names.h"
#include "hw/template.h"

/* ---- one layer ------------------------------------------------------------------------------- */

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
    if (op_traits(op->kind)->writes_float)
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

static void add_layer(const Emission *emission, int index, Buffer *into)
{
    const Stage *stage = &emission->plan->stages[index];
    add_description(emission, index, into);
    buffer_printf(into, "    %s : entity work.%s\n        generic map (\n", stage->label,
                  stage->entity);
    emit_generics(emission, stage, into);
    buffer_append_text(into, "\n        )\n        port map (\n");
    emit_layer_ports(emission, stage, into);
    emit_memory(emission, index, into);
    emit_tap(emission, stage, into);
    emit_readers(emission, index, into);
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

const char *emit_beat_words(Arena *arena, StreamLayout layout)
{
    if (layout.lanes == 1)
        return "1 value";
    return arena_printf(arena, layout.beats == 1 ? "all %d values" : "1 pixel of %d values",
                        layout.lanes);
}

Status emit_core(const Emission *emission, Buffer *into)
{
    const Plan *plan = emission->plan;
    Arena *arena = emission->arena;
    const Op *first = &plan->model->ops[0], *last = plan->stages[plan->count - 1].op;
    Buffer chain = {0}, signals = {0}, layers = {0}, watches = {0};
    add_chain(plan, &chain);
    emit_signals(emission, PLAN_INPUT, &signals);
    emit_readers(emission, PLAN_INPUT, &layers);
    for (int i = 0; i < plan->count; i++) {
        emit_signals(emission, i, &signals);
        emit_memory_signals(emission, &plan->stages[i], &signals);
        add_layer(emission, i, &layers);
    }
    emit_watches(emission, &watches);
    if (plan->has_class)
        buffer_append_text(&signals, "    signal best_valid : std_logic;\n"
                                     "    signal best_data  : sample_vector(0 to 0);\n\n");
    const TemplateKey keys[] = {
        {"name", plan->name},
        {"version", DNN2FPGA_VERSION},
        {"model", emit_plain(arena, plan->model->name)},
        {"sha256", plan->model->source_sha256},
        {"chain", chain.data},
        {"in_lanes", emit_beat_words(arena, plan->input)},
        {"in_beats", emit_number(arena, plan->input.beats)},
        {"in_high_lane", emit_number(arena, plan->input.lanes - 1)},
        {"in_low", emit_number(arena, first->output.low)},
        {"in_high", emit_number(arena, first->output.high)},
        {"in_scale", emit_real(arena, first->output.scale)},
        {"in_zero", emit_number(arena, first->output.zero_point)},
        {"out_lanes", emit_beat_words(arena, plan->output)},
        {"out_lane_count", emit_number(arena, plan->output.lanes)},
        {"out_beats", emit_number(arena, plan->output.beats)},
        {"out_high_lane", emit_number(arena, plan->output.lanes - 1)},
        {"out_low", emit_number(arena, last->low)},
        {"out_high", emit_number(arena, last->high)},
        {"out_scale", emit_real(arena, last->output.scale)},
        {"out_zero", emit_number(arena, last->output.zero_point)},
        {"latency", emit_number(arena, emission->timing->latency_cycles)},
        {"interval", emit_number(arena, emission->timing->interval_cycles)},
        {"signals", signals.data},
        {"layers", layers.data},
        {"watches", watches.length ? watches.data : ""},
        {"output", plan->stages[plan->count - 1].label},
        {"ram", plan->loads_weights ? "yes" : ""},
        {"last_memory", emit_last_memory(plan)},
        {"float", plan_has_floats(plan) ? "yes" : ""},
        {"class", plan->has_class ? "yes" : ""},
        {"no_class", plan->has_class ? "" : "yes"},
        {NULL, NULL},
    };
    /* The text in the values ends with a newline of its own. */
    drop_last(&layers);
    drop_last(&watches);
    drop_last(&signals);
    Status status = template_expand("core.vhd.tmpl", keys, into);
    buffer_free(&chain);
    buffer_free(&signals);
    buffer_free(&layers);
    buffer_free(&watches);
    return status;
}
