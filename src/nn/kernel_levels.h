/* kernel_levels.h: the sets themselves, one for each kernels_LEVEL.c. For kernel_set.c. */
#ifndef NN_KERNEL_LEVELS_H
#define NN_KERNEL_LEVELS_H

#include "nn/kernel_set.h"

extern const Kernels KERNELS_SCALAR;
#ifdef __x86_64__
extern const Kernels KERNELS_SSE2, KERNELS_AVX2, KERNELS_AVX512;
#endif

#endif
