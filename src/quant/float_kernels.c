/* float_kernels.c: vectors run over output channels, never over a sum, so that each sum keeps its
 * order. The operands are legal: only results need float32_settle(), which settle() is for four
 * lanes at a time. */
#include "quant/float_kernels.h"

typedef float Lanes __attribute__((vector_size(16), aligned(4), may_alias));
typedef int32_t Words __attribute__((vector_size(16)));
enum { LANES = 4, VECTORS = FLOAT_BLOCK / LANES };

/* On the bits: magnitudes order as integers do, a comparison gives -1, and one less than infinity
 * is the largest finite number. */
static inline Lanes settle(Lanes result)
{
    const int32_t largest = 0x7f7fffff, below_smallest = 0x007fffff;
    Words bits = (Words)result;
    Words magnitude = bits & INT32_MAX;
    bits += (Words)(magnitude > largest);
    bits &= (Words)(magnitude > below_smallest) | INT32_MIN;
    return (Lanes)bits;
}

/* sums[c] += input[t] * taps[t][c], one t after the other; a row of taps has `stride` values. */
static void accumulate(float sums[FLOAT_BLOCK], const float *input, int64_t count,
                       const float *taps, int64_t stride)
{
    Lanes block[VECTORS];
    memcpy(block, sums, sizeof block);
    for (int64_t t = 0; t < count; t++, taps += stride) {
#pragma GCC unroll 4
        for (int v = 0; v < VECTORS; v++) {
            Lanes product = settle(input[t] * ((const Lanes *)taps)[v]);
            block[v] = settle(block[v] + product);
        }
    }
    memcpy(sums, block, sizeof block);
}

/* The channels of a block that exist, to the output. */
static void put_block(const FloatLayer *layer, const float sums[FLOAT_BLOCK], int64_t channel,
                      float *pixel)
{
    int64_t left = shape_channels(layer->output_shape) - channel;
    for (int64_t c = 0; c < left && c < FLOAT_BLOCK; c++)
        pixel[channel + c] = layer->relu ? float32_relu(sums[c]) : sums[c];
}

/* ---- windows ----------------------------------------------------------------------------------
 */

/* Where a window lies: image position of its first row and column; negative in the border. */
typedef struct Place {
    int64_t row, column;
} Place;

static Place place_of(const FloatLayer *layer, int64_t y, int64_t x)
{
    const Window *w = &layer->window;
    return (Place){.row = y * w->stride_height - w->pad_top,
                   .column = x * w->stride_width - w->pad_left};
}

/* The pixel of an image; NULL on the border. */
static const float *pixel_at(const FloatLayer *layer, const float *image, int64_t row,
                             int64_t column)
{
    const int64_t *dim = layer->input_shape.dim;
    bool inside = row >= 0 && row < dim[0] && column >= 0 && column < dim[1];
    return inside ? image + (row * dim[1] + column) * dim[2] : NULL;
}

/* A kernel row. Pixels inside the image follow each other, and so do their taps. */
static void accumulate_row(const FloatLayer *layer, const float *image, Place place,
                           const float *taps, float sums[FLOAT_BLOCK])
{
    int64_t channels = layer->input_shape.dim[2], width = layer->input_shape.dim[1];
    int64_t kernel_width = layer->window.kernel_width;
    for (int64_t kx = 0, pixels = 1; kx < kernel_width; kx += pixels) {
        const float *input = pixel_at(layer, image, place.row, place.column + kx);
        int64_t inside = width - place.column - kx;
        pixels = !input ? 1 : inside < kernel_width - kx ? inside : kernel_width - kx;
        accumulate(sums, input ? input : layer->border, pixels * channels,
                   taps + kx * channels * layer->lanes, layer->lanes);
    }
}

static void convolve_pixel(const FloatLayer *layer, const float *image, Place place, float *pixel)
{
    int64_t row_taps = layer->window.kernel_width * layer->input_shape.dim[2] * layer->lanes;
    for (int64_t channel = 0; channel < layer->lanes; channel += FLOAT_BLOCK) {
        float sums[FLOAT_BLOCK];
        memcpy(sums, layer->bias + channel, sizeof sums);
        for (int ky = 0; ky < layer->window.kernel_height; ky++)
            accumulate_row(layer, image, (Place){place.row + ky, place.column},
                           layer->taps + ky * row_taps + channel, sums);
        put_block(layer, sums, channel, pixel);
    }
}

/* max(value, +0), in place. */
static void relu_values(float *values, int64_t count)
{
    for (int64_t i = 0; i < count; i++)
        values[i] = float32_relu(values[i]);
}

static void max_pixel(const FloatLayer *layer, const float *image, Place place, float *pixel)
{
    int64_t channels = layer->input_shape.dim[2];
    for (int64_t c = 0; c < channels; c++)
        pixel[c] = -INFINITY; /* below every legal number */
    for (int ky = 0; ky < layer->window.kernel_height; ky++)
        for (int kx = 0; kx < layer->window.kernel_width; kx++) {
            const float *input = pixel_at(layer, image, place.row + ky, place.column + kx);
            for (int64_t c = 0; input && c < channels; c++)
                pixel[c] = input[c] > pixel[c] ? input[c] : pixel[c];
        }
    if (layer->relu)
        relu_values(pixel, channels);
}

