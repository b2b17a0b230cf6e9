-- check: SELECT COUNT(*) FROM ticket WHERE merged_into IS NOT NULL
-- refuse: Tickets that are merged into others and would lead nowhere: {count}.

DROP TABLE merged_item;
DROP INDEX ticket_merged;
ALTER TABLE ticket DROP COLUMN merged_into;
