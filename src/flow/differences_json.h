/* differences_json.h: the index of differences.h on disk. For differences.c alone. */
#ifndef FLOW_DIFFERENCES_JSON_H
#define FLOW_DIFFERENCES_JSON_H

#include "flow/differences.h"

#define DIFFERENCES_INDEX "differences.json"

Status differences_write_index(const Differences *differences) MUST_CHECK;
/* Into `differences`, of which arena and folder are known. Everything is checked. */
Status differences_read_index(Differences *differences) MUST_CHECK;

#endif
