ALTER TABLE raw_event DROP COLUMN looked_up;
