-- What was posted.

-- name: outbox_of
SELECT * FROM outbox WHERE turn_id IN (VALUES ($1)) ORDER BY number

-- name: outbox
INSERT INTO outbox (turn_id, key, state, message_id, shown)
SELECT CAST($1 AS TEXT), CAST($2 AS TEXT), CAST($3 AS TEXT), CAST($4 AS TEXT), CAST($6 AS TEXT)
WHERE NOT EXISTS (SELECT 1 FROM turns WHERE turn_id = $1 AND epoch <> $5)
ON CONFLICT (turn_id, key)
DO UPDATE SET state = excluded.state, message_id = excluded.message_id,
  shown = excluded.shown
RETURNING turn_id
