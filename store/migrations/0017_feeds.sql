-- What is read along: items of feeds (ids grow with time), and which feeds found each of them.
ALTER TABLE raw_event ADD COLUMN feed TEXT NOT NULL DEFAULT '';

CREATE TABLE feed_item (
    id TEXT PRIMARY KEY,
    channel TEXT NOT NULL,
    account TEXT NOT NULL,
    external_id TEXT NOT NULL,
    event_ids TEXT NOT NULL,
    author TEXT NOT NULL,
    handle TEXT,
    text TEXT NOT NULL,
    address TEXT NOT NULL,
    language TEXT,
    mood TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    sent_at BIGINT NOT NULL,
    stored_at BIGINT NOT NULL,
    keep_until BIGINT NOT NULL,
    alike BIGINT NOT NULL,
    wanted_by TEXT NOT NULL,
    wanted_at BIGINT,
    ticket_id TEXT,
    UNIQUE (account, external_id)
);
CREATE INDEX feed_item_mood ON feed_item (mood, id);
CREATE INDEX feed_item_alike ON feed_item (fingerprint, stored_at);
CREATE INDEX feed_item_kept ON feed_item (keep_until);

CREATE TABLE feed_finding (
    feed TEXT NOT NULL,
    item_id TEXT NOT NULL,
    PRIMARY KEY (feed, item_id)
);
CREATE INDEX feed_finding_item ON feed_finding (item_id);
