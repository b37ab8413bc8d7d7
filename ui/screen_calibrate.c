/* The calibrate screen: what each layer gets, what that costs it, and the keys to change it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ui/app.h"
#include "ui/calibrate_edits.h"
#include "ui/calibrate_pane.h"
#include "ui/panes.h"
#include "ui/table.h"

/* From here on there is room for the histogram beside the table. */
enum { WIDE_COLUMNS = 110, GAP_COLUMNS = 2, LEAST_TABLE_ROWS = 4 };

typedef enum Column {
    COLUMN_MARK,
    COLUMN_NAME,
    COLUMN_CALIBRATION,
    COLUMN_BITS,
    COLUMN_PER,
    COLUMN_CLIP,
    COLUMN_SQNR,
    COLUMN_CLIPPED,
    COLUMNS_SHOWN
} Column;

static const TableColumn COLUMNS[COLUMNS_SHOWN] = {
    [COLUMN_MARK] = {"", 2, 0, false},
    [COLUMN_NAME] = {"layer", 0, 0, false},
    [COLUMN_CALIBRATION] = {"calibration", 16, 1, false},
    [COLUMN_BITS] = {"W/A", 5, 0, true},
    [COLUMN_PER] = {"per", 7, 4, false},
    [COLUMN_CLIP] = {"clip", 7, 2, true},
    [COLUMN_SQNR] = {"SQNR", 8, 0, true},
    [COLUMN_CLIPPED] = {"clipped", 7, 3, true},
};

static const char *const FILE_NAMES[COLUMNS_SHOWN] = {
    [COLUMN_MARK] = "mark", [COLUMN_SQNR] = "SQNR dB", [COLUMN_CLIPPED] = "clipped %"};

typedef struct CalibrateScreen {
    Screen base;
    Table table;
    CalibrateView view;
    PreviewTensor tensor;
    int compared;              /* calibrator that is shown beside; -1: none */
    ObservationState observed; /* what the view was made of */
    const Tuning *tuning;
} CalibrateScreen;

static Tuning *tuning_of(const CalibrateScreen *screen)
{
    return screen->base.app->tuning;
}

static int selected(const CalibrateScreen *screen)
{
    return (int)screen->table.selected;
}

/* ---- rows ------------------------------------------------------------------------------------ */

static int64_t rows_count(const void *self)
{
    return ((const CalibrateScreen *)self)->view.count;
}

static int64_t rows_id(const void *self, int64_t row)
{
    (void)self;
    return row;
}

static void effect_cell(const Preview *effect, Column column, TableCell *cell)
{
    static const EffectFigure FIGURE_OF[COLUMNS_SHOWN] = {[COLUMN_CLIP] = EFFECT_CLIP,
                                                          [COLUMN_SQNR] = EFFECT_SQNR,
                                                          [COLUMN_CLIPPED] = EFFECT_CLIPPED};
    char text[FORMAT_BYTES];
    cell->number = calibrate_figure(effect, FIGURE_OF[column], COLUMNS[column].width, text);
    snprintf(cell->text, sizeof cell->text, "%s", text);
}

