-- Until when nobody may try it again.
ALTER TABLE attempts ADD COLUMN blocked_until INTEGER;
