-- Takes the reasons away again.  Those of senders that do not exist come back with the next step up.
-- check: SELECT COUNT(*) FROM message m LEFT JOIN identity i ON i.id = m.identity_id
--     WHERE m.unanswerable <> '' AND COALESCE(i.external_id, '') NOT LIKE '%@unknown.invalid'
-- refuse: Messages that lose the reason why they cannot be answered: {count}.

ALTER TABLE message DROP COLUMN unanswerable;
