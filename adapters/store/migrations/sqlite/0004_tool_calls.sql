-- Calls of tools: noted before they are run, their results after; and whom they were shown to.

CREATE TABLE tool_calls (
  turn_id TEXT NOT NULL REFERENCES turns (turn_id) ON DELETE CASCADE,
  iteration INTEGER NOT NULL,               -- which answer of the aggregator called
  position INTEGER NOT NULL,                -- of the call in that answer, from 0
  line TEXT,                                -- JSON: the answer, beside its first call
  state TEXT NOT NULL,                      -- open, running, done
  result TEXT NOT NULL,
  failed INTEGER NOT NULL,
  number INTEGER,                           -- of its approval; NULL: nobody was asked
  server TEXT,
  tool TEXT,
  arguments TEXT,                           -- JSON, canonical: what was shown
  digest TEXT,
  expires INTEGER,
  decision TEXT,                            -- waiting, approved, refused, expired, used
  decided_by TEXT,
  PRIMARY KEY (turn_id, iteration, position)
);
