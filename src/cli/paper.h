/* paper.h: the paper's Tables 1 and 2 and Figs. 5 and 1, drawn from two reports of ours.
 *
 *     const PaperRequest request = {"train.json", "quantized.json", .folder = "out"};
 *     TRY(paper_show(&request));
 *
 * The first report is that of `train`, the second that of `quantize --qat` (or of a run whose
 * ladder got to training on integers) on the model that came of it. Every figure that is called
 * ours is one of theirs; the paper's are constants (Tourad and Eleuldj 2022).
 */
#ifndef CLI_PAPER_H
#define CLI_PAPER_H

#include <stdbool.h>

#include "base/error.h"

typedef struct PaperRequest {
    const char *training, *quantized; /* files */
    const char *folder;               /* for fig5.svg and fig1.svg; NULL: none are written */
    bool ascii;                       /* plots without braille and blocks */
    bool json;                        /* one object instead of tables */
} PaperRequest;

/* Refused: files that are no reports, or that lack what a table or figure needs: the message names
 * file, section, and the command that makes one; and two that do not belong together: the model
 * that was quantized is not the file that the training wrote. Then nothing was printed or
 * written. */
Status paper_show(const PaperRequest *request) MUST_CHECK;

#endif
