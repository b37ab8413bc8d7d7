#include "nn/activation.h"

#include <assert.h>
#include <math.h>

typedef double Function(double x);

static double linear(double x)
{
    return x;
}

static double relu(double x)
{
    return x > 0 ? x : 0;
}

/* By the branch whose exponential does not overflow. */
static double sigmoid(double x)
{
    double e = exp(-fabs(x));
    return x >= 0 ? 1 / (1 + e) : e / (1 + e);
}

static Function *const FUNCTIONS[ACTIVATIONS] = {
    [ACTIVATION_LINEAR] = linear,
    [ACTIVATION_RELU] = relu,
    [ACTIVATION_TANH] = tanh,
    [ACTIVATION_SIGMOID] = sigmoid,
};

double activation_value(Activation activation, double x)
{
    assert(activation < ACTIVATIONS && FUNCTIONS[activation]);
    return FUNCTIONS[activation](x);
}

/* exp(x - max) / sum: the same value for any shift of x, and no overflow. */
static void softmax_row(float *values, int64_t channels)
{
    float maximum = values[0];
    for (int64_t c = 1; c < channels; c++)
        maximum = values[c] > maximum ? values[c] : maximum;
    double sum = 0;
    for (int64_t c = 0; c < channels; c++)
        sum += exp((double)values[c] - (double)maximum);
    for (int64_t c = 0; c < channels; c++)
        values[c] = (float)(exp((double)values[c] - (double)maximum) / sum);
}

void activation_apply(Activation activation, float *values, int64_t rows, int64_t channels)
{
    int64_t count = rows * channels;
    if (activation == ACTIVATION_SOFTMAX) {
        for (int64_t r = 0; r < rows; r++)
            softmax_row(values + r * channels, channels);
    } else if (activation == ACTIVATION_RELU) { /* the common one, as vector code */
        for (int64_t i = 0; i < count; i++)
            values[i] = values[i] > 0 ? values[i] : 0;
    } else if (activation != ACTIVATION_LINEAR) {
        for (int64_t i = 0; i < count; i++)
            values[i] = (float)activation_value(activation, (double)values[i]);
    }
}

/* ---- gradients ---------------------------------------------------------------------------------
 */

/* f'(x) by the value of f(x); all but softmax. */
static float slope(Activation activation, float y)
{
    if (activation == ACTIVATION_RELU)
        return y > 0 ? 1 : 0;
    return activation == ACTIVATION_TANH ? 1 - y * y : y * (1 - y);
}

/* dx = y * (dy - sum of y * dy) */
static void softmax_row_backward(const float *output, float *gradient, int64_t channels)
{
    double sum = 0;
    for (int64_t c = 0; c < channels; c++)
        sum += (double)output[c] * (double)gradient[c];
    for (int64_t c = 0; c < channels; c++)
        gradient[c] = (float)((double)output[c] * ((double)gradient[c] - sum));
}

void activation_backward(Activation activation, const float *output, float *gradient, int64_t rows,
                         int64_t channels)
{
    if (activation == ACTIVATION_SOFTMAX) {
        for (int64_t r = 0; r < rows; r++)
            softmax_row_backward(output + r * channels, gradient + r * channels, channels);
    } else if (activation != ACTIVATION_LINEAR) {
        for (int64_t i = 0; i < rows * channels; i++)
            gradient[i] *= slope(activation, output[i]);
    }
}
