-- Every statement of the store, for SQLite and PostgreSQL alike: $1 parameters (never inside a
-- literal), flags as INTEGER, times as BIGINT milliseconds, money as TEXT, no data-changing WITH.
-- A row "VALUES ($1, ...)" that is listed alone may be repeated by the program.

-- name: accept
INSERT INTO inbox (platform, event_id, session, kind, payload, at, message_id)
VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (platform, event_id) DO NOTHING
RETURNING seq

-- name: waiting
SELECT seq, kind, payload, attempts FROM inbox WHERE state = 'waiting' ORDER BY seq

-- name: accepted
SELECT seq, kind, payload, attempts FROM inbox WHERE seq = $1

-- name: has_message
SELECT seq FROM inbox WHERE session = $1 AND message_id = $2 LIMIT 1

-- name: bookmarks
SELECT inbox.session AS session, inbox.message_id AS message_id
FROM (
  SELECT MAX(seq) AS seq FROM inbox WHERE platform = $1 AND message_id IS NOT NULL
  GROUP BY session ORDER BY MAX(seq) DESC LIMIT $2
) AS newest
JOIN inbox ON inbox.seq = newest.seq

-- name: waiting_in
SELECT seq, kind, payload, attempts FROM inbox
WHERE state = 'waiting' AND (session = $1 OR substr(session, 1, length($1) + 1) = $1 || '/')

-- name: readdress
UPDATE inbox SET payload = $2 WHERE seq = $1

-- name: move_inbox
UPDATE inbox SET session = $2 || substr(session, length($1) + 1)
WHERE session = $1 OR substr(session, 1, length($1) + 1) = $1 || '/'

-- name: move_turns
UPDATE turns SET session = $2 || substr(session, length($1) + 1)
WHERE session = $1 OR substr(session, 1, length($1) + 1) = $1 || '/'

-- name: move_history
UPDATE history SET session = $2 || substr(session, length($1) + 1)
WHERE session = $1 OR substr(session, 1, length($1) + 1) = $1 || '/'

-- name: copy_settings
INSERT INTO settings (scope, key, value, changed_by, changed_at)
SELECT $2 || substr(scope, length($1) + 1), key, value, changed_by, changed_at
FROM settings
WHERE scope = $1 OR substr(scope, 1, length($1) + 1) = $1 || '/'
ON CONFLICT (scope, key) DO NOTHING

-- name: leave_settings
DELETE FROM settings WHERE scope = $1 OR substr(scope, 1, length($1) + 1) = $1 || '/'

-- name: drop
UPDATE inbox SET state = 'dropped', reason = $2 WHERE seq = $1

-- name: claim
UPDATE inbox SET state = 'claimed', turn_id = $2, attempts = attempts + 1 WHERE seq = $1

-- name: begin
INSERT INTO turns (
  turn_id, platform, session, seq, preset, question, asker, history, started, preset_name
)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)

-- name: add_calls
INSERT INTO calls (
  turn_id, role, round, position, label, outcome, reason, persona, text, asked, call_label,
  call_text, tool_calls, input, cache_read, cache_write, output, reasoning, estimated, dollars,
  started, seconds, first_token, finish, error, in_place_of, tried
)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20,
  $21, $22, $23, $24, $25, $26, $27)
ON CONFLICT (turn_id, role, round, position) DO NOTHING

-- name: close_round
UPDATE turns SET references_done = $2 WHERE turn_id = $1

-- name: finish
UPDATE turns
SET state = 'answered', ending = $2, answer = $3, error = $4, tokens = $5, dollars = $6,
  priced = $7, seconds = $8, notes = $9
WHERE turn_id = $1 AND state = 'running'
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

-- name: add_line
INSERT INTO history (session, turn_id, role, line, removed)
SELECT session, turn_id, CAST($2 AS TEXT), CAST($3 AS TEXT), removed
FROM turns WHERE turn_id = $1 AND seq IS NOT NULL

-- name: delivered
UPDATE turns SET state = 'delivered' WHERE turn_id = $1

-- name: attempt
UPDATE turns SET attempts = attempts + 1, epoch = epoch + 1 WHERE turn_id = $1 RETURNING attempts

-- name: unfinished
SELECT * FROM turns WHERE state <> 'delivered' ORDER BY number

-- name: turn
SELECT * FROM turns WHERE turn_id = $1

-- name: last_turns
SELECT * FROM (
  SELECT * FROM turns WHERE session = $1 AND removed = 0 ORDER BY number DESC LIMIT $2
) AS newest
ORDER BY number

-- name: newest_below
SELECT * FROM turns
WHERE session > $1 || '/' AND session < $1 || '0' AND removed = 0
ORDER BY CASE WHEN asker = $2 THEN 0 ELSE 1 END, number DESC
LIMIT 1

-- name: calls_of
SELECT * FROM calls WHERE turn_id IN (VALUES ($1)) ORDER BY role, round, position

-- name: tool_calls_of
SELECT * FROM tool_calls WHERE turn_id IN (VALUES ($1)) ORDER BY iteration, position

-- name: add_tool_calls
INSERT INTO tool_calls (turn_id, iteration, position, line, state, result, failed)
VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (turn_id, iteration, position) DO NOTHING

