/* Memories of weights that are loaded: one beside each layer that has weights, in a chain.
 *
 *     LABEL_loaded_step, _enable, _row              between the layer and its memory
 *     LABEL_loaded_through, _back_valid, _back_data to the next memory in the chain
 */
#include "hw/emit_parts.h"
#include "hw/template.h"
#include "hw/weights_file.h"

void emit_memory_signals(const Emission *emission, const Stage *stage, Buffer *into)
{
    if (!weights_are_loaded(emission->plan, stage))
        return;
    buffer_printf(into,
                  "    signal %1$s_loaded_step : natural;\n"
                  "    signal %1$s_loaded_enable : std_logic;\n"
                  "    signal %1$s_loaded_row : sample_vector(0 to %2$d);\n"
                  "    signal %1$s_loaded_through : std_logic;\n"
                  "    signal %1$s_loaded_back_valid : std_logic;\n"
                  "    signal %1$s_loaded_back_data : std_logic_vector(7 downto 0);\n\n",
                  stage->label, stage->pe * stage->simd - 1);
}

void emit_memory_ports(const Emission *emission, const Stage *stage, Buffer *into)
{
    if (!weights_are_loaded(emission->plan, stage))
        return;
    buffer_printf(into,
                  ",\n            weight_step   => %1$s_loaded_step"
                  ",\n            weight_enable => %1$s_loaded_enable"
                  ",\n            weight_row    => %1$s_loaded_row",
                  stage->label);
}

/* The last one before stage `end` that loads; NULL: none. */
static const Stage *memory_before(const Plan *plan, int end)
{
    for (int i = end - 1; i >= 0; i--)
        if (weights_are_loaded(plan, &plan->stages[i]))
            return &plan->stages[i];
    return NULL;
}

const char *emit_last_memory(const Plan *plan)
{
    const Stage *stage = memory_before(plan, plan->count);
    return stage ? stage->label : "";
}

static void add_chain(const Emission *emission, const Stage *stage, const Stage *before,
                      Buffer *into)
{
    const char *turn = "'1'", *valid = "'0'", *data = "\"00000000\"";
    if (before) {
        turn = arena_printf(emission->arena, "%s_loaded_through", before->label);
        valid = arena_printf(emission->arena, "%s_loaded_back_valid", before->label);
        data = arena_printf(emission->arena, "%s_loaded_back_data", before->label);
    }
    buffer_printf(into,
                  "            turn          => %1$s,\n"
                  "            turn_next     => %4$s_loaded_through,\n"
                  "            byte_valid    => weights_byte_valid,\n"
                  "            byte_data     => weights_byte_data,\n"
                  "            back_valid_in => %2$s,\n"
                  "            back_data_in  => %3$s,\n"
                  "            back_valid    => %4$s_loaded_back_valid,\n"
                  "            back_data     => %4$s_loaded_back_data,\n",
                  turn, valid, data, stage->label);
}

void emit_memory(const Emission *emission, int index, Buffer *into)
{
    const Stage *stage = &emission->plan->stages[index];
    if (!weights_are_loaded(emission->plan, stage))
        return;
    int64_t half = (int64_t)1 << (stage->op->weight_bits - 1);
    buffer_printf(into,
                  "    %s_loaded_memory : entity work.weight_memory\n"
                  "        generic map (\n"
                  "            ROWS   => %lld,\n"
                  "            VALUES => %d,\n"
                  "            LOW    => %lld,\n"
                  "            HIGH   => %lld\n"
                  "        )\n"
                  "        port map (\n"
                  "            clk           => clk,\n"
                  "            restart       => weights_restart,\n"
                  "            loading       => weights_loading,\n"
                  "            reading       => weights_reading,\n",
                  stage->label, (long long)stage->rows, stage->pe * stage->simd, (long long)-half,
                  (long long)half - 1);
    add_chain(emission, stage, memory_before(emission->plan, index), into);
    buffer_printf(into,
                  "            step          => %1$s_loaded_step,\n"
                  "            enable        => %1$s_loaded_enable,\n"
                  "            row           => %1$s_loaded_row\n"
                  "        );\n\n",
                  stage->label);
}

Status emit_loaded(const Emission *emission, Buffer *into)
{
    const Plan *plan = emission->plan;
    Arena *arena = emission->arena;
    const TemplateKey keys[] = {
        {"name", plan->name},
        {"version", DNN2FPGA_VERSION},
        {"model", emit_plain(arena, plan->model->name)},
        {"sha256", plan->model->source_sha256},
        {"weight_bytes", emit_number(arena, weights_file_bytes(plan))},
        {"in_beats", emit_number(arena, plan->input.beats)},
        {"in_high_lane", emit_number(arena, plan->input.lanes - 1)},
        {"out_beats", emit_number(arena, plan->output.beats)},
        {"out_high_lane", emit_number(arena, plan->output.lanes - 1)},
        {"class", plan->has_class ? "yes" : ""},
        {NULL, NULL},
    };
    return template_expand("loaded.vhd.tmpl", keys, into);
}
