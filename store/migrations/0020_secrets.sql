-- What stood in a message and is covered there, as a JSON list of kinds.
ALTER TABLE message ADD COLUMN secrets TEXT NOT NULL DEFAULT '[]';
