-- Set while everything is replaced by what a backup holds: half of that is no store to serve from.
ALTER TABLE settings ADD COLUMN importing_since INTEGER;