static void rows_cell(const void *self, int64_t at, int column, TableCell *cell)
{
    const CalibrateScreen *screen = self;
    const Tuning *tuning = tuning_of(screen);
    int row = (int)at;
    const LayerScheme *choice = tuning_choice(tuning, row);
    bool ascii = screen->base.app->settings.ascii, weights = tuning_row(tuning, row).has_weights;
    switch ((Column)column) {
    case COLUMN_MARK:
        snprintf(cell->text, sizeof cell->text, "%s%s",
                 screen->view.marked[row] ? glyph_text(GLYPH_MARKED, ascii) : " ",
                 tuning_row_is_edited(tuning, row) ? glyph_text(GLYPH_EDITED, ascii) : "");
        cell->style = screen->view.marked[row] ? STYLE_WARN : STYLE_DIFFERS;
        break;
    case COLUMN_NAME:
        snprintf(cell->text, sizeof cell->text, "%s", tuning_row(tuning, row).name);
        break;
    case COLUMN_CALIBRATION:
        if (weights || screen->tensor == TENSOR_OUTPUTS)
            tuning_calibration(tuning, row, screen->tensor, cell->text, sizeof cell->text);
        cell->style = choice->is_float ? STYLE_FLOAT : STYLE_NORMAL;
        break;
    case COLUMN_BITS:
        calibrate_bits_text(tuning, row, cell->text, sizeof cell->text);
        cell->style = choice->is_float ? STYLE_FLOAT : STYLE_NORMAL;
        break;
    case COLUMN_PER:
        if (weights && !choice->is_float)
            snprintf(cell->text, sizeof cell->text, "%s",
                     choice->granularity == PER_CHANNEL ? "channel" : "tensor");
        break;
    default:
        effect_cell(&screen->view.rows[row].draft[screen->tensor].effect, (Column)column, cell);
        if (!calibrate_view_is_new(&screen->view, tuning, row, screen->tensor))
            cell->style = STYLE_STALE;
        break;
    }
}

/* ---- drawing --------------------------------------------------------------------------------- */

static bool is_ready(const CalibrateScreen *screen)
{
    return tuning_of(screen) && screen->view.count > 0;
}

typedef struct Parts {
    Area table, pane;
} Parts;

static Parts parts_of(const CalibrateScreen *screen, Area area)
{
    const Area none = area_part(area, 0, 0, 0, 0);
    if (screen->base.app->pane == PANE_FIRST)
        return (Parts){area, none};
    if (screen->base.app->pane == PANE_SECOND)
        return (Parts){none, area_part(area, 0, 1, area.rows, area.columns - 2)};
    if (area.columns >= WIDE_COLUMNS) {
        int left = area.columns / 2;
        return (Parts){area_part(area, 0, 0, area.rows, left),
                       area_part(area, 0, left + GAP_COLUMNS, area.rows,
                                 area.columns - left - GAP_COLUMNS - 1)};
    }
    int rows = screen->view.count + 1, most = area.rows * 2 / 5;
    most = most < LEAST_TABLE_ROWS ? LEAST_TABLE_ROWS : most;
    rows = rows < most ? rows : most;
    return (Parts){area_part(area, 0, 0, rows, area.columns),
                   area_part(area, rows + 1, 1, area.rows - rows - 1, area.columns - 2)};
}

static void calibrate_layout(Screen *base, int rows, int columns)
{
    CalibrateScreen *screen = (CalibrateScreen *)base;
    if (!is_ready(screen))
        return;
    Canvas nothing = {.ascii = base->app->settings.ascii};
    Parts parts = parts_of(screen, (Area){.canvas = &nothing, .rows = rows, .columns = columns});
    table_layout(&screen->table, parts.table.rows);
    const CalibrateSight sight = {.tensor = screen->tensor,
                                  .selected = selected(screen),
                                  .top = (int)screen->table.top,
                                  .compared = screen->compared};
    calibrate_view_work(&screen->view, base->app, &sight);
}

/* What differs from the options, under the table where there is room. */
static void draw_edits(const CalibrateScreen *screen, Area area)
{
    Buffer text = {0};
    if (area.rows > 2 && tuning_differences(tuning_of(screen), &text) > 0) {
        area_text(area, 0, 0, STYLE_HEADER, "edits");
        area_paragraph(area_part(area, 1, 0, area.rows - 1, area.columns), 0, STYLE_NORMAL,
                       text.data);
    }
    buffer_free(&text);
}

static void draw_no_tuning(const App *app, Area area)
{
    const char *text = "The model is being read ...";
    if (app->model.state == MODEL_NONE)
        text = "No model. Start the workbench as dnn2fpga MODEL --data FOLDER.";
    else if (app->model.state == MODEL_REFUSED || app->model.state == MODEL_READY)
        text = "This model cannot be put on integers: the model screen (1) says why.";
    area_paragraph(area_part(area, 1, 1, area.rows - 1, area.columns - 2), 0, STYLE_NORMAL, text);
}

