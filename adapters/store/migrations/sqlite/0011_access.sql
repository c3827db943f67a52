-- Codes by which strangers may be let in. What is decided of people stands in settings
-- ("access:ACCOUNT"), and settings_log is the log of everything that anybody changed.

CREATE TABLE pairings (
  platform TEXT NOT NULL,
  person TEXT NOT NULL,
  channel TEXT NOT NULL,
  digest TEXT NOT NULL UNIQUE,              -- the code itself is kept nowhere
  expires INTEGER NOT NULL,
  tries INTEGER NOT NULL DEFAULT 0,         -- wrong codes while it was open
  PRIMARY KEY (platform, person)
) WITHOUT ROWID;

CREATE INDEX settings_log_by_time ON settings_log (changed_at);
