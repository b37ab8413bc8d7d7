#include "hw/emit_pins.h"

#include <stdint.h>

#include "base/fs.h"
#include "hw/emit_parts.h"
#include "hw/template.h"
#include "hw/timing.h"
#include "hw/weights_file.h"

enum { CLASS_BYTES = 2 };

int pins_count(const Plan *plan)
{
    return PINS_COUNT + (plan->loads_weights ? PINS_OF_WEIGHTS : 0);
}

int64_t pins_image_bytes(const Plan *plan)
{
    QuantParam format = plan->model->ops[0].output;
    return plan->input.beats * plan->input.lanes * emit_axis_fields(format.low, format.high).bytes;
}

/* Clocks without a byte that count as a hang; the bench makes source and sink wait half of the
 * time. */
static int64_t watchdog_of(const Timing *timing, const Pins *pins)
{
    enum { MARGIN = 16, SLACK = 1000, LIMIT = 1 << 27 };
    int64_t clocks = MARGIN * (timing->latency_cycles + pins->in_bytes + pins->out_clocks) + SLACK;
    return clocks < LIMIT ? clocks : LIMIT;
}

static Pins pins_of(const Plan *plan, Arena *arena, const char *folder)
{
    const Op *first = &plan->model->ops[0], *last = plan->stages[plan->count - 1].op;
    AxisFields out = emit_axis_fields(last->low, last->high);
    int in_bytes = emit_axis_fields(first->output.low, first->output.high).bytes;
    int class_bytes = plan->has_class ? CLASS_BYTES : 0;
    int beat_bytes = plan->output.lanes * out.bytes;
    int64_t out_samples = plan->output.beats * plan->output.lanes;
    const char *name = plan->name;
    return (Pins){.entity = arena_printf(arena, "%s_pins", name),
                  .vhdl = arena_printf(arena, "%s/%s_pins.vhd", folder, name),
                  .bench = arena_printf(arena, "%s_netlist_bench", name),
                  .bench_file = arena_printf(arena, "%s/%s_netlist_bench.v", folder, name),
                  .instance = plan->loads_weights ? "network.core.core" : "network.core",
                  .sample_in_bytes = in_bytes,
                  .sample_out_bytes = out.bytes,
                  .samples_out_signed = out.is_signed,
                  .out_bytes = out_samples * out.bytes + class_bytes,
                  .in_bytes = pins_image_bytes(plan),
                  .out_clocks =
                      plan->output.beats * (beat_bytes + 1) + (class_bytes ? class_bytes + 1 : 0)};
}

Status emit_pins(const Plan *plan, Arena *arena, const char *folder, Pins *pins)
{
    int class_bytes = plan->has_class ? CLASS_BYTES : 0;
    Timing timing;
    TRY(timing_predict(plan, 1, &timing));
    *pins = pins_of(plan, arena, folder);
    int beat_bytes = plan->output.lanes * pins->sample_out_bytes;
    const TemplateKey keys[] = {
        {"name", plan->name},
        {"version", DNN2FPGA_VERSION},
        {"model", emit_plain(arena, plan->model->name)},
        {"sha256", plan->model->source_sha256},
        {"in_lanes", emit_number(arena, plan->input.lanes)},
        {"in_bytes", emit_number(arena, pins->sample_in_bytes)},
        {"in_total", emit_number(arena, pins->in_bytes)},
        {"in_samples", emit_number(arena, plan->input.beats * plan->input.lanes)},
        {"out_lanes", emit_number(arena, plan->output.lanes)},
        {"out_bytes", emit_number(arena, pins->sample_out_bytes)},
        {"out_signed", pins->samples_out_signed ? "1" : "0"},
        {"out_total", emit_number(arena, pins->out_bytes)},
        {"out_samples", emit_number(arena, plan->output.beats * plan->output.lanes)},
        {"out_register", emit_number(arena, beat_bytes > class_bytes ? beat_bytes : class_bytes)},
        {"ram", plan->loads_weights ? "yes" : ""},
        {"rom", plan->loads_weights ? "" : "yes"},
        {"weight_bytes", emit_number(arena, weights_file_bytes(plan))},
        {"class_bytes", emit_number(arena, class_bytes)},
        {"class_note", class_bytes ? ", then the class in two bytes" : ""},
        {"class_comment", class_bytes ? ", and the class behind it" : ""},
        {"class_wait", class_bytes ? " and class_due = '0'" : ""},
        {"class", class_bytes ? "yes" : ""},
        {"no_class", class_bytes ? "" : "yes"},
        {"watchdog", emit_number(arena, watchdog_of(&timing, pins))},
        {NULL, NULL},
    };
    TRY(fs_make_folders(folder));
    TRY(emit_file("pins.vhd.tmpl", keys, pins->vhdl));
    return emit_file("netlist_bench.v.tmpl", keys, pins->bench_file);
}
