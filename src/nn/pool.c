/* pool.c: the window slides over the part of the image that is there: padding never wins a maximum
 * and is not counted in a mean, as in Keras. Four channels at a time, then the rest one by one. */
#include <math.h>
#include <string.h>

#include "nn/kernels.h"

enum { QUAD = 4 };
typedef float Quad __attribute__((vector_size(16), aligned(4), may_alias));
typedef int32_t QuadMask __attribute__((vector_size(16)));

/* Where one window lies; `size` is the number of its pixels inside the image. */
typedef struct Place {
    WindowSpan rows, columns;
    int64_t width, channels;
    float size;
} Place;

typedef void ForPlace(const Place *place, const float *input, float *output);

static int64_t pixel_at(const Place *p, int64_t ky, int64_t kx)
{
    return ((p->rows.origin + ky) * p->width + p->columns.origin + kx) * p->channels;
}

static Place place_at(const Layer *layer, int64_t y, int64_t x)
{
    Place place = {.rows = window_rows(layer, y),
                   .columns = window_columns(layer, x),
                   .width = layer->input_shape.dim[1],
                   .channels = shape_channels(layer->input_shape)};
    place.size =
        (float)((place.rows.last - place.rows.first) * (place.columns.last - place.columns.first));
    return place;
}

/* For each pixel of the window that lies inside the image: its row ky and its column kx. */
#define FOR_WINDOW(p)                                                                              \
    for (int64_t ky = (p)->rows.first; ky < (p)->rows.last; ky++)                                  \
        for (int64_t kx = (p)->columns.first; kx < (p)->columns.last; kx++)

static Quad choose(QuadMask mask, Quad yes, Quad no)
{
    return (Quad)(((QuadMask)yes & mask) | ((QuadMask)no & ~mask));
}

/* ---- forward -----------------------------------------------------------------------------------
 */

static void maximum(const Place *p, const float *input, float *output)
{
    int64_t c = 0;
    for (; c + QUAD <= p->channels; c += QUAD) {
        Quad best = {-INFINITY, -INFINITY, -INFINITY, -INFINITY};
        FOR_WINDOW(p)
        {
            Quad value = *(const Quad *)(input + pixel_at(p, ky, kx) + c);
            best = choose(value > best, value, best);
        }
        *(Quad *)(output + c) = best;
    }
    for (; c < p->channels; c++) {
        float best = -INFINITY;
        FOR_WINDOW(p)
        {
            float value = input[pixel_at(p, ky, kx) + c];
            best = value > best ? value : best;
        }
        output[c] = best;
    }
}

static void mean(const Place *p, const float *input, float *output)
{
    for (int64_t c = 0; c < p->channels; c++) {
        float sum = 0;
        FOR_WINDOW(p)
        {
            sum += input[pixel_at(p, ky, kx) + c];
        }
        output[c] = sum / p->size;
    }
}

static void slide(const Layer *layer, const float *input, int images, float *output, ForPlace *what)
{
    int64_t channels = shape_channels(layer->output_shape);
    for (int i = 0; i < images; i++, input += shape_elements(layer->input_shape))
        for (int64_t y = 0; y < layer->output_shape.dim[0]; y++)
            for (int64_t x = 0; x < layer->output_shape.dim[1]; x++, output += channels) {
                Place place = place_at(layer, y, x);
                what(&place, input, output);
            }
}

void max_pool2d_forward(const PackedLayer *packed, const float *input, int images, float *output)
{
    slide(packed->layer, input, images, output, maximum);
}

void average_pool2d_forward(const PackedLayer *packed, const float *input, int images,
                            float *output)
{
    slide(packed->layer, input, images, output, mean);
}

/* ---- backward ----------------------------------------------------------------------------------
 */

/* The first of the largest values takes it all: `open` is set until it is found. */
static void route_quad(const Place *p, const float *input, Quad gradient, float *input_gradient)
{
    Quad best = {-INFINITY, -INFINITY, -INFINITY, -INFINITY};
    FOR_WINDOW(p)
    {
        Quad value = *(const Quad *)(input + pixel_at(p, ky, kx));
        best = choose(value > best, value, best);
    }
    QuadMask open = {-1, -1, -1, -1};
    FOR_WINDOW(p)
    {
        int64_t at = pixel_at(p, ky, kx);
        QuadMask hit = (*(const Quad *)(input + at) == best) & open;
        *(Quad *)(input_gradient + at) += (Quad)((QuadMask)gradient & hit);
        open &= ~hit;
    }
}

static void route_one(const Place *p, const float *input, float gradient, float *input_gradient)
{
    int64_t best = pixel_at(p, p->rows.first, p->columns.first);
    FOR_WINDOW(p)
    {
        int64_t at = pixel_at(p, ky, kx);
        best = input[at] > input[best] ? at : best;
    }
    input_gradient[best] += gradient;
}

static void clear(const Layer *layer, int images, float *input_gradient)
{
    size_t values = (size_t)(images * shape_elements(layer->input_shape));
    memset(input_gradient, 0, values * sizeof *input_gradient);
}

void max_pool2d_backward(const Layer *layer, const float *input, const float *gradient, int images,
                         float *input_gradient)
{
    int64_t channels = shape_channels(layer->output_shape);
    int64_t elements = shape_elements(layer->input_shape);
    clear(layer, images, input_gradient);
    for (int i = 0; i < images; i++, input += elements, input_gradient += elements)
        for (int64_t y = 0; y < layer->output_shape.dim[0]; y++)
            for (int64_t x = 0; x < layer->output_shape.dim[1]; x++, gradient += channels) {
                Place place = place_at(layer, y, x);
                int64_t c = 0;
                for (; c + QUAD <= channels; c += QUAD)
                    route_quad(&place, input + c, *(const Quad *)(gradient + c),
                               input_gradient + c);
                for (; c < channels; c++)
                    route_one(&place, input + c, gradient[c], input_gradient + c);
            }
}

static void share_out(const Place *p, const float *gradient, float *input_gradient)
{
    for (int64_t c = 0; c < p->channels; c++) {
        float part = gradient[c] / p->size;
        FOR_WINDOW(p)
        {
            input_gradient[pixel_at(p, ky, kx) + c] += part;
        }
    }
}

void average_pool2d_backward(const Layer *layer, const float *gradient, int images,
                             float *input_gradient)
{
    int64_t channels = shape_channels(layer->output_shape);
    clear(layer, images, input_gradient);
    for (int i = 0; i < images; i++, input_gradient += shape_elements(layer->input_shape))
        for (int64_t y = 0; y < layer->output_shape.dim[0]; y++)
            for (int64_t x = 0; x < layer->output_shape.dim[1]; x++, gradient += channels) {
                Place place = place_at(layer, y, x);
                share_out(&place, gradient, input_gradient);
            }
}
