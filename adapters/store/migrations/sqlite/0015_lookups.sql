-- What is asked about one session does not read everybody's messages for it.

CREATE INDEX inbox_session ON inbox (session);
