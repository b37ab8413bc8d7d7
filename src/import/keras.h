/* keras.h: what the parts of the Keras reader hand to each other.
 *
 *     keras_config.c      model_config (JSON) -> KerasModel: classes, names, order of computation
 *     keras_attributes.c  the tables of accepted layers and attributes
 *     keras_values.c      the accepted values
 *     keras_nodes.c       inbound_nodes of a Functional model -> order of computation
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
    int keras_version;      /* of the model */
    int64_t outputs;        /* filters or units */
    int64_t multiplier;     /* of a depthwise convolution: kernels for each channel */
    bool separable;         /* to be made two layers of: see keras_split_separable() */
    bool no_bias;           /* use_bias false */
    bool no_gamma, no_beta; /* scale false, center false */
    int axis;               /* of a batch norm or join, the batch dimension counted; 0: the last */
    Shape target;           /* of a reshape; one dimension may be -1 */
    Shape given;            /* input shape given at this layer; rank 0: none */
    const char *sources[LAYER_MAX_INPUTS]; /* the layers it reads */
    int source_count;
    const char *group;    /* of its weights in the file: its name, or that of the layer of which it
                             is the depthwise part */
    H5Texts weight_names; /* in the recorded order */
} KerasLayer;

typedef struct KerasModel {
    Arena *arena;
    const char *name;
    KerasLayer *layers; /* in the order of the file */
    int count;
    int keras_version; /* that wrote the file: 2, 3; 0: it does not say */
    int *order;        /* indexes into layers, in the order of computation */
    int order_count;   /* 0: there is none, and a blocker says why */
    Blockers *blockers;
    bool bad_names; /* a blocker says which; weights cannot be told apart then */
} KerasModel;

/* `model` comes with arena, blockers and, where known, keras_version. Fails at once only when
 * `text` is no Keras model. */
Status keras_parse(const char *text, size_t length, KerasModel *model) MUST_CHECK;

/* The first number of a version such as "2.13.1"; 0: not 1 to 3, or no text. 1 counts as 2. */
int keras_version_of(const char *text);

/* Reads the attributes of `config` by the table of the layer's class. */
void keras_read_attributes(json_t *config, KerasLayer *layer, KerasModel *model);

/* Reads `inbound_nodes` of one layer of a Functional model: sets its sources. */
void keras_read_sources(json_t *nodes, KerasLayer *layer, KerasModel *model);

/* Makes two layers of each separable convolution: the depthwise part "NAME.depthwise", without bias
 * and activation, and the 1x1 part NAME. model->layers has room. */
void keras_split_separable(KerasModel *model);

/* Orders the layers from the only input to the only one of `outputs`; fills model->order. */
void keras_order_layers(KerasModel *model, const json_t *outputs);

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
    Shape shape;          /* of the dataset: that of a sequence's kernel lacks the height */
} KerasPlace;

enum { KERAS_MAX_PLACES = 4 };

/* True for the depthwise part of a separable convolution: the layer behind it has its group. */
bool keras_is_part(const KerasLayer *layer);

/* The tensors of `layer`, in the recorded order; returns how many. After keras_match_weights() or
 * keras_name_weights(). */
int keras_places(KerasLayer *layer, Arena *arena, KerasPlace places[KERAS_MAX_PLACES]);

/* Parses an open container, gives each layer its weight names and reads its weights. */
Status keras_h5_read(H5File *file, const char *path, KerasModel *model, Graph *graph) MUST_CHECK;

/* Reads weights and adds layers to `graph` in their order, each checked against its inputs. `file`
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
