-- Why a message cannot be answered by the program; empty: it can be.

ALTER TABLE message ADD COLUMN unanswerable TEXT NOT NULL DEFAULT '';
UPDATE message SET unanswerable = 'This message has no sender that could be answered.'
WHERE direction = 'in' AND identity_id IN (SELECT id FROM identity WHERE external_id LIKE '%@unknown.invalid');
