-- Users, sessions, records for one use, and what the store knows of itself. Times are milliseconds since 1970.
CREATE TABLE users (
    id                  BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    email_original      TEXT    NOT NULL,
    email_canonical     TEXT    NOT NULL UNIQUE CHECK (length(email_canonical) BETWEEN 3 AND 254),
    email_verified_at   INTEGER,
    password_hash       TEXT    NOT NULL CHECK (length(password_hash) > 0),
    password_changed_at INTEGER NOT NULL,
    roles               TEXT    NOT NULL CHECK (json_type(roles) = 'array'),
    status              TEXT    NOT NULL CHECK (status IN ('active', 'disabled')),
    disabled_since      INTEGER,
    epoch               INTEGER NOT NULL CHECK (epoch >= 0),
    revision            INTEGER NOT NULL CHECK (revision >= 0),
    created_at          INTEGER NOT NULL,
    updated_at          INTEGER NOT NULL,
    CHECK ((status = 'disabled') = (disabled_since IS NOT NULL))
) STRICT;

-- No foreign key: a session whose user is gone speaks for nobody, in this store as in the other.
CREATE TABLE sessions (
    id              BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    user_id         BLOB    NOT NULL CHECK (length(user_id) = 16),
    epoch           INTEGER NOT NULL CHECK (epoch >= 0),
    secret_digest   BLOB    NOT NULL UNIQUE CHECK (length(secret_digest) = 32),
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
    CHECK ((ended_at IS NULL) = (end_reason IS NULL))
) STRICT;
CREATE INDEX sessions_of_a_user ON sessions (user_id);
CREATE INDEX sessions_by_expiry ON sessions (expires_at);

CREATE TABLE one_time (
    digest        BLOB    NOT NULL PRIMARY KEY CHECK (length(digest) = 32),
    purpose       TEXT    NOT NULL,
    facts         TEXT    NOT NULL CHECK (json_type(facts) = 'object'),
    attempts_left INTEGER NOT NULL CHECK (attempts_left >= 0),
    created_at    INTEGER NOT NULL,
    expires_at    INTEGER NOT NULL
) STRICT;
CREATE INDEX one_time_by_expiry ON one_time (expires_at);

CREATE TABLE settings (
    id             TEXT    NOT NULL PRIMARY KEY,
    schema_version INTEGER NOT NULL CHECK (schema_version > 0),
    migrated_at    INTEGER NOT NULL,
    probed_at      INTEGER
) STRICT;
