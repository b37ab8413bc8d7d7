-- The history: runs, their stages, and what was chosen for each layer.
-- Times are milliseconds since 1970 UTC. NULL: not known (yet).

PRAGMA application_id = 0x64326670; -- "d2fp"

CREATE TABLE run (
    id                        INTEGER PRIMARY KEY AUTOINCREMENT, -- a number is never used again
    created_ms                INTEGER NOT NULL,
    finished_ms               INTEGER,
    status                    TEXT    NOT NULL
        CHECK (status IN ('running', 'ok', 'unmet', 'failed', 'cancelled', 'interrupted')),
    stage                     TEXT    NOT NULL DEFAULT '',
    progress                  REAL    NOT NULL DEFAULT 0,
    progress_text             TEXT    NOT NULL DEFAULT '',

    -- the process that works on it: tells a dead owner from a later process of the same number
    owner_pid                 INTEGER NOT NULL,
    owner_start               INTEGER NOT NULL,
    owner_boot                TEXT    NOT NULL,

    model_path                TEXT    NOT NULL,
    model_name                TEXT    NOT NULL,
    model_sha256              TEXT    NOT NULL,
    dataset_path              TEXT    NOT NULL DEFAULT '',
    dataset_sha256            TEXT    NOT NULL DEFAULT '',
    options                   TEXT    NOT NULL, -- JSON
    tools                     TEXT    NOT NULL, -- JSON
    seed                      INTEGER NOT NULL,
    folder                    TEXT    NOT NULL DEFAULT '',
    report                    TEXT,             -- JSON
    description_sha256        TEXT    NOT NULL DEFAULT '',
    hdl_sha256                TEXT    NOT NULL DEFAULT '',
    message                   TEXT    NOT NULL DEFAULT '',

    -- headline figures; the list is in db/figures.c
    baseline_accuracy         REAL,
    quantized_accuracy        REAL,
    hardware_accuracy         REAL,
    baseline_bytes            INTEGER,
    quantized_bytes           INTEGER,
    baseline_latency_us       REAL,
    quantized_latency_us      REAL,
    hardware_latency_us       REAL,
    bit_exact                 INTEGER,
    simulated_images          INTEGER,
    latency_cycles            INTEGER,
    interval_cycles           INTEGER,
    predicted_latency_cycles  INTEGER,
    predicted_interval_cycles INTEGER
) STRICT;

CREATE INDEX run_by_status ON run (status);

CREATE TABLE stage (
    run         INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,
    position    INTEGER NOT NULL, -- order of beginning
    name        TEXT    NOT NULL,
    status      TEXT    NOT NULL CHECK (status IN ('running', 'ok', 'unmet', 'failed', 'cancelled',
                                                   'interrupted')),
    started_ms  INTEGER NOT NULL,
    finished_ms INTEGER,
    figures     TEXT,             -- JSON
    PRIMARY KEY (run, name)
) STRICT;

CREATE TABLE layer_choice (
    run             INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,
    position        INTEGER NOT NULL, -- order of computation
    layer           TEXT    NOT NULL,
    kind            TEXT    NOT NULL,
    weight_bits     INTEGER NOT NULL, -- 0: no weights
    activation_bits INTEGER NOT NULL,
    calibration     TEXT    NOT NULL,
    clip            REAL    NOT NULL,
    scale           REAL    NOT NULL,
    pe              INTEGER NOT NULL, -- 0: not chosen
    simd            INTEGER NOT NULL,
    PRIMARY KEY (run, position)
) STRICT;
