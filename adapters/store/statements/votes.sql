-- What people thought.

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
