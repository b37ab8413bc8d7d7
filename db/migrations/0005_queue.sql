-- Runs that wait for their turn; and more orders of a long list.

CREATE TABLE job (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    position    INTEGER NOT NULL,            -- order of beginning
    kind        TEXT    NOT NULL CHECK (kind IN ('run', 'resume', 'reproduce')),
    run         INTEGER NOT NULL DEFAULT 0,  -- to be resumed or reproduced
    options     TEXT    NOT NULL DEFAULT '', -- of a run: JSON
    what        TEXT    NOT NULL,            -- a line for people
    queued_ms   INTEGER NOT NULL,
    message     TEXT    NOT NULL DEFAULT '', -- why it could not begin; '': it waits

    -- the engine that takes it; with the run's first row, in the same transaction, the job goes
    owner_pid   INTEGER NOT NULL DEFAULT 0,
    owner_start INTEGER NOT NULL DEFAULT 0,
    owner_boot  TEXT    NOT NULL DEFAULT ''
) STRICT;

CREATE INDEX run_by_tags ON run (tags)          WHERE deleted_ms IS NULL;
CREATE INDEX run_by_note ON run (note)          WHERE deleted_ms IS NULL;
CREATE INDEX run_by_lut  ON run (synthesis_lut) WHERE deleted_ms IS NULL;
CREATE INDEX run_by_fmax ON run (fmax_mhz)      WHERE deleted_ms IS NULL;

-- All that a filter looks at, its result is ordered by, or a plot of all runs takes.
DROP INDEX run_texts;
CREATE INDEX run_texts ON run (
    model_name, model_path, status, tags, note, created_ms, baseline_accuracy, quantized_accuracy,
    hardware_accuracy, quantized_bytes, bit_exact, latency_cycles, interval_cycles,
    hardware_latency_us, synthesis_lut, fmax_mhz
) WHERE deleted_ms IS NULL;
