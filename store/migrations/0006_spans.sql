-- Answers are formatted.  spans: where in the piece's text what holds, as JSON.
-- typed: what a person typed, where that has marks in it.
ALTER TABLE message ADD COLUMN typed TEXT;
ALTER TABLE delivery_part ADD COLUMN spans TEXT NOT NULL DEFAULT '[]';
