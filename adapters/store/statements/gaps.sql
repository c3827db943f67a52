-- How far an account has listened.

-- name: bookmarks
SELECT inbox.place AS place, inbox.message_id AS message_id
FROM (
  SELECT MAX(seq) AS seq FROM inbox WHERE platform = $1 AND message_id IS NOT NULL
  GROUP BY place ORDER BY MAX(seq) DESC LIMIT $2
) AS newest
JOIN inbox ON inbox.seq = newest.seq

-- name: gap
SELECT since, filled FROM gaps WHERE platform = $1

-- name: note_gap
INSERT INTO gaps (platform, since, filled) VALUES ($1, $2, $3)
ON CONFLICT (platform) DO UPDATE SET since = excluded.since, filled = excluded.filled
