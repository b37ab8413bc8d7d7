/* peer.h: another program that is measured in the same run, through a Python script.
 *
 * The script prints one line with its name, or "absent: why", then answers each line on its
 * standard input with figures on one line. It is asked between our own measurements, so that both
 * sides see the same machine.
 */
#ifndef BENCH_PEER_H
#define BENCH_PEER_H

#include <stdbool.h>
#include <stdio.h>
#include <sys/types.h>

typedef struct Peer {
    FILE *ask, *answer;
    pid_t child; /* 0: none */
    char name[200];
} Peer;

/* python script first second */
Peer peer_open(const char *python, const char *script, const char *first, const char *second);
bool peer_is_there(const Peer *peer);

/* `count` figures of one measurement; ends the bench when the peer gave up. */
void peer_measure(Peer *peer, double *figures, int count);
void peer_close(Peer *peer);

/* The middle one of `count` <= 200 values. */
double bench_median(const double *values, int count);

#endif
