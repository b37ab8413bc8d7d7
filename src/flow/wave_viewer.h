/* wave_viewer.h: waveforms for people: GTKWave, where there is a display to show it on.
 *
 *     const char *why_not = wave_viewer_missing();
 *     if (!why_not)
 *         TRY(wave_viewer_show("run/difference.ghw"));   // on a thread of its own: it takes long
 */
#ifndef FLOW_WAVE_VIEWER_H
#define FLOW_WAVE_VIEWER_H

#include "base/error.h"

/* NULL: waveforms can be shown. Otherwise why not, and what to do; lives as long as the program. */
const char *wave_viewer_missing(void);

/* Returns when the viewer was closed, or ended by cancel.h, which is no failure. ERR_ENVIRONMENT:
 * the file is gone, or the viewer failed; says how. */
Status wave_viewer_show(const char *file) MUST_CHECK;

#endif
