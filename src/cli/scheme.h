/* scheme.h: the verb scheme: scheme files shown and compared, without their models. */
#ifndef CLI_SCHEME_H
#define CLI_SCHEME_H

#include <stdbool.h>

#include "base/error.h"

/* One row per layer, one column per key, "-" where the file leaves the choice to the run; or
 * {"file", "model_sha256", "layers": [{"name", KEY: text or null, ...}]}. */
Status scheme_show(const char *path, bool json) MUST_CHECK;

/* A line for each difference; or {"equal", "before", "after", "differences": [{"layer", "key",
 * "before", "after"}]}. ERR_UNMET when there is one: then it is printed all the same. */
Status scheme_diff(const char *before, const char *after, bool json) MUST_CHECK;

#endif
