/* mutants.h: designs with one small fault each, to see whether the proof can fail.
 *
 * Two kinds: a constant of a layer changed (a bit of a weight or bias, a multiplier, a shift, an
 * entry of a table), and a line of the VHDL changed (rounding, window, handshake, buffer depth).
 *
 *     Mutants mutants;
 *     TRY(mutants_choose(&(MutantsRequest){plan, &design, 500, seed}, arena, &mutants));
 *     for (int i = 0; i < mutants.count; i++) ... mutants.items[i] ...
 *
 * The same seed chooses the same faults. A changed constant is changed in the integer model as well
 * (mutant_model), which tells whether any image can show it; a changed line is judged by the
 * simulation alone.
 */
#ifndef HW_MUTANTS_H
#define HW_MUTANTS_H

#include "base/buffer.h"
#include "hw/emit.h"
#include "hw/plan.h"

typedef enum MutantKind {
    MUTANT_WEIGHT,     /* one bit of a weight */
    MUTANT_BIAS,       /* one bit of a bias */
    MUTANT_MULTIPLIER, /* M of a requantizer, by one */
    MUTANT_SHIFT,      /* s of a requantizer, by one */
    MUTANT_TABLE,      /* one bit of a table's entry */
    MUTANT_ROUNDING,   /* lines of the VHDL, from here on */
    MUTANT_WINDOW,
    MUTANT_BUFFER,
    MUTANT_HANDSHAKE,
    MUTANT_KINDS
} MutantKind;

const char *mutant_kind_word(MutantKind kind); /* "weight" */

typedef struct Mutant {
    MutantKind kind;
    const char *what; /* "conv_1 weight 17: 5 becomes 37"; a sentence for the list of survivors */

    /* a constant */
    int stage;            /* -1: a line of the VHDL */
    const char *constant; /* "CONV_1_WEIGHTS" */
    int64_t index;        /* in the constant's list */
    int64_t element;      /* in the array of the op */
    int32_t value;

    /* a line */
    int file;              /* of the design */
    const char *from, *to; /* texts; `from` is in the file */
    int occurrence;        /* which of them, from 0 */
    const char *hidden; /* "no buffer gets so full": when a right proof does not see it; or NULL */
} Mutant;

typedef struct Mutants {
    Mutant *items; /* in the arena */
    int count;
} Mutants;

typedef struct MutantsRequest {
    const Plan *plan;
    const Design *design; /* written (emit_design) */
    int count;
    uint64_t seed;
} MutantsRequest;

/* About one in ten is a line of the VHDL, as far as there are so
 * many places. ERR_REFUSED: floating-point layers alone, nothing to change. */
Status mutants_choose(const MutantsRequest *request, Arena *arena, Mutants *mutants) MUST_CHECK;

/* A model like the plan's, with a mutant's constant; the arrays that are equal are shared, the
 * others live in the arena. It is not to be freed, and the plan's model must outlive it. */
IntegerModel *mutant_model(const Plan *plan, const Mutant *mutant, Arena *arena);

/* Constants of a design (NAME_constants.vhd) with every list passed through mutation_pkg. */
void mutants_open_constants(const char *text, Buffer *into);

/* Files of the library and lines of them that faults are made from, one after the other, ended by
 * NULL; in the arena. */
const char *const *mutant_line_texts(Arena *arena);

/* A file's text with the mutant's line. */
void mutant_text(const Mutant *mutant, const char *text, Buffer *into);

#endif
