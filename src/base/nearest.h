/* nearest.h: what a mistyped word most likely meant. */
#ifndef BASE_NEAREST_H
#define BASE_NEAREST_H

/* The entry of `names` (NULL-terminated) with the least Levenshtein distance to `word`, or NULL
 * when it is more than a third of the word and one. */
const char *nearest_word(const char *word, const char *const *names);

#endif
