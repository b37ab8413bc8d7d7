/* Where hardware and software part: layers, then the channels of one, then the values of one, each
 * as a table beside a picture. What is shown was compared and written by an engine
 * (flow/differences.h); values are read one channel at a time. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ui/app.h"
#include "ui/difference_pane.h"
#include "ui/format.h"
#include "ui/table.h"

enum { DETAIL_ROWS = 3, NARROWEST_PANE = 20, WIDEST_PANE = 60, NARROWEST_TABLE = 38, PANE_GAP = 2 };

typedef enum Level { LEVEL_LAYERS, LEVEL_CHANNELS, LEVEL_VALUES, LEVELS } Level;

/* Beyond that a row falls apart. */
static const int WIDEST_TABLE[LEVELS] = {
    [LEVEL_LAYERS] = 110, [LEVEL_CHANNELS] = 44, [LEVEL_VALUES] = 80};

typedef struct DifferenceScreen {
    Screen base;
    Differences *found; /* owned */
    int64_t run;
    char folder[RUN_PATH_BYTES];
    Level level;
    Table tables[LEVELS];
    /* Of the selected channel; all of a vector: read when that changes. */
    ValueDifference *values; /* owned */
    int64_t count;
    int read_layer; /* -1: nothing was read */
    int64_t read_channel;
} DifferenceScreen;

static const LayerDifferences *layer_of(const DifferenceScreen *screen)
{
    return &screen->found->layers[screen->tables[LEVEL_LAYERS].selected];
}

static bool is_vector(const LayerDifferences *layer)
{
    return layer->rows * layer->columns == 1;
}

static bool differs(const LayerDifferences *layer)
{
    return layer->first >= 0;
}

/* ---- rows: layers ---------------------------------------------------------------------------- */

typedef enum LayerColumn {
    LAYER_MARK,
    LAYER_IMAGE,
    LAYER_NAME,
    LAYER_ENTITY,
    LAYER_OUTPUT,
    LAYER_WRONG,
    LAYER_MISSING,
    LAYER_BEAT,
    LAYER_COLUMNS
} LayerColumn;

static const TableColumn LAYERS[LAYER_COLUMNS] = {
    [LAYER_MARK] = {"", 1, 0, false},          [LAYER_IMAGE] = {"image", 6, 0, true},
    [LAYER_NAME] = {"layer", 0, 0, false},     [LAYER_ENTITY] = {"entity", 18, 4, false},
    [LAYER_OUTPUT] = {"output", 11, 2, true},  [LAYER_WRONG] = {"differ", 9, 0, true},
    [LAYER_MISSING] = {"missing", 9, 3, true}, [LAYER_BEAT] = {"first beat", 10, 1, true},
};

static int64_t layers_count(const void *self)
{
    return ((const DifferenceScreen *)self)->found->layer_count;
}

static int64_t row_id(const void *self, int64_t row)
{
    (void)self;
    return row;
}

static void count_cell(int64_t count, TableCell *cell)
{
    char text[FORMAT_BYTES];
    snprintf(cell->text, sizeof cell->text, "%s", count ? format_count((double)count, text) : "");
    cell->number = (double)count;
    cell->style = STYLE_BAD;
}

static void layers_cell(const void *self, int64_t at, int column, TableCell *cell)
{
    const DifferenceScreen *screen = self;
    const LayerDifferences *layer = &screen->found->layers[at];
    bool ascii = screen->base.app->settings.ascii;
    char text[FORMAT_BYTES];
    size_t size = sizeof cell->text;
    cell->style = differs(layer) ? STYLE_NORMAL : STYLE_DIM;
    switch ((LayerColumn)column) {
    case LAYER_MARK:
        snprintf(cell->text, size, "%s",
                 glyph_text(differs(layer) ? GLYPH_FAILED : GLYPH_DONE, ascii));
        cell->style = differs(layer) ? STYLE_BAD : STYLE_GOOD;
        break;
    case LAYER_IMAGE:
        snprintf(cell->text, size, "%" PRId64, layer->image);
        cell->number = (double)layer->image;
        break;
    case LAYER_NAME:
        snprintf(cell->text, size, "%s", layer->layer);
        break;
    case LAYER_ENTITY:
        snprintf(cell->text, size, "%s", layer->entity);
        break;
    case LAYER_OUTPUT:
        snprintf(cell->text, size, "%" PRId64 "x%" PRId64 "x%" PRId64, layer->rows, layer->columns,
                 layer->channels);
        break;
    case LAYER_WRONG:
        count_cell(layer->wrong, cell);
        break;
    case LAYER_MISSING:
        count_cell(layer->missing, cell);
        break;
    default:
        if (differs(layer)) {
            cell->number = (double)differences_beat(layer, layer->first);
            snprintf(cell->text, size, "%s", format_count(cell->number, text));
        }
        break;
    }
}

