/* pack.c: a layer's constants, padded to whole blocks of vectors. */
#include "nn/pack.h"

#include <math.h>
#include <string.h>

#include "nn/kernels.h"

/* ---- padding -----------------------------------------------------------------------------------
 */

Spread spread_of_input(const Layer *layer)
{
    const Window *w = &layer->window;
    return (Spread){.height = layer->input_shape.dim[0] + w->pad_top + w->pad_bottom,
                    .width = layer->input_shape.dim[1] + w->pad_left + w->pad_right,
                    .top = w->pad_top,
                    .left = w->pad_left,
                    .stride_height = 1,
                    .stride_width = 1};
}

Spread spread_of_gradient(const Layer *layer)
{
    const Window *w = &layer->window;
    return (Spread){.height = layer->input_shape.dim[0] + w->kernel_height - 1,
                    .width = layer->input_shape.dim[1] + w->kernel_width - 1,
                    .top = w->kernel_height - 1 - w->pad_top,
                    .left = w->kernel_width - 1 - w->pad_left,
                    .stride_height = w->stride_height,
                    .stride_width = w->stride_width};
}

static int64_t whole_blocks(int64_t channels)
{
    return (channels + KERNEL_BLOCK - 1) / KERNEL_BLOCK * KERNEL_BLOCK;
}

static bool pads_nothing(const Window *w)
{
    return w->pad_top + w->pad_bottom + w->pad_left + w->pad_right == 0;
}

static int64_t input_scratch(const Layer *layer)
{
    Spread around = spread_of_input(layer);
    int64_t pixels = around.height * around.width;
    if (layer->kind == LAYER_DEPTHWISE_CONV2D)
        return pixels * whole_blocks(shape_channels(layer->output_shape));
    if (layer->kind != LAYER_CONV2D || pads_nothing(&layer->window))
        return 0;
    return pixels * shape_channels(layer->input_shape);
}

/* Of a depthwise layer also a row of the input, each channel as often as it has kernels. */
static int64_t gradient_scratch(const Layer *layer)
{
    int64_t channels = shape_channels(layer->output_shape);
    Spread around = spread_of_gradient(layer);
    int64_t pixels = around.height * around.width;
    if (layer->kind == LAYER_DEPTHWISE_CONV2D)
        return pixels * whole_blocks(channels) + layer->input_shape.dim[1] * channels;
    return layer->kind == LAYER_CONV2D ? pixels * channels : 0;
}

/* ---- constants ---------------------------------------------------------------------------------
 */

static void pad_rows(const float *values, int64_t rows, int64_t columns, int64_t lanes,
                     float *padded)
{
    for (int64_t r = 0; r < rows; r++)
        memcpy(padded + r * lanes, values + r * columns, (size_t)columns * sizeof *values);
}

void kernel_fill(PackedLayer *packed, const float *kernel, const float *bias)
{
    const Layer *layer = packed->layer;
    int64_t channels = shape_channels(layer->output_shape);
    pad_rows(kernel, shape_elements(layer->kernel.shape) / channels, channels, packed->lanes,
             packed->taps);
    if (bias)
        pad_rows(bias, 1, channels, packed->lanes, packed->bias);
}

/* Window positions in reverse order; each channel by itself. */
static void fill_depthwise_backward(PackedLayer *packed, const float *kernel)
{
    int64_t channels = shape_channels(packed->layer->output_shape);
    int64_t positions = shape_elements(packed->layer->kernel.shape) / channels;
    for (int64_t p = 0; p < positions; p++)
        pad_rows(kernel + p * channels, 1, channels, packed->lanes,
                 packed->taps + (positions - 1 - p) * packed->lanes);
}

/* Window positions in reverse order; inputs and outputs change places. */
void kernel_fill_backward(PackedLayer *packed, const float *kernel)
{
    const Layer *layer = packed->layer;
    if (layer->kind == LAYER_DEPTHWISE_CONV2D) {
        fill_depthwise_backward(packed, kernel);
        return;
    }
    int64_t inputs = shape_channels(layer->input_shape);
    int64_t outputs = shape_channels(layer->output_shape);
    int64_t positions = shape_elements(layer->kernel.shape) / (inputs * outputs);
    for (int64_t p = 0; p < positions; p++)
        for (int64_t o = 0; o < outputs; o++) {
            float *row = packed->taps + ((positions - 1 - p) * outputs + o) * packed->lanes;
            for (int64_t i = 0; i < inputs; i++)
                row[i] = kernel[(p * inputs + i) * outputs + o];
        }
}

