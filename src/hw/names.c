#include "hw/names.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

/* Endings that emission puts behind a name; NULL-terminated. "" stands for the name itself. */
static const char *const NAME_ENDINGS[] = {
    "",         "_valid", "_ready",       "_data",   "_last",  "_tap",
    "_weights", "_bias",  "_multipliers", "_shifts", "_table", NULL};

/* Behind these come numbers of readers and more: names of layers that have them are changed. */
static const char *const KEPT_PARTS[] = {"_held", "_fork", "_loaded"};

/* Reserved words of VHDL-2008 (IEEE 1076-2008, 15.10), PSL's among them. */
static const char *const RESERVED[] = {
    "abs", "access", "after", "alias", "all", "and", "architecture", "array", "assert", "assume",
    "assume_guarantee", "attribute", "begin", "block", "body", "buffer", "bus", "case", "component",
    "configuration", "constant", "context", "cover", "default", "disconnect", "downto", "else",
    "elsif", "end", "entity", "exit", "fairness", "file", "for", "force", "function", "generate",
    "generic", "group", "guarded", "if", "impure", "in", "inertial", "inout", "is", "label",
    "library", "linkage", "literal", "loop", "map", "mod", "nand", "new", "next", "nor", "not",
    "null", "of", "on", "open", "or", "others", "out", "package", "parameter", "port", "postponed",
    "procedure", "process", "property", "protected", "pure", "range", "record", "register",
    "reject", "release", "rem", "report", "restrict", "restrict_guarantee", "return", "rol", "ror",
    "select", "sequence", "severity", "shared", "signal", "sla", "sll", "sra", "srl", "strong",
    "subtype", "then", "to", "transport", "type", "unaffected", "units", "until", "use", "variable",
    "vmode", "vprop", "vunit", "wait", "when", "while", "with", "xnor", "xor",
    /* of Verilog-2005 (IEEE 1364-2005, annex B), which netlists are written in */
    "always", "assign", "automatic", "buf", "bufif0", "bufif1", "casex", "casez", "cell", "cmos",
    "config", "deassign", "defparam", "design", "edge", "endcase", "endconfig", "endfunction",
    "endgenerate", "endmodule", "endprimitive", "endspecify", "endtable", "endtask", "event",
    "forever", "fork", "genvar", "highz0", "highz1", "ifnone", "incdir", "include", "initial",
    "instance", "join", "large", "liblist", "localparam", "macromodule", "medium", "module",
    "negedge", "nmos", "noshowcancelled", "notif0", "notif1", "pmos", "posedge", "primitive",
    "pull0", "pull1", "pulldown", "pullup", "pulsestyle_ondetect", "pulsestyle_onevent", "rcmos",
    "real", "realtime", "reg", "repeat", "rnmos", "rpmos", "rtran", "rtranif0", "rtranif1",
    "scalared", "showcancelled", "signed", "small", "specify", "specparam", "strong0", "strong1",
    "supply0", "supply1", "table", "task", "time", "tran", "tranif0", "tranif1", "tri", "tri0",
    "tri1", "triand", "trior", "trireg", "unsigned", "vectored", "wand", "weak0", "weak1", "wire",
    "wor",
    /* names that generated text uses: a label of that name would hide them */
    "arg_max", "best", "best_data", "best_valid", "class_index", "class_valid", "in_data",
    "in_last", "in_ready", "in_valid", "out_data", "out_last", "out_ready", "out_valid", "boolean",
    "class", "clk", "dnn_fixed_pkg", "dnn_float_pkg", "false", "float_vector", "float_word", "ieee",
    "input", "integer", "integer_vector", "natural", "output", "positive", "rst", "sample_t",
    "sample_vector", "std", "std_logic", "std_logic_1164", "string", "structure", "tap",
    "tap_folder", "weights_back_data", "weights_back_valid", "weights_byte_data",
    "weights_byte_valid", "weights_loading", "weights_reading", "weights_restart",
    "weights_through", "taps", "peaks", "patience", "watch", "to_samples", "samples", "true",
    "work"};

typedef struct Taken {
    const char *name;
    struct Taken *next;
} Taken;

struct Names {
    Arena *arena;
    Taken *taken;
};

Names *names_new(Arena *arena)
{
    Names *names = ARENA_NEW(arena, Names);
    names->arena = arena;
    return names;
}

static bool is_reserved(const char *name)
{
    for (size_t i = 0; i < sizeof RESERVED / sizeof *RESERVED; i++)
        if (strcmp(RESERVED[i], name) == 0)
            return true;
    return false;
}

static bool is_taken(const Names *names, const char *name)
{
    for (const Taken *taken = names->taken; taken; taken = taken->next)
        if (strcmp(taken->name, name) == 0)
            return true;
    return false;
}

static bool is_free(const Names *names, const char *name)
{
    if (is_reserved(name))
        return false;
    for (int i = 0; NAME_ENDINGS[i]; i++)
        if (is_taken(names, arena_printf(names->arena, "%s%s", name, NAME_ENDINGS[i])))
            return false;
    return true;
}

char *name_sanitize(Arena *arena, const char *wanted)
{
    char *name = arena_alloc(arena, NAME_MAX_LETTERS + 2);
    size_t used = 0;
    for (const char *at = wanted; *at && used < NAME_MAX_LETTERS; at++) {
        unsigned char c = (unsigned char)*at;
        if (c < 128 && isalnum(c)) {
            if (used == 0 && isdigit(c))
                name[used++] = 'n';
            name[used++] = (char)tolower(c);
        } else if (used > 0 && name[used - 1] != '_') {
            name[used++] = '_';
        }
    }
    while (used > 0 && name[used - 1] == '_')
        used--;
    name[used] = '\0';
    return used ? name : arena_strdup(arena, "layer");
}

static bool has_kept_part(const char *name)
{
    for (size_t i = 0; i < sizeof KEPT_PARTS / sizeof *KEPT_PARTS; i++)
        if (strstr(name, KEPT_PARTS[i]))
            return true;
    return false;
}

const char *names_add(Names *names, const char *wanted)
{
    const char *base = name_sanitize(names->arena, wanted);
    const char *name = base;
    if (is_reserved(name) || has_kept_part(name))
        name = base = arena_printf(names->arena, "%s_layer", base);
    for (int i = 2; !is_free(names, name); i++)
        name = arena_printf(names->arena, "%s_%d", base, i);
    for (int i = 0; NAME_ENDINGS[i]; i++) {
        Taken *taken = ARENA_NEW(names->arena, Taken);
        *taken = (Taken){.name = arena_printf(names->arena, "%s%s", name, NAME_ENDINGS[i]),
                         .next = names->taken};
        names->taken = taken;
    }
    return name;
}