/* ---- rows: channels -------------------------------------------------------------------------- */

enum { CHANNEL_MARK, CHANNEL_NUMBER, CHANNEL_WRONG, CHANNEL_SHARE, CHANNEL_COLUMNS };

static const TableColumn CHANNELS[CHANNEL_COLUMNS] = {
    [CHANNEL_MARK] = {"", 1, 0, false},
    [CHANNEL_NUMBER] = {"channel", 0, 0, false},
    [CHANNEL_WRONG] = {"differ", 9, 0, true},
    [CHANNEL_SHARE] = {"of all", 7, 1, true},
};

static int64_t channels_count(const void *self)
{
    return layer_of(self)->channels;
}

static void channels_cell(const void *self, int64_t at, int column, TableCell *cell)
{
    const DifferenceScreen *screen = self;
    const LayerDifferences *layer = layer_of(screen);
    int64_t count = layer->per_channel[at];
    cell->style = count ? STYLE_NORMAL : STYLE_DIM;
    if (column == CHANNEL_MARK) {
        snprintf(cell->text, sizeof cell->text, "%s",
                 glyph_text(count ? GLYPH_FAILED : GLYPH_DONE, screen->base.app->settings.ascii));
        cell->style = count ? STYLE_BAD : STYLE_GOOD;
    } else if (column == CHANNEL_NUMBER) {
        snprintf(cell->text, sizeof cell->text, "%" PRId64, at);
        cell->number = (double)at;
    } else if (column == CHANNEL_WRONG) {
        count_cell(count, cell);
    } else if (count) {
        cell->number = 100.0 * (double)count / (double)(layer->rows * layer->columns);
        snprintf(cell->text, sizeof cell->text, "%.1f %%", cell->number);
    }
}

/* ---- rows: values ---------------------------------------------------------------------------- */

enum {
    VALUE_CHANNEL,
    VALUE_ROW,
    VALUE_COLUMN,
    VALUE_BEAT,
    VALUE_GOT,
    VALUE_EXPECTED,
    VALUE_GOT_REAL,
    VALUE_EXPECTED_REAL,
    VALUE_COLUMNS
};

static const TableColumn VALUES[VALUE_COLUMNS] = {
    [VALUE_CHANNEL] = {"channel", 7, 0, true}, [VALUE_ROW] = {"row", 4, 0, true},
    [VALUE_COLUMN] = {"column", 6, 0, true},   [VALUE_BEAT] = {"beat", 8, 3, true},
    [VALUE_GOT] = {"got", 8, 0, true},         [VALUE_EXPECTED] = {"expected", 8, 0, true},
    [VALUE_GOT_REAL] = {"real", 11, 2, true},  [VALUE_EXPECTED_REAL] = {"real", 11, 1, true},
};

static int64_t values_count(const void *self)
{
    return ((const DifferenceScreen *)self)->count;
}

static void real_cell(const LayerDifferences *layer, int32_t value, TableCell *cell)
{
    cell->number = differences_real(layer, value);
    snprintf(cell->text, sizeof cell->text, "%.6g", cell->number);
    cell->style = STYLE_DIM;
}

