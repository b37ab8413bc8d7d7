#include "peer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

Peer peer_open(const char *python, const char *script, const char *first, const char *second)
{
    Peer peer = {.name = "absent: no pipe"};
    int to[2], from[2];
    if (pipe(to) != 0 || pipe(from) != 0)
        return peer;
    peer.child = fork();
    if (peer.child == 0) {
        dup2(to[0], STDIN_FILENO);
        dup2(from[1], STDOUT_FILENO);
        close(to[1]);
        close(from[0]);
        execlp(python, python, script, first, second, (char *)NULL);
        printf("absent: %s: %s\n", python, strerror(errno));
        fflush(stdout);
        _exit(0);
    }
    close(to[0]);
    close(from[1]);
    peer.ask = fdopen(to[1], "w");
    peer.answer = fdopen(from[0], "r");
    if (!fgets(peer.name, sizeof peer.name, peer.answer))
        snprintf(peer.name, sizeof peer.name, "absent: no answer");
    peer.name[strcspn(peer.name, "\n")] = '\0';
    return peer;
}

bool peer_is_there(const Peer *peer)
{
    return peer->child > 0 && strncmp(peer->name, "absent", strlen("absent")) != 0;
}

void peer_measure(Peer *peer, double *figures, int count)
{
    char line[200], *at = line;
    fprintf(peer->ask, "go\n");
    fflush(peer->ask);
    bool good = fgets(line, sizeof line, peer->answer) != NULL;
    for (int i = 0; i < count && good; i++) {
        char *end;
        figures[i] = strtod(at, &end);
        good = end != at;
        at = end;
    }
    if (!good) {
        fprintf(stderr, "bench: the peer gave up: %s\n", peer->name);
        exit(1);
    }
}

void peer_close(Peer *peer)
{
    if (peer->child <= 0)
        return;
    fclose(peer->ask);
    fclose(peer->answer);
    waitpid(peer->child, NULL, 0);
}

static int compare_doubles(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

double bench_median(const double *values, int count)
{
    double sorted[200];
    memcpy(sorted, values, (size_t)count * sizeof *values);
    qsort(sorted, (size_t)count, sizeof *sorted, compare_doubles);
    return sorted[count / 2];
}
