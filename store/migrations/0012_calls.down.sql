-- check: SELECT COUNT(*) FROM message WHERE call = 1
-- refuse: Notes about phone calls that would be plain notes: {count}.

ALTER TABLE message DROP COLUMN call;
