-- What people add to a run: a note, tags, the bin; the run it was made from; and orders and texts
-- of a long history without reading its rows.

ALTER TABLE run ADD COLUMN note TEXT NOT NULL DEFAULT '';
ALTER TABLE run ADD COLUMN tags TEXT NOT NULL DEFAULT ''; -- words in order, one blank between
ALTER TABLE run ADD COLUMN deleted_ms INTEGER;            -- in the bin since; NULL: it is not
ALTER TABLE run ADD COLUMN parent INTEGER;                -- the run it repeats or varies

-- One index for each order that a list may have. Each holds all that such a list asks for (the
-- number is the row's key), so that rows with their long reports are not touched.
CREATE INDEX run_by_number   ON run (id)                  WHERE deleted_ms IS NULL;
CREATE INDEX run_by_model    ON run (model_name)          WHERE deleted_ms IS NULL;
CREATE INDEX run_by_state    ON run (status)              WHERE deleted_ms IS NULL;
CREATE INDEX run_by_created  ON run (created_ms)          WHERE deleted_ms IS NULL;
CREATE INDEX run_by_float    ON run (baseline_accuracy)   WHERE deleted_ms IS NULL;
CREATE INDEX run_by_integer  ON run (quantized_accuracy)  WHERE deleted_ms IS NULL;
CREATE INDEX run_by_hardware ON run (hardware_accuracy)   WHERE deleted_ms IS NULL;
CREATE INDEX run_by_bytes    ON run (quantized_bytes)     WHERE deleted_ms IS NULL;
CREATE INDEX run_by_exact    ON run (bit_exact)           WHERE deleted_ms IS NULL;
CREATE INDEX run_by_latency  ON run (latency_cycles)      WHERE deleted_ms IS NULL;
CREATE INDEX run_by_interval ON run (interval_cycles)     WHERE deleted_ms IS NULL;
CREATE INDEX run_by_time     ON run (hardware_latency_us) WHERE deleted_ms IS NULL;

-- What a filter looks at, with all that its result may be ordered by.
CREATE INDEX run_texts ON run (
    model_name, model_path, status, tags, note, created_ms, baseline_accuracy, quantized_accuracy,
    hardware_accuracy, quantized_bytes, bit_exact, latency_cycles, interval_cycles,
    hardware_latency_us
) WHERE deleted_ms IS NULL;

CREATE INDEX run_in_bin ON run (id) WHERE deleted_ms IS NOT NULL;
