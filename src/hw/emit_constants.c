#include <assert.h>
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "hw/emit_parts.h"
#include "hw/template.h"
#include "hw/weights_file.h"

enum { LINE_COLUMNS = 100, INDENT = 8 };

/* A positional list of integers, wrapped; a row of `row` values starts a new line. */
typedef struct List {
    Buffer *into;
    int64_t count; /* values in all */
    int64_t row;
    int64_t written;
    int column;
} List;

static void list_add(List *list, int32_t value)
{
    char text[24];
    const char *comma = list->written == list->count - 1 ? "" : ",";
    /* VHDL has no literal for it: -2147483648 is the negative of a number too big. It is -0. */
    int length = value == INT32_MIN ? snprintf(text, sizeof text, "integer'low%s", comma)
                                    : snprintf(text, sizeof text, "%d%s", value, comma);
    bool row_starts = list->written % list->row == 0;
    if (row_starts || list->column + length + 1 > LINE_COLUMNS) {
        buffer_printf(list->into, "\n%*s%s", INDENT, "", text);
        list->column = INDENT + length;
    } else {
        buffer_printf(list->into, " %s", text);
        list->column += length + 1;
    }
    list->written++;
}

static List list_open(const char *name, const char *type, int64_t count, Buffer *into)
{
    buffer_printf(into, "    constant %s : %s(0 to %lld) := (", name, type, (long long)count - 1);
    if (count == 1) /* one value in parentheses would be an expression */
        buffer_append_text(into, "0 =>");
    return (List){.into = into, .count = count, .row = count};
}

static void list_close(const List *list)
{
    buffer_append_text(list->into, "\n    );\n");
}

/* Where the weight for fold position (step, p, s) is in the op: the order that the entities read.
 * Rows of `weights` have one weight for each output. */
static int64_t weight_index(const Stage *stage, int64_t step, int p, int s)
{
    int64_t outputs = stage->output.lanes, values = plan_values(stage);
    int64_t groups = values / stage->simd;
    int64_t beat = step / stage->fold_steps; /* dense; convolutions have one */
    int64_t in_beat = step % stage->fold_steps;
    int64_t output = in_beat / groups * stage->pe + p;
    int64_t value = beat * values + in_beat % groups * stage->simd + s;
    return value * outputs + output;
}

int64_t emit_weight_element(const Stage *stage, int64_t index)
{
    if (!stage->rows)
        return index;
    int64_t row = (int64_t)stage->pe * stage->simd, in_row = index % row;
    return weight_index(stage, index / row, (int)(in_row / stage->simd),
                        (int)(in_row % stage->simd));
}

static const char *value_vector(const Stage *stage)
{
    return op_traits(stage->op->kind)->reads_float ? "float_vector" : "sample_vector";
}

static void add_folded_weights(const Emission *emission, const Stage *stage, Buffer *into)
{
    int64_t row = (int64_t)stage->pe * stage->simd;
    assert(stage->op->weights);
    List list = list_open(emit_constant_name(emission->arena, stage, "WEIGHTS"),
                          value_vector(stage), stage->rows * row, into);
    list.row = row;
    for (int64_t step = 0; step < stage->rows; step++)
        for (int p = 0; p < stage->pe; p++)
            for (int s = 0; s < stage->simd; s++)
                list_add(&list, stage->op->weights[weight_index(stage, step, p, s)]);
    list_close(&list);
}

static void add_plain_weights(const Emission *emission, const Stage *stage, Buffer *into)
{
    int64_t count = op_weight_count(stage->op);
    assert(stage->op->weights);
    List list = list_open(emit_constant_name(emission->arena, stage, "WEIGHTS"), "sample_vector",
                          count, into);
    for (int64_t i = 0; i < count; i++)
        list_add(&list, stage->op->weights[i]);
    list_close(&list);
}

typedef int32_t ChannelValue(const Op *op, int64_t channel);

static int32_t bias_of(const Op *op, int64_t channel)
{
    return op->bias ? op->bias[channel] : 0;
}

static int32_t multiplier_of(const Op *op, int64_t channel)
{
    return op_requantizer(op, channel).multiplier;
}

static int32_t shift_of(const Op *op, int64_t channel)
{
    return op_requantizer(op, channel).shift;
}

static void add_per_channel(const Emission *emission, const Stage *stage, Buffer *into)
{
    static const struct {
        const char *what;
        ChannelValue *value;
    } lists[] = {{"BIAS", bias_of}, {"MULTIPLIERS", multiplier_of}, {"SHIFTS", shift_of}};
    bool is_float = op_traits(stage->op->kind)->reads_float;
    const char *type = is_float ? "float_vector" : "integer_vector";
    size_t count = is_float ? 1 : sizeof lists / sizeof *lists;
    int64_t channels = stage->output.lanes;
    for (size_t i = 0; i < count; i++) {
        List list = list_open(emit_constant_name(emission->arena, stage, lists[i].what), type,
                              channels, into);
        for (int64_t c = 0; c < channels; c++)
            list_add(&list, lists[i].value(stage->op, c));
        list_close(&list);
    }
}

static void add_table(const Emission *emission, const Stage *stage, Buffer *into)
{
    const Op *op = stage->op;
    int64_t count = (int64_t)op->input.high - op->input.low + 1;
    List list = list_open(emit_constant_name(emission->arena, stage, "TABLE"), "sample_vector",
                          count, into);
    for (int64_t i = 0; i < count; i++)
        list_add(&list, op->table[i]);
    list_close(&list);
}

static void add_stage(const Emission *emission, const Stage *stage, Buffer *into)
{
    const Op *op = stage->op;
    if (!op->weights && !op->table)
        return;
    buffer_printf(into, "\n    -- %s: %s", emit_plain(emission->arena, op->name),
                  op_word(op->kind));
    if (stage->rows)
        buffer_printf(into, ", %lld rows of %d x %d weights", (long long)stage->rows, stage->pe,
                      stage->simd);
    buffer_append_text(into, "\n");
    if (op->kind == OP_TABLE) {
        add_table(emission, stage, into);
        return;
    }
    if (stage->rows && !weights_are_loaded(emission->plan, stage))
        add_folded_weights(emission, stage, into);
    else if (!stage->rows)
        add_plain_weights(emission, stage, into);
    if (op->kind != OP_ADD) /* has one of each: numbers */
        add_per_channel(emission, stage, into);
}

Status emit_constants(const Emission *emission, Buffer *into)
{
    const Plan *plan = emission->plan;
    Buffer constants = {0};
    buffer_append_text(&constants, "");
    for (int i = 0; i < plan->count; i++)
        add_stage(emission, &plan->stages[i], &constants);
    const TemplateKey keys[] = {{"name", plan->name},
                                {"version", DNN2FPGA_VERSION},
                                {"model", emit_plain(emission->arena, plan->model->name)},
                                {"sha256", plan->model->source_sha256},
                                {"constants", constants.data},
                                {"float", plan_has_floats(plan) ? "yes" : ""},
                                {"ram", plan->loads_weights ? "yes" : ""},
                                {NULL, NULL}};
    Status status = template_expand("constants.vhd.tmpl", keys, into);
    buffer_free(&constants);
    return status;
}
