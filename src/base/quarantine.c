#include "base/quarantine.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buffer.h"

static const int CRASHES[] = {SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL};

/* In the copy: no core file, no handlers of ours, an end in time. */
static _Noreturn void be_the_copy(QuarantinedTask *task, const char *path, int report)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (size_t i = 0; i < sizeof CRASHES / sizeof *CRASHES; i++)
        signal(CRASHES[i], SIG_DFL);
    signal(SIGALRM, SIG_DFL);
    setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
    alarm(QUARANTINE_SECONDS);
    int silent = dup2(report, STDERR_FILENO); /* what a library says while it dies */
    Status status = task(path);
    const char *message = status == OK ? "" : error_message();
    ssize_t written = silent < 0 ? 0 : write(report, message, strlen(message));
    _exit(written < 0 ? ERR_ENVIRONMENT : (int)status);
}

static void read_all(int descriptor, Buffer *text)
{
    enum { STEP = 4096 };
    for (;;) {
        ssize_t count = read(descriptor, buffer_reserve(text, STEP), STEP);
        if (count < 0 && errno == EINTR)
            continue;
        if (count <= 0)
            break;
        text->length += (size_t)count;
    }
    buffer_append_text(text, "");
}

static Status judge(int how, const char *said, const char *path)
{
    if (WIFEXITED(how))
        return WEXITSTATUS(how) == OK ? OK : error_set((Status)WEXITSTATUS(how), "%s", said);
    if (WTERMSIG(how) == SIGALRM)
        return error_set(ERR_REFUSED, "%s: cannot be read in %d seconds; the file is damaged", path,
                         QUARANTINE_SECONDS);
    return error_set(ERR_REFUSED, "%s: the file is damaged: reading it ends with \"%s\"", path,
                     strsignal(WTERMSIG(how)));
}

Status quarantine_try(QuarantinedTask *task, const char *path)
{
    int ends[2];
    if (pipe(ends) != 0)
        return error_set(ERR_ENVIRONMENT, "no pipe: %s", strerror(errno));
    pid_t copy = fork();
    if (copy == 0) {
        close(ends[0]);
        be_the_copy(task, path, ends[1]);
    }
    close(ends[1]);
    Buffer said = {0};
    int how = 0;
    if (copy > 0) {
        read_all(ends[0], &said);
        while (waitpid(copy, &how, 0) < 0 && errno == EINTR)
            ;
    }
    close(ends[0]);
    Status status = copy < 0 ? error_set(ERR_ENVIRONMENT, "no process: %s", strerror(errno))
                             : judge(how, said.data, path);
    buffer_free(&said);
    return status;
}
