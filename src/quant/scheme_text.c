#include "quant/scheme_text.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fs.h"
#include "base/hash.h"
#include "base/nearest.h"

#define SCHEME_TITLE "dnn2fpga scheme 1"

enum { TEXT_BYTES = SCHEME_VALUE_BYTES, FILE_CAP = 4 << 20 };

/* ---- values ---------------------------------------------------------------------------------- */

static Status parse_bits(const char *text, int *bits)
{
    char *end;
    long value = strtol(text, &end, 10);
    if (end == text || *end || value < FIXED_MIN_BITS || value > FIXED_MAX_BITS)
        return error_set(ERR_USAGE, "%s bits, possible are %d to %d", text, FIXED_MIN_BITS,
                         FIXED_MAX_BITS);
    *bits = (int)value;
    return OK;
}

static Status parse_switch(const char *text, bool *value)
{
    *value = strcmp(text, "yes") == 0;
    if (*value || strcmp(text, "no") == 0)
        return OK;
    return error_set(ERR_USAGE, "'%s' is neither yes nor no", text);
}

static void put_switch(bool value, char *text)
{
    snprintf(text, TEXT_BYTES, "%s", value ? "yes" : "no");
}

static void put_calibration(const Calibrator *calibrator, double parameter, char *text)
{
    if (calibrator->parameter && !isnan(parameter) && parameter != 0)
        snprintf(text, TEXT_BYTES, "%s:%.12g", calibrator->name, parameter);
    else
        snprintf(text, TEXT_BYTES, "%s", calibrator->name);
}

/* ---- keys: one row each ---------------------------------------------------------------------- */

static Status set_bits(LayerScheme *row, const char *text)
{
    TRY(parse_bits(text, &row->weight_bits));
    row->activation_bits = row->weight_bits;
    return OK;
}

static Status set_weight_bits(LayerScheme *row, const char *text)
{
    return parse_bits(text, &row->weight_bits);
}

static void put_weight_bits(const LayerScheme *row, char *text)
{
    snprintf(text, TEXT_BYTES, "%d", row->weight_bits);
}

static Status set_activation_bits(LayerScheme *row, const char *text)
{
    return parse_bits(text, &row->activation_bits);
}

static void put_activation_bits(const LayerScheme *row, char *text)
{
    snprintf(text, TEXT_BYTES, "%d", row->activation_bits);
}

static Status set_calibration(LayerScheme *row, const char *text)
{
    return calibrator_parse(text, &row->calibrator, &row->calibrator_parameter);
}

static void put_output_calibration(const LayerScheme *row, char *text)
{
    put_calibration(row->calibrator, row->calibrator_parameter, text);
}

static Status set_weight_calibration(LayerScheme *row, const char *text)
{
    row->weight_calibrator = NULL;
    row->weight_parameter = 0;
    if (strcmp(text, "same") == 0)
        return OK;
    return calibrator_parse(text, &row->weight_calibrator, &row->weight_parameter);
}

static void put_weight_calibration(const LayerScheme *row, char *text)
{
    if (row->weight_calibrator)
        put_calibration(row->weight_calibrator, row->weight_parameter, text);
    else
        snprintf(text, TEXT_BYTES, "same");
}

static Status parse_clip(const char *text, double *clip)
{
    char *end;
    *clip = 0;
    if (strcmp(text, "auto") == 0)
        return OK;
    *clip = strtod(text, &end);
    if (end == text || *end || !isnormal(*clip) || *clip < 0)
        return error_set(ERR_USAGE, "clip '%s' is not a number above 0", text);
    return OK;
}

static void write_clip(double clip, char *text)
{
    snprintf(text, TEXT_BYTES, "auto");
    /* The shortest text that reads back as the same number; 17 digits always do. */
    for (int digits = 6; clip > 0 && digits <= 17; digits++) {
        snprintf(text, TEXT_BYTES, "%.*g", digits, clip);
        if (strtod(text, NULL) == clip)
            break;
    }
}

