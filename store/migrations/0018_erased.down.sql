ALTER TABLE message DROP COLUMN erased;
