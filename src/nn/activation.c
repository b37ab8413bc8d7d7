#include "nn/activation.h"

#include <assert.h>
#include <math.h>

typedef double Function(const ActivationFunction *function, double x);

static double linear(const ActivationFunction *function, double x)
{
    (void)function;
    return x;
}

static double relu(const ActivationFunction *function, double x)
{
    double positive = x > 0 ? x : 0;
    return function->limit > 0 && positive > function->limit ? function->limit : positive;
}

static double leaky_relu(const ActivationFunction *function, double x)
{
    return x > 0 ? x : function->slope * x;
}

static double hyperbolic_tangent(const ActivationFunction *function, double x)
{
    (void)function;
    return tanh(x);
}

/* By the branch whose exponential does not overflow. */
static double sigmoid(const ActivationFunction *function, double x)
{
    (void)function;
    double e = exp(-fabs(x));
    return x >= 0 ? 1 / (1 + e) : e / (1 + e);
}

static double hard_sigmoid(const ActivationFunction *function, double x)
{
    double y = function->slope * x + 0.5;
    return y < 0 ? 0 : y > 1 ? 1 : y;
}

static Function *const FUNCTIONS[ACTIVATIONS] = {
    [ACTIVATION_LINEAR] = linear,           [ACTIVATION_RELU] = relu,
    [ACTIVATION_TANH] = hyperbolic_tangent, [ACTIVATION_SIGMOID] = sigmoid,
    [ACTIVATION_LEAKY_RELU] = leaky_relu,   [ACTIVATION_HARD_SIGMOID] = hard_sigmoid,
};

double activation_value(ActivationFunction function, double x)
{
    assert(function.kind < ACTIVATIONS && FUNCTIONS[function.kind]);
    return FUNCTIONS[function.kind](&function, x);
}

float activation_relu_limit(ActivationFunction function)
{
    return function.limit > 0 ? (float)function.limit : INFINITY;
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

void activation_apply(ActivationFunction function, float *values, int64_t rows, int64_t channels)
{
    int64_t count = rows * channels;
    if (function.kind == ACTIVATION_SOFTMAX) {
        for (int64_t r = 0; r < rows; r++)
            softmax_row(values + r * channels, channels);
    } else if (function.kind == ACTIVATION_RELU) { /* the common one, as vector code */
        float limit = activation_relu_limit(function);
        for (int64_t i = 0; i < count; i++) {
            float positive = values[i] > 0 ? values[i] : 0;
            values[i] = positive < limit ? positive : limit;
        }
    } else if (function.kind != ACTIVATION_LINEAR) {
        for (int64_t i = 0; i < count; i++)
            values[i] = (float)activation_value(function, (double)values[i]);
    }
}

/* ---- gradients ---------------------------------------------------------------------------------
 */

typedef float Slope(const ActivationFunction *function, float y);

static float relu_slope(const ActivationFunction *function, float y)
{
    return y > 0 && y < activation_relu_limit(*function) ? 1 : 0;
}

static float leaky_relu_slope(const ActivationFunction *function, float y)
{
    return y > 0 ? 1 : (float)function->slope;
}

static float tanh_slope(const ActivationFunction *function, float y)
{
    (void)function;
    return 1 - y * y;
}

static float sigmoid_slope(const ActivationFunction *function, float y)
{
    (void)function;
    return y * (1 - y);
}

static float hard_sigmoid_slope(const ActivationFunction *function, float y)
{
    return y > 0 && y < 1 ? (float)function->slope : 0;
}

/* f'(x) by the value of f(x). */
static Slope *const SLOPES[ACTIVATIONS] = {
    [ACTIVATION_RELU] = relu_slope,
    [ACTIVATION_TANH] = tanh_slope,
    [ACTIVATION_SIGMOID] = sigmoid_slope,
    [ACTIVATION_LEAKY_RELU] = leaky_relu_slope,
    [ACTIVATION_HARD_SIGMOID] = hard_sigmoid_slope,
};

/* dx = y * (dy - sum of y * dy) */
static void softmax_row_backward(const float *output, float *gradient, int64_t channels)
{
    double sum = 0;
    for (int64_t c = 0; c < channels; c++)
        sum += (double)output[c] * (double)gradient[c];
    for (int64_t c = 0; c < channels; c++)
        gradient[c] = (float)((double)output[c] * ((double)gradient[c] - sum));
}

void activation_backward(ActivationFunction function, const float *output, float *gradient,
                         int64_t rows, int64_t channels)
{
    if (function.kind == ACTIVATION_SOFTMAX) {
        for (int64_t r = 0; r < rows; r++)
            softmax_row_backward(output + r * channels, gradient + r * channels, channels);
    } else if (function.kind != ACTIVATION_LINEAR) {
        Slope *slope = SLOPES[function.kind];
        for (int64_t i = 0; i < rows * channels; i++)
            gradient[i] *= slope(&function, output[i]);
    }
}
