-- Secrets computed from a seed, renewed and followed by others; the keys that sign tokens; security events.
-- Sessions from before have no seed: their users sign in again.
DROP TABLE sessions;
CREATE TABLE sessions (
    id              BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    user_id         BLOB    NOT NULL CHECK (length(user_id) = 16),
    epoch           INTEGER NOT NULL CHECK (epoch >= 0),
    mode            TEXT    NOT NULL,
    seed            BLOB    NOT NULL,
    generation      INTEGER NOT NULL CHECK (generation >= 0),
    secret_digest   BLOB    NOT NULL UNIQUE CHECK (length(secret_digest) = 32),
    previous_digest BLOB    UNIQUE CHECK (length(previous_digest) = 32),
    rotated_at      INTEGER,
    amr             TEXT    NOT NULL CHECK (json_type(amr) = 'array'),
    auth_time       INTEGER NOT NULL,
    user_agent      TEXT,
    ip              TEXT,
    created_at      INTEGER NOT NULL,
    last_seen_at    INTEGER NOT NULL,
    idle_expires_at INTEGER NOT NULL,
    expires_at      INTEGER NOT NULL,
    ended_at        INTEGER,
    end_reason      TEXT,
    CHECK ((ended_at IS NULL) = (end_reason IS NULL)),
    CHECK ((previous_digest IS NULL) = (rotated_at IS NULL))
) STRICT;
CREATE INDEX sessions_of_a_user ON sessions (user_id, created_at);
CREATE INDEX sessions_by_expiry ON sessions (expires_at);

ALTER TABLE users ADD COLUMN kept BLOB CHECK (length(kept) = 16);

CREATE TABLE signing_keys (
    id         BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    number     INTEGER NOT NULL UNIQUE CHECK (number > 0),
    public     BLOB    NOT NULL,
    private    BLOB    NOT NULL,
    created_at INTEGER NOT NULL,
    not_before INTEGER NOT NULL
) STRICT;

CREATE TABLE events (
    id         BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    kind       TEXT    NOT NULL,
    user_id    BLOB    NOT NULL CHECK (length(user_id) = 16),
    session_id BLOB    CHECK (length(session_id) = 16),
    ip         TEXT,
    at         INTEGER NOT NULL
) STRICT;
CREATE INDEX events_of_a_user ON events (user_id, at);
