-- call: 1 for a note about a phone call.
ALTER TABLE message ADD COLUMN call BIGINT NOT NULL DEFAULT 0;
