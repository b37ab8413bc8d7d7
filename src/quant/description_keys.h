/* description_keys.h: what the writer and the reader of a description agree on. Not for others. */
#ifndef QUANT_DESCRIPTION_KEYS_H
#define QUANT_DESCRIPTION_KEYS_H

#include <jansson.h>

#include "quant/integer_model.h"

#define DESCRIPTION_FORMAT  "dnn2fpga model description"
#define DESCRIPTION_JSON    "model.json"
#define DESCRIPTION_WEIGHTS "weights"

/* Version 1 knew chains of the first thirteen kinds; it reads as version 2 does. */
enum { DESCRIPTION_OLDEST = 1, DESCRIPTION_VERSION = 2 };

/* The tensors of an operation that have a file each. */
typedef enum TensorRole { ROLE_WEIGHTS, ROLE_BIAS, ROLE_TABLE, ROLES } TensorRole;

/* A tensor as its file holds it: `count` integers, `columns` a line; bit patterns of binary32 as
 * eight hexadecimal digits each. count 0: it has no file. */
typedef struct TensorFile {
    const char *key;  /* in model.json, and the middle of the file's name */
    const char *path; /* "weights/conv_1.bias.txt", relative to the folder; in the arena */
    const int32_t *values;
    int64_t count, columns;
    bool is_words; /* bit patterns */
} TensorFile;

/* File stems of all operations: names with everything but letters, digits, '_' and '-' turned to
 * '_', cut to 80 bytes, and with "_2", "_3", ... behind them where two would be the same. */
const char **description_stems(Arena *arena, const IntegerModel *model);

/* Tensor `role` of `op`, whose stem is given. A bias is optional: count tells what it would be. */
TensorFile description_tensor(Arena *arena, const Op *op, const char *stem, TensorRole role);

/* The model as JSON; a new reference. */
json_t *description_to_json(const IntegerModel *model);

/* Everything but the tensors' values, into a new model; structure is checked. `*has_bias` is an
 * array in the model's arena that tells for each operation whether it has a bias. */
Status description_from_json(json_t *root, IntegerModel **model, bool **has_bias) MUST_CHECK;

#endif