static void calibrate_draw(const Screen *base, Area area)
{
    const CalibrateScreen *screen = (const CalibrateScreen *)base;
    if (!is_ready(screen)) {
        draw_no_tuning(base->app, area);
        return;
    }
    Parts parts = parts_of(screen, area);
    CalibratePane pane = {.app = base->app,
                          .row = selected(screen),
                          .tensor = screen->tensor,
                          .effects = &screen->view.rows[selected(screen)],
                          .compared = calibrator_at(screen->compared),
                          .other = &screen->view.other};
    if (parts.table.rows > 0)
        table_draw(&screen->table, parts.table);
    if (parts.pane.rows > 0)
        calibrate_pane_draw(&pane, parts.pane);
    panes_draw_mark(base->app, 0, area, 0, 0);
    panes_draw_mark(base->app, 1, area, parts.pane.row - area.row,
                    parts.pane.column - area.column - 1);
    int below = screen->view.count + 2;
    if (area.columns >= WIDE_COLUMNS && parts.table.rows > below)
        draw_edits(screen, area_part(parts.table, below, 1, parts.table.rows - below,
                                     parts.table.columns - 1));
}

/* ---- edits ----------------------------------------------------------------------------------- */

/* What an edit depends on beside its row: marked rows follow the selected one, and end up alike. */
static int how_of(const CalibrateScreen *screen, ActionId action)
{
    const LayerScheme *choice = tuning_choice(tuning_of(screen), selected(screen));
    if (action == ACTION_GRANULARITY)
        return choice->granularity != PER_CHANNEL;
    if (action == ACTION_PIN_FLOAT)
        return !choice->is_float;
    return screen->compared;
}

/* What a key did to the rows that it was for. */
typedef struct EditCount {
    int changed, same, refused;
} EditCount;

static void edit_row(CalibrateScreen *screen, ActionId action, int how, int row, EditCount *count)
{
    Tuning *tuning = tuning_of(screen);
    const LayerScheme before = *tuning_choice(tuning, row);
    const CalibrateEdit edit = {.row = row,
                                .tensor = screen->tensor,
                                .how = how,
                                .shown = &screen->view.rows[row].draft[screen->tensor].effect};
    if (!calibrate_edit(tuning, action, &edit))
        count->refused++;
    else if (tuning_same(&before, tuning_choice(tuning, row)))
        count->same++;
    else
        count->changed++;
}

/* No key is silent. */
static void tell_edit(const CalibrateScreen *screen, ActionId action, const EditCount *count)
{
    App *app = screen->base.app;
    if (count->refused > 0 && calibrate_view_marked(&screen->view) > 0)
        app_message(app, MESSAGE_WARNING, "not possible for %d of the marked layers",
                    count->refused);
    else if (count->refused > 0)
        app_message(app, MESSAGE_WARNING, "%s: not possible for this layer",
                    tuning_row(tuning_of(screen), selected(screen)).name);
    else if (count->changed == 0)
        app_message(app, MESSAGE_INFO, "%s: that is how it is already, or it goes no further",
                    action_info(action)->help);
}

static void do_edit(CalibrateScreen *screen, ActionId action, int times)
{
    EditCount count = {0};
    int marked = calibrate_view_marked(&screen->view);
    int how = how_of(screen, action);
    for (int time = 0; time < times; time++)
        for (int i = 0; i < screen->view.count; i++)
            if (marked ? screen->view.marked[i] : i == selected(screen))
                edit_row(screen, action, how, i, &count);
    tell_edit(screen, action, &count);
}

/* ---- undo ------------------------------------------------------------------------------------ */