static void values_cell(const void *self, int64_t at, int column, TableCell *cell)
{
    const DifferenceScreen *screen = self;
    const LayerDifferences *layer = layer_of(screen);
    const ValueDifference *value = &screen->values[at];
    const int64_t places[] = {[VALUE_CHANNEL] = value->channel,
                              [VALUE_ROW] = value->row,
                              [VALUE_COLUMN] = value->column,
                              [VALUE_BEAT] = differences_beat(layer, value->element)};
    bool got = column == VALUE_GOT || column == VALUE_GOT_REAL;
    int32_t number = got ? value->got : value->expected;
    if (column <= VALUE_BEAT) {
        snprintf(cell->text, sizeof cell->text, "%" PRId64, places[column]);
        cell->number = (double)places[column];
    } else if (got && value->missing) {
        snprintf(cell->text, sizeof cell->text, "%s", column == VALUE_GOT ? "nothing" : "");
        cell->style = STYLE_WARN;
    } else if (column == VALUE_GOT || column == VALUE_EXPECTED) {
        differences_text(layer, number, cell->text, sizeof cell->text);
        cell->style = got ? STYLE_BAD : STYLE_NORMAL;
    } else {
        real_cell(layer, number, cell);
    }
}

static const char *const LAYER_NAMES[LAYER_COLUMNS] = {[LAYER_MARK] = "mark"};
static const char *const CHANNEL_NAMES[CHANNEL_COLUMNS] = {
    [CHANNEL_MARK] = "mark", [CHANNEL_SHARE] = "of all %"};
static const char *const VALUE_NAMES[VALUE_COLUMNS] = {
    [VALUE_GOT_REAL] = "got real", [VALUE_EXPECTED_REAL] = "expected real"};

/* ---- what is read ---------------------------------------------------------------------------- */

/* The values of the selected channel, all of a vector; again only when another one is selected. */
static void read_values(DifferenceScreen *screen)
{
    const LayerDifferences *layer = layer_of(screen);
    int at = (int)screen->tables[LEVEL_LAYERS].selected;
    int64_t channel = is_vector(layer) ? DIFFERENCES_ALL : screen->tables[LEVEL_CHANNELS].selected;
    if (screen->read_layer == at && screen->read_channel == channel)
        return;
    int64_t count =
        channel == DIFFERENCES_ALL ? layer->wrong + layer->missing : layer->per_channel[channel];
    free(screen->values);
    screen->values = calloc((size_t)count + 1, sizeof *screen->values);
    if (!screen->values)
        abort();
    screen->read_layer = at;
    screen->read_channel = channel;
    screen->count = count;
    if (differences_read(screen->found, at, channel, screen->values) != OK) {
        screen->count = 0;
        app_message(screen->base.app, MESSAGE_ERROR, "%s", error_message());
    }
    screen->tables[LEVEL_VALUES].hidden[VALUE_CHANNEL] = channel != DIFFERENCES_ALL;
    screen->tables[LEVEL_VALUES].hidden[VALUE_ROW] = channel == DIFFERENCES_ALL;
    screen->tables[LEVEL_VALUES].hidden[VALUE_COLUMN] = channel == DIFFERENCES_ALL;
    table_select(&screen->tables[LEVEL_VALUES], 0);
}

static void select_first(DifferenceScreen *screen)
{
    int64_t at = 0;
    while (at + 1 < screen->found->layer_count && !differs(&screen->found->layers[at]))
        at++;
    table_select(&screen->tables[LEVEL_LAYERS], at);
}

/* The first channel of the layer that differs. */
static void enter_layer(DifferenceScreen *screen)
{
    const LayerDifferences *layer = layer_of(screen);
    int64_t channel = 0;
    while (channel + 1 < layer->channels && layer->per_channel[channel] == 0)
        channel++;
    table_select(&screen->tables[LEVEL_CHANNELS], channel);
}

