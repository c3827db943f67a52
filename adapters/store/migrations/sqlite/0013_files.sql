-- Which file came with which message, and what was read out of it; the bytes lie in files/.

CREATE TABLE files (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  seq INTEGER NOT NULL REFERENCES inbox (seq) ON DELETE CASCADE,
  digest TEXT NOT NULL,                     -- SHA-256 of its bytes: its name in files/
  person TEXT NOT NULL,                     -- who sent it, an author's id on its platform
  at INTEGER NOT NULL,
  UNIQUE (seq, digest)
);
CREATE INDEX files_digest ON files (digest);
CREATE INDEX files_at ON files (at);

CREATE TABLE file_texts (
  digest TEXT PRIMARY KEY,
  text TEXT NOT NULL
) WITHOUT ROWID;