static void step(CalibrateScreen *screen, bool (*go)(Tuning *tuning, Buffer *text),
                 const char *word)
{
    App *app = screen->base.app;
    Buffer text = {0};
    if (go(app->tuning, &text) && text.length > 0) {
        size_t first = strcspn(text.data, "\n");
        bool more = first + 1 < text.length;
        app_message(app, MESSAGE_INFO, "%s: %.*s%s", word, (int)first, text.data,
                    more ? ", and more" : "");
    }
    buffer_free(&text);
    if (!app->settings.readonly && app->ports.save_edits(app->ports.host) != OK)
        app_message(app, MESSAGE_ERROR, "edits are not saved: %s", error_message());
    app_tuning_changed(app);
}

/* ---- other actions --------------------------------------------------------------------------- */

static void undo(CalibrateScreen *screen)
{
    step(screen, tuning_undo, "undone");
}

static void redo(CalibrateScreen *screen)
{
    step(screen, tuning_redo, "done again");
}

static void mark(CalibrateScreen *screen)
{
    bool *marked = &screen->view.marked[selected(screen)];
    *marked = !*marked;
    table_action(&screen->table, ACTION_DOWN);
}

static void mark_all(CalibrateScreen *screen)
{
    bool none = calibrate_view_marked(&screen->view) == 0;
    for (int i = 0; i < screen->view.count; i++)
        screen->view.marked[i] = none;
}

static void commit(CalibrateScreen *screen)
{
    app_commit_edits(screen->base.app);
}

static void switch_tensor(CalibrateScreen *screen)
{
    screen->tensor = screen->tensor == TENSOR_WEIGHTS ? TENSOR_OUTPUTS : TENSOR_WEIGHTS;
}

static void show_presets(CalibrateScreen *screen)
{
    bool any = calibrate_view_marked(&screen->view) > 0;
    if (!any)
        screen->view.marked[selected(screen)] = true;
    app_push(screen->base.app, screen_presets_new(screen->base.app, screen->view.marked));
    if (!any)
        screen->view.marked[selected(screen)] = false;
}

static void compare(CalibrateScreen *screen)
{
    screen->compared++;
    if (!calibrator_at(screen->compared))
        screen->compared = -1;
}

static void observe(CalibrateScreen *screen)
{
    app_observe(screen->base.app, true);
}

static void write_scheme(CalibrateScreen *screen)
{
    App *app = screen->base.app;
    app_commit_edits(app);
    if (tuning_write(app->tuning, app->argument) == OK)
        app_message(app, MESSAGE_INFO, "the choices are in %s", app->argument);
    else
        app_message(app, MESSAGE_ERROR, "%s", error_message());
}

static void read_scheme(CalibrateScreen *screen)
{
    App *app = screen->base.app;
    app_commit_edits(app);
    if (tuning_read(app->tuning, app->argument) == OK)
        app_message(app, MESSAGE_INFO, "the choices of %s were taken", app->argument);
    else
        app_message(app, MESSAGE_ERROR, "%s", error_message());
    app_commit_edits(app);
}

static void reset_scheme(CalibrateScreen *screen)
{
    App *app = screen->base.app;
    tuning_reset(app->tuning);
    app_message(app, MESSAGE_INFO, "every edit is taken back; u brings them again");
    app_commit_edits(app);
}

static void (*const OBEY[ACTIONS])(CalibrateScreen *screen) = {
    [ACTION_UNDO] = undo,
    [ACTION_REDO] = redo,
    [ACTION_MARK] = mark,
    [ACTION_MARK_ALL] = mark_all,
    [ACTION_COMMIT] = commit,
    [ACTION_SWITCH_TENSOR] = switch_tensor,
    [ACTION_PRESETS] = show_presets,
    [ACTION_COMPARE] = compare,
    [ACTION_OBSERVE] = observe,
    [ACTION_WRITE_SCHEME] = write_scheme,
    [ACTION_READ_SCHEME] = read_scheme,
    [ACTION_RESET_SCHEME] = reset_scheme,
};

