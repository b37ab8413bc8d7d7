#include "optimize/climb_state.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/fs.h"

enum { STATE_CAP = 16 << 20, STATE_VERSION = 1, REAL_DIGITS = 17 };

static const char STATE_FILE[] = "ladder.json";

/* ---- writing ----------------------------------------------------------------------------------
 */

static json_t *names_to_json(const char *const *names, int count)
{
    json_t *list = json_array();
    for (int i = 0; i < count; i++)
        json_array_append_new(list, json_string(names[i]));
    return list;
}

static json_t *state_to_json(const ClimbState *state)
{
    json_t *rungs = json_array();
    for (int i = 0; i < state->count; i++) {
        const RungMemory *rung = &state->rungs[i];
        json_array_append_new(rungs,
                              json_pack("{s:s, s:f, s:o}", "step", ladder_step_word(rung->step),
                                        "accuracy", rung->accuracy, "float_layers",
                                        names_to_json(rung->float_layers, rung->float_count)));
    }
    json_t *ranking = state->ranking
                          ? json_pack("{s:f, s:o}", "float_accuracy", state->float_accuracy,
                                      "layers", names_to_json(state->ranking, state->ranking_count))
                          : json_null();
    return json_pack("{s:i, s:s, s:o, s:o}", "version", STATE_VERSION, "identity", state->identity,
                     "ranking", ranking, "rungs", rungs);
}

Status climb_state_write(const ClimbState *state)
{
    if (!state->folder)
        return OK;
    TRY(fs_make_folders(state->folder));
    json_t *root = state_to_json(state);
    char *text = root ? json_dumps(root, JSON_INDENT(2) | JSON_REAL_PRECISION(REAL_DIGITS)) : NULL;
    Arena *arena = arena_new();
    Status status =
        text ? fs_write_atomic(fs_join(arena, state->folder, STATE_FILE), text, strlen(text))
             : error_set(ERR_REFUSED, "%s: the name of a layer is not UTF-8", state->folder);
    arena_free(arena);
    free(text);
    json_decref(root);
    return status;
}

/* ---- reading ----------------------------------------------------------------------------------
 */

static Status damaged(const char *what)
{
    return error_set(ERR_ENVIRONMENT, "is damaged: %s; remove the file to start the ladder anew",
                     what);
}

static Status read_names(const json_t *list, Arena *arena, const char *const **names, int *count)
{
    size_t length = json_array_size(list);
    if (!json_is_array(list))
        return damaged("a list of layers is missing");
    const char **copies = ARENA_ARRAY(arena, const char *, length + 1);
    for (size_t i = 0; i < length; i++) {
        const char *name = json_string_value(json_array_get(list, i));
        if (!name)
            return damaged("the name of a layer is no text");
        copies[i] = arena_strdup(arena, name);
    }
    *names = copies;
    *count = (int)length;
    return OK;
}

static Status read_rung(const json_t *row, Arena *arena, RungMemory *rung)
{
    const char *step = json_string_value(json_object_get(row, "step"));
    int found = 0;
    while (step && found < LADDER_STEPS && strcmp(ladder_step_word((LadderStep)found), step) != 0)
        found++;
    const json_t *accuracy = json_object_get(row, "accuracy");
    rung->step = (LadderStep)found;
    rung->accuracy = json_number_value(accuracy);
    if (!step || found == LADDER_STEPS || !json_is_number(accuracy) ||
        !(rung->accuracy >= 0 && rung->accuracy <= 1))
        return damaged("a rung is not one of the ladder");
    return read_names(json_object_get(row, "float_layers"), arena, &rung->float_layers,
                      &rung->float_count);
}

static Status read_state(const json_t *root, Arena *arena, ClimbState *state)
{
    const char *identity = json_string_value(json_object_get(root, "identity"));
    if (json_integer_value(json_object_get(root, "version")) != STATE_VERSION || !identity)
        return damaged("it is no ladder's state");
    if (strcmp(identity, state->identity) != 0)
        return error_set(ERR_REFUSED,
                         "is of another climb: model, images, scheme file, options and version of "
                         "dnn2fpga must be the same; begin a new run");
    const json_t *ranking = json_object_get(root, "ranking");
    if (json_is_object(ranking)) {
        const json_t *accuracy = json_object_get(ranking, "float_accuracy");
        if (!json_is_number(accuracy))
            return damaged("the ranking has no accuracy");
        state->float_accuracy = json_number_value(accuracy);
        TRY(read_names(json_object_get(ranking, "layers"), arena, &state->ranking,
                       &state->ranking_count));
    }
    const json_t *rungs = json_object_get(root, "rungs");
    if (!json_is_array(rungs) || json_array_size(rungs) > LADDER_MAX_RUNGS)
        return damaged("the list of rungs is missing or too long");
    for (size_t i = 0; i < json_array_size(rungs); i++)
        TRY(read_rung(json_array_get(rungs, i), arena, &state->rungs[i]));
    state->count = (int)json_array_size(rungs);
    return OK;
}

Status climb_state_read(const char *folder, const char *identity, Arena *arena, ClimbState *state)
{
    *state = (ClimbState){.folder = folder, .identity = identity};
    const char *path = folder ? fs_join(arena, folder, STATE_FILE) : NULL;
    if (!path || !fs_exists(path))
        return OK;
    Buffer text = {0};
    TRY(fs_read_file(path, STATE_CAP, &text));
    json_t *root =
        json_loadb(text.data ? text.data : "", text.length, JSON_REJECT_DUPLICATES, NULL);
    Status status = root ? read_state(root, arena, state) : damaged("it is not JSON");
    json_decref(root);
    buffer_free(&text);
    TRY_IN(status, "%s", path);
    return OK;
}
