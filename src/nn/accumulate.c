/* accumulate.c: the inner loop of convolution and dense layers. */
#include <assert.h>

#include "nn/kernels.h"

/* gcc and clang turn this into the machine's vectors of four floats. */
typedef float Lanes __attribute__((vector_size(16), aligned(4), may_alias));

/* `vectors` is a constant at every call, so that the sums stay in registers. */
static inline __attribute__((always_inline)) void accumulate(float *sums, const float *input,
                                                             int64_t count, const float *taps,
                                                             int64_t stride, const int vectors)
{
    Lanes block[KERNEL_BLOCK / KERNEL_LANES];
#pragma GCC unroll 4
    for (int v = 0; v < vectors; v++)
        block[v] = ((const Lanes *)sums)[v];
    for (int64_t t = 0; t < count; t++, taps += stride) {
#pragma GCC unroll 4
        for (int v = 0; v < vectors; v++)
            block[v] += input[t] * ((const Lanes *)taps)[v];
    }
#pragma GCC unroll 4
    for (int v = 0; v < vectors; v++)
        ((Lanes *)sums)[v] = block[v];
}

void kernel_accumulate(float *sums, const float *input, int64_t count, const float *taps,
                       int64_t stride, int lanes)
{
    assert(lanes > 0 && lanes <= KERNEL_BLOCK && lanes % KERNEL_LANES == 0);
    if (lanes == 16)
        accumulate(sums, input, count, taps, stride, 4);
    else if (lanes == 12)
        accumulate(sums, input, count, taps, stride, 3);
    else if (lanes == 8)
        accumulate(sums, input, count, taps, stride, 2);
    else
        accumulate(sums, input, count, taps, stride, 1);
}
