-- Of such a message nothing is kept, whatever still comes in about it.
ALTER TABLE message ADD COLUMN erased BIGINT NOT NULL DEFAULT 0;
UPDATE message SET erased = 1 WHERE id IN (SELECT message_id FROM ticket_event WHERE kind = 'erased');
