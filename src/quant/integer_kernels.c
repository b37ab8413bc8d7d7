#include "quant/integer_kernels.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "quant/integer_kernel_levels.h"

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

static bool has_vnni(void)
{
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
           __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512vnni");
}
#endif

/* From narrow to wide; each one here needs those before it. */
static const struct {
    const IntegerKernels *kernels;
    bool (*present)(void);
} LEVELS[] = {
    {&INTEGER_KERNELS_SCALAR, always},
#ifdef __x86_64__
    {&INTEGER_KERNELS_SSE2, always}, /* part of x86-64 */
    {&INTEGER_KERNELS_AVX2, has_avx2},
    {&INTEGER_KERNELS_AVX512, has_vnni},
#endif
};

enum { LEVEL_COUNT = sizeof LEVELS / sizeof *LEVELS };

const IntegerKernels *integer_kernels_at(int index)
{
    return index >= 0 && index < LEVEL_COUNT && LEVELS[index].present() ? LEVELS[index].kernels
                                                                        : NULL;
}

static const IntegerKernels *find(const char *name)
{
    const IntegerKernels *kernels;
    for (int i = 0; (kernels = integer_kernels_at(i)); i++)
        if (strcmp(kernels->name, name) == 0)
            return kernels;
    return NULL;
}

Status integer_kernels_find(const char *name, const IntegerKernels **kernels)
{
    *kernels = find(name);
    if (*kernels)
        return OK;
    Buffer names = {0};
    for (int i = 0; integer_kernels_at(i); i++)
        buffer_printf(&names, "%s%s", i ? ", " : "", integer_kernels_at(i)->name);
    Status status = error_set(ERR_REFUSED, "integer kernels %s: not on this machine, which has %s",
                              name, names.data);
    buffer_free(&names);
    return status;
}

const IntegerKernels *integer_kernels_select(void)
{
    const char *name = getenv("DNN2FPGA_KERNELS");
    const IntegerKernels *named = name ? find(name) : NULL, *widest = NULL;
    for (int i = 0; integer_kernels_at(i); i++)
        widest = integer_kernels_at(i);
    return named ? named : widest;
}
