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

/* The banner's picture of the layers: one that follows the one before it, which nobody else reads,
 * stands behind it; every other one begins a line with all that it reads. So what is read twice begins
 * several lines, and what joins has several names before it.
 *
 *     --   4x4x1 --> conv
 *     --   conv --> left
 *     --   conv, left --> sum --> output
 */
typedef struct Picture {
    const Plan *plan;
    Buffer *into;
    size_t line; /* where the line begins */
} Picture;

enum { PICTURE_COLUMNS = 90 };

static void picture_add(Picture *picture, const char *before, const char *word)
{
    size_t used = picture->into->length - picture->line;
    if (used + strlen(before) + strlen(word) > PICTURE_COLUMNS) {
        buffer_append_text(picture->into, "\n--  ");
        picture->line = picture->into->length - strlen("--  ");
    }
    buffer_printf(picture->into, "%s%s", before, word);
}

static void picture_begin_line(Picture *picture, const Stage *stage)
{
    char shape[SHAPE_TEXT_BYTES];
    const Plan *plan = picture->plan;
    if (picture->into->length)
        buffer_append_text(picture->into, "\n");
    picture->line = picture->into->length;
    buffer_append_text(picture->into, "--   ");
    for (int k = 0; k < stage->input_count; k++) {
        int from = stage->inputs[k];
        const char *name = from == PLAN_INPUT
                               ? shape_format(plan->model->ops[0].output_shape, shape)
                               : plan->stages[from].label;
        if (k)
            buffer_append_text(picture->into, ",");
        picture_add(picture, k ? " " : "", name);
    }
}

static void add_picture(const Plan *plan, Buffer *into)
{
    Picture picture = {.plan = plan, .into = into};
    for (int i = 0; i < plan->count; i++) {
        const Stage *stage = &plan->stages[i];
        bool follows = i > 0 && stage->input_count == 1 && stage->inputs[0] == i - 1 &&
                       plan->stages[i - 1].reader_count == 1;
        if (!follows)
            picture_begin_line(&picture, stage);
        picture_add(&picture, " --> ", stage->label);
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

/* Pieces of the file, in their order. */
typedef struct CoreText {
    Buffer picture, signals, layers, watches;
} CoreText;

static void write_pieces(const Emission *emission, CoreText *text)
{
    const Plan *plan = emission->plan;
    add_picture(plan, &text->picture);
    emit_signals(emission, PLAN_INPUT, &text->signals);
    emit_readers(emission, PLAN_INPUT, &text->layers);
    for (int i = 0; i < plan->count; i++) {
        emit_signals(emission, i, &text->signals);
        emit_memory_signals(emission, &plan->stages[i], &text->signals);
        add_layer(emission, i, &text->layers);
    }
    emit_watches(emission, &text->watches);
    if (plan->has_class)
        buffer_append_text(&text->signals, "    signal best_valid : std_logic;\n"
                                           "    signal best_data  : sample_vector(0 to 0);\n\n");
    drop_last(&text->layers);
    drop_last(&text->watches);
    drop_last(&text->signals);
}

static Status put_together(const Emission *emission, const CoreText *text, Buffer *into)
{
    const Plan *plan = emission->plan;
    Arena *arena = emission->arena;
    const Op *first = &plan->model->ops[0], *last = plan->stages[plan->count - 1].op;
    const TemplateKey keys[] = {
        {"name", plan->name},
        {"version", DNN2FPGA_VERSION},
        {"model", emit_plain(arena, plan->model->name)},
        {"sha256", plan->model->source_sha256},
        {"picture", text->picture.data},
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
        {"signals", text->signals.data},
        {"layers", text->layers.data},
        {"watches", text->watches.length ? text->watches.data : ""},
        {"output", plan->stages[plan->count - 1].label},
        {"ram", plan->loads_weights ? "yes" : ""},
        {"last_memory", emit_last_memory(plan)},
        {"float", plan_has_floats(plan) ? "yes" : ""},
        {"class", plan->has_class ? "yes" : ""},
        {"no_class", plan->has_class ? "" : "yes"},
        {NULL, NULL},
    };
    return template_expand("core.vhd.tmpl", keys, into);
}

Status emit_core(const Emission *emission, Buffer *into)
{
    CoreText text = {0};
    write_pieces(emission, &text);
    Status status = put_together(emission, &text, into);
    buffer_free(&text.picture);
    buffer_free(&text.signals);
    buffer_free(&text.layers);
    buffer_free(&text.watches);
    return status;
}
