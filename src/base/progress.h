/* progress.h: how long work tells the outside how far it is.
 *
 * A worker calls progress_report() as often as it likes; the receiver thins the calls out.
 * A NULL Progress, or one without a function, is silence. Called from one thread at a time.
 */
#ifndef BASE_PROGRESS_H
#define BASE_PROGRESS_H

typedef struct Progress {
    /* `fraction` 0..1 of the running stage; `detail` a short text such as "1,200 of 10,000". */
    void (*report)(void *context, double fraction, const char *detail);
    void *context;
} Progress;

static inline void progress_report(const Progress *progress, double fraction, const char *detail)
{
    if (progress && progress->report)
        progress->report(progress->context, fraction, detail);
}

#endif
