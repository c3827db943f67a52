-- Calls of tools.

-- name: tool_calls_of
SELECT * FROM tool_calls WHERE turn_id IN (VALUES ($1)) ORDER BY iteration, position

-- name: add_tool_calls
INSERT INTO tool_calls (turn_id, iteration, position, line, state, result, failed)
SELECT column1, column2, column3, column4, column5, column6, column7
FROM (VALUES ($1, $2, $3, $4, $5, $6, $7, $8)) AS said
WHERE EXISTS (SELECT 1 FROM turns WHERE turns.turn_id = column1 AND turns.epoch = column8)
ON CONFLICT (turn_id, iteration, position) DO NOTHING
RETURNING turn_id

-- name: intend
UPDATE tool_calls SET state = 'running'
WHERE turn_id = $1 AND iteration = $2 AND position = $3 AND state = 'open' AND number IS NULL
  AND EXISTS (SELECT 1 FROM turns WHERE turns.turn_id = $1 AND epoch = $4)
RETURNING position

-- name: intend_allowed
UPDATE tool_calls SET state = 'running', decision = 'used'
WHERE turn_id = $1 AND iteration = $2 AND position = $3 AND state = 'open'
  AND decision = 'approved' AND digest = $4
  AND EXISTS (SELECT 1 FROM turns WHERE turns.turn_id = $1 AND epoch = $5)
RETURNING position

-- name: returned
UPDATE tool_calls SET state = 'done', result = $4, failed = $5
WHERE turn_id = $1 AND iteration = $2 AND position = $3
  AND EXISTS (SELECT 1 FROM turns WHERE turns.turn_id = $1 AND epoch = $6)
RETURNING position

-- name: ask
UPDATE tool_calls
SET number = $4, server = $5, tool = $6, arguments = $7, digest = $8, expires = $9,
  decision = 'waiting', decided_by = ''
WHERE turn_id = $1 AND iteration = $2 AND position = $3 AND number IS NULL
  AND EXISTS (SELECT 1 FROM turns WHERE turns.turn_id = $1 AND epoch = $10)
RETURNING position

-- name: decide
UPDATE tool_calls SET decision = $3, decided_by = $4
WHERE turn_id = $1 AND number = $2 AND decision = 'waiting' AND (expires > $5 OR $3 = 'expired')
  AND turn_id IN (SELECT turn_id FROM turns WHERE turn_id = $1 AND state = 'running')
RETURNING position
