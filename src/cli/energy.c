#include "cli/energy.h"

#include <string.h>

#include "flow/report.h"
#include "hw/energy.h"

/* What a format does with them. Sums of 8-bit products need more than 8 bits: they are added in
 * 32. */
static const struct {
    EnergyOperation multiply, add;
    double values_per_word;
} FORMATS[ENERGY_FORMATS] = {
    [ENERGY_FLOAT32] = {ENERGY_MULTIPLY_FLOAT32, ENERGY_ADD_FLOAT32, 1},
    [ENERGY_INT8] = {ENERGY_MULTIPLY_INT8, ENERGY_ADD_INT32, 4},
};

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
    const EnergyTable table = energy_table_default();
    const double *picojoules = table.picojoules;
    return (EnergyShare){.multiplications =
                             (double)count->macs * picojoules[FORMATS[format].multiply],
                         .additions = (double)count->macs * picojoules[FORMATS[format].add],
                         .memory = energy_words(count, format) * picojoules[ENERGY_ACCESS]};
}

double energy_addition_ratio(void)
{
    const EnergyTable table = energy_table_default();
    return table.picojoules[ENERGY_ADD_FLOAT32] / table.picojoules[ENERGY_ADD_INT8];
}

double energy_total(const EnergyShare *share)
{
    return share->multiplications + share->additions + share->memory;
}
