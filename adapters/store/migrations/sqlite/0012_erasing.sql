-- What has lost its texts, so that nobody looks at it again; the figures stay.

ALTER TABLE inbox ADD COLUMN erased INTEGER NOT NULL DEFAULT 0;
ALTER TABLE turns ADD COLUMN erased INTEGER NOT NULL DEFAULT 0;
CREATE INDEX inbox_texts ON inbox (session, at) WHERE erased = 0;
CREATE INDEX turns_texts ON turns (session, started) WHERE erased = 0;
