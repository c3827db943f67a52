-- Turns and their calls of models. `epoch` is the run of the program that holds a turn: what
-- another one writes changes nothing (ADR 0044).

-- name: begin
-- Its chat may have moved since it was read what is asked there: then it begins where that waits.
INSERT INTO turns (
  turn_id, platform, session, seq, preset, question, asker, history, started, preset_name, origin,
  place, epoch, attempts
)
VALUES (
  $1, COALESCE((SELECT platform FROM inbox WHERE seq = $4), $2),
  COALESCE((SELECT session FROM inbox WHERE seq = $4), $3), $4, $5, $6, $7, $8, $9, $10, $11,
  COALESCE((SELECT place FROM inbox WHERE seq = $4), $12), $13,
  COALESCE((SELECT attempts FROM inbox WHERE seq = $4 AND attempts > 1), 1)
)
RETURNING turn_id

-- name: add_calls
INSERT INTO calls (
  turn_id, role, round, position, label, outcome, reason, persona, text, asked, call_label,
  call_text, tool_calls, input, cache_read, cache_write, output, reasoning, estimated, dollars,
  started, seconds, first_token, finish, error, in_place_of, tried
)
SELECT column1, column2, column3, column4, column5, column6, column7, column8, column9, column10,
  column11, column12, column13, column14, column15, column16, column17, column18, column19,
  column20, column21, column22, CAST(column23 AS DOUBLE PRECISION), column24, column25, column26,
  column27
FROM (
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19,
    $20, $21, $22, $23, $24, $25, $26, $27, $28)
) AS said
WHERE EXISTS (SELECT 1 FROM turns WHERE turns.turn_id = column1 AND turns.epoch = column28)
ON CONFLICT (turn_id, role, round, position) DO NOTHING
RETURNING turn_id

-- name: close_round
UPDATE turns SET references_done = $2 WHERE turn_id = $1 AND epoch = $3 RETURNING turn_id

-- name: finish
UPDATE turns
SET state = 'answered', ending = $2, answer = $3, error = $4, tokens = $5, dollars = $6,
  priced = $7, seconds = $8, notes = $9
WHERE turn_id = $1 AND state = 'running' AND epoch = $10
RETURNING turn_id

-- name: add_lines
-- The question, and the answer where there is one; a turn of /v1 has no place in a history.
INSERT INTO history (session, turn_id, role, line, removed)
SELECT session, turn_id, role, line, removed
FROM (
  SELECT session, turn_id, 'user' AS role, question AS line, removed, 1 AS place
  FROM turns WHERE turn_id = $1 AND seq IS NOT NULL
  UNION ALL
  SELECT session, turn_id, 'assistant' AS role, CAST($2 AS TEXT) AS line, removed, 2 AS place
  FROM turns WHERE turn_id = $1 AND seq IS NOT NULL AND CAST($2 AS TEXT) IS NOT NULL
) AS said
ORDER BY place
RETURNING turn_id

-- name: add_line
INSERT INTO history (session, turn_id, role, line, removed)
SELECT session, turn_id, CAST($2 AS TEXT), CAST($3 AS TEXT), removed
FROM turns WHERE turn_id = $1 AND seq IS NOT NULL
RETURNING turn_id

-- name: delivered
UPDATE turns SET state = 'delivered' WHERE turn_id = $1 AND epoch = $2

-- name: attempt
UPDATE turns SET attempts = attempts + 1, epoch = $2 WHERE turn_id = $1 RETURNING attempts

-- name: holder
SELECT epoch FROM turns WHERE turn_id = $1

-- name: forgive_turns
UPDATE turns SET attempts = attempts - 1 WHERE state = 'running' AND attempts > 0

-- name: unfinished
SELECT * FROM turns WHERE state <> 'delivered' ORDER BY number

-- name: turn
SELECT * FROM turns WHERE turn_id = $1 AND erased = 0

-- name: calls_of
SELECT * FROM calls WHERE turn_id IN (VALUES ($1)) ORDER BY role, round, position
