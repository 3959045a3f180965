-- Until when nobody may try it again, and what it is that is counted.
ALTER TABLE attempts ADD COLUMN blocked_until INTEGER;
ALTER TABLE attempts ADD COLUMN label BLOB;

-- Which pairs of address and password were wrong, of those that came from one network.
CREATE TABLE wrong_pairs (
    network BLOB NOT NULL,
    pair INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    PRIMARY KEY (network, pair)
) STRICT;
CREATE INDEX wrong_pairs_by_expiry ON wrong_pairs (expires_at);
