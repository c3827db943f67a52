-- Taking texts out: what it cost, who asked and when stays where it is.

-- name: last_purge
SELECT key, value FROM settings WHERE scope = 'purge'

-- name: forget_purge
DELETE FROM settings WHERE scope = 'purge'

-- name: note_purge
INSERT INTO settings (scope, key, value, changed_by, changed_at) VALUES ('purge', $1, $2, '', 0)

-- name: held
SELECT session, MIN(oldest) AS oldest
FROM (
  SELECT session, MIN(at) AS oldest FROM inbox WHERE erased = 0 GROUP BY session
  UNION ALL
  SELECT session, MIN(started) AS oldest FROM turns WHERE erased = 0 GROUP BY session
) AS texts
GROUP BY session
HAVING MIN(oldest) < $1
ORDER BY session

-- name: newest_message
SELECT seq, kind, payload, attempts, session FROM inbox
WHERE session = $1 AND message_id IS NOT NULL
ORDER BY seq DESC
LIMIT 1

-- name: aged_turns
-- What is not delivered gets some more time.
SELECT turn_id FROM turns
WHERE session = $1 AND erased = 0 AND started < $2 AND (state = 'delivered' OR started < $3)
ORDER BY number
LIMIT $4

-- name: aged_messages
SELECT seq FROM inbox
WHERE session = $1 AND erased = 0 AND at < $2 AND (state <> 'waiting' OR at < $3)
  AND NOT EXISTS (
    SELECT 1 FROM turns WHERE turns.turn_id = inbox.turn_id AND turns.erased = 0
  )
ORDER BY seq
LIMIT $4

-- name: told
-- What a summary took has no words, and nobody asked for it.
SELECT number, turn_id, seq, asker, started, state, question, answer FROM turns
WHERE session = $1 AND erased = 0 AND number > $2 AND origin <> 'summary'
ORDER BY number
LIMIT $3

-- name: came
SELECT seq, kind, payload, attempts, session, turn_id, at, state FROM inbox
WHERE session = $1 AND erased = 0 AND seq > $2
ORDER BY seq
LIMIT $3

-- name: lines_of
SELECT turn_id, line FROM history WHERE turn_id IN (VALUES ($1)) ORDER BY number

-- name: sessions_of
SELECT session FROM turns
WHERE platform = $1 AND erased = 0 AND (asker = $2 OR question LIKE $3)
UNION
SELECT session FROM inbox WHERE platform = $1 AND erased = 0 AND payload LIKE $3
ORDER BY session

-- name: erase_turns
UPDATE turns
SET erased = 1, removed = 1, state = 'delivered', question = '{"role":"user"}', preset = '{}',
  answer = NULL, error = NULL, notes = '[]'
WHERE turn_id IN (VALUES ($1))

-- name: erase_history
DELETE FROM history WHERE turn_id IN (VALUES ($1))

-- name: erase_calls
UPDATE calls
SET text = '', call_text = NULL, reason = '', persona = '', tool_calls = '[]', error = NULL
WHERE turn_id IN (VALUES ($1))

-- name: tried_of
SELECT turn_id, role, round, position, tried FROM calls
WHERE tried <> '[]' AND turn_id IN (VALUES ($1))

-- name: keep_tried
UPDATE calls SET tried = $5 WHERE turn_id = $1 AND role = $2 AND round = $3 AND position = $4

-- name: erase_tool_calls
DELETE FROM tool_calls WHERE turn_id IN (VALUES ($1))

-- name: erase_outbox
DELETE FROM outbox WHERE turn_id IN (VALUES ($1))

-- name: messages_of
SELECT seq, kind, payload, attempts, session FROM inbox WHERE seq IN (VALUES ($1)) ORDER BY seq

-- name: erase_message
UPDATE inbox
SET erased = 1, payload = $2,
  state = CASE WHEN state IN ('waiting', 'aside') THEN 'dropped' ELSE state END
WHERE seq = $1

-- name: erase_pairings
DELETE FROM pairings WHERE platform = $1 AND person = $2

-- name: votes_of
SELECT turn_id, vote FROM votes
WHERE person = $2 AND turn_id IN (SELECT turn_id FROM turns WHERE platform = $1)

-- name: erase_votes
DELETE FROM votes
WHERE person = $2 AND turn_id IN (SELECT turn_id FROM turns WHERE platform = $1)

-- name: settings_of
SELECT COUNT(*) AS number FROM settings WHERE scope = $1

-- name: erase_settings
DELETE FROM settings WHERE scope = $1

-- name: erase_setter
-- What they chose for others stays, by their id alone.
UPDATE settings SET name = '' WHERE changed_by = $1 AND substr(scope, 1, length($2)) = $2

-- name: erase_settings_log
DELETE FROM settings_log WHERE scope = $1
