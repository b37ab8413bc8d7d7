#include "quant/join.h"

#include <math.h>
#include <stdlib.h>

static QuantParam format_of(const IntegerModel *model, int index, int k)
{
    return op_input(model, index, k)->output;
}

/* The scale of input `k` over that of the first. */
static double relative_scale(const IntegerModel *model, int index, int k)
{
    return format_of(model, index, k).scale / format_of(model, index, 0).scale;
}

static JoinNumbers numbers_of(const IntegerModel *model, int index, int bits)
{
    const Op *op = &model->ops[index];
    int32_t highest = ((int32_t)1 << (bits - 1)) - 1;
    double largest = 0;
    for (int k = 0; k < op->input_count; k++)
        largest = fmax(largest, relative_scale(model, index, k));
    JoinNumbers numbers = {.weight_bits = bits, .weight_scale = largest / highest};
    int64_t bias = 0;
    for (int k = 0; k < op->input_count; k++) {
        double steps = rint(relative_scale(model, index, k) / numbers.weight_scale);
        numbers.weights[k] = (int32_t)fmin(steps, highest);
        bias -= (int64_t)numbers.weights[k] * format_of(model, index, k).zero_point;
    }
    numbers.bias = (int32_t)fixed_clamp(bias, -INT32_MAX, INT32_MAX);
    return numbers;
}

/* As op_accumulator_bound(), of numbers that are not in the model yet. */
static int64_t bound_of(const IntegerModel *model, int index, const JoinNumbers *numbers)
{
    int64_t sum = llabs(numbers->bias);
    for (int k = 0; k < model->ops[index].input_count; k++) {
        QuantParam format = format_of(model, index, k);
        int64_t low = llabs(format.low), high = llabs(format.high);
        sum += numbers->weights[k] * (low > high ? low : high);
    }
    return sum;
}

JoinNumbers join_add_numbers(const IntegerModel *model, int index)
{
    const int64_t most = ((int64_t)1 << (FIXED_ACCUMULATOR_BITS - 1)) - 1;
    JoinNumbers numbers = numbers_of(model, index, FIXED_MAX_BITS);
    for (int bits = FIXED_MAX_BITS - 1;
         bits >= FIXED_MIN_BITS && bound_of(model, index, &numbers) > most; bits--)
        numbers = numbers_of(model, index, bits);
    return numbers;
}

double join_ratio(const IntegerModel *model, int index, int k, double weight_scale)
{
    const Op *op = &model->ops[index];
    double unit =
        op->kind == OP_ADD ? op->input.scale * weight_scale : format_of(model, index, k).scale;
    return unit / op->output.scale;
}
