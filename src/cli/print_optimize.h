/* print_optimize.h: the ladder, trainings and sensitivities as tables, on standard output. */
#ifndef CLI_PRINT_OPTIMIZE_H
#define CLI_PRINT_OPTIMIZE_H

#include <jansson.h>

/* What preparing the network did: nothing where nothing was done. */
void print_preparation(const json_t *report);

/* One row per rung, when more than one was tried; epochs of the chosen one below. */
void print_ladder(const json_t *report);

/* One row per epoch, then what came of it. */
void print_training(const json_t *report);

/* One row per layer, and why accuracy was lost. */
void print_sensitivity(const json_t *report);

#endif
