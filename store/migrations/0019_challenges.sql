-- Who was asked to show who they are, how, and what came of it.  code_hash: of the code that shows it.
CREATE TABLE challenge (
    id TEXT PRIMARY KEY,
    ticket_id TEXT NOT NULL REFERENCES ticket (id),
    identity_id TEXT NOT NULL REFERENCES identity (id),
    way TEXT NOT NULL,
    state TEXT NOT NULL,
    asked_by TEXT NOT NULL,
    asked_at BIGINT NOT NULL,
    answer_by BIGINT NOT NULL,
    about TEXT NOT NULL,
    evidence TEXT NOT NULL,
    judged_by TEXT NOT NULL,
    ended_at BIGINT,
    holds_until BIGINT,
    code_hash TEXT UNIQUE
);
CREATE INDEX challenge_of_ticket ON challenge (ticket_id);