/* What an action changes, and how many times; ACTION_NONE: nothing. */
static ActionId edit_of(const CalibrateScreen *screen, ActionId action, int *times)
{
    if (calibrate_is_edit(action))
        return action;
    bool in_picture = panes_focus(screen->base.app) == 1;
    return in_picture ? calibrate_move_in_picture(action, times) : ACTION_NONE;
}

/* Going to another row ends the draft: what was tried on one layer is one step. */
static bool calibrate_action(Screen *base, ActionId action)
{
    CalibrateScreen *screen = (CalibrateScreen *)base;
    if (!is_ready(screen))
        return false;
    int times = 1;
    ActionId edit = edit_of(screen, action, &times);
    if (edit != ACTION_NONE) {
        do_edit(screen, edit, times);
        return true;
    }
    if (OBEY[action]) {
        OBEY[action](screen);
        return true;
    }
    int before = selected(screen);
    bool done = table_action(&screen->table, action);
    if (selected(screen) != before)
        app_commit_edits(base->app);
    return done;
}

/* ---- what is possible ------------------------------------------------------------------------ */

static const char *why_no_clip(const CalibrateScreen *screen)
{
    if (screen->tensor == TENSOR_OUTPUTS && !tuning_is_observed(tuning_of(screen)))
        return "nothing was seen of the activations yet";
    if (screen->tensor == TENSOR_WEIGHTS && calibrate_view_marked(&screen->view) == 0 &&
        !tuning_row(tuning_of(screen), selected(screen)).has_weights)
        return "this layer has no weights; t shows its activations";
    const RowEffects *effects = &screen->view.rows[selected(screen)];
    bool by_hand = tuning_clip_by_hand(tuning_of(screen), selected(screen), screen->tensor) > 0;
    if (!by_hand && screen->tensor == TENSOR_WEIGHTS && calibrate_view_marked(&screen->view) == 0 &&
        !effects->draft[TENSOR_WEIGHTS].effect.known)
        return "the clip of these weights is still being worked out";
    return NULL;
}

static const char *why_not_here(const CalibrateScreen *screen, ActionId action)
{
    const Tuning *tuning = tuning_of(screen);
    bool edit = calibrate_is_edit(action);
    if (calibrate_moves_clip(action))
        return why_no_clip(screen);
    if (action == ACTION_UNDO && !tuning_can_undo(tuning))
        return "nothing was changed";
    if (action == ACTION_REDO && !tuning_can_redo(tuning))
        return "nothing was taken back";
    if (action == ACTION_COMMIT && !tuning_has_draft(tuning))
        return "nothing was changed since the last step";
    if (action == ACTION_TAKE_COMPARED && screen->compared < 0)
        return "nothing is compared: x does";
    if (action == ACTION_OBSERVE && screen->base.app->observing.state == OBSERVATION_GOING_ON)
        return "the tensors are being looked at";
    bool single = calibrate_view_marked(&screen->view) == 0;
    if (action == ACTION_PIN_FLOAT && single && !tuning_row(tuning, selected(screen)).may_float)
        return "only convolutions and dense layers can stay floating point";
    if (edit && single && action != ACTION_PIN_FLOAT &&
        tuning_choice(tuning, selected(screen))->is_float)
        return "this layer stays floating point: f puts it on integers";
    return NULL;
}

static bool calibrate_can(const Screen *base, ActionId action, const char **why_not)
{
    const CalibrateScreen *screen = (const CalibrateScreen *)base;
    int times;
    ActionId edit = is_ready(screen) ? edit_of(screen, action, &times) : ACTION_NONE;
    action = edit == ACTION_NONE ? action : edit;
    bool own = action_info(action)->scope & (SCOPE_CALIBRATE | SCOPE_EDIT | SCOPE_MARK);
    const char *reason = NULL;
    if (own && !is_ready(screen))
        reason = "there is no model to choose for";
    else if (own)
        reason = why_not_here(screen, action);
    *why_not = reason ? reason : "";
    return !reason;
}

