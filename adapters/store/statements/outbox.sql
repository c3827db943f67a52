-- What was posted.

-- name: outbox_of
SELECT * FROM outbox WHERE turn_id IN (VALUES ($1)) ORDER BY number

-- name: outbox
INSERT INTO outbox (turn_id, key, state, message_id)
VALUES ($1, $2, $3, $4)
ON CONFLICT (turn_id, key)
DO UPDATE SET state = excluded.state, message_id = excluded.message_id
