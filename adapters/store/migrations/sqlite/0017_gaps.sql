-- How far an account has listened on a platform that keeps nothing for us and has to be read again.

CREATE TABLE gaps (
  platform TEXT NOT NULL PRIMARY KEY,
  since INTEGER NOT NULL,                   -- a message's number, as the platform counts them
  filled INTEGER NOT NULL                   -- 0: what came after it is being read, and not all is here
) WITHOUT ROWID;
