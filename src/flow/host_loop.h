/* host_loop.h: sends images to a network behind a serial line and scores what it answers: the
 * paper's exploitation mode.
 *
 * The line is that of a board, or a pseudo-terminal with a simulator at the other end; this file
 * cannot tell. What goes over it is in hdl_templates/lib/uart_bridge.vhd (frames) and hw/emit_pins.h
 * (samples). An image whose frame is damaged is sent again, HOST_TRIES times in all.
 */
#ifndef FLOW_HOST_LOOP_H
#define FLOW_HOST_LOOP_H

#include "base/progress.h"
#include "hw/emit_board.h"
#include "hw/plan.h"
#include "hw/vectors.h"
#include "tools/serial.h"

enum { HOST_TRIES = 3, HOST_FRAME_MARK = 0xD2 };

typedef struct HostJob {
    const Plan *plan;
    const Pins *pins;           /* bytes of images and answers */
    const VectorFiles *vectors; /* written: stimulus and expected answers */
    const int32_t *labels;      /* of the dataset, from image vectors->first on; NULL: none */
    Serial *serial;
    double patience_s;           /* silence that counts as no answer */
    double quiet_s;              /* silence after which the board forgets half an image */
    bool (*gone)(void *context); /* true: nobody answers any more; NULL: never known */
    void *context;
    const Progress *progress;
} HostJob;

typedef struct HostScore {
    int64_t images, values, differing_values;
    int64_t first_differing; /* image; -1: none */
    int64_t repeated;        /* images that had to be sent again */
    int64_t right;           /* arg-max equals the label; -1: no labels, or no classifier */
    double seconds;
} HostScore;

/* OK: all images were answered, whatever the answers are. ERR_ENVIRONMENT: the line is dead. */
Status host_loop(const HostJob *job, HostScore *score) MUST_CHECK;

#endif
