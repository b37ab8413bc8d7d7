/* The streams of a design: signals, forks, buffers, taps.
 *
 *     LABEL_valid ..         what a layer puts out
 *     LABEL_fork_valid(i)    ... offered to reader i, when there are several
 *     LABEL_held_valid ..    behind its buffer; LABEL_held_1_valid .. when there are several
 */
#include <stdio.h>

#include "hw/emit.h"
#include "hw/emit_parts.h"
#include "hw/names.h"

/* Names of a stream's signals. */
typedef struct Wire {
    const char *valid, *ready, *data, *last;
} Wire;

static Wire wire_named(Arena *arena, const char *name)
{
    return (Wire){.valid = arena_printf(arena, "%s_valid", name),
                  .ready = arena_printf(arena, "%s_ready", name),
                  .data = arena_printf(arena, "%s_data", name),
                  .last = arena_printf(arena, "%s_last", name)};
}

/* What stands behind a stage or the input. */
typedef struct Source {
    const char *label;
    int first, count; /* buffers */
    StreamLayout layout;
    bool is_float;
} Source;

static Source source_of(const Plan *plan, int from)
{
    if (from == PLAN_INPUT)
        return (Source){.label = "in", .count = plan->input_readers, .layout = plan->input};
    const Stage *stage = &plan->stages[from];
    return (Source){.label = stage->label,
                    .first = stage->first_reader,
                    .count = stage->reader_count,
                    .layout = stage->output,
                    .is_float = op_traits(stage->op->kind)->writes_float};
}

static const char *buffer_label(const Emission *emission, int buffer)
{
    Source source = source_of(emission->plan, emission->plan->buffers[buffer].from);
    if (source.count == 1)
        return arena_printf(emission->arena, "%s_held", source.label);
    return arena_printf(emission->arena, "%s_held_%d", source.label, buffer - source.first + 1);
}

/* What enters a buffer. */
static Wire wire_before(const Emission *emission, int buffer)
{
    Source source = source_of(emission->plan, emission->plan->buffers[buffer].from);
    Wire wire = wire_named(emission->arena, source.label);
    if (source.count > 1) {
        int reader = buffer - source.first;
        wire.valid = arena_printf(emission->arena, "%s_fork_valid(%d)", source.label, reader);
        wire.ready = arena_printf(emission->arena, "%s_fork_ready(%d)", source.label, reader);
    }
    return wire;
}

/* What a reader gets. */
static Wire wire_behind(const Emission *emission, int buffer)
{
    return wire_named(emission->arena,
                      buffer == PLAN_NO_BUFFER ? "in" : buffer_label(emission, buffer));
}

/* ---- signals --------------------------------------------------------------------------------- */

/* A name may be too long for one line. */
static void add_wire(const char *name, const Source *source, Buffer *into)
{
    enum { COLUMNS = 100 };
    static const char line[] = "    signal %1$s_valid, %1$s_ready, %1$s_last : std_logic;\n";
    char text[3 * (NAME_MAX_LETTERS + 64)];
    int length = snprintf(text, sizeof text, line, name);
    if (length <= COLUMNS)
        buffer_append_text(into, text);
    else
        buffer_printf(into,
                      "    signal %1$s_valid : std_logic;\n"
                      "    signal %1$s_ready : std_logic;\n"
                      "    signal %1$s_last  : std_logic;\n",
                      name);
    buffer_printf(into, "    signal %s_data : %s(0 to %d);\n", name,
                  source->is_float ? "float_vector" : "sample_vector", source->layout.lanes - 1);
}

static void add_fork_wires(const Source *source, Buffer *into)
{
    static const char *const ends[] = {"valid", "ready"};
    for (int i = 0; i < 2; i++)
        buffer_printf(into, "    signal %s_fork_%s : std_logic_vector(0 to %d);\n", source->label,
                      ends[i], source->count - 1);
}

void emit_signals(const Emission *emission, int from, Buffer *into)
{
    Source source = source_of(emission->plan, from);
    if (from == PLAN_INPUT && source.count == 0)
        return;
    if (from != PLAN_INPUT)
        add_wire(source.label, &source, into);
    if (source.count > 1)
        add_fork_wires(&source, into);
    for (int i = 0; i < source.count; i++)
        add_wire(buffer_label(emission, source.first + i), &source, into);
    buffer_append_text(into, "\n");
}

/* ---- ports ----------------------------------------------------------------------------------- */

static void add_clock(Buffer *into)
{
    buffer_append_text(into, "            clk       => clk,\n            rst       => rst");
}

static void add_side(const char *side, Wire wire, Buffer *into)
{
    const char *const names[] = {wire.valid, wire.ready, wire.data, wire.last};
    static const char *const ends[] = {"valid", "ready", "data", "last"};
    for (int i = 0; i < 4; i++) {
        char port[16];
        snprintf(port, sizeof port, "%s_%s", side, ends[i]);
        buffer_printf(into, ",\n            %-9s => %s", port, names[i]);
    }
}

static void end_ports(Buffer *into)
{
    buffer_append_text(into, "\n        );\n\n");
}

static void add_streams(Wire in, Wire out, Buffer *into)
{
    add_clock(into);
    add_side("in", in, into);
    add_side("out", out, into);
}

static void add_ports(Wire in, Wire out, Buffer *into)
{
    add_streams(in, out, into);
    end_ports(into);
}