static Table table_for(DifferenceScreen *screen, Level level)
{
    static const struct {
        const TableColumn *columns;
        const char *const *names;
        int count;
        int64_t (*rows)(const void *self);
        void (*cell)(const void *self, int64_t row, int column, TableCell *cell);
    } KINDS[LEVELS] = {
        [LEVEL_LAYERS] = {LAYERS, LAYER_NAMES, LAYER_COLUMNS, layers_count, layers_cell},
        [LEVEL_CHANNELS] = {CHANNELS, CHANNEL_NAMES, CHANNEL_COLUMNS, channels_count,
                            channels_cell},
        [LEVEL_VALUES] = {VALUES, VALUE_NAMES, VALUE_COLUMNS, values_count, values_cell}};
    Table table = table_of(
        KINDS[level].columns, KINDS[level].count,
        (TableSource){
            .self = screen, .count = KINDS[level].rows, .id = row_id, .cell = KINDS[level].cell});
    table.file_names = KINDS[level].names;
    return table;
}

/* What is kept in the folder now, from its first difference on. */
static bool take(DifferenceScreen *screen)
{
    Differences *found = NULL;
    if (differences_open(screen->folder, &found) != OK) {
        app_message(screen->base.app, MESSAGE_ERROR, "%s", error_message());
        return false;
    }
    differences_free(screen->found);
    screen->found = found;
    screen->read_layer = -1;
    screen->level = LEVEL_LAYERS;
    screen->count = 0;
    for (int i = 0; i < LEVELS; i++)
        screen->tables[i] = table_for(screen, (Level)i);
    select_first(screen);
    enter_layer(screen);
    return true;
}

/* ---- drawing --------------------------------------------------------------------------------- */

/* Columns of the picture; 0: there is no room for one. */
static int pane_columns(const DifferenceScreen *screen, int columns)
{
    const LayerDifferences *layer = layer_of(screen);
    int wanted = WIDEST_PANE;
    if (screen->level == LEVEL_VALUES && is_vector(layer))
        return 0;
    if (screen->level != LEVEL_LAYERS && layer->columns < wanted)
        wanted = layer->columns < 2 * NARROWEST_PANE ? 2 * NARROWEST_PANE : (int)layer->columns;
    int room = columns / 2 < columns - NARROWEST_TABLE ? columns / 2 : columns - NARROWEST_TABLE;
    room = room < wanted ? room : wanted;
    return room >= NARROWEST_PANE ? room : 0;
}

static void difference_layout(Screen *base, int rows, int columns)
{
    DifferenceScreen *screen = (DifferenceScreen *)base;
    (void)columns;
    if (screen->level != LEVEL_LAYERS)
        read_values(screen);
    table_layout(&screen->tables[screen->level], rows - DETAIL_ROWS);
}

static void draw_pane(const DifferenceScreen *screen, Area area)
{
    const LayerDifferences *layer = layer_of(screen);
    const DifferenceMap map = {.layer = layer,
                               .values = screen->values,
                               .count = screen->count,
                               .selected = screen->level == LEVEL_VALUES && screen->count
                                               ? screen->tables[LEVEL_VALUES].selected
                                               : -1};
    if (screen->level == LEVEL_LAYERS)
        difference_draw_channels(layer, area);
    else
        difference_draw_map(&map, area);
}

/* What is known of the selected row. */
static void draw_detail(const DifferenceScreen *screen, Area area)
{
    const LayerDifferences *layer = layer_of(screen);
    if (screen->level != LEVEL_LAYERS && screen->count > 0) {
        int64_t at = screen->level == LEVEL_VALUES ? screen->tables[LEVEL_VALUES].selected : 0;
        difference_draw_value(layer, &screen->values[at], area);
    } else if (screen->level == LEVEL_LAYERS && differs(layer)) {
        char place[96];
        const ValueDifference first = {.channel = layer->first % layer->channels,
                                       .row = layer->first / layer->channels / layer->columns,
                                       .column = layer->first / layer->channels % layer->columns};
        difference_place_text(layer, &first, place, sizeof place);
        area_printf(area, 0, 0, STYLE_NORMAL, "%s differs first at %s", layer->layer, place);
        area_text(area, 1, 0, STYLE_DIM, "Enter leads to its channels, n to the next one");
    } else {
        area_printf(area, 0, 0, STYLE_GOOD, "all equal");
    }
}