static Status set_clip(LayerScheme *row, const char *text)
{
    return parse_clip(text, &row->clip);
}

static void put_clip(const LayerScheme *row, char *text)
{
    write_clip(row->clip, text);
}

static Status set_weight_clip(LayerScheme *row, const char *text)
{
    return parse_clip(text, &row->weight_clip);
}

static void put_weight_clip(const LayerScheme *row, char *text)
{
    write_clip(row->weight_clip, text);
}

static Status set_per_channel(LayerScheme *row, const char *text)
{
    bool wanted;
    TRY(parse_switch(text, &wanted));
    row->granularity = wanted ? PER_CHANNEL : PER_TENSOR;
    return OK;
}

static void put_per_channel(const LayerScheme *row, char *text)
{
    put_switch(row->granularity == PER_CHANNEL, text);
}

static Status set_average(LayerScheme *row, const char *text)
{
    return parse_switch(text, &row->mean_of_clips);
}

static void put_average(const LayerScheme *row, char *text)
{
    put_switch(row->mean_of_clips, text);
}

static Status set_range(LayerScheme *row, const char *text)
{
    if (value_range_parse(text, &row->range))
        return OK;
    return error_set(ERR_USAGE, "range '%s', expected symmetric, unsigned or affine", text);
}

static void put_range(const LayerScheme *row, char *text)
{
    snprintf(text, TEXT_BYTES, "%s", value_range_word(row->range));
}

static Status set_scale(LayerScheme *row, const char *text)
{
    row->full_range = strcmp(text, "full") == 0;
    if (row->full_range || strcmp(text, "narrow") == 0)
        return OK;
    return error_set(ERR_USAGE, "scale '%s', expected narrow or full", text);
}

static void put_scale(const LayerScheme *row, char *text)
{
    snprintf(text, TEXT_BYTES, "%s", row->full_range ? "full" : "narrow");
}

static Status set_float(LayerScheme *row, const char *text)
{
    return parse_switch(text, &row->is_float);
}

static void put_float(const LayerScheme *row, char *text)
{
    put_switch(row->is_float, text);
}

static Status set_correct_bias(LayerScheme *row, const char *text)
{
    return parse_switch(text, &row->correct_bias);
}

static void put_correct_bias(const LayerScheme *row, char *text)
{
    put_switch(row->correct_bias, text);
}

typedef struct Key {
    const char *name;
    Status (*set)(LayerScheme *row, const char *text);
    void (*put)(const LayerScheme *row, char *text); /* NULL: other keys say it */
} Key;

static const Key KEYS[] = {
    {"bits", set_bits, NULL},
    {"weight-bits", set_weight_bits, put_weight_bits},
    {"activation-bits", set_activation_bits, put_activation_bits},
    {"calibration", set_calibration, put_output_calibration},
    {"weight-calibration", set_weight_calibration, put_weight_calibration},
    {"clip", set_clip, put_clip},
    {"weight-clip", set_weight_clip, put_weight_clip},
    {"per-channel", set_per_channel, put_per_channel},
    {"average", set_average, put_average},
    {"range", set_range, put_range},
    {"scale", set_scale, put_scale},
    {"correct-bias", set_correct_bias, put_correct_bias},
    {"float", set_float, put_float},
};

enum { KEY_COUNT = sizeof KEYS / sizeof *KEYS };

static const Key *find_key(const char *name, size_t length)
{
    for (int i = 0; i < KEY_COUNT; i++)
        if (strlen(KEYS[i].name) == length && strncmp(KEYS[i].name, name, length) == 0)
            return &KEYS[i];
    return NULL;
}

static Status unknown_key(const char *name)
{
    const char *names[KEY_COUNT + 1] = {0};
    for (int i = 0; i < KEY_COUNT; i++)
        names[i] = KEYS[i].name;
    const char *nearest = nearest_word(name, names);
    return error_set(ERR_USAGE, "unknown key '%s'; did you mean %s?", name,
                     nearest ? nearest : "bits, calibration, clip, range or float");
}

