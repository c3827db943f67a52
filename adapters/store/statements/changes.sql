-- What becomes of messages after they came in: joined, steered, changed, taken back.

-- name: kept
SELECT inbox.seq AS seq, inbox.kind AS kind, inbox.payload AS payload,
  inbox.attempts AS attempts, inbox.session AS session, inbox.state AS state,
  COALESCE(steered.turn_id, inbox.turn_id) AS turn_id,
  steered.iteration AS iteration
FROM inbox LEFT JOIN steered ON steered.seq = inbox.seq
WHERE inbox.platform = $1 AND inbox.event_id = $2 AND inbox.erased = 0

-- name: parts
SELECT inbox.seq AS seq, inbox.kind AS kind, inbox.payload AS payload,
  inbox.attempts AS attempts, inbox.session AS session, inbox.state AS state,
  inbox.turn_id AS turn_id,
  steered.iteration AS iteration
FROM inbox LEFT JOIN steered ON steered.seq = inbox.seq
WHERE inbox.turn_id = $1 AND inbox.erased = 0 AND inbox.kind = 'message'
ORDER BY inbox.seq

-- name: asking_again
SELECT turn_id FROM turns
WHERE turn_id IN (
  SELECT turn_id FROM turns WHERE turn_id = $1
  UNION SELECT origin FROM turns WHERE turn_id = $1
  UNION SELECT turn_id FROM turns WHERE origin <> '' AND origin = (
    SELECT CASE WHEN origin = '' THEN turn_id ELSE origin END FROM turns WHERE turn_id = $1
  )
)
ORDER BY number

-- name: withdraw
UPDATE turns SET removed = 1, seq = NULL
WHERE turn_id = $1 AND state = 'running' AND removed = 0
RETURNING turn_id

-- name: disown_lines
UPDATE history SET removed = 1
WHERE turn_id = $1 AND EXISTS (SELECT 1 FROM turns WHERE turn_id = $1 AND state = 'answered')

-- name: disown
UPDATE turns SET removed = 1, seq = NULL WHERE turn_id = $1 AND state = 'answered'
RETURNING turn_id

-- name: carry
-- What was steered into a turn is said to the one that asks the same again, too.
UPDATE steered SET turn_id = $1, iteration = 0
WHERE turn_id IN (
  SELECT turn_id FROM turns WHERE turn_id = $2
  UNION SELECT turn_id FROM turns WHERE origin = $2 AND origin <> ''
)

-- name: carry_back
UPDATE steered
SET turn_id = (SELECT inbox.turn_id FROM inbox WHERE inbox.seq = steered.seq)
WHERE turn_id = $1 AND iteration = 0

-- name: unsteer
DELETE FROM steered WHERE turn_id = $1

-- name: wait_again
UPDATE inbox
SET state = 'waiting', turn_id = NULL,
  attempts = CASE WHEN attempts > 0 THEN attempts - 1 ELSE 0 END
WHERE turn_id = $1 AND state = 'claimed' AND erased = 0
RETURNING seq

-- name: said_otherwise
UPDATE inbox SET payload = $2 WHERE seq = $1 AND erased = 0
RETURNING seq

-- name: ask_otherwise
UPDATE turns SET question = $2 WHERE turn_id = $1 AND erased = 0

-- name: question_otherwise
UPDATE history SET line = $2
WHERE number = (SELECT MIN(number) FROM history WHERE turn_id = $1 AND role = 'user')

-- name: steered_otherwise
UPDATE history SET line = $2
WHERE role = 'user' AND turn_id IN (
  SELECT turn_id FROM steered WHERE seq = $1
  UNION SELECT origin FROM turns WHERE turn_id = (SELECT turn_id FROM steered WHERE seq = $1)
  UNION SELECT turn_id FROM turns WHERE origin <> '' AND origin = (
    SELECT CASE WHEN turns.origin = '' THEN turns.turn_id ELSE turns.origin END
    FROM steered JOIN turns ON turns.turn_id = steered.turn_id WHERE steered.seq = $1
  )
) AND line = (SELECT line FROM steered WHERE seq = $1)

-- name: steer_otherwise
UPDATE steered SET line = $2 WHERE seq = $1

-- name: steered_no_more
DELETE FROM history
WHERE role = 'user' AND turn_id IN (
  SELECT turn_id FROM steered WHERE seq = $1
  UNION SELECT origin FROM turns WHERE turn_id = (SELECT turn_id FROM steered WHERE seq = $1)
  UNION SELECT turn_id FROM turns WHERE origin <> '' AND origin = (
    SELECT CASE WHEN turns.origin = '' THEN turns.turn_id ELSE turns.origin END
    FROM steered JOIN turns ON turns.turn_id = steered.turn_id WHERE steered.seq = $1
  )
) AND line = (SELECT line FROM steered WHERE seq = $1)

-- name: unsteer_one
DELETE FROM steered WHERE seq = $1

-- name: steer
INSERT INTO steered (seq, turn_id, iteration, line)
SELECT CAST($1 AS BIGINT), CAST($2 AS TEXT), CAST($3 AS INTEGER), CAST($4 AS TEXT)
WHERE EXISTS (
  SELECT 1 FROM turns WHERE turns.turn_id = $2 AND epoch = $5 AND state = 'running' AND removed = 0
) AND EXISTS (SELECT 1 FROM inbox WHERE inbox.seq = $1 AND inbox.state = 'waiting')
RETURNING seq

-- name: claim_steered
UPDATE inbox SET state = 'claimed', turn_id = $2
WHERE seq = $1 AND state = 'waiting'
  AND EXISTS (SELECT 1 FROM steered WHERE steered.seq = $1 AND steered.turn_id = $2)

-- name: wait_unheard
UPDATE inbox SET state = 'waiting', turn_id = NULL
WHERE seq = $1 AND turn_id = $2 AND state = 'claimed' AND erased = 0
  AND EXISTS (SELECT 1 FROM steered WHERE steered.seq = $1 AND steered.turn_id = $2)

-- name: unsteer_unheard
DELETE FROM steered WHERE seq = $1 AND turn_id = $2

-- name: steered_before
SELECT steered.seq AS seq FROM steered JOIN turns ON turns.turn_id = steered.turn_id
WHERE steered.turn_id = $1 AND steered.iteration = $2 AND turns.epoch = $3

-- name: steered_of
SELECT turn_id, iteration, line FROM steered WHERE turn_id IN (VALUES ($1)) ORDER BY seq

-- name: erase_steered
DELETE FROM steered WHERE turn_id IN (VALUES ($1))

-- name: line_notes
SELECT * FROM outbox WHERE turn_id > 'line/' AND turn_id < 'line0' ORDER BY number

-- name: unpost
DELETE FROM outbox WHERE turn_id = $1
