#include "base/steer.h"

#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>

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

/* Called by a signal handler: all of it is safe there. */
static void obey(SteerWish wish)
{
    if (wish == STEER_PAUSE || wish == STEER_CONTINUE)
        steer_pause(wish == STEER_PAUSE);
    else if (wish == STEER_END_STEP)
        steer_end_step();
    else if (wish == STEER_FINISH)
        steer_finish();
}

static void on_signal(int number, siginfo_t *info, void *context)
{
    (void)number;
    (void)context;
    if (info->si_code == SI_QUEUE) /* one of kill(1) says nothing */
        obey((SteerWish)info->si_value.sival_int);
}

void steer_install_signal(void)
{
    struct sigaction action = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO | SA_RESTART};
    sigemptyset(&action.sa_mask);
    sigaction(STEER_SIGNAL, &action, NULL);
}

void steer_reset(void)
{
    atomic_store(&paused, false);
    atomic_store(&ends_step, false);
    atomic_store(&finishes, false);
}
