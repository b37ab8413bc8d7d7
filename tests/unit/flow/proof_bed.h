/* proof_bed.h: a model with all that a proof needs, in a folder of its own.
 *
 *     need_ghdl();
 *     bed_open(&bed, model, 12);
 *     proof_run(&bed.setup, bed.arena, &result) ...
 *     bed_close(&bed);
 */
#ifndef TESTS_FLOW_PROOF_BED_H
#define TESTS_FLOW_PROOF_BED_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/fs.h"
#include "flow/proof.h"
#include "tests/unit/hw/tiny_model.h"
#include "tools/ghdl.h"

typedef struct Bed {
    Arena *arena;
    IntegerModel *model;
    Plan *plan;
    Dataset *dataset;
    char folder[32];
    ProofSetup setup;
} Bed;

static void need_ghdl(void)
{
    Arena *arena = arena_new();
    GhdlTools tools;
    Status status = ghdl_find(arena, &tools);
    arena_free(arena);
    if (status != OK)
        skip();
}

/* The bed owns the model from now on. */
static void bed_open(Bed *bed, IntegerModel *model, int64_t images)
{
    *bed = (Bed){.arena = arena_new(), .model = model, .folder = "/tmp/proof-XXXXXX"};
    assert_non_null(mkdtemp(bed->folder));
    if (plan_new(model, &bed->plan) != OK)
        fail_msg("%s", error_message());
    bed->dataset = tiny_images(model->ops[0].output_shape, images, 99);
    bed->setup = (ProofSetup){.plan = bed->plan,
                              .dataset = bed->dataset,
                              .folder = bed->folder,
                              .images = images,
                              .jobs = 2,
                              .deadline_s = 120};
}

static void bed_close(Bed *bed)
{
    assert_int_equal(fs_remove_tree(bed->folder), OK);
    arena_free(bed->dataset->arena);
    plan_free(bed->plan);
    integer_model_free(bed->model);
    arena_free(bed->arena);
}

#endif