/* Inputs of a join: each is a part of the ports. */
static void add_joined_inputs(const Emission *emission, const Stage *stage, Buffer *into)
{
    static const char *const ends[] = {"valid", "ready", "last"};
    for (int end = 0; end < 3; end++)
        for (int k = 0; k < stage->input_count; k++) {
            Wire wire = wire_behind(emission, stage->in_buffers[k]);
            const char *names[] = {wire.valid, wire.ready, wire.last};
            buffer_printf(into, ",\n            in_%s(%d) => %s", ends[end], k, names[end]);
        }
    for (int k = 0, lane = 0; k < stage->input_count; k++) {
        int buffer = stage->in_buffers[k];
        int lanes = emission->plan->buffers[buffer].layout.lanes;
        buffer_printf(into, ",\n            in_data(%d to %d) => %s", lane, lane + lanes - 1,
                      wire_behind(emission, buffer).data);
        lane += lanes;
    }
}

void emit_layer_ports(const Emission *emission, const Stage *stage, Buffer *into)
{
    Wire out = wire_named(emission->arena, stage->label);
    if (stage->input_count == 1) {
        add_streams(wire_behind(emission, stage->in_buffers[0]), out, into);
        emit_memory_ports(emission, stage, into);
        end_ports(into);
        return;
    }
    add_clock(into);
    add_joined_inputs(emission, stage, into);
    add_side("out", out, into);
    end_ports(into);
}

/* ---- forks and buffers ----------------------------------------------------------------------- */

static void add_fork(const Source *source, Buffer *into)
{
    buffer_printf(into,
                  "    %1$s_fork : entity work.stream_fork\n"
                  "        generic map (\n"
                  "            OUTPUTS => %2$d\n"
                  "        )\n"
                  "        port map (\n"
                  "            clk       => clk,\n"
                  "            rst       => rst,\n"
                  "            in_valid  => %1$s_valid,\n"
                  "            in_ready  => %1$s_ready,\n"
                  "            out_valid => %1$s_fork_valid,\n"
                  "            out_ready => %1$s_fork_ready\n"
                  "        );\n\n",
                  source->label, source->count);
}

/* "-- for add_1" or "-- for add_1: 37 beats, as that takes them late" */
static void describe_buffer(const Emission *emission, const StreamBuffer *buffer, int readers,
                            Buffer *into)
{
    bool deep = buffer->depth > BUFFER_REGISTER_DEPTH;
    if (readers < 2 && !deep)
        return;
    buffer_printf(into, "    -- for %s",
                  emit_plain(emission->arena, plan_stage_name(emission->plan, buffer->to)));
    if (deep)
        buffer_printf(into, ": %lld beats wait here at most", (long long)buffer->peak);
    buffer_append_text(into, "\n");
}

static void add_buffer(const Emission *emission, int index, int readers, Buffer *into)
{
    const StreamBuffer *buffer = &emission->plan->buffers[index];
    const Op *op = &emission->plan->model->ops[buffer->from + 1];
    bool deep = buffer->depth > BUFFER_REGISTER_DEPTH;
    const char *entity = deep               ? "stream_fifo"
                         : buffer->is_float ? "float_register_stage"
                                            : "register_stage";
    describe_buffer(emission, buffer, readers, into);
    buffer_printf(into, "    %s : entity work.%s\n        generic map (\n            LANES => %d",
                  buffer_label(emission, index), entity, buffer->layout.lanes);
    if (deep)
        buffer_printf(into,
                      ",\n            DEPTH => %lld,\n            LOW   => %d,\n"
                      "            HIGH  => %d",
                      (long long)buffer->depth, op->low, op->high);
    buffer_append_text(into, "\n        )\n        port map (\n");
    add_ports(wire_before(emission, index), wire_behind(emission, index), into);
}

/* Watches one buffer: a deep one when peaks are wanted, any when a standstill is to be found. */
static void add_watch(const Emission *emission, int index, Buffer *into)
{
    bool deep = emission->plan->buffers[index].depth > BUFFER_REGISTER_DEPTH;
    Wire in = wire_before(emission, index), out = wire_behind(emission, index);
    buffer_printf(into,
                  "    %1$s_watch : if %2$sPATIENCE > 0 generate\n"
                  "        watch : entity work.buffer_watch\n"
                  "            generic map (\n"
                  "                INDEX    => %3$d,\n"
                  "                PATIENCE => PATIENCE\n"
                  "            )\n"
                  "            port map (\n"
                  "                clk       => clk,\n"
                  "                rst       => rst,\n"
                  "                in_valid  => %4$s,\n"
                  "                in_ready  => %5$s,\n",
                  buffer_label(emission, index), deep ? "PEAKS or " : "", index, in.valid,
                  in.ready);
    buffer_printf(into,
                  "                out_valid => %s,\n"
                  "                out_ready => %s,\n"
                  "                out_last  => %s\n"
                  "            );\n"
                  "    end generate;\n\n",
                  out.valid, out.ready, out.last);
}

void emit_readers(const Emission *emission, int from, Buffer *into)
{
    Source source = source_of(emission->plan, from);
    if (source.count > 1)
        add_fork(&source, into);
    for (int i = 0; i < source.count; i++)
        add_buffer(emission, source.first + i, source.count, into);
}

void emit_watches(const Emission *emission, Buffer *into)
{
    if (emission->plan->buffer_count)
        buffer_append_text(into, "    -- Simulation only, from here on: what happens in the "
                                 "buffers.\n\n");
    for (int i = 0; i < emission->plan->buffer_count; i++)
        add_watch(emission, i, into);
}

/* ---- taps ------------------------------------------------------------------------------------ */

/* A tap takes samples: a word is two of them. */
void emit_tap(const Emission *emission, const Stage *stage, Buffer *into)
{
    bool is_float = op_traits(stage->op->kind)->writes_float;
    int lanes = stage->output.lanes * (is_float ? 2 : 1);
    const char *data = arena_printf(emission->arena, "%s_data", stage->label);
    buffer_printf(into, "    %s_tap : if TAPS generate\n", stage->label);
    if (is_float) {
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
