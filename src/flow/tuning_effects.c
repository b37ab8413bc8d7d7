/* What choices would do to the tensors. */
#include <string.h>

#include "flow/tuning_parts.h"

struct PreviewTask {
    Arena *arena;
    const PreviewModel *model;
    Scheme scheme;
    int layer;
    PreviewTensor tensor;
};

PreviewTask *preview_task_new(const Tuning *tuning, int row, PreviewTensor tensor,
                              const LayerScheme *choice)
{
    Arena *arena = arena_new();
    PreviewTask *task = ARENA_NEW(arena, PreviewTask);
    int count = tuning->simplified->count;
    *task = (PreviewTask){.arena = arena,
                          .model = preview_model_snapshot(tuning->preview, arena),
                          .scheme = {ARENA_ARRAY(arena, LayerScheme, count), count},
                          .layer = tuning->layers[row],
                          .tensor = tensor};
    memcpy(task->scheme.layers, tuning->draft, tuning_state_bytes(tuning));
    task->scheme.layers[task->layer] = *choice;
    return task;
}

Preview preview_task_do(const PreviewTask *task)
{
    if (task->scheme.layers[task->layer].is_float)
        return (Preview){0};
    return preview_choice(task->model, &task->scheme, task->layer, task->tensor);
}

void preview_task_free(PreviewTask *task)
{
    if (task)
        arena_free(task->arena);
}

static Preview preview_now(const Tuning *tuning, int row, PreviewTensor tensor,
                           const LayerScheme *choice)
{
    PreviewTask *task = preview_task_new(tuning, row, tensor, choice);
    Preview preview = preview_task_do(task);
    preview_task_free(task);
    return preview;
}

Preview tuning_preview(const Tuning *tuning, int row, PreviewTensor tensor)
{
    return preview_now(tuning, row, tensor, tuning_choice(tuning, row));
}

Preview tuning_preview_committed(const Tuning *tuning, int row, PreviewTensor tensor)
{
    return preview_now(tuning, row, tensor, tuning_committed(tuning, row));
}

LayerScheme tuning_with_calibrator(const Tuning *tuning, int row, const Calibrator *calibrator)
{
    LayerScheme choice = *tuning_choice(tuning, row);
    choice.clip = choice.weight_clip = 0;
    choice.calibrator_parameter = choice.weight_parameter = 0;
    choice.calibrator = choice.weight_calibrator = calibrator;
    return choice;
}

Preview tuning_preview_calibrator(const Tuning *tuning, int row, PreviewTensor tensor,
                                  const Calibrator *calibrator)
{
    const LayerScheme choice = tuning_with_calibrator(tuning, row, calibrator);
    return preview_now(tuning, row, tensor, &choice);
}

const Observation *tuning_seen(const Tuning *tuning, int row, PreviewTensor tensor)
{
    return preview_seen(tuning->preview, tuning->layers[row], tensor);
}
