/* tensor.h: shapes, and float32 tensors that an arena owns.
 *
 * Tensors are channels-last, as Keras has them, without the batch dimension:
 * an image is (height, width, channels), a sequence (steps, channels), a Conv2D kernel (kernel
 * height, kernel width, input channels, filters), a Dense kernel (inputs, units).
 */
#ifndef GRAPH_TENSOR_H
#define GRAPH_TENSOR_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"

enum { SHAPE_MAX_RANK = 4, SHAPE_TEXT_BYTES = 96 };

/* The largest tensor that is accepted from a file, in elements (1 GiB of float32). */
#define TENSOR_MAX_ELEMENTS ((int64_t)1 << 28)

typedef struct Shape {
    int rank;
    int64_t dim[SHAPE_MAX_RANK]; /* each >= 1; unused ones are 0 */
} Shape;

typedef struct Tensor {
    Shape shape;
    float *data; /* NULL: there is no such tensor */
} Tensor;

/* shape_of(3, 28, 28, 1) */
Shape shape_of(int rank, ...);

/* The product of the dimensions; -1 when it passes TENSOR_MAX_ELEMENTS or a dimension is < 1. */
int64_t shape_elements(Shape shape);
bool shape_equal(Shape a, Shape b);

/* The last dimension: channels of an image, length of a vector. */
int64_t shape_channels(Shape shape);

/* What a layer on images sees: a sequence (steps, channels) is an image (1, steps, channels), a
 * vector (n) is one pixel (1, 1, n); rank 3 and 4 stay. */
Shape shape_as_image(Shape shape);

/* Writes "28x28x1" to `text`, and returns it. */
const char *shape_format(Shape shape, char text[SHAPE_TEXT_BYTES]);

Tensor tensor_new(Arena *arena, Shape shape);
Tensor tensor_copy(Arena *arena, Tensor source);

#endif
