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

static Place place_in_row(const Layer *layer, int64_t y)
{
    return (Place){.rows = window_rows(layer, y),
                   .width = layer->input_shape.dim[1],
                   .channels = layer->input_shape.dim[2]};
}

static void place_move_to(Place *place, const Layer *layer, int64_t x)
{
    place->columns = window_columns(layer, x);
    place->size = (float)((place->rows.last - place->rows.first) *
                          (place->columns.last - place->columns.first));
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
    Shape to = layer->output_shape;
    int64_t elements = shape_elements(layer->input_shape);
    for (int i = 0; i < images; i++, input += elements)
        for (int64_t y = 0; y < to.dim[0]; y++) {
            Place place = place_in_row(layer, y);
            for (int64_t x = 0; x < to.dim[1]; x++, output += to.dim[2]) {
                place_move_to(&place, layer, x);
                what(&place, input, output);
            }
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

static void route(const Place *p, const float *input, const float *gradient, float *input_gradient)
{
    int64_t c = 0;
    for (; c + QUAD <= p->channels; c += QUAD)
        route_quad(p, input + c, *(const Quad *)(gradient + c), input_gradient + c);
    for (; c < p->channels; c++)
        route_one(p, input + c, gradient[c], input_gradient + c);
}

void max_pool2d_backward(const Layer *layer, const float *input, const float *gradient, int images,
                         float *input_gradient)
{
    Shape from = layer->output_shape;
    int64_t elements = shape_elements(layer->input_shape);
    clear(layer, images, input_gradient);
    for (int i = 0; i < images; i++, input += elements, input_gradient += elements)
        for (int64_t y = 0; y < from.dim[0]; y++) {
            Place place = place_in_row(layer, y);
            for (int64_t x = 0; x < from.dim[1]; x++, gradient += from.dim[2]) {
                place_move_to(&place, layer, x);
                route(&place, input, gradient, input_gradient);
            }
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
    Shape from = layer->output_shape;
    int64_t elements = shape_elements(layer->input_shape);
    clear(layer, images, input_gradient);
    for (int i = 0; i < images; i++, input_gradient += elements)
        for (int64_t y = 0; y < from.dim[0]; y++) {
            Place place = place_in_row(layer, y);
            for (int64_t x = 0; x < from.dim[1]; x++, gradient += from.dim[2]) {
                place_move_to(&place, layer, x);
                share_out(&place, gradient, input_gradient);
            }
        }
}
