/* keras.h: what the parts of the Keras reader hand to each other.
 *
 *     keras_config.c      model_config (JSON) -> KerasModel: classes, names, order of computation
 *     keras_attributes.c  the table of accepted layers, attributes and values
 *     keras_path.c        inbound_nodes of a Functional model -> one path
 *     keras_weights.c     the recorded weights -> tensors
 *     keras_h5.c          the .h5 container; puts the graph together
 *     keras_json.c        an architecture alone, in a JSON file
 *
 * Each adds what it finds to one list of blockers and goes on, so a user sees all of them at once.
 * Everything lives in the arena of the graph under construction.
 */
#ifndef IMPORT_KERAS_H
#define IMPORT_KERAS_H

#include <jansson.h>

#include "base/h5.h"
#include "graph/graph.h"

enum {
    KERAS_MAX_LAYERS = 1000,
    KERAS_MAX_NAME = 100,   /* bytes */
    KERAS_VALUE_BYTES = 64, /* of a JSON value quoted in a message */
};

/* One layer as the file describes it. */
typedef struct KerasLayer {
    const char *name;
    const char *class_name;
    bool supported;         /* `layer.kind` is set */
    Layer layer;            /* kind, name, activation, window, epsilon */
    int64_t outputs;        /* filters or units */
    bool no_bias;           /* use_bias false */
    bool no_gamma, no_beta; /* scale false, center false */
    int axis;               /* of a batch norm, the batch dimension counted; 0: not given, last */
    Shape target;           /* of a reshape; one dimension may be -1 */
    Shape given;            /* input shape given at this layer; rank 0: none */
    const char *source;     /* Functional: the layer it reads; NULL: none */
    H5Texts weight_names;   /* in the recorded order */
} KerasLayer;

typedef struct KerasModel {
    Arena *arena;
    const char *name;
    KerasLayer *layers; /* in the order of the file */
    int count;
    int *path;      /* indexes into layers, in the order of computation */
    int path_count; /* 0: there is no single path, and a blocker says why */
    Blockers *blockers;
    bool bad_names; /* a blocker says which; weights cannot be told apart then */
} KerasModel;

/* `model` comes with arena and blockers. Fails at once only when `text` is no Keras model. */
Status keras_parse(const char *text, size_t length, KerasModel *model) MUST_CHECK;

/* Reads the attributes of `config` by the table of the layer's class. */
void keras_read_attributes(json_t *config, KerasLayer *layer, KerasModel *model);

/* Reads `inbound_nodes` of one layer of a Functional model: sets layer->source. */
void keras_read_source(json_t *nodes, KerasLayer *layer, KerasModel *model);

/* Orders the layers from the input to `output`, which may be NULL; fills model->path. */
void keras_order_path(KerasModel *model, const char *output);

/* The name in a "keras history": [name, 0, 0], also inside one more list; NULL when it is not. */
const char *keras_history_name(const json_t *history);

/* Finds each layer's recorded weight names, and checks their order. False, and a blocker, when file
 * and model do not agree; the weights are not to be read then. */
bool keras_match_weights(H5File *file, KerasModel *model);

/* Reads the tensors of `layer` into layer->layer. `input` is the shape that it reads; rank 0:
 * unknown. `budget` counts down the elements that may still be read. */
void keras_read_weights(H5File *file, KerasLayer *layer, Shape input, int64_t *budget,
                        KerasModel *model);

/* Makes the tensors of `layer` as of a layer that has learned nothing: gamma and variance 1, all
 * else 0. `input` and `budget` as above. */
void keras_new_weights(KerasLayer *layer, Shape input, int64_t *budget, KerasModel *model);

/* Gives the layer the weight names of a file that is to be made: "kernel:0". */
void keras_name_weights(KerasLayer *layer, Arena *arena);

/* Where the file keeps a tensor of a layer. */
typedef struct KerasPlace {
    const char *path;     /* of the dataset */
    const char *word;     /* "kernel" */
    const Tensor *tensor; /* of layer->layer */
} KerasPlace;

enum { KERAS_MAX_PLACES = 4 };

/* The tensors of `layer`, in the recorded order; returns how many. After keras_match_weights() or
 * keras_name_weights(). */
int keras_places(KerasLayer *layer, Arena *arena, KerasPlace places[KERAS_MAX_PLACES]);

/* Parses an open container, gives each layer its weight names and reads its weights. */
Status keras_h5_read(H5File *file, const char *path, KerasModel *model, Graph *graph) MUST_CHECK;

/* Reads weights and adds layers to `graph` along the path, each checked against its input. `file`
 * NULL: there are no weights, they are new. `matched`: what keras_match_weights() said. */
void keras_build(H5File *file, KerasModel *model, bool matched, Graph *graph);

/* Most bytes of a model_config that are read. */
enum { KERAS_MAX_CONFIG_BYTES = 16 << 20 };

/* Parses the JSON file of an architecture. `text` gets its bytes, `model` its layers, with names
 * for their weights. */
Status keras_json_read(const char *path, Buffer *text, KerasModel *model, Graph *graph) MUST_CHECK;

/* The value as short one-line ASCII JSON, for messages. Returns `text`. */
const char *keras_value_text(const json_t *value, char text[KERAS_VALUE_BYTES]);

/* True for 1 to KERAS_MAX_NAME bytes of UTF-8 without control characters, '/' or '\': names reach
 * terminals and file names. */
bool keras_is_name(const char *name);

/* Opens the container `path` and builds `graph`, whose shapes are inferred. */
Status keras_h5_import(const char *path, Graph **graph) MUST_CHECK;

/* The same from bytes in memory. */
Status keras_h5_import_bytes(const void *bytes, size_t count, Graph **graph) MUST_CHECK;

#endif
