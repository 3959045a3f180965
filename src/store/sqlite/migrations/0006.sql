-- What users are asked to prove through a mailbox, what is to be mailed to them, and when those who left are erased.
ALTER TABLE users ADD COLUMN challenges TEXT NOT NULL DEFAULT '[]' CHECK (json_type(challenges) = 'array');
ALTER TABLE users ADD COLUMN outbox TEXT NOT NULL DEFAULT '[]' CHECK (json_type(outbox) = 'array');
-- When the first of the outbox is to be sent.
ALTER TABLE users ADD COLUMN write_at INTEGER;
ALTER TABLE users ADD COLUMN erase_at INTEGER;
CREATE INDEX users_to_write_to ON users (write_at) WHERE write_at IS NOT NULL;
CREATE INDEX users_to_erase ON users (erase_at) WHERE erase_at IS NOT NULL;
-- Also of sessions that have ended: whoever is erased takes them along.
CREATE INDEX sessions_of_a_user ON sessions (user_id, created_at);

-- How often something was tried, until when that counts.
CREATE TABLE attempts (
    id         BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 32),
    count      INTEGER NOT NULL CHECK (count > 0),
    expires_at INTEGER NOT NULL
) STRICT;
CREATE INDEX attempts_by_expiry ON attempts (expires_at);
