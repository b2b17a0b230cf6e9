-- What is due and what is held is found without walking through what is done.

CREATE INDEX delivery_due ON delivery (account, next_at) WHERE state = 'queued';
CREATE INDEX delivery_leased ON delivery (lease_holder) WHERE lease_holder IS NOT NULL;
CREATE INDEX conversation_leased ON conversation (lease_holder) WHERE lease_holder IS NOT NULL;
