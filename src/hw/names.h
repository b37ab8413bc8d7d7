/* names.h: VHDL names from names that a user chose.
 *
 *     Names *names = names_new(arena);
 *     names_add(names, "Conv-1")   -> "conv_1"
 *     names_add(names, "conv 1")   -> "conv_1_2"
 *     names_add(names, "signal")   -> "signal_layer"
 *
 * VHDL is blind to case, and a local name hides an outer one. So a name handed out is lower case,
 * is no reserved word and none of the names that generated text uses by itself, and no name made
 * of it and one of the endings below (its signals and constants) equals another one.
 */
#ifndef HW_NAMES_H
#define HW_NAMES_H

#include "base/arena.h"

typedef struct Names Names;

Names *names_new(Arena *arena);

/* A legal, unique name like `wanted`, in the arena. */
const char *names_add(Names *names, const char *wanted);

/* The legal part alone: letters, digits, single underscores between them, lower case. "" becomes
 * "layer"; a leading digit gets "n" in front; at most NAME_MAX_LETTERS long. */
enum { NAME_MAX_LETTERS = 48 };
char *name_sanitize(Arena *arena, const char *wanted);

#endif
