-- Words that colleagues and rules put on a ticket, as JSON.
ALTER TABLE ticket ADD COLUMN tags TEXT NOT NULL DEFAULT '[]';
