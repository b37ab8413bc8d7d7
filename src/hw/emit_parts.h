/* emit_parts.h: the pieces that emit.c puts together; each appends text. Inside src/hw only. */
#ifndef HW_EMIT_PARTS_H
#define HW_EMIT_PARTS_H

#include "base/buffer.h"
#include "base/embedded.h"
#include "hw/plan.h"
#include "hw/template.h"
#include "hw/timing.h"

typedef struct Emission {
    const Plan *plan;
    const Timing *timing;
    Arena *arena; /* for pieces of text */
} Emission;

Status emit_constants(const Emission *emission, Buffer *into) MUST_CHECK;
Status emit_core(const Emission *emission, Buffer *into) MUST_CHECK;
Status emit_top(const Emission *emission, Buffer *into) MUST_CHECK;
Status emit_bench(const Emission *emission, Buffer *into) MUST_CHECK;

/* The core and what loads its weights; for plans that load them. */
Status emit_loaded(const Emission *emission, Buffer *into) MUST_CHECK;

/* The generic map of a layer's entity: one association a line, commas between them. */
void emit_generics(const Emission *emission, const Stage *stage, Buffer *into);

/* The streams behind a stage, or behind the input (PLAN_INPUT): their signals; the fork and the
 * buffers; and, for simulation, what watches those. */
void emit_signals(const Emission *emission, int from, Buffer *into);
void emit_readers(const Emission *emission, int from, Buffer *into);
void emit_watches(const Emission *emission, Buffer *into);

/* Associations of a layer's ports, up to the end of its port map. */
void emit_layer_ports(const Emission *emission, const Stage *stage, Buffer *into);

/* A layer's memory of weights that are loaded: signals, associations of the layer's ports, and the
 * memory itself. Nothing, when there is none. */
void emit_memory_signals(const Emission *emission, const Stage *stage, Buffer *into);
void emit_memory_ports(const Emission *emission, const Stage *stage, Buffer *into);
void emit_memory(const Emission *emission, int index, Buffer *into);

/* Label of the last layer with such a memory; "": none. */
const char *emit_last_memory(const Plan *plan);

/* Writes what a layer puts out to a file, in simulation. */
void emit_tap(const Emission *emission, const Stage *stage, Buffer *into);

/* How a sample stands in tdata. */
typedef struct AxisFields {
    int bytes; /* 1 or 2 */
    bool is_signed;
} AxisFields;

AxisFields emit_axis_fields(int32_t low, int32_t high);

/* "1 pixel of 12 values": what a beat is. */
const char *emit_beat_words(Arena *arena, StreamLayout layout);

const char *emit_number(Arena *arena, int64_t value);
const char *emit_real(Arena *arena, double value);

/* Printable ASCII: what a user called something, for comments. */
const char *emit_plain(Arena *arena, const char *text);

/* "CONV_1_WEIGHTS" */
const char *emit_constant_name(Arena *arena, const Stage *stage, const char *what);

/* A file of the library; there must be one of that name. */
const EmbeddedFile *emit_library_file(const char *name);

/* A template, filled in, as a file. */
Status emit_file(const char *template, const TemplateKey *keys, const char *path) MUST_CHECK;

/* Which weight of the op is at `index` of the stage's WEIGHTS. */
int64_t emit_weight_element(const Stage *stage, int64_t index);

/* Names of the library's files that `text` needs, what a file needs before itself; NULL-terminated,
 * in the arena. */
const char *const *emit_library_files(Arena *arena, const char *text);

#endif
