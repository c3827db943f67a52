-- Chats that go on under another id.

-- name: waiting_in
SELECT seq, kind, payload, attempts, session FROM inbox
WHERE state IN ('waiting', 'aside') AND (place = $1 OR substr(place, 1, length($1) + 1) = $1 || '/')

-- name: readdress
UPDATE inbox SET payload = $2 WHERE seq = $1

-- name: move_inbox
-- Every key of a session begins as that of its channel does.
UPDATE inbox
SET session = $2 || substr(session, length($1) + 1), place = $2 || substr(place, length($1) + 1)
WHERE place = $1 OR substr(place, 1, length($1) + 1) = $1 || '/'

-- name: move_turns
UPDATE turns
SET session = $2 || substr(session, length($1) + 1), place = $2 || substr(place, length($1) + 1)
WHERE place = $1 OR substr(place, 1, length($1) + 1) = $1 || '/'

-- name: move_history
UPDATE history SET session = $2 || substr(session, length($1) + 1)
WHERE session = $1 OR substr(session, 1, length($1) + 1) = $1 || '/'

-- name: copy_settings
INSERT INTO settings (scope, key, value, changed_by, changed_at, name)
SELECT $2 || substr(scope, length($1) + 1), key, value, changed_by, changed_at, name
FROM settings
WHERE scope = $1 OR substr(scope, 1, length($1) + 1) = $1 || '/'
ON CONFLICT (scope, key) DO NOTHING

-- name: leave_settings
DELETE FROM settings WHERE scope = $1 OR substr(scope, 1, length($1) + 1) = $1 || '/'
