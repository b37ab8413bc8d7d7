#include "cli/tour.h"

#include <string.h>

#include "base/fs.h"

enum { IMAGES = 20, TEST_IMAGES = 1000, CALIBRATION_IMAGES = 200 };

static const char *samples_folder(Arena *arena)
{
    static const char *const PLACES[] = {"../samples", "../share/dnn2fpga/samples"};
    char *program = fs_resolve(arena, "/proc/self/exe");
    if (!program)
        return NULL;
    *strrchr(program, '/') = '\0';
    for (size_t i = 0; i < sizeof PLACES / sizeof PLACES[0]; i++) {
        const char *folder = fs_resolve(arena, fs_join(arena, program, PLACES[i]));
        if (folder && fs_exists(fs_join(arena, folder, "mnist_cnn.h5")))
            return folder;
    }
    return NULL;
}

Status tour_prepare(Arena *arena, WorkbenchRequest *request)
{
    const char *samples = samples_folder(arena);
    if (!samples)
        return error_set(ERR_ENVIRONMENT,
                         "the sample network was not found beside the program (../samples, "
                         "../share/dnn2fpga/samples); 'make install' puts it there");
    RunOptions *options = &request->options;
    options->model = fs_join(arena, samples, "mnist_cnn.h5");
    options->data = fs_join(arena, samples, "mnist");
    options->images = IMAGES;
    options->test_images = TEST_IMAGES;
    options->calib_images = CALIBRATION_IMAGES;
    request->tour = request->script == NULL; /* a test brings its own */
    return OK;
}
