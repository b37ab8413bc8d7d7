-- What a stage has found so far, while the run goes on: keys of the report, as JSON. The rungs of the
-- ladder, for those who look at a run that another program does.
ALTER TABLE stage ADD COLUMN found TEXT;
