-- check: SELECT COUNT(*) FROM message WHERE hidden = 1
-- refuse: {count} messages would no longer be known to be hidden on the platform.
ALTER TABLE message DROP COLUMN hidden;
