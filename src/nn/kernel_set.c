#include "nn/kernel_set.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "nn/kernel_levels.h"

static bool always(void)
{
    return true;
}

#ifdef __x86_64__
/* These ask the processor, and whether the operating system saves the registers. */
static bool has_avx2(void)
{
    return __builtin_cpu_supports("avx2");
}

static bool has_avx512(void)
{
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
           __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw");
}
#endif

/* From narrow to wide; each one here needs those before it. */
static const struct {
    const Kernels *kernels;
    bool (*present)(void);
} SETS[] = {
    {&KERNELS_SCALAR, always},
#ifdef __x86_64__
    {&KERNELS_SSE2, always}, /* part of x86-64 */
    {&KERNELS_AVX2, has_avx2},
    {&KERNELS_AVX512, has_avx512},
#endif
};

enum { SET_COUNT = sizeof SETS / sizeof *SETS };

const Kernels *kernels_at(int index)
{
    return index >= 0 && index < SET_COUNT && SETS[index].present() ? SETS[index].kernels : NULL;
}

static const Kernels *find(const char *name)
{
    const Kernels *kernels;
    for (int i = 0; (kernels = kernels_at(i)); i++)
        if (strcmp(kernels->name, name) == 0)
            return kernels;
    return NULL;
}

Status kernels_find(const char *name, const Kernels **kernels)
{
    *kernels = find(name);
    if (*kernels)
        return OK;
    Buffer names = {0};
    for (int i = 0; kernels_at(i); i++)
        buffer_printf(&names, "%s%s", i ? ", " : "", kernels_at(i)->name);
    Status status =
        error_set(ERR_REFUSED, "kernels %s: not on this machine, which has %s", name, names.data);
    buffer_free(&names);
    return status;
}

const Kernels *kernels_select(void)
{
    const char *name = getenv("DNN2FPGA_KERNELS");
    const Kernels *named = name ? find(name) : NULL, *widest = NULL;
    for (int i = 0; kernels_at(i); i++)
        widest = kernels_at(i);
    return named ? named : widest;
}
