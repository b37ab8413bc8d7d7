/* The reference: one float at a time, on any machine. */
#include <string.h>

#include "nn/kernel_levels.h"

#define SET       KERNELS_SCALAR
#define SET_NAME  "scalar"
#define LANES     1
#define TILE_ROWS 1
#define TILE_TAPS 1
#include "nn/kernels.inc.h"
