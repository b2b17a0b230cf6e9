ALTER TABLE message DROP COLUMN entities;
