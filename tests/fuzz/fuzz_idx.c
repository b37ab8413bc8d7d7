/* fuzz_idx.c: a folder with two IDX files, plain or gzip. The first byte of the input is the length
 * of the label file, which follows; the rest is the image file. */
#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "data/dataset.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char folder[64];

static void remove_folder(void)
{
    char path[128];
    const char *const names[] = {"/t10k-labels-idx1-ubyte", "/t10k-images-idx3-ubyte", ""};
    for (int i = 0; i < 3; i++) {
        snprintf(path, sizeof path, "%s%s", folder, names[i]);
        remove(path);
    }
}

static void write_file(const char *name, const uint8_t *bytes, size_t count)
{
    char path[128];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    int descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    if (descriptor < 0 || write(descriptor, bytes, count) != (ssize_t)count)
        abort();
    close(descriptor);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!folder[0]) {
        strcpy(folder, "/tmp/dnn2fpga-fuzz-XXXXXX");
        if (!mkdtemp(folder))
            abort();
        atexit(remove_folder);
    }
    if (size == 0)
        return 0;
    size_t labels = data[0] < size ? data[0] : size - 1;
    write_file("t10k-labels-idx1-ubyte", data + 1, labels);
    write_file("t10k-images-idx3-ubyte", data + 1 + labels, size - 1 - labels);
    Dataset *dataset = NULL;
    if (dataset_load(folder, DATASET_TEST, NULL, &dataset) == OK) {
        float *image = malloc((size_t)shape_elements(dataset->shape) * sizeof *image);
        dataset_read(dataset, dataset->count - 1, 1, image);
        free(image);
        dataset_free(dataset);
    }
    return 0;
}
