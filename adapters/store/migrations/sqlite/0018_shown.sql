-- What a message says that stands in a chat as it should: it is not edited again after a restart.

ALTER TABLE outbox ADD COLUMN shown TEXT NOT NULL DEFAULT '';   -- a digest; '': nobody knows
