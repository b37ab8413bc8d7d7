#include "hw/energy.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/fs.h"

/* Energy of one operation in a process of 45 nm at 0.9 V: M. Horowitz, "Computing's energy problem
 * (and what we can do about it)", ISSCC 2014, Fig. 1.1.9, which Fig. 1 of the paper is drawn from.
 * The access is to a memory of 8 KB. Nothing else holds such figures; --energy-table replaces them. */
typedef struct OperationRow {
    const char *key, *title;
    double picojoules;
} OperationRow;

static const OperationRow OPERATIONS[ENERGY_OPERATIONS] = {
    [ENERGY_ADD_INT8] = {"add_int8", "8-bit integer addition", 0.03},
    [ENERGY_ADD_INT32] = {"add_int32", "32-bit integer addition", 0.1},
    [ENERGY_ADD_FLOAT32] = {"add_float32", "32-bit float addition", 0.9},
    [ENERGY_MULTIPLY_INT8] = {"multiply_int8", "8-bit integer multiplication", 0.2},
    [ENERGY_MULTIPLY_FLOAT32] = {"multiply_float32", "32-bit float multiplication", 3.7},
    [ENERGY_ACCESS] = {"access_32_bits", "32-bit access, 8 KB memory", 5.0},
};

enum { MAX_TABLE_BYTES = 1 << 16, WORD_BITS = 32 };

const char *energy_operation_title(EnergyOperation operation)
{
    return OPERATIONS[operation].title;
}

EnergyTable energy_table_default(void)
{
    EnergyTable table;
    for (int i = 0; i < ENERGY_OPERATIONS; i++)
        table.picojoules[i] = OPERATIONS[i].picojoules;
    return table;
}

/* ---- a table from a file --------------------------------------------------------------------- */

static Status read_line(const char *path, int number, char *line, EnergyTable *table)
{
    char *rest = NULL, *end = NULL;
    line[strcspn(line, "#")] = '\0';
    const char *key = strtok_r(line, " \t\r=", &rest), *value = strtok_r(NULL, " \t\r=", &rest);
    if (!key)
        return OK;
    for (int i = 0; i < ENERGY_OPERATIONS; i++) {
        if (strcmp(key, OPERATIONS[i].key) != 0)
            continue;
        double picojoules = value ? strtod(value, &end) : NAN;
        if (!value || *end || !isfinite(picojoules) || picojoules < 0 ||
            strtok_r(NULL, " \t\r", &rest))
            return error_set(ERR_REFUSED, "%s:%d: expected '%s PICOJOULES', a number from 0 on",
                             path, number, key);
        table->picojoules[i] = picojoules;
        return OK;
    }
    return error_set(ERR_REFUSED,
                     "%s:%d: no operation '%.40s'; there are: add_int8, add_int32, add_float32, "
                     "multiply_int8, multiply_float32, access_32_bits",
                     path, number, key);
}

Status energy_table_read(const char *path, EnergyTable *table)
{
    Buffer text = {0};
    *table = energy_table_default();
    Status status = fs_read_file(path, MAX_TABLE_BYTES, &text);
    char *rest = text.data;
    for (int number = 1; status == OK && rest && *rest; number++) {
        char *line = rest;
        rest = strchr(line, '\n');
        if (rest)
            *rest++ = '\0';
        status = read_line(path, number, line, table);
    }
    buffer_free(&text);
    return status;
}

/* ---- counting -------------------------------------------------------------------------------- */

static int64_t times_a_stage_computes(const Stage *stage)
{
    return op_traits(stage->op->kind)->is_dense ? stage->input.beats : stage->output.beats;
}

static void count_macs(const Stage *stage, EnergyUse *use)
{
    const Op *op = stage->op;
    int weight_bits = op->weight_bits ? op->weight_bits : FLOAT_BITS;
    int64_t count = times_a_stage_computes(stage) * stage->fold_steps * stage->macs_per_cycle;
    if (!op->weights || count == 0)
        return;
    for (int i = 0; i < use->width_count; i++) {
        if (use->macs[i].weight_bits == weight_bits && use->macs[i].input_bits == op->input.bits) {
            use->macs[i].count += count;
            return;
        }
    }
    assert(use->width_count < ENERGY_MAX_WIDTHS);
    use->macs[use->width_count++] = (EnergyMacs){weight_bits, op->input.bits, count};
}

/* Words that the memories of a stage give and take, with samples of `value_bits` and weights of
 * `weight_bits`. */
static void count_words(const Stage *stage, int weight_bits, int value_bits, double *weights,
                        double *values)
{
    const Window *window = &stage->op->window;
    double rows = (double)(times_a_stage_computes(stage) * stage->fold_steps);
    if (stage->rows > 1)
        *weights += rows * stage->pe * stage->simd * weight_bits / WORD_BITS;
    if (op_traits(stage->op->kind)->has_window && window->kernel_height > 1)
        *values += 2.0 * (double)stage->input.beats * (window->kernel_height - 1) *
                   stage->input.lanes * value_bits / WORD_BITS;
}

static double deep_buffer_words(const StreamBuffer *buffer, int value_bits)
{
    if (buffer->depth <= BUFFER_REGISTER_DEPTH)
        return 0;
    return 2.0 * (double)buffer->layout.beats * buffer->layout.lanes * value_bits / WORD_BITS;
}

static double mac_energy(const EnergyMacs *macs, const EnergyTable *table)
{
    const double *picojoules = table->picojoules;
    if (macs->weight_bits == FLOAT_BITS)
        return picojoules[ENERGY_MULTIPLY_FLOAT32] + picojoules[ENERGY_ADD_FLOAT32];
    double product = (double)(macs->weight_bits * macs->input_bits) / (8 * 8);
    return product * picojoules[ENERGY_MULTIPLY_INT8] + picojoules[ENERGY_ADD_INT32];
}

EnergyUse energy_of_plan(const Plan *plan, const EnergyTable *table)
{
    const double *picojoules = table->picojoules;
    EnergyUse use = {.width_count = 0};
    double float_words = 0, macs = 0;
    for (int i = 0; i < plan->count; i++) {
        const Stage *stage = &plan->stages[i];
        count_macs(stage, &use);
        count_words(stage, stage->op->weight_bits, stage->op->input.bits, &use.weight_words,
                    &use.value_words);
        count_words(stage, FLOAT_BITS, FLOAT_BITS, &float_words, &float_words);
    }
    for (int i = 0; i < plan->buffer_count; i++) {
        const Op *from = &plan->model->ops[plan->buffers[i].from + 1];
        use.value_words += deep_buffer_words(&plan->buffers[i], from->output.bits);
        float_words += deep_buffer_words(&plan->buffers[i], FLOAT_BITS);
    }
    for (int i = 0; i < use.width_count; i++) {
        use.integer_pj += (double)use.macs[i].count * mac_energy(&use.macs[i], table);
        macs += (double)use.macs[i].count;
    }
    use.integer_pj += (use.weight_words + use.value_words) * picojoules[ENERGY_ACCESS];
    use.float_pj = macs * (picojoules[ENERGY_MULTIPLY_FLOAT32] + picojoules[ENERGY_ADD_FLOAT32]) +
                   float_words * picojoules[ENERGY_ACCESS];
    return use;
}
