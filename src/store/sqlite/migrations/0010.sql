-- What exactly was done, where the kind of an event does not say it all.
ALTER TABLE events ADD COLUMN detail TEXT;
