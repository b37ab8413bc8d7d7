-- A running run that was asked to wait: every workbench shows it, and any of them lets it go on.
ALTER TABLE run ADD COLUMN paused INTEGER NOT NULL DEFAULT 0;