Status scheme_set(Scheme *scheme, const Graph *graph, int index, const char *key, const char *value)
{
    const Key *found = find_key(key, strlen(key));
    if (!found)
        return unknown_key(key);
    TRY_IN(found->set(&scheme->layers[index], value), "%s", key);
    if (scheme->layers[index].is_float)
        scheme_set_float(scheme, graph, index);
    return OK;
}

/* ---- one layer ------------------------------------------------------------------------------- */

Status scheme_find_layer(const Graph *graph, const char *name, int *index)
{
    *index = graph_find(graph, name);
    if (*index >= 0)
        return OK;
    Arena *scratch = arena_new();
    const char **names = ARENA_ARRAY(scratch, const char *, graph->count + 1);
    for (int i = 0; i < graph->count; i++)
        names[i] = graph->layers[i].name;
    Status status = nearest_refuse_layer(name, names);
    arena_free(scratch);
    return status;
}

/* The colon between name and keys: the first one that a key follows. Names may hold colons. */
static char *find_colon(char *text)
{
    for (char *colon = strchr(text, ':'); colon; colon = strchr(colon + 1, ':'))
        if (find_key(colon + 1, strcspn(colon + 1, "=,")))
            return colon;
    return strchr(text, ':');
}

static Status apply_choice(Scheme *scheme, const Graph *graph, char *text)
{
    char *colon = find_colon(text);
    if (!colon || colon == text || colon[1] == '\0')
        return error_set(ERR_USAGE, "write NAME:key=value[,key=value]");
    *colon = '\0';
    int index;
    TRY(scheme_find_layer(graph, text, &index));
    char *rest = NULL;
    for (char *part = strtok_r(colon + 1, ",", &rest); part; part = strtok_r(NULL, ",", &rest)) {
        char *equals = strchr(part, '=');
        if (equals)
            *equals = '\0';
        TRY_IN(scheme_set(scheme, graph, index, part, equals ? equals + 1 : "yes"), "layer %s",
               text);
    }
    return OK;
}

Status scheme_choose(Scheme *scheme, const Graph *graph, const char *choice)
{
    Arena *scratch = arena_new();
    Status status = apply_choice(scheme, graph, arena_strdup(scratch, choice));
    arena_free(scratch);
    return status;
}

/* ---- files ----------------------------------------------------------------------------------- */

static void write_section(const LayerScheme *row, const char *name, Buffer *text)
{
    buffer_printf(text, "\n[%s]\n", name);
    for (int k = 0; k < KEY_COUNT; k++) {
        char value[TEXT_BYTES];
        if (!KEYS[k].put)
            continue;
        KEYS[k].put(row, value);
        buffer_printf(text, "%s = %s\n", KEYS[k].name, value);
    }
}

/* The input comes last: a first layer in float sets its format (scheme_set_float()), unless the
 * file says otherwise behind that. */
Status scheme_write(const Scheme *scheme, const Graph *graph, const char *sha256, const char *path)
{
    Buffer text = {0};
    buffer_printf(&text, SCHEME_TITLE "\nmodel %s\n", sha256);
    for (int i = 1; i <= scheme->count; i++) {
        int layer = i % scheme->count;
        write_section(&scheme->layers[layer], graph->layers[layer].name, &text);
    }
    Status status = fs_write_atomic(path, text.data, text.length);
    buffer_free(&text);
    return status;
}

static char *trim(char *text)
{
    text += strspn(text, " \t");
    size_t length = strlen(text);
    while (length > 0 && strchr(" \t\r", text[length - 1]))
        text[--length] = '\0';
    return text;
}

