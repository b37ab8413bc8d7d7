/* cancel.h: the one process-wide flag: "stop as soon as the state is consistent".
 *
 * Set by SIGINT, SIGTERM or SIGHUP once cancel_install_signals() was called, or by
 * cancel_request(). Long loops poll cancel_check() and pass its ERR_CANCELLED up.
 */
#ifndef BASE_CANCEL_H
#define BASE_CANCEL_H

#include <stdbool.h>

#include "base/error.h"

void cancel_install_signals(void);
void cancel_request(void);
bool cancel_requested(void);

/* OK, or ERR_CANCELLED with a message. Waits while the work is paused (steer.h). */
Status cancel_check(void) MUST_CHECK;

#endif
