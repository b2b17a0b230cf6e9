-- Answers carry files.  files: ids of the message's attachments that go with this piece, as JSON.
ALTER TABLE delivery_part ADD COLUMN files TEXT NOT NULL DEFAULT '[]';
