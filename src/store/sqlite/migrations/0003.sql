-- Whose sessions are live: those that have ended are kept for a while, and may be many.
DROP INDEX sessions_of_a_user;
CREATE INDEX live_sessions_of_a_user ON sessions (user_id, created_at) WHERE ended_at IS NULL;
