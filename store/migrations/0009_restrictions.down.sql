-- check: SELECT COUNT(*) FROM identity WHERE restriction IS NOT NULL
-- refuse: People who are blocked or muted and would be so no more: {count}.

ALTER TABLE identity DROP COLUMN restriction;
