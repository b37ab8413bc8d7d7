/* script.h: a walk through the workbench as text: recorded, replayed, told as a tour, used as test.
 *
 * One step a line; blank lines and lines that start with # are skipped. A step is an action by its
 * name, as `:` takes it, or one of these:
 *
 *     size 120x40        of the screen, where there is no terminal
 *     wait-idle          until models, tensors and programs have been looked at
 *     wait-run           until no run goes on: of this workbench, or of another program, which one
 *                        of this workbench would wait for
 *     expect TEXT        the screen shows this, else the walk ends with status 1
 *     answer CHOICE      of a question, by its words
 *     clear-filter       all rows again
 *     ignore-size        draw, although the terminal is small
 *     say TEXT           shows the text and waits for a key; without a terminal it does not wait
 *
 * A step that is not possible ends the walk, too, with the reason. The action `snapshot FILE` writes
 * the screen as text.
 *
 *     TRY(script_open("walk.txt", text, &script));
 *     while ((state = script_advance(script, app)) == SCRIPT_GOES_ON) draw();
 *     script_free(script);
 */
#ifndef UI_SCRIPT_H
#define UI_SCRIPT_H

#include "base/error.h"
#include "ui/app.h"

typedef enum ScriptState {
    SCRIPT_GOES_ON, /* a step was done: its effect can be drawn */
    SCRIPT_WAITS,
    SCRIPT_ENDED,
    SCRIPT_FAILED /* script_failure() says why */
} ScriptState;

typedef struct Script Script;

/* `name` is for messages; both are copied. ERR_REFUSED names a line that cannot be a step. */
Status script_open(const char *name, const char *text, Script **script) MUST_CHECK;
void script_free(Script *script); /* NULL is allowed */

/* Nobody is there to read: `say` goes on by itself, and `size` is obeyed. */
void script_set_unattended(Script *script);

/* Does the next step, or finds that it must wait. After the end it says so for ever. */
ScriptState script_advance(Script *script, App *app);

/* What the step that waits waits for: "run 36 of another program"; "" when none does. */
void script_waits_for(Script *script, const App *app, char *text, size_t size);

const char *script_failure(const Script *script); /* "walk.txt: line 3: ..." */

#endif
