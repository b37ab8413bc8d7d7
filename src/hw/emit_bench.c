#include "hw/emit_parts.h"
#include "hw/template.h"
#include "hw/weights_file.h"

/* Clocks without output that count as a hang: some times what the cycle model predicts. The bench
 * multiplies by 8 when it stalls, and must stay below 2**31. */
static int64_t watchdog_of(const Timing *timing)
{
    enum { MARGIN = 4, SLACK = 1000, LIMIT = 1 << 27 };
    int64_t clocks = MARGIN * (timing->latency_cycles + timing->interval_cycles) + SLACK;
    return clocks < LIMIT ? clocks : LIMIT;
}

static uint32_t sum_of_weights(const Plan *plan)
{
    Buffer bytes = {0};
    weights_file_write(plan, &bytes);
    uint32_t sum = weights_checksum(bytes.data, bytes.length);
    buffer_free(&bytes);
    return sum;
}

Status emit_bench(const Emission *emission, Buffer *into)
{
    const Plan *plan = emission->plan;
    Arena *arena = emission->arena;
    const Op *first = &plan->model->ops[0], *last = plan->stages[plan->count - 1].op;
    AxisFields in = emit_axis_fields(first->output.low, first->output.high);
    AxisFields out = emit_axis_fields(last->low, last->high);
    uint32_t sum = sum_of_weights(plan);
    const TemplateKey keys[] = {
        {"name", plan->name},
        {"version", DNN2FPGA_VERSION},
        {"model", emit_plain(arena, plan->model->name)},
        {"sha256", plan->model->source_sha256},
        {"in_beats", emit_number(arena, plan->input.beats)},
        {"in_lane_count", emit_number(arena, plan->input.lanes)},
        {"out_beats", emit_number(arena, plan->output.beats)},
        {"out_lane_count", emit_number(arena, plan->output.lanes)},
        {"in_width", emit_number(arena, 8 * in.bytes)},
        {"out_width", emit_number(arena, 8 * out.bytes)},
        {"out_signed", out.is_signed ? "true" : "false"},
        {"watchdog", emit_number(arena, watchdog_of(emission->timing))},
        {"ram", plan->loads_weights ? "yes" : ""},
        {"weight_bytes", emit_number(arena, weights_file_bytes(plan))},
        {"weights_sum", arena_printf(arena, "%08X", (unsigned)sum)},
        {"class", plan->has_class ? "yes" : ""},
        {"no_class", plan->has_class ? "" : "yes"},
        {NULL, NULL},
    };
    return template_expand("bench.vhd.tmpl", keys, into);
}
