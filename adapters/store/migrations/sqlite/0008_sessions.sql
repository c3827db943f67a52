-- From where on a session's history is read, what stands for the lines before, what is pinned.

CREATE TABLE epochs (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  session TEXT NOT NULL,
  reason TEXT NOT NULL,                     -- new, compaction
  after INTEGER NOT NULL,                   -- the last line of the history that is not read any more
  summary TEXT,                             -- JSON: the line that stands for those lines
  turn_id TEXT REFERENCES turns (turn_id) ON DELETE CASCADE,   -- what the summary took
  author TEXT NOT NULL,
  at INTEGER NOT NULL
);
CREATE INDEX epochs_session ON epochs (session, number);
CREATE INDEX epochs_turn ON epochs (turn_id) WHERE turn_id IS NOT NULL;

CREATE TABLE facts (
  channel TEXT NOT NULL,                    -- the key of a channel's session
  place INTEGER NOT NULL,                   -- the number that people call it by
  text TEXT NOT NULL,                       -- JSON
  author TEXT NOT NULL,
  author_name TEXT NOT NULL,                -- JSON
  at INTEGER NOT NULL,
  PRIMARY KEY (channel, place)
) WITHOUT ROWID;
