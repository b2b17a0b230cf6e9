ALTER TABLE message DROP COLUMN secrets;
