-- What was spent from when on, and with which preset, without reading every turn.

ALTER TABLE turns ADD COLUMN preset_name TEXT NOT NULL DEFAULT '';
UPDATE turns SET preset_name = COALESCE(json_extract(preset, '$.name'), '');
CREATE INDEX turns_started ON turns (started);
