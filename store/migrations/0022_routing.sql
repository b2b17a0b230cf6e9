-- Whose work a ticket is, what it is about, and by when something is to happen to it.
ALTER TABLE ticket RENAME COLUMN queue TO team;
ALTER TABLE ticket ADD COLUMN line BIGINT NOT NULL DEFAULT 1;
ALTER TABLE ticket ADD COLUMN category TEXT NOT NULL DEFAULT '';
ALTER TABLE ticket ADD COLUMN category_confidence DOUBLE PRECISION NOT NULL DEFAULT 0;
ALTER TABLE ticket ADD COLUMN category_by TEXT NOT NULL DEFAULT '';
ALTER TABLE ticket ADD COLUMN vip BIGINT NOT NULL DEFAULT 0;
ALTER TABLE ticket ADD COLUMN answered_at BIGINT;
ALTER TABLE ticket ADD COLUMN clocks TEXT NOT NULL DEFAULT '[]';
-- When its clocks are to be looked at; null: they stand still.
ALTER TABLE ticket ADD COLUMN look_at BIGINT;
CREATE INDEX ticket_to_look_at ON ticket (look_at) WHERE look_at IS NOT NULL;
CREATE INDEX ticket_unowned ON ticket (priority DESC, sort_at) WHERE assignee IS NULL AND status = 'open';
-- What work somebody does, as JSON.
ALTER TABLE app_user ADD COLUMN duty TEXT NOT NULL DEFAULT '{}';
