-- Where events go beside the store: how far they have come there, and who sees to it.
CREATE TABLE outlets (
    name       TEXT    NOT NULL PRIMARY KEY,
    position   INTEGER NOT NULL CHECK (position >= 0),
    holder     BLOB    NOT NULL CHECK (length(holder) = 16),
    held_until INTEGER NOT NULL
) STRICT;
-- By whoever wrote an event, until it is sealed.
ALTER TABLE events ADD COLUMN stamp BLOB CHECK (length(stamp) = 32);
