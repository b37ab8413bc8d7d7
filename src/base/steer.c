#include "base/steer.h"

#include <stdatomic.h>

static atomic_bool paused, ends_step, finishes;

void steer_pause(bool wanted)
{
    atomic_store(&paused, wanted);
}

bool steer_is_paused(void)
{
    return atomic_load(&paused);
}

void steer_end_step(void)
{
    atomic_store(&ends_step, true);
}

bool steer_ends_step(void)
{
    return atomic_load(&ends_step) || atomic_load(&finishes);
}

void steer_begin_step(void)
{
    atomic_store(&ends_step, false);
}

void steer_finish(void)
{
    atomic_store(&finishes, true);
}

bool steer_finishes(void)
{
    return atomic_load(&finishes);
}

void steer_reset(void)
{
    atomic_store(&paused, false);
    atomic_store(&ends_step, false);
    atomic_store(&finishes, false);
}
