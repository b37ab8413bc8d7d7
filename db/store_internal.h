/* store_internal.h: what the files of the store share. */
#ifndef DB_STORE_INTERNAL_H
#define DB_STORE_INTERNAL_H

#include "db/database.h"
#include "db/store.h"

struct Store {
    Database *database;
};

/* queue.c: the job that this process has claimed is a run now. Inside a transaction. */
Status queue_forget_own(Store *store) MUST_CHECK;

/* store_read.c: the SQL functions that queries use. */
Status store_add_functions(Store *store) MUST_CHECK;

#endif
