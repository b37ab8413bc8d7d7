#include "flow/differences_json.h"

#include <stdlib.h>
#include <string.h>

#include "base/fs.h"
#include "flow/report.h"

enum { INDEX_VERSION = 1, INDEX_CAP = 1 << 28, MOST_LAYERS = 1 << 20, EXACT_DIGITS = 17 };

static const int64_t MOST_ELEMENTS = (int64_t)1 << 31; /* of a layer's output */

/* ---- the file -------------------------------------------------------------------------------- */

static json_t *counts_to_json(const LayerDifferences *layer)
{
    json_t *list = json_array();
    for (int64_t i = 0; i < layer->channels; i++)
        json_array_append_new(list, json_integer(layer->per_channel[i]));
    return list;
}

static json_t *layer_to_index(const LayerDifferences *layer)
{
    return json_pack("{s:o s:o s:I s:i s:I s:I s:I s:i s:b s:f s:i s:I s:I s:I s:o}", "layer",
                     report_string(layer->layer), "entity", report_string(layer->entity), "image",
                     (json_int_t)layer->image, "label", layer->label, "rows",
                     (json_int_t)layer->rows, "columns", (json_int_t)layer->columns, "channels",
                     (json_int_t)layer->channels, "lanes", layer->lanes, "float", layer->is_float,
                     "scale", layer->scale, "zero_point", layer->zero_point, "wrong",
                     (json_int_t)layer->wrong, "missing", (json_int_t)layer->missing, "first",
                     (json_int_t)layer->first, "per_channel", counts_to_json(layer));
}

Status differences_write_index(const Differences *differences)
{
    json_t *layers = json_array();
    for (int i = 0; i < differences->layer_count; i++)
        json_array_append_new(layers, layer_to_index(&differences->layers[i]));
    json_t *index =
        json_pack("{s:i s:I s:I s:I s:o}", "version", INDEX_VERSION, "first_image",
                  (json_int_t)differences->first_image, "images", (json_int_t)differences->images,
                  "differing_images", (json_int_t)differences->differing_images, "layers", layers);
    char *text = json_dumps(index, JSON_COMPACT | JSON_REAL_PRECISION(EXACT_DIGITS));
    Status status = fs_write_atomic(
        fs_join(differences->arena, differences->folder, DIFFERENCES_INDEX), text, strlen(text));
    free(text);
    json_decref(index);
    return status;
}

static bool read_counts(const json_t *list, Arena *arena, LayerDifferences *layer)
{
    int64_t sum = 0, pixels = layer->rows * layer->columns;
    int64_t *counts = ARENA_ARRAY(arena, int64_t, layer->channels);
    for (int64_t i = 0; i < layer->channels; i++) {
        const json_t *value = json_array_get(list, (size_t)i);
        counts[i] = json_is_integer(value) ? json_integer_value(value) : -1;
        if (counts[i] < 0 || counts[i] > pixels)
            return false;
        sum += counts[i];
    }
    layer->per_channel = counts;
    return json_array_size(list) == (size_t)layer->channels && sum == layer->wrong + layer->missing;
}

static bool possible(const LayerDifferences *layer)
{
    const int64_t sizes[] = {layer->rows, layer->columns, layer->channels};
    int64_t elements = 1;
    for (int i = 0; i < 3; i++) {
        if (sizes[i] < 1 || sizes[i] > MOST_ELEMENTS / elements)
            return false;
        elements *= sizes[i];
    }
    bool any = layer->wrong > 0 || layer->missing > 0;
    return layer->lanes >= 1 && layer->image >= 0 && layer->wrong >= 0 && layer->missing >= 0 &&
           layer->wrong <= elements && layer->missing <= elements && layer->first < elements &&
           (any ? layer->first >= 0 : layer->first == -1);
}

static bool read_layer(json_t *row, Arena *arena, LayerDifferences *layer)
{
    const char *name, *entity;
    json_int_t image, rows, columns, channels, wrong, missing, first;
    json_t *counts;
    int is_float;
    if (json_unpack_ex(
            row, NULL, JSON_STRICT, "{s:s s:s s:I s:i s:I s:I s:I s:i s:b s:F s:i s:I s:I s:I s:o}",
            "layer", &name, "entity", &entity, "image", &image, "label", &layer->label, "rows",
            &rows, "columns", &columns, "channels", &channels, "lanes", &layer->lanes, "float",
            &is_float, "scale", &layer->scale, "zero_point", &layer->zero_point, "wrong", &wrong,
            "missing", &missing, "first", &first, "per_channel", &counts) != 0)
        return false;
    layer->layer = arena_strdup(arena, name);
    layer->entity = arena_strdup(arena, entity);
    layer->image = image;
    layer->rows = rows;
    layer->columns = columns;
    layer->channels = channels;
    layer->is_float = is_float;
    layer->wrong = wrong;
    layer->missing = missing;
    layer->first = first;
    /* A list is that long in the file, before memory is asked for. */
    return possible(layer) && json_array_size(counts) == (size_t)layer->channels &&
           read_counts(counts, arena, layer);
}

static Status read_layers(json_t *list, const char *path, Differences *differences)
{
    size_t count = json_array_size(list);
    if (count < 1 || count > MOST_LAYERS)
        return error_set(ERR_REFUSED, "%s: has no layers, or too many", path);
    differences->layers = ARENA_ARRAY(differences->arena, LayerDifferences, count);
    int64_t place = 0;
    for (size_t i = 0; i < count; i++) {
        LayerDifferences *layer = &differences->layers[i];
        if (!read_layer(json_array_get(list, i), differences->arena, layer))
            return error_set(ERR_REFUSED,
                             "%s: layer %zu is not one that could be: look for "
                             "differences again",
                             path, i);
        layer->place = place;
        place += layer->wrong + layer->missing;
    }
    differences->layer_count = (int)count;
    return OK;
}

