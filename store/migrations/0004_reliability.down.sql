-- What an account's habit is will be learned anew; which notices were open will not.
-- check: SELECT COUNT(*) FROM notice WHERE ended_at IS NULL AND dismissed_at IS NULL
-- refuse: Notices that nobody has dismissed yet and that go: {count}.

DROP TABLE habit;
DROP INDEX notice_open;
DROP TABLE notice;
ALTER TABLE budget DROP COLUMN shared;
ALTER TABLE budget DROP COLUMN per_call;
ALTER TABLE budget DROP COLUMN capacity;
DROP INDEX delivery_thread_order;
CREATE INDEX delivery_thread_order ON delivery (thread_id, created_at) WHERE state IN ('queued', 'sending');
DROP INDEX delivery_unknown;
DROP INDEX delivery_of_thread;
ALTER TABLE delivery DROP COLUMN look_at;
ALTER TABLE channel_health DROP COLUMN up_at;
ALTER TABLE raw_event DROP COLUMN late;
