/* pool.h: a fixed set of worker threads for data-parallel loops.
 *
 * pool_run() calls `task` once for each index 0..count-1, spread over the workers, and returns
 * when all are done. Which worker gets which index is not fixed: a result that depends on order
 * must be reduced by index afterwards, so that it is the same for any number of threads.
 */
#ifndef BASE_POOL_H
#define BASE_POOL_H

#include <stdint.h>

typedef struct Pool Pool;

/* `threads` >= 1, counting the calling one; 0 takes the number of processors. */
Pool *pool_new(int threads);
void pool_free(Pool *pool);
int pool_threads(const Pool *pool);

/* `worker` is 0..pool_threads-1: an index for per-worker scratch memory. */
typedef void PoolTask(void *context, int64_t index, int worker);

void pool_run(Pool *pool, int64_t count, PoolTask *task, void *context);

#endif
