-- Where the bot is, and whether people speak there.

-- name: introduce
INSERT INTO introductions (platform, place, at)
VALUES ($1, $2, $3)
ON CONFLICT (platform, place) DO NOTHING
RETURNING place

-- name: move_introduction
INSERT INTO introductions (platform, place, at)
SELECT platform, $3, at FROM introductions WHERE platform = $1 AND place = $2
ON CONFLICT (platform, place) DO NOTHING

-- name: bot_spoke
INSERT INTO bot_runs (session, messages, at)
VALUES ($1, 1, $2)
ON CONFLICT (session) DO UPDATE SET messages = bot_runs.messages + 1, at = excluded.at
RETURNING messages

-- name: person_spoke
DELETE FROM bot_runs WHERE session = $1

-- name: bot_runs
SELECT session, messages FROM bot_runs

-- name: forget_bots
DELETE FROM bot_runs WHERE at < $1 AND messages < $2
