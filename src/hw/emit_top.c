/* The design as the world sees it: AXI4-Streams around the core. */
#include "hw/emit_parts.h"
#include "hw/template.h"
#include "hw/weights_file.h"

AxisFields emit_axis_fields(int32_t low, int32_t high)
{
    AxisFields fields = {.is_signed = low < 0};
    int64_t values = fields.is_signed ? INT8_MAX : UINT8_MAX;
    fields.bytes = low >= INT8_MIN && high <= values ? 1 : 2;
    return fields;
}

static const char *describe_fields(Arena *arena, AxisFields fields)
{
    return arena_printf(arena, "%d bits, %s;", 8 * fields.bytes,
                        fields.is_signed ? "two's complement" : "no sign");
}

static const char *high_bit(Arena *arena, StreamLayout layout, AxisFields fields)
{
    return emit_number(arena, (int64_t)layout.lanes * fields.bytes * 8 - 1);
}

/* What the top is wrapped around: the ending of its entity's name. */
static const char *network_of(const Plan *plan)
{
    return plan->loads_weights ? "loaded" : "core";
}

Status emit_top(const Emission *emission, Buffer *into)
{
    const Plan *plan = emission->plan;
    Arena *arena = emission->arena;
    const Op *first = &plan->model->ops[0], *last = plan->stages[plan->count - 1].op;
    AxisFields in = emit_axis_fields(first->output.low, first->output.high);
    AxisFields out = emit_axis_fields(last->low, last->high);
    const TemplateKey keys[] = {
        {"name", plan->name},
        {"version", DNN2FPGA_VERSION},
        {"model", emit_plain(arena, plan->model->name)},
        {"sha256", plan->model->source_sha256},
        {"in_lanes", emit_beat_words(arena, plan->input)},
        {"in_beats", emit_number(arena, plan->input.beats)},
        {"in_high_lane", emit_number(arena, plan->input.lanes - 1)},
        {"in_high_bit", high_bit(arena, plan->input, in)},
        {"in_fields", describe_fields(arena, in)},
        {"in_bytes", emit_number(arena, in.bytes)},
        {"in_signed", in.is_signed ? "true" : "false"},
        {"in_low", emit_number(arena, first->output.low)},
        {"in_high", emit_number(arena, first->output.high)},
        {"in_scale", emit_real(arena, first->output.scale)},
        {"in_zero", emit_number(arena, first->output.zero_point)},
        {"out_lanes", emit_beat_words(arena, plan->output)},
        {"out_beats", emit_number(arena, plan->output.beats)},
        {"out_high_lane", emit_number(arena, plan->output.lanes - 1)},
        {"out_high_bit", high_bit(arena, plan->output, out)},
        {"out_fields", describe_fields(arena, out)},
        {"out_bytes", emit_number(arena, out.bytes)},
        {"out_low", emit_number(arena, last->low)},
        {"out_high", emit_number(arena, last->high)},
        {"out_scale", emit_real(arena, last->output.scale)},
        {"out_zero", emit_number(arena, last->output.zero_point)},
        {"ram", plan->loads_weights ? "yes" : ""},
        {"weight_bytes", emit_number(arena, weights_file_bytes(plan))},
        {"network", network_of(plan)},
        {"class", plan->has_class ? "yes" : ""},
        {"no_class", plan->has_class ? "" : "yes"},
        {NULL, NULL},
    };
    return template_expand("top.vhd.tmpl", keys, into);
}
