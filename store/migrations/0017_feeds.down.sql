-- check: SELECT COUNT(*) FROM feed_item
-- refuse: {count} items of feeds would be lost.
DROP TABLE feed_finding;
DROP TABLE feed_item;
ALTER TABLE raw_event DROP COLUMN feed;
