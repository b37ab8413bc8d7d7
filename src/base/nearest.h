/* nearest.h: what a mistyped word most likely meant. */
#ifndef BASE_NEAREST_H
#define BASE_NEAREST_H

#include "base/error.h"

/* The entry of `names` (NULL-terminated) with the least Levenshtein distance to `word`, or NULL
 * when it is more than a third of the word and one. */
const char *nearest_word(const char *word, const char *const *names);

/* ERR_USAGE: "no layer is named WORD; did you mean NAME?", or all names where none is near. */
Status nearest_refuse_layer(const char *word, const char *const *names) MUST_CHECK;

#endif
