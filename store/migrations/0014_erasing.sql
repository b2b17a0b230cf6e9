-- Whether anything else is this content.
CREATE INDEX attachment_of_blob ON attachment (sha256) WHERE sha256 IS NOT NULL;
CREATE INDEX raw_event_of_blob ON raw_event (sha256) WHERE payload IS NULL;
