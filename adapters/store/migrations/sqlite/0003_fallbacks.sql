-- Who advised in place of whom, and the calls of a slot that had failed before.

ALTER TABLE calls ADD COLUMN in_place_of TEXT NOT NULL DEFAULT '';
ALTER TABLE calls ADD COLUMN tried TEXT NOT NULL DEFAULT '[]';      -- JSON
