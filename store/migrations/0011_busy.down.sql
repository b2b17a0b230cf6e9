DROP INDEX message_of_person;
