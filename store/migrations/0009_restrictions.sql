-- restriction: what holds back what this person writes, as JSON; NULL: nothing does.
ALTER TABLE identity ADD COLUMN restriction TEXT;
