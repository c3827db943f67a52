-- Codes by which strangers may be let in, and the log of who changed what.

-- name: close_pairings
DELETE FROM pairings WHERE expires <= $1 OR tries >= $2

-- name: offer_pairing
INSERT INTO pairings (platform, person, channel, digest, expires)
SELECT $1, $2, $3, $4, $5
WHERE (
  SELECT COUNT(*) FROM pairings WHERE platform = $1 AND person <> $2 AND tries >= 0
) < $6
ON CONFLICT (platform, person)
DO UPDATE SET channel = excluded.channel, digest = excluded.digest, expires = excluded.expires,
  tries = 0
RETURNING person

-- name: open_pairing
SELECT platform, person, channel, digest, expires FROM pairings
WHERE digest = $1 AND expires > $2 AND tries >= 0 AND tries < $3
  AND (platform = $4 OR $4 = '')

-- name: taken_pairing
-- By that command: it is done again after a kill.
SELECT platform, person, channel, digest, expires FROM pairings
WHERE digest = $1 AND tries = -1 AND EXISTS (
  SELECT 1 FROM settings
  WHERE scope = 'access:' || platform AND key = 'allow:' || person AND name = $2 AND name <> ''
)

-- name: take_pairing
-- It is taken out when the next code is offered and it has run out.
UPDATE pairings SET tries = -1 WHERE digest = $1 AND tries >= 0 RETURNING person

-- name: miss_pairing
UPDATE pairings SET tries = tries + 1 WHERE tries >= 0 AND (platform = $1 OR $1 = '')

-- name: log_change
INSERT INTO settings_log (scope, key, value, changed_by, changed_at)
VALUES ($1, $2, $3, $4, $5)
RETURNING number

-- name: log_setting
INSERT INTO settings_log (scope, key, value, changed_by, changed_at)
SELECT $1, $2, $3, $4, $5
WHERE NOT EXISTS (
  SELECT 1 FROM settings WHERE scope = $1 AND key = $2 AND value = $3 AND changed_by = $4
)
RETURNING number

-- name: changes
SELECT scope, key, value, changed_by, changed_at FROM (
  SELECT number, scope, key, value, changed_by, changed_at FROM settings_log
  WHERE changed_at >= $1 ORDER BY number DESC LIMIT $2
) AS newest ORDER BY number

-- name: forget_changes
DELETE FROM settings_log WHERE changed_at < $1 RETURNING number
