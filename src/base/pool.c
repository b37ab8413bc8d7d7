#include "base/pool.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

typedef struct Worker {
    Pool *pool;
    int index;
    pthread_t thread;
} Worker;

struct Pool {
    int threads;
    Worker *workers; /* the first one stands for the calling thread */
    pthread_mutex_t lock;
    pthread_cond_t start, done;
    uint64_t round; /* counts pool_run() calls; workers wait for it to change */
    int running;    /* workers that are at work, or that start */
    bool closing;
    PoolTask *task;
    void *context;
    int64_t count;
    atomic_int_fast64_t next;
};

static void work(Pool *pool, int worker)
{
    for (;;) {
        int64_t index = atomic_fetch_add(&pool->next, 1);
        if (index >= pool->count)
            return;
        pool->task(pool->context, index, worker);
    }
}

static void *worker_main(void *argument)
{
    Worker *worker = argument;
    Pool *pool = worker->pool;
    uint64_t seen = 0;
    pthread_mutex_lock(&pool->lock);
    if (--pool->running == 0)
        pthread_cond_signal(&pool->done);
    for (;;) {
        while (pool->round == seen && !pool->closing)
            pthread_cond_wait(&pool->start, &pool->lock);
        if (pool->closing)
            break;
        seen = pool->round;
        pthread_mutex_unlock(&pool->lock);
        work(pool, worker->index);
        pthread_mutex_lock(&pool->lock);
        if (--pool->running == 0)
            pthread_cond_signal(&pool->done);
    }
    pthread_mutex_unlock(&pool->lock);
    return NULL;
}

static int processors(void)
{
    long online = sysconf(_SC_NPROCESSORS_ONLN);
    return online < 1 ? 1 : online > 64 ? 64 : (int)online;
}

static void wait_for_workers(Pool *pool)
{
    pthread_mutex_lock(&pool->lock);
    while (pool->running > 0)
        pthread_cond_wait(&pool->done, &pool->lock);
    pthread_mutex_unlock(&pool->lock);
}

/* Workers idle when this returns. One that still started could hold locks of the run-time library,
 * the address sanitizer's for one; a copy of the process that is forked then would wait for them
 * for ever (quarantine.h). */
Pool *pool_new(int threads)
{
    Pool *pool = calloc(1, sizeof *pool);
    if (!pool)
        abort();
    pool->threads = threads > 0 ? threads : processors();
    pool->workers = calloc((size_t)pool->threads, sizeof *pool->workers);
    if (!pool->workers)
        abort();
    pthread_mutex_init(&pool->lock, NULL);
    pthread_cond_init(&pool->start, NULL);
    pthread_cond_init(&pool->done, NULL);
    pool->running = pool->threads - 1;
    for (int i = 1; i < pool->threads; i++) {
        pool->workers[i] = (Worker){.pool = pool, .index = i};
        if (pthread_create(&pool->workers[i].thread, NULL, worker_main, &pool->workers[i]) != 0) {
            pthread_mutex_lock(&pool->lock);
            pool->running -= pool->threads - i;
            pthread_mutex_unlock(&pool->lock);
            pool->threads = i; /* fewer threads give the same result, later */
            break;
        }
    }
    wait_for_workers(pool);
    return pool;
}

void pool_free(Pool *pool)
{
    if (!pool)
        return;
    pthread_mutex_lock(&pool->lock);
    pool->closing = true;
    pthread_cond_broadcast(&pool->start);
    pthread_mutex_unlock(&pool->lock);
    for (int i = 1; i < pool->threads; i++)
        pthread_join(pool->workers[i].thread, NULL);
    pthread_mutex_destroy(&pool->lock);
    pthread_cond_destroy(&pool->start);
    pthread_cond_destroy(&pool->done);
    free(pool->workers);
    free(pool);
}

int pool_threads(const Pool *pool)
{
    return pool->threads;
}

void pool_run(Pool *pool, int64_t count, PoolTask *task, void *context)
{
    pool->task = task;
    pool->context = context;
    pool->count = count;
    atomic_store(&pool->next, 0);
    pthread_mutex_lock(&pool->lock);
    pool->running = pool->threads - 1;
    pool->round++;
    pthread_cond_broadcast(&pool->start);
    pthread_mutex_unlock(&pool->lock);
    work(pool, 0);
    wait_for_workers(pool);
}
