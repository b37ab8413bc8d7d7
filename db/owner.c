/* The identity of a process: number, start time and boot, so that it is told for sure from a later
 * process that got the same number. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "db/store.h"

/* What a small file of /proc holds; false when it cannot be read. */
static bool read_small(const char *path, char *text, size_t size)
{
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return false;
    ssize_t got = read(file, text, size - 1);
    close(file);
    text[got > 0 ? got : 0] = '\0';
    return got > 0;
}

/* Start time of a process that lives; -1 when there is none of that number, or a zombie. */
static int64_t start_of(int64_t pid)
{
    enum { FIELDS_BEFORE_START = 19 }; /* between the state (field 3) and the start (field 22) */
    char path[64], text[1024];
    snprintf(path, sizeof path, "/proc/%lld/stat", (long long)pid);
    if (!read_small(path, text, sizeof text))
        return -1;
    /* Field 2 is the command in parentheses, and may hold spaces and parentheses itself. */
    char *field = strrchr(text, ')');
    if (!field || strlen(field) < 3 || strchr("ZXx", field[2]))
        return -1;
    field += 2;
    for (int i = 0; i < FIELDS_BEFORE_START; i++) {
        field = strchr(field, ' ');
        if (!field)
            return -1;
        field++;
    }
    return strtoll(field, NULL, 10);
}

static void read_boot(char boot[40])
{
    memset(boot, 0, 40);
    if (read_small("/proc/sys/kernel/random/boot_id", boot, 40))
        boot[strcspn(boot, "\n")] = '\0';
}

Owner owner_self(void)
{
    Owner owner = {.pid = getpid()};
    owner.start = start_of(owner.pid);
    read_boot(owner.boot);
    return owner;
}

bool owner_alive(const Owner *owner)
{
    char boot[40];
    read_boot(boot);
    if (strcmp(boot, owner->boot) != 0)
        return false; /* the machine was started again since */
    if (owner->pid <= 0)
        return false;
    if (start_of(owner->pid) == owner->start && owner->start >= 0)
        return true;
    /* Without a usable /proc only the number is left to go by. */
    return owner->start < 0 && (kill((pid_t)owner->pid, 0) == 0 || errno == EPERM);
}
