-- What people chose.

-- name: settings
SELECT key, value FROM settings WHERE scope = $1 ORDER BY key

-- name: chosen
SELECT scope, value, changed_by, name, changed_at FROM settings
WHERE key = $1 AND scope IN ($2, $3, $4)

-- name: chosen_everywhere
SELECT scope, value, changed_by, name, changed_at FROM settings WHERE key = $1 ORDER BY scope

-- name: set
INSERT INTO settings (scope, key, value, changed_by, changed_at, name)
VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (scope, key)
DO UPDATE SET value = excluded.value, changed_by = excluded.changed_by,
  changed_at = excluded.changed_at, name = excluded.name

-- name: unset
DELETE FROM settings WHERE scope = $1 AND key = $2
