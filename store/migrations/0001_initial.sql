-- The first schema.  $serial and $blob are spelled by store/schema.py for each engine.
-- Times: microseconds since 1970.  Flags: 0 or 1.  Structures: JSON text.

CREATE TABLE counter (
    name TEXT PRIMARY KEY,
    value BIGINT NOT NULL
);
INSERT INTO counter (name, value) VALUES ('ticket_number', 0);
-- Its row is the lock under which ticket events are numbered and committed in the same order.
INSERT INTO counter (name, value) VALUES ('event_order', 0);

-- Receiving ------------------------------------------------------------------

CREATE TABLE account_cursor (
    account TEXT PRIMARY KEY,
    cursor TEXT NOT NULL
);

-- What one worker at a time may handle.  due_at NULL: nothing waits.
-- arrivals grows with every append; leased_arrivals is what the lease saw,
-- so that ending a lease never forgets an event that came meanwhile.
CREATE TABLE conversation (
    id $serial,
    account TEXT NOT NULL,
    key TEXT NOT NULL,
    due_at BIGINT,
    oldest_at BIGINT NOT NULL,
    arrivals BIGINT NOT NULL,
    leased_arrivals BIGINT NOT NULL,
    lease_holder TEXT,
    lease_until BIGINT NOT NULL,
    UNIQUE (account, key)
);
CREATE INDEX conversation_due ON conversation (due_at) WHERE due_at IS NOT NULL;

