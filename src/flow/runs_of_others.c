/* What is asked of the process of a run, whoever started it. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/pidfd.h>
#include <unistd.h>

#include "flow/run.h"

/* 0, or the reason in the words of errno. The handle is taken first and the owner checked then: so
 * the signal cannot reach a later process of the same number. */
static int send(const Owner *owner, int number, siginfo_t *info)
{
    int handle = pidfd_open((pid_t)owner->pid, 0);
    int reason = handle >= 0 ? 0 : errno;
    if (!owner_alive(owner))
        reason = ESRCH;
    else if (handle >= 0 && pidfd_send_signal(handle, number, info, 0) != 0)
        reason = errno;
    if (reason == ENOSYS && info) /* a kernel older than 5.3 */
        reason = sigqueue((pid_t)owner->pid, number, info->si_value) == 0 ? 0 : errno;
    else if (reason == ENOSYS)
        reason = kill((pid_t)owner->pid, number) == 0 ? 0 : errno;
    if (handle >= 0)
        close(handle);
    return reason;
}

static Status judge(const RunRecord *run, int reason)
{
    if (reason == 0)
        return OK;
    if (reason == EPERM)
        return error_set(ERR_ENVIRONMENT, "run %lld belongs to another user", (long long)run->id);
    return error_set(ERR_REFUSED, "run %lld is not running any more", (long long)run->id);
}

static bool has_process(const RunRecord *run)
{
    return run->status == RUN_RUNNING && run->owner.pid > 0;
}

Status flow_cancel(const RunRecord *run)
{
    return judge(run, has_process(run) ? send(&run->owner, SIGTERM, NULL) : ESRCH);
}

/* A process that does not expect the signal would die of it. */
static bool expects_wishes(const Owner *owner)
{
    char path[64], line[256];
    unsigned long long caught = 0;
    snprintf(path, sizeof path, "/proc/%lld/status", (long long)owner->pid);
    FILE *file = fopen(path, "re");
    while (file && fgets(line, sizeof line, file))
        sscanf(line, "SigCgt: %llx", &caught);
    if (file)
        fclose(file);
    return caught >> (STEER_SIGNAL - 1) & 1;
}

Status flow_steer(Store *store, const RunRecord *run, SteerWish wish)
{
    siginfo_t info = {.si_signo = STEER_SIGNAL, .si_code = SI_QUEUE};
    info.si_value.sival_int = (int)wish;
    info.si_pid = getpid();
    info.si_uid = getuid();
    if (has_process(run) && owner_alive(&run->owner) && !expects_wishes(&run->owner))
        return error_set(ERR_REFUSED, "run %lld: its program takes no wishes", (long long)run->id);
    TRY(judge(run, has_process(run) ? send(&run->owner, STEER_SIGNAL, &info) : ESRCH));
    if (wish != STEER_PAUSE && wish != STEER_CONTINUE)
        return OK;
    return store_set_paused(store, run->id, wish == STEER_PAUSE);
}
