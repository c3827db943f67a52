-- What came in.

-- name: accept
INSERT INTO inbox (platform, event_id, session, kind, payload, at, message_id, place)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
ON CONFLICT (platform, event_id) DO NOTHING
RETURNING seq

-- name: waiting
SELECT seq, kind, payload, attempts, session, reason FROM inbox
WHERE state = 'waiting' ORDER BY seq

-- name: accepted
SELECT seq, kind, payload, attempts, session FROM inbox WHERE seq = $1

-- name: has_message
SELECT seq FROM inbox WHERE place = $1 AND message_id = $2 LIMIT 1

-- name: last_message
-- By when it was said: platforms may deliver an older message later.
SELECT message_id FROM inbox
WHERE place = $2 AND message_id IS NOT NULL AND session = $1 AND seq < $3
ORDER BY at DESC, seq DESC LIMIT 1

-- name: drop
UPDATE inbox SET state = 'dropped', reason = $2 WHERE seq = $1

-- name: none_gone
-- Nobody else has any of them, and none was taken back.
SELECT 1 AS waits WHERE NOT EXISTS (
  SELECT 1 FROM inbox WHERE seq IN (VALUES ($1)) AND state <> 'waiting'
)

-- name: claim
UPDATE inbox SET state = 'claimed', turn_id = $2 WHERE seq = $1 AND state = 'waiting'
RETURNING seq

-- name: put_aside
UPDATE inbox SET state = 'aside', reason = $2 WHERE seq = $1 AND state = 'waiting'

-- name: aside
SELECT seq, kind, payload, attempts, session FROM inbox
WHERE state = 'aside' AND reason = $1 AND erased = 0 ORDER BY seq

-- name: wanted
UPDATE inbox SET state = 'waiting', reason = 'wanted', attempts = 0
WHERE seq IN (VALUES ($1)) AND state = 'aside' AND erased = 0
RETURNING seq

-- name: count_attempt
UPDATE inbox SET attempts = attempts + 1 WHERE seq IN (VALUES ($1)) RETURNING attempts

-- name: forgive_messages
UPDATE inbox SET attempts = attempts - 1 WHERE state = 'waiting' AND attempts > 1

-- name: undone
-- What was to be done about a change, while nobody has done it.
SELECT seq FROM inbox WHERE seq = $1 AND state = 'waiting' AND erased = 0