CREATE TABLE blob (
    sha256 TEXT PRIMARY KEY,
    size_bytes BIGINT NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE TABLE blob_chunk (
    sha256 TEXT NOT NULL REFERENCES blob (sha256) ON DELETE CASCADE,
    n BIGINT NOT NULL,
    content $blob NOT NULL,
    PRIMARY KEY (sha256, n)
);

-- state: waiting, done, ignored, quarantined.
-- The payload stands in the row, or when large in the blob named by sha256.
CREATE TABLE raw_event (
    id $serial,
    conversation_id BIGINT NOT NULL REFERENCES conversation (id),
    channel TEXT NOT NULL,
    account TEXT NOT NULL,
    external_id TEXT NOT NULL,
    state TEXT NOT NULL,
    attempts BIGINT NOT NULL,
    payload $blob,
    sha256 TEXT NOT NULL,
    size_bytes BIGINT NOT NULL,
    received_at BIGINT NOT NULL,
    own_id TEXT NOT NULL,
    group_key TEXT NOT NULL,
    quiet_s DOUBLE PRECISION NOT NULL,
    note TEXT NOT NULL,
    reason TEXT NOT NULL,
    UNIQUE (account, external_id)
);
CREATE INDEX raw_event_waiting ON raw_event (conversation_id, id) WHERE state = 'waiting';
CREATE INDEX raw_event_quarantined ON raw_event (id) WHERE state = 'quarantined';
CREATE INDEX raw_event_newest ON raw_event (account, received_at);

-- People ---------------------------------------------------------------------

CREATE TABLE contact (
    id TEXT PRIMARY KEY,
    display_name TEXT NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE TABLE identity (
    id TEXT PRIMARY KEY,
    contact_id TEXT NOT NULL REFERENCES contact (id),
    channel TEXT NOT NULL,
    external_id TEXT NOT NULL,
    display_name TEXT NOT NULL,
    handle TEXT,
    language TEXT,
    unreachable BIGINT NOT NULL,
    acknowledged_at BIGINT,
    UNIQUE (external_id, channel)
);
CREATE INDEX identity_contact ON identity (contact_id);

-- Tickets --------------------------------------------------------------------

CREATE TABLE thread (
    id TEXT PRIMARY KEY,
    account TEXT NOT NULL,
    channel TEXT NOT NULL,
    key TEXT NOT NULL,
    visibility TEXT NOT NULL,
    title TEXT NOT NULL,
    UNIQUE (account, key)
);
CREATE TABLE ticket (
    id TEXT PRIMARY KEY,
    number BIGINT NOT NULL UNIQUE,
    subject TEXT NOT NULL,
    status TEXT NOT NULL,
    priority BIGINT NOT NULL,
    priority_reasons TEXT NOT NULL,
    queue TEXT NOT NULL,
    channel TEXT NOT NULL,
    account TEXT NOT NULL,
    requester_id TEXT NOT NULL REFERENCES identity (id),
    requester TEXT NOT NULL,
    assignee TEXT,
    language TEXT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    waiting_since BIGINT,
    unanswered BIGINT NOT NULL,
    version BIGINT NOT NULL,
    sort_at BIGINT NOT NULL,
    snippet TEXT NOT NULL,
    message_count BIGINT NOT NULL,
    visibility TEXT NOT NULL
);
CREATE INDEX ticket_by_priority ON ticket (priority DESC, sort_at, number);
CREATE INDEX ticket_by_status ON ticket (status, priority DESC, sort_at, number);
CREATE INDEX ticket_unfinished ON ticket (status, assignee) WHERE status <> 'closed';

CREATE TABLE ticket_thread (
    ticket_id TEXT NOT NULL REFERENCES ticket (id),
    thread_id TEXT NOT NULL REFERENCES thread (id),
    is_open BIGINT NOT NULL,
    joined_at BIGINT NOT NULL,
    PRIMARY KEY (ticket_id, thread_id)
);
CREATE INDEX ticket_thread_newest ON ticket_thread (thread_id, joined_at);
-- One open ticket per platform conversation, whoever races.
CREATE UNIQUE INDEX one_open_ticket_per_thread ON ticket_thread (thread_id) WHERE is_open = 1;

CREATE TABLE participant (
    ticket_id TEXT NOT NULL REFERENCES ticket (id),
    identity_id TEXT NOT NULL REFERENCES identity (id),
    role TEXT NOT NULL,
    PRIMARY KEY (ticket_id, identity_id)
);

CREATE TABLE message (
    id TEXT PRIMARY KEY,
    ticket_id TEXT NOT NULL REFERENCES ticket (id),
    thread_id TEXT REFERENCES thread (id),
    event_id BIGINT REFERENCES raw_event (id),
    identity_id TEXT REFERENCES identity (id),
    actor TEXT,
    direction TEXT NOT NULL,
    author TEXT NOT NULL,
    text TEXT NOT NULL,
    html TEXT,
    subject TEXT,
    language TEXT,
    sent_at BIGINT NOT NULL,
    stored_at BIGINT NOT NULL,
    external_id TEXT,
    reply_to TEXT,
    recipients_to TEXT NOT NULL,
    recipients_cc TEXT NOT NULL,
    authenticity TEXT,
    automatic TEXT,
    warnings TEXT NOT NULL,
    deleted_at BIGINT
);
CREATE INDEX message_of_ticket ON message (ticket_id, stored_at, id);
CREATE TABLE message_version (
    message_id TEXT NOT NULL REFERENCES message (id),
    n BIGINT NOT NULL,
    text TEXT NOT NULL,
    replaced_at BIGINT NOT NULL,
    PRIMARY KEY (message_id, n)
);
CREATE TABLE attachment (
    id TEXT PRIMARY KEY,
    message_id TEXT NOT NULL REFERENCES message (id),
    position BIGINT NOT NULL,
    name TEXT NOT NULL,
    media_type TEXT NOT NULL,
    state TEXT NOT NULL,
    size_bytes BIGINT,
    sha256 TEXT REFERENCES blob (sha256),
    remote_id TEXT,
    content_id TEXT,
    note TEXT NOT NULL
);
CREATE INDEX attachment_of_message ON attachment (message_id, position);

-- Every name under which a message can be answered, each part of it apart.
CREATE TABLE message_ref (
    ref TEXT NOT NULL,
    channel TEXT NOT NULL,
    part BIGINT NOT NULL,
    message_id TEXT NOT NULL REFERENCES message (id),
    ticket_id TEXT NOT NULL REFERENCES ticket (id),
    thread_id TEXT NOT NULL REFERENCES thread (id),
    content_hash TEXT NOT NULL,
    ours BIGINT NOT NULL,
    PRIMARY KEY (ref, channel)
);
-- Likeness bands: band 'text' is the whole normalised text; further bands are further rows.
CREATE TABLE fingerprint (
    value TEXT NOT NULL,
    band TEXT NOT NULL,
    stored_at BIGINT NOT NULL,
    message_id TEXT NOT NULL REFERENCES message (id),
    ticket_id TEXT NOT NULL REFERENCES ticket (id),
    identity_id TEXT NOT NULL REFERENCES identity (id),
    PRIMARY KEY (value, band, stored_at, message_id)
);
-- Search: hashed segments of each ticket's texts, newest ticket first.
CREATE TABLE posting (
    segment BIGINT NOT NULL,
    number BIGINT NOT NULL,
    PRIMARY KEY (segment, number)
);

-- Append-only: ids, states and counts, never content.
CREATE TABLE ticket_event (
    seq $serial,
    kind TEXT NOT NULL,
    actor TEXT NOT NULL,
    at BIGINT NOT NULL,
    ticket_id TEXT,
    message_id TEXT,
    delivery_id TEXT,
    data TEXT NOT NULL
);
CREATE INDEX ticket_event_of_ticket ON ticket_event (ticket_id, seq);

CREATE TABLE command (
    actor TEXT NOT NULL,
    key TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    result TEXT NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (actor, key)
);
CREATE INDEX command_age ON command (at);

-- Answering ------------------------------------------------------------------

-- kind: reply, notice, staff, alert, hook.  state: queued, held, sending, sent, failed, unknown.
CREATE TABLE delivery (
    id TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    channel TEXT NOT NULL,
    account TEXT NOT NULL,
    thread_id TEXT REFERENCES thread (id),
    ticket_id TEXT REFERENCES ticket (id),
    message_id TEXT REFERENCES message (id),
    target TEXT NOT NULL,
    state TEXT NOT NULL,
    priority BIGINT NOT NULL,
    next_at BIGINT NOT NULL,
    lease_holder TEXT,
    lease_until BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    code TEXT NOT NULL,
    detail TEXT NOT NULL
);
CREATE INDEX delivery_unfinished ON delivery (state, next_at) WHERE state <> 'sent';
CREATE INDEX delivery_thread_order ON delivery (thread_id, created_at) WHERE state IN ('queued', 'sending');
CREATE INDEX delivery_of_ticket ON delivery (ticket_id);
CREATE INDEX delivery_newest ON delivery (account, updated_at) WHERE state = 'sent';
CREATE TABLE delivery_part (
    delivery_id TEXT NOT NULL REFERENCES delivery (id),
    n BIGINT NOT NULL,
    text TEXT NOT NULL,
    state TEXT NOT NULL,
    attempts BIGINT NOT NULL,
    external_id TEXT,
    started_at BIGINT,
    sent_at BIGINT,
    PRIMARY KEY (delivery_id, n)
);
-- free_at: when the bucket would be full again (a leaky bucket in one number).
CREATE TABLE budget (
    account TEXT NOT NULL,
    bucket TEXT NOT NULL,
    free_at BIGINT NOT NULL,
    blocked_until BIGINT NOT NULL,
    PRIMARY KEY (account, bucket)
);

-- Keeping in step ------------------------------------------------------------

CREATE TABLE lease (
    name TEXT PRIMARY KEY,
    holder TEXT NOT NULL,
    expires_at BIGINT NOT NULL
);
-- state: waiting, done, failed.
CREATE TABLE job (
    id $serial,
    kind TEXT NOT NULL,
    dedupe_key TEXT NOT NULL UNIQUE,
    payload TEXT NOT NULL,
    state TEXT NOT NULL,
    run_at BIGINT NOT NULL,
    attempts BIGINT NOT NULL,
    lease_holder TEXT,
    lease_until BIGINT NOT NULL,
    reason TEXT NOT NULL,
    finished_at BIGINT
);
CREATE INDEX job_due ON job (run_at) WHERE state = 'waiting';
CREATE INDEX job_finished ON job (finished_at) WHERE finished_at IS NOT NULL;
CREATE TABLE channel_health (
    account TEXT PRIMARY KEY,
    channel TEXT NOT NULL,
    state TEXT NOT NULL,
    detail TEXT NOT NULL,
    since BIGINT NOT NULL,
    checked_at BIGINT NOT NULL
);
-- value: encrypted with the key that lives outside the database.
CREATE TABLE secret (
    name TEXT PRIMARY KEY,
    value $blob NOT NULL
);

-- Access ---------------------------------------------------------------------

CREATE TABLE app_user (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    role TEXT NOT NULL,
    active BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    password_hash TEXT
);
CREATE TABLE session (
    id TEXT PRIMARY KEY,
    user_id TEXT NOT NULL REFERENCES app_user (id),
    csrf TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    seen_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX session_of_user ON session (user_id);
CREATE INDEX session_expiry ON session (expires_at);
CREATE TABLE api_token (
    name TEXT PRIMARY KEY,
    role TEXT NOT NULL,
    hash TEXT NOT NULL UNIQUE,
    created_at BIGINT NOT NULL,
    revoked_at BIGINT
);
CREATE TABLE signin_link (
    hash TEXT PRIMARY KEY,
    user_id TEXT NOT NULL REFERENCES app_user (id),
    expires_at BIGINT NOT NULL,
    used_at BIGINT
);
