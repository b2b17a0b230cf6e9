-- Codes by which somebody shows that two conversations are theirs.  code_hash: SHA-256.  used_at NULL: not yet.
CREATE TABLE claim (
    code_hash TEXT PRIMARY KEY,
    ticket_id TEXT NOT NULL REFERENCES ticket (id),
    identity_id TEXT NOT NULL REFERENCES identity (id),
    expires_at BIGINT NOT NULL,
    used_at BIGINT
);
CREATE INDEX claim_expires ON claim (expires_at);
