-- Messages, turns, calls, what was posted, what was said, what people chose.

CREATE TABLE inbox (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  platform TEXT NOT NULL,
  event_id TEXT NOT NULL,
  session TEXT NOT NULL,
  kind TEXT NOT NULL,                       -- message, command, press
  payload TEXT NOT NULL,                    -- JSON
  at INTEGER NOT NULL,
  state TEXT NOT NULL DEFAULT 'waiting',    -- waiting, claimed, dropped
  reason TEXT,                              -- why it was dropped
  turn_id TEXT,
  attempts INTEGER NOT NULL DEFAULT 0,
  UNIQUE (platform, event_id)
);
CREATE INDEX inbox_waiting ON inbox (seq) WHERE state = 'waiting';

CREATE TABLE turns (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  turn_id TEXT NOT NULL UNIQUE,
  platform TEXT NOT NULL,
  session TEXT NOT NULL,
  seq INTEGER UNIQUE REFERENCES inbox (seq),   -- NULL: a turn of /v1
  preset TEXT NOT NULL,                        -- JSON, as it was when the turn began
  question TEXT NOT NULL,                      -- JSON
  asker TEXT NOT NULL,
  history INTEGER NOT NULL,
  started INTEGER NOT NULL,
  state TEXT NOT NULL DEFAULT 'running',       -- running, answered, delivered
  attempts INTEGER NOT NULL DEFAULT 1,
  epoch INTEGER NOT NULL DEFAULT 1,
  references_done INTEGER NOT NULL DEFAULT 0,
  ending TEXT,                                 -- finished, stopped, failed
  answer TEXT,
  error TEXT,
  tokens TEXT,                                 -- JSON
  dollars TEXT,
  priced INTEGER,
  seconds REAL,
  notes TEXT,                                  -- JSON
  removed INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX turns_session ON turns (session, number);
CREATE INDEX turns_asker ON turns (platform, asker, session);
CREATE INDEX turns_unfinished ON turns (number) WHERE state <> 'delivered';

CREATE TABLE calls (
  turn_id TEXT NOT NULL REFERENCES turns (turn_id) ON DELETE CASCADE,
  role TEXT NOT NULL,                       -- reference, aggregator
  round INTEGER NOT NULL,                   -- 0 for an aggregator
  position INTEGER NOT NULL,                -- the slot's; an aggregator's calls count from 1
  label TEXT NOT NULL,
  outcome TEXT,                             -- NULL for an aggregator
  reason TEXT NOT NULL,
  persona TEXT NOT NULL,                    -- the reference's own role
  text TEXT NOT NULL,
  asked INTEGER NOT NULL,                   -- 0: no call was made, what follows says nothing
  call_label TEXT,                          -- NULL: the same as label
  call_text TEXT,                           -- NULL: the same as text
  tool_calls TEXT NOT NULL,                 -- JSON
  input INTEGER NOT NULL,
  cache_read INTEGER NOT NULL,
  cache_write INTEGER NOT NULL,
  output INTEGER NOT NULL,
  reasoning INTEGER NOT NULL,
  estimated INTEGER NOT NULL,
  dollars TEXT,                             -- NULL: nobody knows
  started REAL NOT NULL,
  seconds REAL NOT NULL,
  first_token REAL,
  finish TEXT,
  error TEXT,
  PRIMARY KEY (turn_id, role, round, position)
);

CREATE TABLE outbox (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  turn_id TEXT NOT NULL,                    -- may name a reply that belongs to no turn
  key TEXT NOT NULL,
  state TEXT NOT NULL,                      -- attempting, delivered, unknown, failed
  message_id TEXT,
  UNIQUE (turn_id, key)
);

CREATE TABLE history (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  session TEXT NOT NULL,
  turn_id TEXT NOT NULL REFERENCES turns (turn_id) ON DELETE CASCADE,
  role TEXT NOT NULL,
  line TEXT NOT NULL,                       -- JSON
  removed INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX history_session ON history (session, number);
CREATE INDEX history_turn ON history (turn_id);

CREATE TABLE settings (
  scope TEXT NOT NULL,
  key TEXT NOT NULL,
  value TEXT NOT NULL,
  changed_by TEXT NOT NULL,
  changed_at INTEGER NOT NULL,
  PRIMARY KEY (scope, key)
) WITHOUT ROWID;

CREATE TABLE settings_log (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  scope TEXT NOT NULL,
  key TEXT NOT NULL,
  value TEXT,                               -- NULL: it was unset
  changed_by TEXT NOT NULL,
  changed_at INTEGER NOT NULL
);
