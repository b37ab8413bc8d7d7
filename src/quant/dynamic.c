#include "quant/dynamic.h"

#include "quant/integer_forward.h"

typedef struct Worker {
    Arena *arena;
    DynamicModel model;
} Worker;

static void *worker_open(const void *model, int max_batch)
{
    (void)max_batch; /* image by image: each has a model of its own */
    Arena *arena = arena_new();
    Worker *worker = ARENA_NEW(arena, Worker);
    *worker = (Worker){arena, *(const DynamicModel *)model};
    return worker;
}

static int32_t label_of(const IntegerModel *model, const float *image)
{
    IntegerForward *forward = integer_forward_new(model, 1);
    int32_t label = integer_arg_max(integer_forward_run(forward, image, 1), model->classes);
    integer_forward_free(forward);
    return label;
}

static void worker_classify(void *state, const float *images, int batch, int32_t *labels)
{
    const DynamicModel *model = &((Worker *)state)->model;
    Shape shape = graph_input_shape(model->graph);
    for (int b = 0; b < batch; b++) {
        const float *image = images + b * shape_elements(shape);
        const Dataset alone = {
            .path = "one image", .count = 1, .shape = shape, .values = image, .scale = 1};
        Quantized own = {0};
        bool built = quantize_graph(model->graph, &alone, model->scheme, NULL, &own) == OK;
        labels[b] = label_of(built ? own.model : model->fixed, image);
        if (built)
            integer_model_free(own.model);
    }
}

static void worker_close(void *state)
{
    arena_free(((Worker *)state)->arena);
}

Classifier classifier_of_dynamic_model(const DynamicModel *model)
{
    return (Classifier){.model = model,
                        .input_elements = shape_elements(graph_input_shape(model->graph)),
                        .classes = model->fixed->classes,
                        .open = worker_open,
                        .classify = worker_classify,
                        .close = worker_close};
}
