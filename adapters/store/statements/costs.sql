-- What was spent.

-- name: costs
-- A turn that has not ended has cost what is known of its calls so far. A summary cost, and is no
-- answer.
SELECT platform, asker, place, preset_name, SUM(ended) AS turns, SUM(dollars) AS dollars,
  MIN(priced) AS priced, SUM(unpriced) AS unpriced
FROM (
  SELECT platform, asker, place, preset_name,
    CASE WHEN ending IS NULL OR origin = 'summary' THEN 0 ELSE 1 END AS ended,
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
    AND ($5 = '' OR place = $5 OR substr(place, 1, length($5) + 1) = $5 || '/')
    AND ($6 = '' OR preset_name = $6)
) AS each_turn
GROUP BY platform, asker, place, preset_name
ORDER BY platform, asker, place, preset_name

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
