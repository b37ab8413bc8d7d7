/* differences.h: a folder of a run whose hardware differs, for tests of the screen that shows it:
 * image 17, where conv_1 is right, conv_2 (4 rows, 6 columns, 3 channels) and a vector are not. */
#ifndef TESTS_UI_DIFFERENCES_H
#define TESTS_UI_DIFFERENCES_H

#include "fixture.h"

#include "flow/differences.h"

/* element, missing, got, expected: by channel, then by place. */
static const uint32_t FIXTURE_VALUES[][4] = {
    {3, 0, 12, 13},  {45, 0, 20, 19},         {69, 0, 7, 9}, /* conv_2, channel 0 */
    {23, 1, 0, 4},                                           /* channel 2 */
    {0, 0, 100, 90}, {7, 0, (uint32_t)-5, 8},                /* scores */
};

static const char FIXTURE_INDEX[] =
    "{\"version\":1,\"first_image\":16,\"images\":2,\"differing_images\":1,\"layers\":["
    "{\"layer\":\"conv_1\",\"entity\":\"conv2d_stream\",\"image\":17,\"label\":3,\"rows\":6,"
    "\"columns\":8,\"channels\":4,\"lanes\":4,\"float\":false,\"scale\":0.05,\"zero_point\":0,"
    "\"wrong\":0,\"missing\":0,\"first\":-1,\"per_channel\":[0,0,0,0]},"
    "{\"layer\":\"conv_2\",\"entity\":\"conv2d_stream\",\"image\":17,\"label\":3,\"rows\":4,"
    "\"columns\":6,\"channels\":3,\"lanes\":3,\"float\":false,\"scale\":0.0517,\"zero_point\":0,"
    "\"wrong\":3,\"missing\":1,\"first\":3,\"per_channel\":[3,0,1]},"
    "{\"layer\":\"scores\",\"entity\":\"dense_stream\",\"image\":17,\"label\":3,\"rows\":1,"
    "\"columns\":1,\"channels\":10,\"lanes\":10,\"float\":false,\"scale\":0.25,\"zero_point\":0,"
    "\"wrong\":2,\"missing\":0,\"first\":0,\"per_channel\":[1,0,0,0,0,0,0,1,0,0]}]}";

static void fixture_write_differences(const char *folder)
{
    char path[RUN_PATH_BYTES + 32];
    snprintf(path, sizeof path, "%s/differences.json", folder);
    assert_int_equal(fs_write_atomic(path, FIXTURE_INDEX, strlen(FIXTURE_INDEX)), OK);
    snprintf(path, sizeof path, "%s/differences.bin", folder); /* little-endian, as this machine */
    assert_int_equal(fs_write_atomic(path, FIXTURE_VALUES, sizeof FIXTURE_VALUES), OK);
}

/* Run 7 is over, and not bit-exact; its folder keeps differences when `kept`. The folder is the
 * caller's to remove. */
static void fixture_unequal_run(App *app, const char *folder, bool kept)
{
    if (kept)
        fixture_write_differences(folder);
    app_model_loaded(app, fixture_model(false));
    press(app, "r");
    fixture_event(app, (Event){.kind = EVENT_RUN_STARTED, .run = 7, .folder = folder});
    for (int stage = STAGE_IMPORT; stage <= STAGE_EMIT; stage++)
        fixture_event(app, (Event){.kind = EVENT_STAGE,
                                   .stage = (RunStage)stage,
                                   .state = STAGE_FINISHED,
                                   .seconds = 1});
    json_t *report = fixture_report();
    json_object_set_new(json_object_get(report, "hardware"), "bit_exact", json_false());
    fixture_event(app, (Event){.kind = EVENT_REPORT, .code = ERR_UNMET, .json = report});
    json_decref(report);
    messages_acknowledge(&app->messages);
    press(app, "5");
}

#endif
