-- From where on a session's history is read, and what stands at its head.

-- name: recalled
-- The facts of the channel, the summary that is in force, and what was said since.
SELECT 1 AS fact, place AS number, text AS line, author, author_name, at
FROM facts WHERE channel = $3
UNION ALL
SELECT 0, after, summary, NULL, NULL, NULL FROM epochs
WHERE number = (SELECT MAX(number) FROM epochs WHERE session = $1) AND summary IS NOT NULL
UNION ALL
SELECT 0, number, line, NULL, NULL, NULL FROM history
WHERE session = $1 AND removed = 0 AND number <= $2
  AND number > COALESCE((
    SELECT after FROM epochs WHERE session = $1 ORDER BY number DESC LIMIT 1
  ), 0)
ORDER BY 1 DESC, 2

-- name: lines
SELECT after AS number, summary AS line FROM epochs
WHERE number = (SELECT MAX(number) FROM epochs WHERE session = $1) AND summary IS NOT NULL
UNION ALL
SELECT number, line FROM history
WHERE session = $1 AND removed = 0 AND number <= $2
  AND number > COALESCE((
    SELECT after FROM epochs WHERE session = $1 ORDER BY number DESC LIMIT 1
  ), 0)
ORDER BY 1

-- name: last_exchange
-- The newest one of the epoch that somebody began last, whether or not it was condensed since.
SELECT turn_id FROM turns
WHERE session = $1 AND removed = 0 AND seq IS NOT NULL AND (
  state = 'running' OR EXISTS (
    SELECT 1 FROM history
    WHERE history.turn_id = turns.turn_id AND history.number > COALESCE((
      SELECT after FROM epochs WHERE session = $1 AND reason = 'new' ORDER BY number DESC LIMIT 1
    ), 0)
  )
)
ORDER BY number DESC LIMIT 1

-- name: renew
-- Nothing where there is nothing since the last time.
INSERT INTO epochs (session, reason, after, author, at)
SELECT CAST($1 AS TEXT), 'new', there.last, CAST($2 AS TEXT), CAST($3 AS BIGINT)
FROM (
  SELECT MAX(number) AS last FROM history WHERE session = $1
) AS there
WHERE there.last > COALESCE((
  SELECT CASE WHEN summary IS NULL THEN after ELSE 0 END FROM epochs
  WHERE session = $1 ORDER BY number DESC LIMIT 1
), 0)
RETURNING number

-- name: unrenew
-- Back to what was before the last one, or before the one that is named; later ones go, too.
DELETE FROM epochs WHERE session = $1 AND number >= (
  SELECT number FROM epochs
  WHERE session = $1 AND reason = 'new' AND at >= $2 AND ($3 = 0 OR number = $3)
  ORDER BY number DESC LIMIT 1
)
RETURNING number

-- name: condense
-- Only if the lines are still there, as many as were condensed.
INSERT INTO epochs (session, reason, after, summary, turn_id, author, at)
SELECT CAST($1 AS TEXT), 'compaction', CAST($2 AS BIGINT), CAST($3 AS TEXT), CAST($4 AS TEXT),
  CAST($5 AS TEXT), CAST($6 AS BIGINT)
FROM (
  SELECT COUNT(*) AS held FROM history
  WHERE session = $1 AND removed = 0 AND number <= $2 AND number > COALESCE((
    SELECT after FROM epochs WHERE session = $1 ORDER BY number DESC LIMIT 1
  ), 0)
) AS there
WHERE there.held = $7
RETURNING number

-- name: void_summaries
-- What stands for a line that is taken out goes, too.
DELETE FROM epochs WHERE number IN (
  SELECT later.number FROM history
  JOIN epochs AS later ON later.session = history.session AND later.after >= history.number
  WHERE history.turn_id IN (VALUES ($1)) AND later.summary IS NOT NULL
)

-- name: void_summaries_of_steered
-- The same, of the turn that a message joined while it ran.
DELETE FROM epochs WHERE number IN (
  SELECT later.number FROM history
  JOIN epochs AS later ON later.session = history.session AND later.after >= history.number
  WHERE history.turn_id = (SELECT turn_id FROM steered WHERE seq = $1)
    AND later.summary IS NOT NULL
)

-- name: erase_summaries
DELETE FROM epochs WHERE turn_id IN (VALUES ($1))

-- name: move_epochs
UPDATE epochs SET session = $2 || substr(session, length($1) + 1)
WHERE session = $1 OR substr(session, 1, length($1) + 1) = $1 || '/'

-- name: move_facts
-- What the new one has keeps its numbers.
UPDATE facts SET channel = $2, place = place + COALESCE((
  SELECT MAX(there.place) FROM facts AS there WHERE there.channel = $2
), 0)
WHERE channel = $1

-- name: facts
SELECT place AS number, text AS line, author, author_name, at FROM facts
WHERE channel = $1 ORDER BY place

-- name: pin
INSERT INTO facts (channel, place, text, author, author_name, at)
SELECT CAST($1 AS TEXT), COALESCE(there.last, 0) + 1, CAST($2 AS TEXT), CAST($3 AS TEXT),
  CAST($4 AS TEXT), CAST($5 AS BIGINT)
FROM (
  SELECT COUNT(*) AS held, MAX(place) AS last FROM facts WHERE channel = $1
) AS there
WHERE there.held < $6
RETURNING place

-- name: erase_facts
DELETE FROM facts WHERE author = $2 AND substr(channel, 1, length($1)) = $1

-- name: unpin
DELETE FROM facts WHERE channel = $1 AND place = $2 RETURNING place