/* Where the lines of a file go: onto a scheme, or into texts. */
typedef struct Reader {
    const char *sha256; /* of the model that it must be for; NULL: any */
    Status (*open_section)(struct Reader *reader, const char *name);
    Status (*set)(struct Reader *reader, const char *key, const char *value);
    const Graph *graph;
    Scheme *scheme;
    SchemeFile *file;
    Arena *arena; /* of the file */
    int line;
    int layer; /* of the section; -1: before the first */
    bool titled, known_model;
} Reader;

static bool is_sha256(const char *text)
{
    return strlen(text) == HASH_HEX_BYTES - 1 &&
           strspn(text, "0123456789abcdef") == HASH_HEX_BYTES - 1;
}

static Status read_head(Reader *reader, const char *text)
{
    if (!reader->titled) {
        reader->titled = strcmp(text, SCHEME_TITLE) == 0;
        return reader->titled
                   ? OK
                   : error_set(ERR_REFUSED, "expected '" SCHEME_TITLE "' in the first line");
    }
    if (strncmp(text, "model ", 6) != 0)
        return error_set(ERR_REFUSED, "expected 'model' and its SHA-256, or a [layer]");
    if (reader->sha256 && strcmp(text + 6, reader->sha256) != 0)
        return error_set(ERR_REFUSED,
                         "the scheme is for another model, of SHA-256 %.64s; this one has %s",
                         text + 6, reader->sha256);
    if (!is_sha256(text + 6))
        return error_set(ERR_REFUSED, "'%.80s' is not the SHA-256 of a model", text + 6);
    if (reader->file)
        reader->file->model_sha256 = arena_strdup(reader->arena, text + 6);
    reader->known_model = true;
    return OK;
}

static Status read_line(Reader *reader, char *text)
{
    if (text[0] == '\0' || text[0] == '#')
        return OK;
    if (!reader->known_model)
        return read_head(reader, text);
    size_t length = strlen(text);
    if (text[0] == '[' && text[length - 1] == ']') {
        text[length - 1] = '\0';
        return reader->open_section(reader, text + 1);
    }
    char *equals = strchr(text, '=');
    if (!equals || reader->layer < 0)
        return error_set(ERR_REFUSED, "expected %s", equals ? "a [layer] first" : "key = value");
    *equals = '\0';
    return reader->set(reader, trim(text), trim(equals + 1));
}

static Status read_lines(Reader *reader, char *text)
{
    for (char *next = text; next;) {
        char *line = strsep(&next, "\n");
        reader->line++;
        TRY_IN(read_line(reader, trim(line)), "line %d", reader->line);
    }
    return reader->known_model ? OK : error_set(ERR_REFUSED, "names no model");
}

static Status read_path(Reader *reader, const char *path)
{
    Buffer file = {0};
    TRY(fs_read_file(path, FILE_CAP, &file));
    Status status = file.length > 0 && strlen(file.data) == file.length
                        ? read_lines(reader, file.data)
                        : error_set(ERR_REFUSED, "is empty or holds a NUL");
    buffer_free(&file);
    return status == OK ? OK : error_context(ERR_REFUSED, "%s", path);
}

/* ---- onto a scheme --------------------------------------------------------------------------- */

static Status open_layer(Reader *reader, const char *name)
{
    return scheme_find_layer(reader->graph, name, &reader->layer);
}

static Status set_in_scheme(Reader *reader, const char *key, const char *value)
{
    return scheme_set(reader->scheme, reader->graph, reader->layer, key, value);
}

Status scheme_read(const char *path, const Graph *graph, const char *sha256, Scheme *scheme)
{
    Reader reader = {.sha256 = sha256,
                     .open_section = open_layer,
                     .set = set_in_scheme,
                     .graph = graph,
                     .scheme = scheme,
                     .layer = -1};
    return read_path(&reader, path);
}

/* ---- into texts ------------------------------------------------------------------------------ */

static int find_section(const SchemeFile *file, const char *name)
{
    for (int i = 0; i < file->count; i++)
        if (strcmp(file->sections[i].layer, name) == 0)
            return i;
    return -1;
}

