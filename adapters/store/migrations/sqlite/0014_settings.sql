-- Who set a setting, by the name of that day: it is shown to whoever looks at the setting.

ALTER TABLE settings ADD COLUMN name TEXT NOT NULL DEFAULT '';
