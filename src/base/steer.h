/* steer.h: what a user asks of work under way, beside cancelling it (cancel.h): to wait, to be
 * content with less. Process-wide, as a process does one job; work that takes no such wishes does
 * not look. Programs that run for us are stopped while we are paused (tools/process.h).
 */
#ifndef BASE_STEER_H
#define BASE_STEER_H

#include <stdbool.h>

/* While paused, cancel_check() does not return, unless the work is cancelled. */
void steer_pause(bool paused);
bool steer_is_paused(void);

/* The step under way ends with what it has. The wish is of that step: who begins one clears it. */
void steer_end_step(void);
bool steer_ends_step(void);
void steer_begin_step(void);

/* No step after the one under way, which ends too. */
void steer_finish(void);
bool steer_finishes(void);

/* Any of the above, as a number. */
typedef enum SteerWish { STEER_PAUSE, STEER_CONTINUE, STEER_END_STEP, STEER_FINISH } SteerWish;

/* Wishes come from other processes, too: as STEER_SIGNAL, queued with the wish as its value. */
#define STEER_SIGNAL SIGUSR1
void steer_install_signal(void);

/* Forgets all wishes. */
void steer_reset(void);

#endif
