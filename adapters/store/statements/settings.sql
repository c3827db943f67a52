-- What people chose.

-- name: settings
SELECT key, value FROM settings WHERE scope = $1 ORDER BY key

-- name: chosen
SELECT scope, value FROM settings WHERE key = $1 AND scope IN ($2, $3, $4)

-- name: set
INSERT INTO settings (scope, key, value, changed_by, changed_at)
VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (scope, key)
DO UPDATE SET value = excluded.value, changed_by = excluded.changed_by,
  changed_at = excluded.changed_at

-- name: unset
DELETE FROM settings WHERE scope = $1 AND key = $2