/* ---- the rest -------------------------------------------------------------------------------- */

static bool calibrate_search(Screen *base, const char *text)
{
    CalibrateScreen *screen = (CalibrateScreen *)base;
    bool found = is_ready(screen) && table_search(&screen->table, text);
    app_commit_edits(base->app);
    return found;
}

static void forget(CalibrateScreen *screen)
{
    calibrate_view_reset(&screen->view, tuning_of(screen));
}

static void calibrate_event(Screen *base, ScreenEvent event)
{
    CalibrateScreen *screen = (CalibrateScreen *)base;
    if (event != SCREEN_TUNING_CHANGED)
        return;
    if (screen->observed != base->app->observing.state ||
        screen->tuning != base->app->tuning) /* else only choices changed */
        forget(screen);
    screen->observed = base->app->observing.state;
    screen->tuning = base->app->tuning;
    table_refresh(&screen->table);
}

static void calibrate_shown(Screen *base)
{
    app_observe(base->app, false);
}

static void calibrate_position(const Screen *base, char text[SCREEN_TEXT_BYTES])
{
    const CalibrateScreen *screen = (const CalibrateScreen *)base;
    char place[SCREEN_TEXT_BYTES];
    if (!is_ready(screen))
        return;
    int marked = calibrate_view_marked(&screen->view);
    table_position(&screen->table, place, sizeof place);
    if (calibrate_view_is_slow(&screen->view, base->app->now_ms))
        snprintf(text, SCREEN_TEXT_BYTES, "working it out, %.60s", place);
    else if (marked)
        snprintf(text, SCREEN_TEXT_BYTES, "%d marked, %.60s", marked, place);
    else
        snprintf(text, SCREEN_TEXT_BYTES, "%s", place);
}

static void calibrate_subject(const Screen *base, char text[SCREEN_TEXT_BYTES])
{
    const App *app = base->app;
    int edits = app->tuning ? tuning_differences(app->tuning, NULL) : 0;
    if (edits > 0)
        snprintf(text, SCREEN_TEXT_BYTES, "%.60s, %d %s", model_view_name(&app->model), edits,
                 edits == 1 ? "edit" : "edits");
    else
        snprintf(text, SCREEN_TEXT_BYTES, "%s", model_view_name(&app->model));
}

static void calibrate_close(Screen *base)
{
    calibrate_view_free(&((CalibrateScreen *)base)->view);
    free(base);
}

static const Table *calibrate_table(const Screen *base)
{
    const CalibrateScreen *screen = (const CalibrateScreen *)base;
    return is_ready(screen) ? &screen->table : NULL;
}

static const ScreenOps OPS = {
    .name = "Calibrate",
    .scopes = SCOPE_LIST | SCOPE_SEARCH | SCOPE_EDIT | SCOPE_MARK | SCOPE_CALIBRATE | SCOPE_PANES |
              SCOPE_TABLE,
    .layout = calibrate_layout,
    .draw = calibrate_draw,
    .action = calibrate_action,
    .can = calibrate_can,
    .search = calibrate_search,
    .event = calibrate_event,
    .shown = calibrate_shown,
    .position = calibrate_position,
    .subject = calibrate_subject,
    .table = calibrate_table,
    .close = calibrate_close,
};

Screen *screen_calibrate_new(App *app)
{
    CalibrateScreen *screen = calloc(1, sizeof *screen);
    if (!screen)
        abort();
    screen->base = (Screen){.ops = &OPS, .app = app};
    screen->tensor = TENSOR_OUTPUTS;
    screen->compared = -1;
    screen->table = table_of(
        COLUMNS, COLUMNS_SHOWN,
        (TableSource){.self = screen, .count = rows_count, .id = rows_id, .cell = rows_cell});
    screen->table.file_names = FILE_NAMES;
    return &screen->base;
}
