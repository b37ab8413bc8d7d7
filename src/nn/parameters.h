/* parameters.h: what training changes in a graph, as one list and one long vector.
 *
 * The list goes layer by layer in the order of the graph, and within a layer in the order of
 * ParameterRole. Values stay in the graph's tensors; `offset` is a tensor's place in vectors of
 * `total` floats: gradients, optimizer moments, snapshots.
 */
#ifndef NN_PARAMETERS_H
#define NN_PARAMETERS_H

#include "base/hash.h"
#include "graph/graph.h"

typedef enum ParameterRole {
    PARAMETER_KERNEL,
    PARAMETER_BIAS,
    PARAMETER_GAMMA,
    PARAMETER_BETA,
    PARAMETER_MEAN,     /* moved by batch norm, not by the optimizer */
    PARAMETER_VARIANCE, /* the same */
    PARAMETER_EXTRA,    /* values of the hooks, after all layers */
    PARAMETER_ROLES
} ParameterRole;

typedef struct Parameter {
    int layer; /* index in the graph; -1: of the hooks */
    ParameterRole role;
    float *values; /* in the graph */
    int64_t count;
    int64_t offset;
} Parameter;

typedef struct Parameters {
    Parameter *items; /* in the arena */
    int count;
    int64_t total;
} Parameters;

/* `extra` NULL: none. The graph, which owns the values, must outlive the list. */
Parameters parameters_of(Arena *arena, const Graph *graph, float *extra, int64_t extra_count);

/* The layer's parameter of that role, or NULL. */
const Parameter *parameters_find(const Parameters *parameters, int layer, ParameterRole role);

/* False for the moving statistics of batch norm. */
bool parameter_is_trained(const Parameter *parameter);

/* All values to and from one vector of `total` floats. */
void parameters_save(const Parameters *parameters, float *vector);
void parameters_restore(const Parameters *parameters, const float *vector);

/* SHA-256 of all values: two runs that learned the same have the same. */
void parameters_hash(const Parameters *parameters, char hex[HASH_HEX_BYTES]);

#endif
