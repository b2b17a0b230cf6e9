-- check: SELECT COUNT(*) FROM ticket WHERE category_by <> ''
-- refuse: What {count} tickets are about, as somebody said, would be lost.
-- check: SELECT COUNT(*) FROM app_user WHERE duty <> '{}'
-- refuse: The teams, languages and presence of {count} users would be lost.
ALTER TABLE app_user DROP COLUMN duty;
DROP INDEX ticket_unowned;
DROP INDEX ticket_to_look_at;
ALTER TABLE ticket DROP COLUMN look_at;
ALTER TABLE ticket DROP COLUMN clocks;
ALTER TABLE ticket DROP COLUMN answered_at;
ALTER TABLE ticket DROP COLUMN vip;
ALTER TABLE ticket DROP COLUMN category_by;
ALTER TABLE ticket DROP COLUMN category_confidence;
ALTER TABLE ticket DROP COLUMN category;
ALTER TABLE ticket DROP COLUMN line;
ALTER TABLE ticket RENAME COLUMN team TO queue;
