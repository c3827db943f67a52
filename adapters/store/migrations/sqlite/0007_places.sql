-- Where something was said and is answered, which need not be the session that it belongs to.

ALTER TABLE turns ADD COLUMN place TEXT NOT NULL DEFAULT '';
UPDATE turns SET place = session;
CREATE INDEX turns_place ON turns (place, number);
ALTER TABLE inbox ADD COLUMN place TEXT NOT NULL DEFAULT '';
UPDATE inbox SET place = session;
DROP INDEX inbox_message;
CREATE INDEX inbox_message ON inbox (place, message_id) WHERE message_id IS NOT NULL;
