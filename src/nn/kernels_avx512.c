/* Vectors of 16 floats. The headers come first: what they define keeps the machine's base level. */
#include <string.h>

#include "nn/kernel_levels.h"

#ifdef __x86_64__
#ifdef __clang__
#pragma clang attribute push(__attribute__((target("avx512f,avx512vl,avx512dq,avx512bw"))),        \
                             apply_to = function)
#else
#pragma GCC target("avx512f,avx512vl,avx512dq,avx512bw")
#endif
#define SET       KERNELS_AVX512
#define SET_NAME  "avx512"
#define LANES     16
#define TILE_ROWS 8
#define TILE_TAPS 12
#include "nn/kernels.inc.h"
#ifdef __clang__
#pragma clang attribute pop
#endif
#endif
