#include "graph/tensor.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

Shape shape_of(int rank, ...)
{
    assert(rank >= 0 && rank <= SHAPE_MAX_RANK);
    Shape shape = {.rank = rank};
    va_list dimensions;
    va_start(dimensions, rank);
    for (int i = 0; i < rank; i++)
        shape.dim[i] = va_arg(dimensions, int);
    va_end(dimensions);
    return shape;
}

int64_t shape_elements(Shape shape)
{
    int64_t elements = 1;
    for (int i = 0; i < shape.rank; i++) {
        if (shape.dim[i] < 1 || shape.dim[i] > TENSOR_MAX_ELEMENTS / elements)
            return -1;
        elements *= shape.dim[i];
    }
    return elements;
}

bool shape_equal(Shape a, Shape b)
{
    if (a.rank != b.rank)
        return false;
    for (int i = 0; i < a.rank; i++)
        if (a.dim[i] != b.dim[i])
            return false;
    return true;
}

int64_t shape_channels(Shape shape)
{
    return shape.rank ? shape.dim[shape.rank - 1] : 1;
}

Shape shape_as_image(Shape shape)
{
    if (shape.rank == 1)
        return (Shape){3, {1, 1, shape.dim[0]}};
    if (shape.rank == 2)
        return (Shape){3, {1, shape.dim[0], shape.dim[1]}};
    return shape;
}

const char *shape_format(Shape shape, char text[SHAPE_TEXT_BYTES])
{
    int used = 0;
    text[0] = '\0';
    for (int i = 0; i < shape.rank; i++)
        used += snprintf(text + used, SHAPE_TEXT_BYTES - (size_t)used, "%s%lld", i ? "x" : "",
                         (long long)shape.dim[i]);
    return text;
}

Tensor tensor_new(Arena *arena, Shape shape)
{
    int64_t elements = shape_elements(shape);
    assert(elements >= 0);
    return (Tensor){.shape = shape, .data = ARENA_ARRAY(arena, float, elements)};
}

Tensor tensor_copy(Arena *arena, Tensor source)
{
    if (!source.data)
        return source;
    Tensor copy = tensor_new(arena, source.shape);
    memcpy(copy.data, source.data, (size_t)shape_elements(source.shape) * sizeof(float));
    return copy;
}