static void average_pixel(const FloatLayer *layer, const float *image, Place place, float *pixel)
{
    int64_t channels = layer->input_shape.dim[2];
    memset(pixel, 0, (size_t)channels * sizeof *pixel);
    for (int ky = 0; ky < layer->window.kernel_height; ky++)
        for (int kx = 0; kx < layer->window.kernel_width; kx++) {
            const float *input = pixel_at(layer, image, place.row + ky, place.column + kx);
            for (int64_t c = 0; input && c < channels; c++)
                pixel[c] = float32_settle(pixel[c] + input[c]);
        }
    for (int64_t c = 0; c < channels; c++)
        pixel[c] = float32_settle(pixel[c] * layer->scale);
    if (layer->relu)
        relu_values(pixel, channels);
}

typedef void PixelKernel(const FloatLayer *layer, const float *image, Place place, float *pixel);

static void each_pixel(PixelKernel *kernel, const FloatLayer *layer, const float *input, int images,
                       float *output)
{
    int64_t height = layer->output_shape.dim[0], width = layer->output_shape.dim[1];
    for (int i = 0; i < images; i++, input += shape_elements(layer->input_shape))
        for (int64_t y = 0; y < height; y++)
            for (int64_t x = 0; x < width; x++, output += layer->output_shape.dim[2])
                kernel(layer, input, place_of(layer, y, x), output);
}

/* ---- kernels ----------------------------------------------------------------------------------
 */

void float_conv2d(const FloatLayer *layer, const float *input, int images, float *output)
{
    each_pixel(convolve_pixel, layer, input, images, output);
}

void float_max_pool2d(const FloatLayer *layer, const float *input, int images, float *output)
{
    each_pixel(max_pixel, layer, input, images, output);
}

void float_average_pool2d(const FloatLayer *layer, const float *input, int images, float *output)
{
    each_pixel(average_pixel, layer, input, images, output);
}

void float_dense(const FloatLayer *layer, const float *input, int images, float *output)
{
    int64_t inputs = shape_elements(layer->input_shape);
    int64_t outputs = shape_elements(layer->output_shape);
    for (int i = 0; i < images; i++, input += inputs, output += outputs)
        for (int64_t channel = 0; channel < layer->lanes; channel += FLOAT_BLOCK) {
            float sums[FLOAT_BLOCK];
            memcpy(sums, layer->bias + channel, sizeof sums);
            accumulate(sums, input, inputs, layer->taps + channel, layer->lanes);
            put_block(layer, sums, channel, output);
        }
}

/* ---- preparation ------------------------------------------------------------------------------
 */

/* (rows, columns) to (rows, lanes). */
static Status pack_rows(Arena *arena, const float *values, int64_t rows, const FloatLayer *layer,
                        const float **packed)
{
    int64_t columns = shape_channels(layer->output_shape);
    float *padded = ARENA_ARRAY(arena, float, rows * layer->lanes);
    *packed = padded;
    for (int64_t i = 0; values && i < rows * columns; i++) {
        if (!isfinite(values[i]))
            return error_set(ERR_REFUSED,
                             "weight or bias %lld is %g; a floating-point layer needs finite "
                             "numbers: train the model again, or import one that is sound",
                             (long long)i, (double)values[i]);
        padded[i / columns * layer->lanes + i % columns] = float32_flush(values[i]);
    }
    return OK;
}

float float_average_scale(const Window *window)
{
    return 1.0F / (float)(window->kernel_height * window->kernel_width);
}

Status float_layer_pack(Arena *arena, FloatLayer *layer, const float *weights, const float *bias)
{
    int64_t channels = shape_channels(layer->output_shape);
    const Window *window = &layer->window;
    layer->lanes = (channels + FLOAT_BLOCK - 1) / FLOAT_BLOCK * FLOAT_BLOCK;
    layer->border = ARENA_ARRAY(arena, float, shape_channels(layer->input_shape));
    layer->taps = NULL;
    bool has_window = window->kernel_height > 0;
    if (has_window)
        layer->scale = float_average_scale(window);
    if (!weights)
        return OK;
    int64_t rows = has_window ? window->kernel_height * window->kernel_width *
                                    shape_channels(layer->input_shape)
                              : shape_elements(layer->input_shape);
    TRY(pack_rows(arena, weights, rows, layer, &layer->taps));
    return pack_rows(arena, bias, 1, layer, &layer->bias);
}

/* ---- bridges ----------------------------------------------------------------------------------
 */

Status float_bridge_make(QuantParam format, FloatBridge *bridge)
{
    *bridge = (FloatBridge){.scale = (float)format.scale,
                            .inverse_scale = (float)(1.0 / format.scale),
                            .zero_point = format.zero_point,
                            .low = format.low,
                            .high = format.high};
    if (!(format.scale > 0) || !isnormal(bridge->scale) || !isnormal(bridge->inverse_scale))
        return error_set(ERR_REFUSED,
                         "a scale of %g cannot be turned into binary32; expected one of 2^-126 to "
                         "2^126: choose another clip range for this layer",
                         format.scale);
    return OK;
}

void float_from_integers(const FloatBridge *bridge, const int32_t *integers, int64_t count,
                         float *values)
{
    for (int64_t i = 0; i < count; i++)
        values[i] = float32_from_integer(integers[i], bridge->zero_point, bridge->scale);
}

void float_to_integers(const FloatBridge *bridge, const float *values, int64_t count,
                       int32_t *integers)
{
    for (int64_t i = 0; i < count; i++)
        integers[i] = float32_to_integer(values[i], bridge->inverse_scale, bridge->zero_point,
                                         bridge->low, bridge->high);
}
