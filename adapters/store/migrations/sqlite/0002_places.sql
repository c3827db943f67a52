-- Which message of its platform a row of the inbox is: who opened a thread, what was seen last.

ALTER TABLE inbox ADD COLUMN message_id TEXT;
CREATE INDEX inbox_message ON inbox (session, message_id) WHERE message_id IS NOT NULL;
