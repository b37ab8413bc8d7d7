/* deploy.h: a network on a board, and its answers scored: the paper's exploitation mode.
 *
 *     DeployRequest request = deploy_request_default();
 *     request.board = "icebreaker";
 *     request.simulate = true;
 *     Status status = flow_deploy(&options, &request, &events, &report);
 *
 * options->description becomes VHDL behind a serial line (hw/emit_board.h). With `simulate` the
 * simulator takes the place of the board, at the other end of a pseudo-terminal; else the design is
 * synthesized, placed, routed and loaded. Then the first options->images test images go over the
 * line, one by one, and every value that comes back is compared with the golden model.
 *
 * "deployed" of the report: {"board", "simulated", "port", "baud", "bitstream", "fmax_mhz",
 * "images", "values", "bit_exact", "first_mismatch_image", "accuracy", "repeated", "images_per_s",
 * "seconds"}.
 */
#ifndef FLOW_DEPLOY_H
#define FLOW_DEPLOY_H

#include "flow/run.h"

typedef struct DeployRequest {
    const char *board; /* hw/board.h */
    const char *port;  /* NULL with `simulate` */
    int baud;          /* 0: 115200; with `simulate`, as fast as the network allows */
    bool simulate;
    bool loaded; /* the board has the design already: do not build nor load */
    bool build;  /* only make the bitstream: there is no board */
} DeployRequest;

DeployRequest deploy_request_default(void);

/* ERR_UNMET: an answer differs. ERR_USAGE: no such board; the line is faster than the network;
 * neither a port nor `simulate`. ERR_ENVIRONMENT: a tool or the line failed. */
Status flow_deploy(const RunOptions *options, const DeployRequest *request, const RunEvents *events,
                   json_t **report) MUST_CHECK;

#endif
