-- check: SELECT COUNT(*) FROM delivery_part WHERE files <> '[]' AND state <> 'sent'
-- refuse: Pieces of answers that have not left yet and would leave without their files: {count}.

ALTER TABLE delivery_part DROP COLUMN files;
