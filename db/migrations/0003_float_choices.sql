-- A layer that stays floating point has neither clip nor scale.

CREATE TABLE layer_choice_new (
    run             INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,
    position        INTEGER NOT NULL, -- order of computation
    layer           TEXT    NOT NULL,
    kind            TEXT    NOT NULL,
    weight_bits     INTEGER NOT NULL, -- 0: no weights
    activation_bits INTEGER NOT NULL,
    calibration     TEXT    NOT NULL,
    clip            REAL,             -- NULL: floating point
    scale           REAL,             -- NULL: floating point
    pe              INTEGER NOT NULL, -- 0: not chosen
    simd            INTEGER NOT NULL,
    PRIMARY KEY (run, position)
) STRICT;

-- Until now such layers had the largest float32 for a clip.
INSERT INTO layer_choice_new
    SELECT run, position, layer, kind, weight_bits, activation_bits, calibration,
           CASE WHEN clip < 3e38 THEN clip END, CASE WHEN clip < 3e38 THEN scale END, pe, simd
    FROM layer_choice;

DROP TABLE layer_choice;
ALTER TABLE layer_choice_new RENAME TO layer_choice;
