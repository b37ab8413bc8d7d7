#include "quant/table.h"

#include "nn/activation.h"

int32_t *table_make(Arena *arena, ActivationFunction function, QuantParam input, QuantParam output)
{
    int32_t *table = ARENA_ARRAY(arena, int32_t, (int64_t)input.high - input.low + 1);
    for (int32_t q = input.low; q <= input.high; q++)
        table[q - input.low] =
            fixed_quantize(activation_value(function, fixed_dequantize(q, input)), output);
    return table;
}

/* x = ln(y / (1 - y)), the inverse of sigmoid. */
static double logit(double y)
{
    return log(y / (1 - y));
}

double table_saturation(ActivationFunction function, QuantParam output)
{
    /* Between y and the function's limit, 1, all values round to the same highest integer. */
    double highest = fmin(rint(1 / output.scale), output.high);
    double y = (highest - 0.5) * output.scale;
    const double margin = 1.02; /* the last entry of the table lies clearly beyond the step */
    if (function.kind == ACTIVATION_HARD_SIGMOID && function.slope > 0)
        return margin * 0.5 / function.slope;
    if (!(y > 0 && y < 1))
        return INFINITY;
    if (function.kind == ACTIVATION_TANH)
        return margin * atanh(y);
    if (function.kind == ACTIVATION_SIGMOID) /* and below half a step all are 0 */
        return margin * fmax(fabs(logit(y)), fabs(logit(fmin(output.scale / 2, 0.5))));
    return INFINITY;
}
