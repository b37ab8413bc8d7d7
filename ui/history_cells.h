/* history_cells.h: the columns of the table of runs, and what a run has in each. */
#ifndef UI_HISTORY_CELLS_H
#define UI_HISTORY_CELLS_H

#include "ui/history.h"
#include "ui/table.h"

extern const TableColumn HISTORY_CELLS[HISTORY_COLUMNS];

/* What row `run` of the history has in a HistoryColumn; of a run that is no more, only its number
 * `id`. */
void history_cell(const HistoryRow *run, int64_t id, int column, TableCell *cell);

#endif
