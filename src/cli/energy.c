#include "cli/energy.h"

#include <string.h>

#include "flow/report.h"

/* Energy of one operation in a process of 45 nm at 0.9 V: M. Horowitz, "Computing's energy problem
 * (and what we can do about it)", ISSCC 2014, Fig. 1.1.9, which Fig. 1 of the paper is drawn from.
 * To try another process, change the figures here: nothing else holds any. */
enum {
    ADD_INT8,
    ADD_INT32,
    ADD_FLOAT32,
    MULTIPLY_INT8,
    MULTIPLY_FLOAT32,
    ACCESS_32_BITS,
    CONSTANTS
};
static const EnergyConstant TABLE[CONSTANTS] = {
    [ADD_INT8] = {"8-bit integer addition", 0.03},
    [ADD_INT32] = {"32-bit integer addition", 0.1},
    [ADD_FLOAT32] = {"32-bit float addition", 0.9},
    [MULTIPLY_INT8] = {"8-bit integer multiplication", 0.2},
    [MULTIPLY_FLOAT32] = {"32-bit float multiplication", 3.7},
    [ACCESS_32_BITS] = {"32-bit access, 8 KB memory", 5.0},
};

/* What a format does with them. Sums of 8-bit products need more than 8 bits: they are added in
 * 32. */
static const struct {
    int multiply, add;
    double values_per_word;
} FORMATS[ENERGY_FORMATS] = {
    [ENERGY_FLOAT32] = {MULTIPLY_FLOAT32, ADD_FLOAT32, 1},
    [ENERGY_INT8] = {MULTIPLY_INT8, ADD_INT32, 4},
};

const EnergyConstant *energy_constants(int *count)
{
    *count = CONSTANTS;
    return TABLE;
}

static int64_t elements_of(const json_t *layer)
{
    const json_t *shape = json_object_get(layer, "output_shape");
    int64_t elements = 1;
    for (size_t i = 0; i < json_array_size(shape); i++)
        elements *= json_integer_value(json_array_get(shape, i));
    return elements;
}

/* Layers that only give values another name or shape move nothing. */
static bool moves_values(const json_t *layer)
{
    static const char *const still[] = {"flatten", "reshape", "dropout"};
    const char *kind = report_text(layer, "kind", "");
    for (size_t i = 0; i < sizeof still / sizeof *still; i++)
        if (strcmp(kind, still[i]) == 0)
            return false;
    return true;
}

Status energy_count(const json_t *report, EnergyCount *count)
{
    const json_t *layers = report_at(report, "model.layers");
    *count = (EnergyCount){0};
    if (!json_array_size(layers))
        return error_set(ERR_REFUSED, "the report has no section 'model' with layers");
    for (size_t i = 0; i < json_array_size(layers); i++) {
        const json_t *layer = json_array_get(layers, i);
        count->macs += (int64_t)report_number(layer, "macs", 0);
        count->weights += (int64_t)report_number(layer, "parameters", 0);
        if (moves_values(layer))
            count->values += elements_of(layer);
    }
    return OK;
}

double energy_words(const EnergyCount *count, EnergyFormat format)
{
    return (double)(count->weights + 2 * count->values) / FORMATS[format].values_per_word;
}

EnergyShare energy_of(const EnergyCount *count, EnergyFormat format)
{
    return (EnergyShare){.multiplications =
                             (double)count->macs * TABLE[FORMATS[format].multiply].picojoules,
                         .additions = (double)count->macs * TABLE[FORMATS[format].add].picojoules,
                         .memory = energy_words(count, format) * TABLE[ACCESS_32_BITS].picojoules};
}

double energy_addition_ratio(void)
{
    return TABLE[ADD_FLOAT32].picojoules / TABLE[ADD_INT8].picojoules;
}

double energy_total(const EnergyShare *share)
{
    return share->multiplications + share->additions + share->memory;
}
