-- What synthesis makes of a run's hardware; the device is in the run's options.
ALTER TABLE run ADD COLUMN synthesis_lut     INTEGER;
ALTER TABLE run ADD COLUMN synthesis_ff      INTEGER;
ALTER TABLE run ADD COLUMN synthesis_dsp     INTEGER;
ALTER TABLE run ADD COLUMN synthesis_bram    INTEGER;
ALTER TABLE run ADD COLUMN fmax_mhz          REAL;
ALTER TABLE run ADD COLUMN fits              INTEGER;
ALTER TABLE run ADD COLUMN netlist_bit_exact INTEGER;
