#include "base/cancel.h"

#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <time.h>

#include "base/steer.h"

enum { PAUSE_POLL_NS = 50000000 };

static atomic_bool requested; /* lock-free, so a signal handler may set it */

static void on_signal(int signal_number)
{
    (void)signal_number;
    atomic_store(&requested, true);
}

void cancel_install_signals(void)
{
    struct sigaction action = {.sa_handler = on_signal};
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGHUP, &action, NULL);
}

void cancel_request(void)
{
    atomic_store(&requested, true);
}

bool cancel_requested(void)
{
    return atomic_load(&requested);
}

Status cancel_check(void)
{
    const struct timespec nap = {.tv_nsec = PAUSE_POLL_NS};
    while (steer_is_paused() && !cancel_requested())
        nanosleep(&nap, NULL);
    return cancel_requested() ? error_set(ERR_CANCELLED, "cancelled") : OK;
}
