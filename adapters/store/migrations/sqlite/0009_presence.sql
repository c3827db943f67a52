-- Where the bot has introduced itself, and how many messages of bots came since a person's.

CREATE TABLE introductions (
  platform TEXT NOT NULL,
  place TEXT NOT NULL,                      -- a Discord server, else a channel
  at INTEGER NOT NULL,
  PRIMARY KEY (platform, place)
) WITHOUT ROWID;

CREATE TABLE bot_runs (
  session TEXT NOT NULL PRIMARY KEY,
  messages INTEGER NOT NULL,
  at INTEGER NOT NULL                       -- when the last of them came, in ms
) WITHOUT ROWID;