static Status read_index(json_t *index, const char *path, Differences *differences)
{
    int version;
    json_int_t first, images, differing;
    json_t *layers;
    if (json_unpack_ex(index, NULL, JSON_STRICT, "{s:i s:I s:I s:I s:o}", "version", &version,
                       "first_image", &first, "images", &images, "differing_images", &differing,
                       "layers", &layers) != 0 ||
        version != INDEX_VERSION || first < 0 || images < 1 || differing < 1)
        return error_set(ERR_REFUSED, "%s: is no index of differences of version %d", path,
                         INDEX_VERSION);
    differences->first_image = first;
    differences->images = images;
    differences->differing_images = differing;
    return read_layers(layers, path, differences);
}

Status differences_read_index(Differences *differences)
{
    Buffer text = {0};
    json_error_t fault;
    const char *path = fs_join(differences->arena, differences->folder, DIFFERENCES_INDEX);
    Status status = fs_exists(path) ? fs_read_file(path, INDEX_CAP, &text)
                                    : error_set(ERR_ENVIRONMENT,
                                                "%s: is not there: no differences are kept of this "
                                                "run",
                                                path);
    if (status != OK)
        return status;
    json_t *index = json_loadb(text.data, text.length, JSON_REJECT_DUPLICATES, &fault);
    status = index ? read_index(index, path, differences)
                   : error_set(ERR_REFUSED, "%s: not JSON: %s", path, fault.text);
    json_decref(index);
    buffer_free(&text);
    return status;
}

/* ---- for reports ----------------------------------------------------------------------------- */

static json_t *first_to_json(const LayerDifferences *layer)
{
    if (layer->first < 0)
        return json_null();
    int64_t pixel = layer->first / layer->channels;
    return json_pack("{s:I s:I s:I s:I s:I}", "element", (json_int_t)layer->first, "beat",
                     (json_int_t)differences_beat(layer, layer->first), "row",
                     (json_int_t)(pixel / layer->columns), "column",
                     (json_int_t)(pixel % layer->columns), "channel",
                     (json_int_t)(layer->first % layer->channels));
}

static json_t *channels_to_json(const LayerDifferences *layer)
{
    json_t *list = json_array();
    for (int64_t i = 0; i < layer->channels; i++)
        if (layer->per_channel[i])
            json_array_append_new(
                list, json_pack("[I, I]", (json_int_t)i, (json_int_t)layer->per_channel[i]));
    return list;
}

static json_t *layer_to_json(const LayerDifferences *layer)
{
    const json_int_t values = layer->rows * layer->columns * layer->channels;
    return json_pack("{s:o s:I s:i s:I s:I s:I s:o s:o}", "layer", report_string(layer->layer),
                     "image", (json_int_t)layer->image, "label", layer->label, "values", values,
                     "wrong", (json_int_t)layer->wrong, "missing", (json_int_t)layer->missing,
                     "first", first_to_json(layer), "channels", channels_to_json(layer));
}

json_t *differences_to_json(const Differences *differences)
{
    json_t *layers = json_array();
    for (int i = 0; i < differences->layer_count; i++)
        json_array_append_new(layers, layer_to_json(&differences->layers[i]));
    return json_pack("{s:{s:I s:I} s:I s:o}", "tapped", "first",
                     (json_int_t)differences->first_image, "images",
                     (json_int_t)differences->images, "differing_images",
                     (json_int_t)differences->differing_images, "layers", layers);
}

Status differences_add(const char *folder, json_t *section)
{
    Differences *differences = NULL;
    json_object_set_new(section, "differences", json_null());
    if (!differences_kept(folder))
        return OK;
    TRY(differences_open(folder, &differences));
    json_object_set_new(section, "differences", differences_to_json(differences));
    differences_free(differences);
    return OK;
}

static json_t *number_to_json(const LayerDifferences *layer, int32_t value)
{
    return layer->is_float ? report_real(differences_real(layer, value)) : json_integer(value);
}

static json_t *value_to_json(const LayerDifferences *layer, const ValueDifference *value)
{
    json_t *got = value->missing ? json_null() : number_to_json(layer, value->got);
    json_t *got_real =
        value->missing ? json_null() : report_real(differences_real(layer, value->got));
    return json_pack("{s:I s:I s:I s:I s:o s:o s:o s:o}", "row", (json_int_t)value->row, "column",
                     (json_int_t)value->column, "element", (json_int_t)value->element, "beat",
                     (json_int_t)differences_beat(layer, value->element), "got", got, "expected",
                     number_to_json(layer, value->expected), "got_real", got_real, "expected_real",
                     report_real(differences_real(layer, value->expected)));
}

Status differences_channel_to_json(const Differences *differences, int at, int64_t channel,
                                   json_t **list)
{
    const LayerDifferences *layer = &differences->layers[at];
    Arena *arena = arena_new();
    int64_t count = layer->per_channel[channel];
    ValueDifference *values = ARENA_ARRAY(arena, ValueDifference, count + 1);
    *list = NULL;
    Status status = differences_read(differences, at, channel, values);
    if (status == OK)
        *list = json_array();
    for (int64_t i = 0; status == OK && i < count; i++)
        json_array_append_new(*list, value_to_json(layer, &values[i]));
    arena_free(arena);
    return status;
}
