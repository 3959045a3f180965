-- The hashes before the present one, the latest first, as a JSON array of texts.
ALTER TABLE users ADD COLUMN password_history TEXT NOT NULL DEFAULT '[]' CHECK (json_type(password_history) = 'array');
