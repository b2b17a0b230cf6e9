-- What people do in chats besides writing.  chosen_language: the language they asked for; NULL: they did not.
-- reactions: their signs at a message, as JSON.
ALTER TABLE identity ADD COLUMN chosen_language TEXT;
ALTER TABLE message ADD COLUMN reactions TEXT NOT NULL DEFAULT '[]';
-- Somebody's tickets, to find where they talk in private.
CREATE INDEX ticket_of_person ON ticket (requester_id);
