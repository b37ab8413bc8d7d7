/* settings.h: the user's configuration file, $XDG_CONFIG_HOME/dnn2fpga/config.
 *
 *     # a comment
 *     theme = dark          default light dark high-contrast mono
 *     mouse = no            yes, no
 *     ascii = yes
 *     color = no            attributes only, as NO_COLOR
 *
 * Options of the command line win over it. What is not understood is a warning, never a failure,
 * and stays in the file when that is written again. What the user changed in the workbench is
 * written when that is left.
 */
#ifndef UI_SETTINGS_H
#define UI_SETTINGS_H

#include <stdbool.h>

#include "base/buffer.h"
#include "base/error.h"
#include "ui/table.h"
#include "ui/theme.h"

typedef struct Settings {
    Theme theme;
    bool mouse, ascii, color;
    TableChoice history;
} Settings;

Settings settings_default(void);

/* Takes over what the text says; a line of `warnings` for each line that is not understood. */
void settings_parse(const char *text, Settings *settings, Buffer *warnings);

/* The same for the file; that there is none is no failure. */
void settings_read(const char *path, Settings *settings, Buffer *warnings);

/* The command line wins over the file. */
typedef struct SettingsChoice {
    const char *theme; /* name; NULL: none given */
    bool ascii, no_color, no_mouse;
} SettingsChoice;

/* ERR_USAGE: no theme is called so. */
Status settings_choose(const SettingsChoice *choice, Settings *settings) MUST_CHECK;

/* Puts theme, mouse, and columns and order of the history into the file, and leaves all other lines as they are. */
Status settings_write(const char *path, const Settings *settings) MUST_CHECK;

#endif
