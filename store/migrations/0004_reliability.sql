-- What was read after the fact, what nobody can give back, what a person should know, and when to look for proof.

-- late: 1 for what was written long before it could be read; nobody is notified of it.
ALTER TABLE raw_event ADD COLUMN late BIGINT NOT NULL DEFAULT 0;
-- up_at: when the account was last known to be connected; NULL: never.
ALTER TABLE channel_health ADD COLUMN up_at BIGINT;
UPDATE channel_health SET up_at = checked_at WHERE state = 'up'
    OR EXISTS (SELECT 1 FROM raw_event r WHERE r.account = channel_health.account);
-- look_at: when to look on the platform for an answer of unknown fate; NULL: only a person can tell.
ALTER TABLE delivery ADD COLUMN look_at BIGINT;
CREATE INDEX delivery_of_thread ON delivery (thread_id, created_at);
CREATE INDEX delivery_unknown ON delivery (account, look_at) WHERE state = 'unknown';
DROP INDEX delivery_thread_order;
CREATE INDEX delivery_thread_order ON delivery (thread_id, created_at)
WHERE state IN ('queued', 'sending', 'unknown');

-- What a bucket holds, so that it can be told when a queued answer will leave.  per_call: microseconds a call weighs.
ALTER TABLE budget ADD COLUMN capacity BIGINT NOT NULL DEFAULT 0;
ALTER TABLE budget ADD COLUMN per_call BIGINT NOT NULL DEFAULT 0;
ALTER TABLE budget ADD COLUMN shared BIGINT NOT NULL DEFAULT 0;

-- key: of several notices with one key only one has not ended.  told_at: when it was sent to the configured channel.
-- dismissed_at: when a person had read it; what lasts is not told again.
CREATE TABLE notice (
    id $serial,
    kind TEXT NOT NULL,
    key TEXT NOT NULL,
    account TEXT,
    text TEXT NOT NULL,
    since BIGINT NOT NULL,
    until BIGINT,
    raised_at BIGINT NOT NULL,
    told_at BIGINT,
    dismissed_at BIGINT,
    ended_at BIGINT
);
CREATE UNIQUE INDEX notice_open ON notice (key) WHERE ended_at IS NULL;

-- The longest silence of each hour of each account, in microseconds: its habit.  hour: hours since 1970.
CREATE TABLE habit (
    account TEXT NOT NULL,
    hour BIGINT NOT NULL,
    longest BIGINT NOT NULL,
    received BIGINT NOT NULL,
    PRIMARY KEY (account, hour)
);
