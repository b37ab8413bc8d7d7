/* description.h: the model description: the paper's "configuration files".
 *
 * A folder: model.json (operations in order with everything but the big arrays) and weights/ (one
 * text file of integers per tensor, a line for each run of the last axis). It is the only input of
 * the hardware generator. The same model gives the same bytes. README.md lists the keys.
 *
 *     TRY(description_write(model, "run/description"));
 *     IntegerModel *again = NULL;
 *     TRY(description_read("run/description", &again));
 *
 * Reading trusts nothing: keys, types, shapes, ranges, counts and names are checked, and the
 * accumulator widths proven again.
 */
#ifndef QUANT_DESCRIPTION_H
#define QUANT_DESCRIPTION_H

#include "quant/integer_model.h"

/* Writes the folder as a whole: it is there with all its files, or not at all. An older description
 * of that path is replaced; a folder that holds anything else is refused. */
Status description_write(const IntegerModel *model, const char *folder) MUST_CHECK;

/* `*model` is owned by the caller: integer_model_free(). */
Status description_read(const char *folder, IntegerModel **model) MUST_CHECK;

/* SHA-256 over model.json and the weight files, in order of their names, each with its name and
 * length in front. */
Status description_hash(const char *folder, char hex[HASH_HEX_BYTES]) MUST_CHECK;

#endif