static void difference_draw(const Screen *base, Area area)
{
    const DifferenceScreen *screen = (const DifferenceScreen *)base;
    int rows = area.rows - DETAIL_ROWS, pane = pane_columns(screen, area.columns);
    int left = pane ? area.columns - pane - PANE_GAP : area.columns;
    left = left < WIDEST_TABLE[screen->level] ? left : WIDEST_TABLE[screen->level];
    table_draw(&screen->tables[screen->level], area_part(area, 0, 0, rows, left));
    if (pane)
        draw_pane(screen, area_part(area, 0, left + PANE_GAP, rows, pane));
    draw_detail(screen, area_part(area, rows + 1, 1, DETAIL_ROWS - 1, area.columns - 2));
}

/* ---- moving ---------------------------------------------------------------------------------- */

static bool row_differs(const DifferenceScreen *screen, Level level, int64_t row)
{
    if (level == LEVEL_LAYERS)
        return differs(&screen->found->layers[row]);
    return level == LEVEL_VALUES || layer_of(screen)->per_channel[row] > 0;
}

/* Selects the next row of the level that differs, from the selected one on; false: none does. */
static bool step(DifferenceScreen *screen, Level level, int by)
{
    Table *table = &screen->tables[level];
    int64_t count = table->source.count(screen);
    for (int64_t row = table->selected + by; row >= 0 && row < count; row += by)
        if (row_differs(screen, level, row)) {
            table_select(table, row);
            return true;
        }
    return false;
}

/* Selects the row of the level below that comes first, or last. */
static void enter_from(DifferenceScreen *screen, Level level, int by)
{
    Table *table = &screen->tables[level];
    if (level == LEVEL_VALUES)
        read_values(screen);
    int64_t count = table->source.count(screen);
    table_select(table, by > 0 ? 0 : count - 1);
    if (count > 0 && !row_differs(screen, level, table->selected))
        step(screen, level, by);
}

/* A vector has no level of channels. */
static bool skips(const DifferenceScreen *screen, Level level)
{
    return level == LEVEL_CHANNELS && is_vector(layer_of(screen));
}

/* The next difference of the level that is shown: behind the last of a channel comes the first of
 * the next one, and so on. */
static void step_on(DifferenceScreen *screen, int by)
{
    int level = (int)screen->level;
    while (level >= 0 && (skips(screen, (Level)level) || !step(screen, (Level)level, by)))
        level--;
    if (level < 0) {
        app_message(screen->base.app, MESSAGE_INFO, "that was the %s difference",
                    by > 0 ? "last" : "first");
        return;
    }
    for (level++; level <= (int)screen->level; level++)
        if (!skips(screen, (Level)level))
            enter_from(screen, (Level)level, by);
    if (screen->level == LEVEL_CHANNELS && is_vector(layer_of(screen))) {
        screen->level = LEVEL_VALUES;
        enter_from(screen, LEVEL_VALUES, by);
    }
}

static void open_selected(DifferenceScreen *screen)
{
    if (screen->level == LEVEL_LAYERS)
        enter_layer(screen);
    if (screen->level < LEVEL_VALUES)
        screen->level++;
    if (skips(screen, screen->level))
        screen->level++;
    read_values(screen);
}

static void go_back(DifferenceScreen *screen)
{
    screen->level--;
    if (skips(screen, screen->level))
        screen->level--;
}

static bool difference_action(Screen *base, ActionId action)
{
    DifferenceScreen *screen = (DifferenceScreen *)base;
    App *app = base->app;
    if (action == ACTION_OPEN)
        open_selected(screen);
    else if (action == ACTION_BACK && screen->level > LEVEL_LAYERS)
        go_back(screen);
    else if (action == ACTION_NEXT_DIFFERENCE || action == ACTION_PREVIOUS_DIFFERENCE)
        step_on(screen, action == ACTION_NEXT_DIFFERENCE ? 1 : -1);
    else if (action == ACTION_SHOW_WAVE)
        app_show_wave(app);
    else if (action == ACTION_TAP_IMAGE)
        app_tap_typed(app);
    else
        return table_action(&screen->tables[screen->level], action);
    return true;
}

