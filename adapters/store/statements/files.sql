-- Which files came with which messages, and what was read out of them.

-- name: keep_file
INSERT INTO files (seq, digest, person, at) VALUES ($1, $2, $3, $4)
ON CONFLICT (seq, digest) DO NOTHING

-- name: keep_file_text
INSERT INTO file_texts (digest, text) VALUES ($1, $2)
ON CONFLICT (digest) DO NOTHING

-- name: file_texts
SELECT digest, text FROM file_texts WHERE digest IN (VALUES ($1))

-- name: files_in_use
SELECT DISTINCT files.digest AS digest FROM files JOIN inbox ON inbox.seq = files.seq
WHERE inbox.erased = 0 AND files.digest IN (VALUES ($1))

-- name: files_held
SELECT inbox.session AS session, MIN(files.at) AS oldest
FROM files JOIN inbox ON inbox.seq = files.seq
WHERE files.at < $1
GROUP BY inbox.session

-- name: release_files
DELETE FROM files
WHERE at < $1
  AND ($2 = '' OR seq IN (SELECT seq FROM inbox WHERE session = $2))
  AND ($3 = '' OR seq IN (SELECT seq FROM inbox WHERE platform = $3))
  AND ($4 = '' OR person = $4)
RETURNING number

-- name: release_erased_files
DELETE FROM files
WHERE EXISTS (SELECT 1 FROM inbox WHERE inbox.seq = files.seq AND inbox.erased = 1)
RETURNING number

-- name: release_file_texts
DELETE FROM file_texts WHERE digest NOT IN (SELECT digest FROM files)