-- name: intend
UPDATE tool_calls SET state = 'running'
WHERE turn_id = $1 AND iteration = $2 AND position = $3 AND state = 'open' AND number IS NULL
RETURNING position

-- name: intend_allowed
UPDATE tool_calls SET state = 'running', decision = 'used'
WHERE turn_id = $1 AND iteration = $2 AND position = $3 AND state = 'open'
  AND decision = 'approved' AND digest = $4
RETURNING position

-- name: returned
UPDATE tool_calls SET state = 'done', result = $4, failed = $5
WHERE turn_id = $1 AND iteration = $2 AND position = $3

-- name: ask
UPDATE tool_calls
SET number = $4, server = $5, tool = $6, arguments = $7, digest = $8, expires = $9,
  decision = 'waiting', decided_by = ''
WHERE turn_id = $1 AND iteration = $2 AND position = $3 AND number IS NULL

-- name: decide
UPDATE tool_calls SET decision = $3, decided_by = $4
WHERE turn_id = $1 AND number = $2 AND decision = 'waiting' AND (expires > $5 OR $3 = 'expired')
  AND turn_id IN (SELECT turn_id FROM turns WHERE turn_id = $1 AND state = 'running')
RETURNING position

-- name: outbox_of
SELECT * FROM outbox WHERE turn_id IN (VALUES ($1)) ORDER BY number

-- name: outbox
INSERT INTO outbox (turn_id, key, state, message_id)
VALUES ($1, $2, $3, $4)
ON CONFLICT (turn_id, key)
DO UPDATE SET state = excluded.state, message_id = excluded.message_id

-- name: lines
SELECT number, line FROM history
WHERE session = $1 AND removed = 0 AND number <= $2
ORDER BY number

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

-- name: costs
-- A turn that has not ended has cost what is known of its calls so far.
SELECT platform, asker, session, preset_name, SUM(ended) AS turns, SUM(dollars) AS dollars,
  MIN(priced) AS priced, SUM(unpriced) AS unpriced
FROM (
  SELECT platform, asker, session, preset_name,
    CASE WHEN ending IS NULL THEN 0 ELSE 1 END AS ended,
    COALESCE(CAST(dollars AS NUMERIC), (
      SELECT SUM(CAST(calls.dollars AS NUMERIC)) FROM calls
      WHERE calls.turn_id = turns.turn_id
    ), 0) AS dollars,
    COALESCE(priced, 1) AS priced,
    CASE WHEN priced = 1 THEN 0 ELSE COALESCE((
      SELECT SUM(calls.input + calls.output) FROM calls
      WHERE calls.turn_id = turns.turn_id AND calls.asked = 1 AND calls.dollars IS NULL
    ), 0) END AS unpriced
  FROM turns
  WHERE started >= $1 AND started < $2
    AND ($3 = '' OR platform = $3)
    AND ($4 = '' OR asker = $4)
    AND ($5 = '' OR session = $5 OR substr(session, 1, length($5) + 1) = $5 || '/')
    AND ($6 = '' OR preset_name = $6)
) AS each_turn
GROUP BY platform, asker, session, preset_name
ORDER BY platform, asker, session, preset_name

-- name: costs_of_models
SELECT COALESCE(calls.call_label, calls.label) AS model, COUNT(*) AS times,
  SUM(calls.input) AS input, SUM(calls.cache_read) AS cache_read, SUM(calls.output) AS output,
  SUM(CAST(calls.dollars AS NUMERIC)) AS dollars,
  MIN(CASE WHEN calls.dollars IS NULL THEN 0 ELSE 1 END) AS priced
FROM calls JOIN turns ON turns.turn_id = calls.turn_id
WHERE turns.started >= $1 AND turns.started < $2 AND calls.asked = 1
GROUP BY COALESCE(calls.call_label, calls.label)
ORDER BY COALESCE(calls.call_label, calls.label)

-- name: costs_of_failures
SELECT calls.tried FROM calls JOIN turns ON turns.turn_id = calls.turn_id
WHERE turns.started >= $1 AND turns.started < $2 AND calls.tried <> '[]'

-- name: remove_lines
UPDATE history SET removed = 1 WHERE turn_id = $1

-- name: remove_turn
UPDATE turns SET removed = 1 WHERE turn_id = $1

-- name: vote
INSERT INTO votes (turn_id, person, vote, at)
VALUES ($1, $2, $3, $4)
ON CONFLICT (turn_id, person) DO UPDATE SET vote = excluded.vote, at = excluded.at

-- name: voted
SELECT turns.turn_id, turns.preset_name, turns.dollars, turns.priced,
  SUM(CASE WHEN votes.vote = 'up' THEN 1 ELSE 0 END) AS up,
  SUM(CASE WHEN votes.vote = 'down' THEN 1 ELSE 0 END) AS down
FROM votes JOIN turns ON turns.turn_id = votes.turn_id
GROUP BY turns.number, turns.turn_id, turns.preset_name, turns.dollars, turns.priced
ORDER BY turns.number

-- name: advised
SELECT DISTINCT turn_id, label FROM calls
WHERE role = 'reference' AND position > 0 AND outcome = 'ok'
  AND turn_id IN (SELECT turn_id FROM votes)
ORDER BY turn_id, label

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

-- name: log_setting
INSERT INTO settings_log (scope, key, value, changed_by, changed_at)
VALUES ($1, $2, $3, $4, $5)
