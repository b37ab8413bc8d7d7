/* Vectors of 4 floats: every x86-64 has them. */
#include <string.h>

#include "nn/kernel_levels.h"

#ifdef __x86_64__
#define SET       KERNELS_SSE2
#define SET_NAME  "sse2"
#define LANES     4
#define TILE_ROWS 2
#define TILE_TAPS 2
#include "nn/kernels.inc.h"
#endif
