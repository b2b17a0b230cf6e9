DROP INDEX raw_event_of_blob;
DROP INDEX attachment_of_blob;
