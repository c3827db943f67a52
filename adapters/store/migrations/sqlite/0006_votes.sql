-- What people thought of an answer: one vote for each of them, gone with the turn.

CREATE TABLE votes (
  turn_id TEXT NOT NULL REFERENCES turns (turn_id) ON DELETE CASCADE,
  person TEXT NOT NULL,                     -- an author's id on the turn's platform
  vote TEXT NOT NULL,                       -- up, down
  at INTEGER NOT NULL,
  PRIMARY KEY (turn_id, person)
) WITHOUT ROWID;
INSERT INTO votes (turn_id, person, vote, at)
SELECT turns.turn_id, substr(settings.key, 6), settings.value, settings.changed_at
FROM settings JOIN turns ON settings.scope = 'turn:' || turns.turn_id
WHERE settings.key LIKE 'vote:%' AND settings.value IN ('up', 'down');
DELETE FROM settings WHERE scope LIKE 'turn:%' AND key LIKE 'vote:%';
DELETE FROM settings_log WHERE scope LIKE 'turn:%' AND key LIKE 'vote:%';
