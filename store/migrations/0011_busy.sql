-- How much somebody wrote lately.
CREATE INDEX message_of_person ON message (identity_id, sent_at) WHERE direction = 'in';
