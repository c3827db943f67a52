-- What came in while a turn ran and was put into it, and turns that ask again what another asked.

CREATE TABLE steered (
  seq INTEGER PRIMARY KEY,                  -- what came in
  turn_id TEXT NOT NULL REFERENCES turns (turn_id) ON DELETE CASCADE,
  iteration INTEGER NOT NULL,               -- the aggregator's answer before which it was put
  line TEXT NOT NULL                        -- JSON, as the history keeps it
);
CREATE INDEX steered_turn ON steered (turn_id);
ALTER TABLE turns ADD COLUMN origin TEXT NOT NULL DEFAULT '';   -- the turn that asked it first
CREATE INDEX turns_origin ON turns (origin) WHERE origin <> '';
CREATE INDEX inbox_turn ON inbox (turn_id) WHERE turn_id IS NOT NULL;
