/* tour.h: what the verb `tour` opens the workbench with: the sample network and its images. */
#ifndef CLI_TOUR_H
#define CLI_TOUR_H

#include "cli/cli.h"

/* Fills in model, data, and a small run. The samples are those beside the program: in its source
 * folder, or where `make install` puts them. ERR_ENVIRONMENT names the places. */
Status tour_prepare(Arena *arena, WorkbenchRequest *request) MUST_CHECK;

#endif
