/* integer_kernel_levels.h: the levels themselves, one for each integer_kernels_LEVEL.c. */
#ifndef QUANT_INTEGER_KERNEL_LEVELS_H
#define QUANT_INTEGER_KERNEL_LEVELS_H

#include "quant/integer_kernels.h"

#define INLINE static inline __attribute__((always_inline))
#define UNROLL _Pragma("GCC unroll 16")

extern const IntegerKernels INTEGER_KERNELS_SCALAR;
#ifdef __x86_64__
extern const IntegerKernels INTEGER_KERNELS_SSE2, INTEGER_KERNELS_AVX2, INTEGER_KERNELS_AVX512;
#endif

#endif
