-- check: SELECT COUNT(*) FROM identity WHERE chosen_language IS NOT NULL
-- refuse: People who asked for a language and would be answered in another: {count}.

DROP INDEX ticket_of_person;
ALTER TABLE message DROP COLUMN reactions;
ALTER TABLE identity DROP COLUMN chosen_language;
