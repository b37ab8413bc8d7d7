/* What the user asks of the terminal: colours, the mouse, the screen as a file. */
#include "base/fs.h"
#include "ui/app.h"
#include "ui/key.h"
#include "ui/screen_history.h"

void app_set_theme(App *app)
{
    if (theme_parse(app->argument, &app->settings.theme))
        app->ports.set_theme(app->ports.host, app->settings.theme);
    else
        app_message(app, MESSAGE_WARNING, "no theme is called \"%s\"; the themes are: %s",
                    app->argument, THEME_NAMES);
}

void app_toggle_mouse(App *app)
{
    app->settings.mouse = !app->settings.mouse;
    app->ports.set_mouse(app->ports.host, app->settings.mouse);
    app_message(app, MESSAGE_INFO, "mouse %s",
                app->settings.mouse ? "on: hold Shift to select text" : "off");
}

TableChoice app_history_choice(const App *app)
{
    return table_choice(screen_history_table(app->roots[ROOT_HISTORY]));
}

void app_save_settings(App *app)
{
    app->settings.history = app_history_choice(app);
    if (app->ports.save_settings(app->ports.host) != OK)
        app_message(app, MESSAGE_ERROR, "%s", error_message());
    else
        app_message(app, MESSAGE_INFO, "saved: theme %s, mouse %s, columns of the history",
                    theme_name(app->settings.theme), app->settings.mouse ? "on" : "off");
}

/* The screen as text, without the prompt that asked for it. */
void app_write_snapshot(App *app)
{
    Canvas *canvas = canvas_new(app->rows, app->columns, app->settings.ascii);
    Buffer text = {0};
    app_draw(app, canvas);
    canvas_dump(canvas, &text);
    if (fs_write_atomic(app->argument, text.data, text.length) != OK)
        app_message(app, MESSAGE_ERROR, "%s", error_message());
    buffer_free(&text);
    canvas_free(canvas);
}

void app_click(App *app, const Canvas *shown, int row, int column)
{
    const Click *click = canvas_click(shown, row, column);
    if (!click || app->prompt.open || app->note.open || app_shows_size(app))
        return;
    if (app->dialog.open) {
        if (click->key != KEY_NOTHING)
            app_key(app, click->key);
        return;
    }
    messages_acknowledge(&app->messages);
    if (action_info((ActionId)click->action)->scope & app_scopes(app))
        for (int i = 0; i < click->times; i++)
            app_act(app, (ActionId)click->action);
}
