-- What a connector asked other servers about an event (mail: keys of its signatures), as JSON; mostly empty.
ALTER TABLE raw_event ADD COLUMN looked_up TEXT NOT NULL DEFAULT '';
