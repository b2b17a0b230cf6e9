-- Indexes hold nothing of their own, so nothing can be lost.

DROP INDEX conversation_leased;
DROP INDEX delivery_leased;
DROP INDEX delivery_due;
