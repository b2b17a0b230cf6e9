-- Answers are formatted.  spans: where in the piece's text what holds, as JSON.
ALTER TABLE delivery_part ADD COLUMN spans TEXT NOT NULL DEFAULT '[]';
