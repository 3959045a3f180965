-- Events with more to tell, and their places in the chain. What was there before is sealed like what is new.
ALTER TABLE events RENAME TO events_before;
DROP INDEX events_of_a_user;
CREATE TABLE events (
    id                  BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    kind                TEXT    NOT NULL,
    reason              TEXT,
    actor               TEXT    NOT NULL,
    user_id             BLOB    CHECK (length(user_id) = 16),
    request             TEXT,
    trace               BLOB    CHECK (length(trace) = 16),
    -- Without a salt, and with a commitment, its particulars were forgotten.
    salt                BLOB    CHECK (length(salt) = 16),
    session_id          BLOB    CHECK (length(session_id) = 16),
    subject             BLOB    CHECK (length(subject) = 32),
    user_agent          TEXT,
    ip                  TEXT,
    commitment          BLOB    CHECK (length(commitment) = 32),
    at                  INTEGER NOT NULL,
    position            INTEGER UNIQUE CHECK (position > 0),
    previous            BLOB    CHECK (length(previous) = 32),
    previous_expires_at INTEGER,
    expires_at          INTEGER,
    digest              BLOB    CHECK (length(digest) = 32),
    CHECK ((position IS NULL) = (digest IS NULL))
) STRICT;
INSERT INTO events (id, kind, actor, user_id, session_id, ip, at)
    SELECT id, kind, 'user', user_id, session_id, ip, at FROM events_before;
DROP TABLE events_before;
CREATE INDEX events_of_a_user ON events (user_id, id);
CREATE INDEX events_of_a_kind ON events (kind, id);
CREATE INDEX sealed_events_of_a_user ON events (user_id, position);
CREATE INDEX unsealed_events ON events (id) WHERE position IS NULL;
CREATE INDEX events_by_expiry ON events (expires_at);