/* y = (x - mean) * gamma / sqrt(variance + epsilon) + beta as factor * x + shift. */
static void fill_batch_norm(PackedLayer *packed)
{
    const Layer *layer = packed->layer;
    for (int64_t c = 0; c < shape_channels(layer->output_shape); c++) {
        double gamma = layer->gamma.data ? (double)layer->gamma.data[c] : 1.0;
        double beta = layer->beta.data ? (double)layer->beta.data[c] : 0.0;
        double scale = gamma / sqrt((double)layer->variance.data[c] + layer->epsilon);
        packed->taps[c] = (float)scale;
        packed->bias[c] = (float)(beta - (double)layer->mean.data[c] * scale);
    }
}

static float *scratch_of(Arena *arena, int64_t count)
{
    return count ? ARENA_ARRAY(arena, float, count) : NULL;
}

static PackedLayer pack_rows(Arena *arena, const Layer *layer, int64_t rows, int64_t channels)
{
    PackedLayer packed = {
        .layer = layer, .kernels = kernels_select(), .lanes = whole_blocks(channels)};
    packed.taps = ARENA_ARRAY(arena, float, rows *packed.lanes);
    packed.bias = ARENA_ARRAY(arena, float, packed.lanes);
    return packed;
}

/* A copy whose shapes are images, so that kernels know no other. */
static const Layer *on_images(Arena *arena, const Layer *layer)
{
    Layer *copy = ARENA_NEW(arena, Layer);
    *copy = *layer;
    copy->input_shape = shape_as_image(layer->input_shape);
    copy->output_shape = shape_as_image(layer->output_shape);
    bool is_global =
        layer->kind == LAYER_GLOBAL_AVERAGE_POOL2D || layer->kind == LAYER_GLOBAL_MAX_POOL2D;
    if (is_global)
        copy->window = (Window){.kernel_height = (int)copy->input_shape.dim[0],
                                .kernel_width = (int)copy->input_shape.dim[1],
                                .stride_height = (int)copy->input_shape.dim[0],
                                .stride_width = (int)copy->input_shape.dim[1]};
    return copy;
}

PackedLayer kernel_pack(Arena *arena, const Layer *source)
{
    const Layer *layer = on_images(arena, source);
    int64_t channels = shape_channels(layer->output_shape);
    if (layer->kind == LAYER_BATCH_NORM) {
        PackedLayer packed = pack_rows(arena, layer, 1, channels);
        fill_batch_norm(&packed);
        return packed;
    }
    if (!layer_info(layer->kind)->has_kernel)
        return (PackedLayer){.layer = layer, .kernels = kernels_select()};
    int64_t rows = shape_elements(layer->kernel.shape) / channels;
    PackedLayer packed = pack_rows(arena, layer, rows, channels);
    packed.scratch = scratch_of(arena, input_scratch(layer));
    kernel_fill(&packed, layer->kernel.data, layer->bias.data);
    return packed;
}

PackedLayer kernel_pack_backward(Arena *arena, const Layer *source)
{
    const Layer *layer = on_images(arena, source);
    bool is_depthwise = layer->kind == LAYER_DEPTHWISE_CONV2D;
    int64_t channels = shape_channels(is_depthwise ? layer->output_shape : layer->input_shape);
    int64_t rows = shape_elements(layer->kernel.shape) / channels;
    PackedLayer packed = pack_rows(arena, layer, rows, channels);
    packed.scratch = scratch_of(arena, gradient_scratch(layer));
    kernel_fill_backward(&packed, layer->kernel.data);
    return packed;
}

PackedLayer kernel_share(Arena *arena, const PackedLayer *packed)
{
    PackedLayer own = *packed;
    if (!packed->scratch)
        return own;
    int64_t input = input_scratch(own.layer), gradient = gradient_scratch(own.layer);
    own.scratch = scratch_of(arena, input > gradient ? input : gradient);
    return own;
}
