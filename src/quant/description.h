/* description.h: the model description: the paper's "configuration files".
 *
 * A folder: model.json (operations in order with everything but the big arrays) and weights/ (one
 * text file of integers per tensor). It is the only input of the hardware generator. The same model
 * gives the same bytes. Reading validates everything: shapes, ranges, counts, names.
 */
#ifndef QUANT_DESCRIPTION_H
#define QUANT_DESCRIPTION_H

#include "quant/integer_model.h"

Status description_write(const IntegerModel *model, const char *folder) MUST_CHECK;
Status description_read(const char *folder, IntegerModel **model) MUST_CHECK;

/* SHA-256 over model.json and the weight files, in order of their names. */
Status description_hash(const char *folder, char hex[HASH_HEX_BYTES]) MUST_CHECK;

#endif
