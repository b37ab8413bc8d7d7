/* Vectors of 8 floats. The headers come first: what they define keeps the machine's base level. */
#include <string.h>

#include "nn/kernel_levels.h"

#ifdef __x86_64__
#ifdef __clang__
#pragma clang attribute push(__attribute__((target("avx2"))), apply_to = function)
#else
#pragma GCC target("avx2")
#endif
#define SET       KERNELS_AVX2
#define SET_NAME  "avx2"
#define LANES     8
#define TILE_ROWS 6
#define TILE_TAPS 6
#include "nn/kernels.inc.h"
#ifdef __clang__
#pragma clang attribute pop
#endif
#endif
