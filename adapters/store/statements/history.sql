-- What was said.

-- name: last_turns
SELECT * FROM (
  SELECT * FROM turns WHERE session = $1 AND removed = 0 ORDER BY number DESC LIMIT $2
) AS newest
ORDER BY number

-- name: has_read
-- As far as the epoch in force goes back.
SELECT said.number FROM history AS said
WHERE said.session = $1 AND said.removed = 0 AND said.number > COALESCE((
    SELECT after FROM epochs WHERE session = $1 ORDER BY number DESC LIMIT 1
  ), 0)
  AND (
    EXISTS (
      SELECT 1 FROM outbox WHERE outbox.turn_id = said.turn_id AND outbox.message_id = $3
    ) OR said.turn_id IN (
      SELECT turn_id FROM inbox WHERE place = $2 AND message_id = $3 AND turn_id IS NOT NULL
    )
  )
LIMIT 1

-- name: newest_at
SELECT * FROM turns
WHERE (place = $1 OR (place > $1 || '/' AND place < $1 || '0')) AND removed = 0
  AND ($3 = '' OR asker = $3)
ORDER BY CASE WHEN place = $1 THEN 0 WHEN asker = $2 THEN 1 ELSE 2 END, number DESC
LIMIT 1

-- name: conversations
SELECT named.session AS session, first_turn.question AS question, named.updated AS updated
FROM (
  SELECT session, MIN(number) AS first_number, MAX(number) AS last_number, MAX(started) AS updated
  FROM turns
  WHERE removed = 0 AND session IN (
    SELECT session FROM turns WHERE platform = $1 AND asker = $2 AND removed = 0
  )
  GROUP BY session
) AS named
JOIN turns AS first_turn ON first_turn.number = named.first_number
ORDER BY named.last_number DESC

-- name: remove_lines
UPDATE history SET removed = 1 WHERE turn_id = $1

-- name: remove_turn
UPDATE turns SET removed = 1 WHERE turn_id = $1
