/* recorder.h: writes what the user does as a walk that script.h replays, step by step, so that a
 * crash leaves the steps up to it.
 *
 * Time is not recorded; that the user waited for something is: a run that was seen going on and is
 * over when the next step comes gives a step `wait-run` in front of it.
 */
#ifndef UI_RECORDER_H
#define UI_RECORDER_H

#include "ui/app.h"

typedef struct Recorder Recorder;

/* ERR_ENVIRONMENT: the file cannot be written. */
Status recorder_open(const char *path, Recorder **recorder) MUST_CHECK;
/* OK when all steps are in the file. NULL is allowed. */
Status recorder_close(Recorder *recorder) MUST_CHECK;

/* The app as it is before the program sleeps. */
void recorder_look(Recorder *recorder, const App *app);

/* A step, before it has its effect. */
void recorder_step(Recorder *recorder, const App *app, const char *step);

#endif
