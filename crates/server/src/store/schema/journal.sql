-- What must never be lost. Version: PRAGMA user_version, see sqlite/files.rs.

-- A name by which views can tell that they belong to another journal.
CREATE TABLE about (
    journal BLOB NOT NULL
);

CREATE TABLE realm (
    no    INTEGER PRIMARY KEY,          -- 0 to 65535; stands in tokens, never given again
    name  TEXT NOT NULL UNIQUE,
    epoch INTEGER NOT NULL DEFAULT 0    -- of the newest lease
);

-- One row is one batch. One integer key keeps it one tree, which grows at its end.
CREATE TABLE journal (
    id      INTEGER PRIMARY KEY,        -- realm * 2^47 + number of the first deed
    count   INTEGER NOT NULL,           -- of deeds
    at      INTEGER NOT NULL,           -- of the first deed, in ms
    version INTEGER NOT NULL,           -- of the facts
    deeds   BLOB NOT NULL               -- JSON
);
