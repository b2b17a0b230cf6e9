-- What of a message is needed to find others of the same cause; kept for some days.
CREATE TABLE report (
    seq $serial,
    message_id TEXT NOT NULL UNIQUE,
    ticket_id TEXT NOT NULL,
    identity_id TEXT NOT NULL,
    at BIGINT NOT NULL,
    language TEXT,
    channel TEXT NOT NULL,
    signature TEXT NOT NULL
);
CREATE INDEX report_at ON report (at);
-- Many people, one cause.
CREATE TABLE incident (
    number BIGINT PRIMARY KEY,
    key TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    state TEXT NOT NULL,
    title TEXT NOT NULL,
    marks TEXT NOT NULL,
    raised_at BIGINT NOT NULL,
    last_at BIGINT NOT NULL,
    people BIGINT NOT NULL,
    owner TEXT,
    crew TEXT NOT NULL,
    told TEXT NOT NULL,
    merged_into BIGINT,
    version BIGINT NOT NULL
);
CREATE INDEX incident_by_state ON incident (state, last_at);
CREATE TABLE incident_member (
    message_id TEXT PRIMARY KEY,
    incident BIGINT NOT NULL REFERENCES incident (number),
    ticket_id TEXT NOT NULL,
    at BIGINT NOT NULL,
    why TEXT NOT NULL,
    removed_by TEXT NOT NULL
);
CREATE INDEX incident_member_of ON incident_member (incident, at, message_id);
CREATE TABLE incident_event (
    seq $serial,
    incident BIGINT NOT NULL REFERENCES incident (number),
    kind TEXT NOT NULL,
    actor TEXT NOT NULL,
    at BIGINT NOT NULL,
    data TEXT NOT NULL
);
CREATE INDEX incident_event_of ON incident_event (incident, seq);
ALTER TABLE ticket ADD COLUMN incident BIGINT;
