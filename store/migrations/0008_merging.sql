-- merged_into: the number of the ticket where a merged one's messages are now.
ALTER TABLE ticket ADD COLUMN merged_into BIGINT;
CREATE INDEX ticket_merged ON ticket (merged_into) WHERE merged_into IS NOT NULL;
-- What a merging brought from a ticket, so that it can be taken back.  kind: message, delivery, thread, participant.
CREATE TABLE merged_item (
    number BIGINT NOT NULL,
    kind TEXT NOT NULL,
    item TEXT NOT NULL,
    PRIMARY KEY (number, kind, item)
);
