-- check: SELECT COUNT(*) FROM ticket WHERE tags <> '[]'
-- refuse: The tags of {count} tickets would be lost.
ALTER TABLE ticket DROP COLUMN tags;
