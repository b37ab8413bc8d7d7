/* host_loop.h: sends images to a network behind a serial line and scores what it answers: the
 * paper's exploitation mode.
 *
 * The line is that of a board, or a pseudo-terminal with a simulator at the other end; this file
 * cannot tell. What goes over it is in hdl_templates/lib/uart_bridge.vhd (frames) and
 * hw/emit_pins.h (samples). An image whose frame is damaged is sent again, HOST_TRIES times in all.
 *
 * Weights that are to be loaded go first, as often as HOST_TRIES until the checksum of what the
 * board's memories hold is that of weights_file.h; and again after the silence that makes the board
 * forget half an image, for it forgets the weights as well.
 */
#ifndef FLOW_HOST_LOOP_H
#define FLOW_HOST_LOOP_H

#include "base/buffer.h"
#include "base/progress.h"
#include "hw/emit_board.h"
#include "hw/plan.h"
#include "hw/vectors.h"
#include "tools/serial.h"

enum {
    HOST_TRIES = 3,
    HOST_FRAME_MARK = 0xD2,
    HOST_IMAGE_MARK = 'I', /* in front of an image, and of weights, where weights are loaded */
    HOST_WEIGHTS_MARK = 'W'
};

typedef struct HostJob {
    const Plan *plan;
    const Pins *pins;           /* bytes of images and answers */
    const VectorFiles *vectors; /* written: stimulus and expected answers */
    const int32_t *labels;      /* of the dataset, from image vectors->first on; NULL: none */
    const Buffer *weights;      /* to be loaded; NULL: the design has its own */
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
    int64_t loads;           /* of the weights; 0: none were to be loaded */
    uint32_t weights_sum;    /* what the board's memories hold, as it says */
    double seconds;
} HostScore;

/* OK: all images were answered, whatever the answers are. ERR_ENVIRONMENT: the line is dead. */
Status host_loop(const HostJob *job, HostScore *score) MUST_CHECK;

#endif
