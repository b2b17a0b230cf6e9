-- What can be looked up in a message, as JSON.
ALTER TABLE message ADD COLUMN entities TEXT NOT NULL DEFAULT '[]';