static bool difference_can(const Screen *base, ActionId action, const char **why_not)
{
    const DifferenceScreen *screen = (const DifferenceScreen *)base;
    const Table *table = &screen->tables[screen->level];
    if (action == ACTION_OPEN && screen->level == LEVEL_VALUES)
        *why_not = "there is nothing behind a value; w shows its waves";
    else if (action == ACTION_OPEN && !row_differs(screen, screen->level, table->selected))
        *why_not = "all equal here; n leads to what differs";
    else if (action == ACTION_SHOW_WAVE)
        return app_can_show_wave(base->app, why_not);
    else
        return action != ACTION_TAP_IMAGE || app_can_tap(base->app, why_not);
    return false;
}

static bool difference_holds_back(const Screen *base)
{
    return ((const DifferenceScreen *)base)->level > LEVEL_LAYERS;
}

static void difference_prefill(const Screen *base, ActionId action, char text[SCREEN_PREFILL_BYTES])
{
    if (action == ACTION_TAP_IMAGE)
        snprintf(text, SCREEN_PREFILL_BYTES, "%" PRId64,
                 layer_of((const DifferenceScreen *)base)->image);
}

/* Other values of the same run; none any more: the screen stays as it is. */
static void difference_event(Screen *base, ScreenEvent event)
{
    DifferenceScreen *screen = (DifferenceScreen *)base;
    if (event == SCREEN_TAPPED && base->app->run.id == screen->run &&
        differences_kept(screen->folder))
        take(screen);
}

static void difference_position(const Screen *base, char text[SCREEN_TEXT_BYTES])
{
    const DifferenceScreen *screen = (const DifferenceScreen *)base;
    table_position(&screen->tables[screen->level], text, SCREEN_TEXT_BYTES);
}

static void difference_subject(const Screen *base, char text[SCREEN_TEXT_BYTES])
{
    const DifferenceScreen *screen = (const DifferenceScreen *)base;
    const LayerDifferences *layer = layer_of(screen);
    int64_t channel = screen->tables[LEVEL_CHANNELS].selected;
    if (screen->level == LEVEL_LAYERS)
        snprintf(text, SCREEN_TEXT_BYTES, "of run %" PRId64, screen->run);
    else if (screen->level == LEVEL_CHANNELS || is_vector(layer))
        snprintf(text, SCREEN_TEXT_BYTES, "%.40s of image %" PRId64, layer->layer, layer->image);
    else
        snprintf(text, SCREEN_TEXT_BYTES, "%.40s, channel %" PRId64 " of image %" PRId64,
                 layer->layer, channel, layer->image);
}

static void difference_close(Screen *base)
{
    DifferenceScreen *screen = (DifferenceScreen *)base;
    differences_free(screen->found);
    free(screen->values);
    free(screen);
}

static const Table *difference_table(const Screen *base)
{
    const DifferenceScreen *screen = (const DifferenceScreen *)base;
    return &screen->tables[screen->level];
}

static const ScreenOps OPS = {
    .name = "Difference",
    .scopes = SCOPE_LIST | SCOPE_ENTER | SCOPE_WAVES | SCOPE_DIFFERENCE | SCOPE_TABLE,
    .layout = difference_layout,
    .draw = difference_draw,
    .action = difference_action,
    .can = difference_can,
    .holds_back = difference_holds_back,
    .prefill = difference_prefill,
    .event = difference_event,
    .position = difference_position,
    .subject = difference_subject,
    .table = difference_table,
    .close = difference_close,
};

Screen *screen_difference_new(App *app, int64_t run, const char *folder)
{
    DifferenceScreen *screen = calloc(1, sizeof *screen);
    if (!screen)
        abort();
    screen->base = (Screen){.ops = &OPS, .app = app};
    screen->run = run;
    snprintf(screen->folder, sizeof screen->folder, "%s", folder);
    if (take(screen))
        return &screen->base;
    free(screen);
    return NULL;
}