static Status open_text(Reader *reader, const char *name)
{
    SchemeFile *file = reader->file;
    reader->layer = find_section(file, name);
    if (reader->layer >= 0)
        return OK;
    if (file->count == SCHEME_MAX_SECTIONS)
        return error_set(ERR_REFUSED, "more than %d layers", SCHEME_MAX_SECTIONS);
    reader->layer = file->count;
    file->sections[file->count++] = (SchemeSection){
        .layer = arena_strdup(reader->arena, name),
        .values = ARENA_ARRAY(reader->arena, const char *, KEY_COUNT),
    };
    return OK;
}

/* As scheme_write() would put it: two ways to write one value are no difference. */
static Status set_text(Reader *reader, const char *name, const char *value)
{
    LayerScheme row = {.calibrator = calibrator_find("minmax")};
    const Key *key = find_key(name, strlen(name));
    if (!key)
        return unknown_key(name);
    TRY_IN(key->set(&row, value), "%s", name);
    for (int k = 0; k < KEY_COUNT; k++) {
        char text[TEXT_BYTES];
        bool width = KEYS[k].put == put_weight_bits || KEYS[k].put == put_activation_bits;
        if (&KEYS[k] != key && !(key->set == set_bits && width))
            continue;
        if (!KEYS[k].put)
            continue;
        KEYS[k].put(&row, text);
        reader->file->sections[reader->layer].values[k] = arena_strdup(reader->arena, text);
    }
    return OK;
}

Status scheme_file_read(const char *path, Arena *arena, SchemeFile *file)
{
    *file = (SchemeFile){.sections = ARENA_ARRAY(arena, SchemeSection, SCHEME_MAX_SECTIONS)};
    Reader reader = {
        .open_section = open_text, .set = set_text, .file = file, .arena = arena, .layer = -1};
    return read_path(&reader, path);
}

int scheme_key_count(void)
{
    return KEY_COUNT;
}

const char *scheme_key_name(int key)
{
    return KEYS[key].put ? KEYS[key].name : NULL;
}

const char *scheme_key_value(const LayerScheme *row, int key, char text[SCHEME_VALUE_BYTES])
{
    assert(KEYS[key].put);
    KEYS[key].put(row, text);
    return text;
}

/* ---- differences ----------------------------------------------------------------------------- */

typedef struct Differences {
    SchemeDifference *items;
    int count;
} Differences;

/* Either section may be NULL: the file has none for the layer. */
static void compare_sections(const SchemeSection *before, const SchemeSection *after,
                             Differences *found)
{
    for (int k = 0; k < KEY_COUNT; k++) {
        const char *old = before ? before->values[k] : NULL;
        const char *fresh = after ? after->values[k] : NULL;
        if (old == fresh || (old && fresh && strcmp(old, fresh) == 0))
            continue;
        found->items[found->count++] =
            (SchemeDifference){before ? before->layer : after->layer, KEYS[k].name, old, fresh};
    }
}

int scheme_file_differences(const SchemeFile *before, const SchemeFile *after, Arena *arena,
                            const SchemeDifference **differences)
{
    Differences found = {.items =
                             ARENA_ARRAY(arena, SchemeDifference,
                                         (size_t)(before->count + after->count) * KEY_COUNT + 1)};
    if (strcmp(before->model_sha256, after->model_sha256) != 0)
        found.items[found.count++] =
            (SchemeDifference){NULL, "model", before->model_sha256, after->model_sha256};
    for (int i = 0; i < before->count; i++) {
        int other = find_section(after, before->sections[i].layer);
        compare_sections(&before->sections[i], other < 0 ? NULL : &after->sections[other], &found);
    }
    for (int i = 0; i < after->count; i++)
        if (find_section(before, after->sections[i].layer) < 0)
            compare_sections(NULL, &after->sections[i], &found);
    *differences = found.items;
    return found.count;
}
