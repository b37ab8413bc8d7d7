/* fuzz_keras_config.c: the model_config JSON alone, without the HDF5 around it. */
#include <stddef.h>
#include <stdint.h>

#include "import/keras.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    Blockers blockers = {0};
    KerasModel model = {.arena = arena_new(), .blockers = &blockers};
    if (keras_parse((const char *)data, size, &model) == OK &&
        blockers_refuse(&blockers, "fuzz") == OK && model.order_count != model.count)
        __builtin_trap(); /* no blocker, and yet no order */
    blockers_free(&blockers);
    arena_free(model.arena);
    return 0;
}
