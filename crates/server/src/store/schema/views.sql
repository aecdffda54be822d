-- What people read; made from the journal, and thrown away when this file changes.
-- Ids that we make are blobs of 16 bytes; times are milliseconds since 1970.

-- The journal that the views were made from.
CREATE TABLE about (
    journal BLOB NOT NULL
);

-- The newest deed that is in the views.
CREATE TABLE view_at (
    realm INTEGER PRIMARY KEY,
    seq   INTEGER NOT NULL
);

-- A short name for a room, so that the index of lines stays small.
CREATE TABLE room (
    no    INTEGER PRIMARY KEY,
    realm INTEGER NOT NULL,
    id    BLOB NOT NULL,
    UNIQUE (realm, id)
);

-- Lines of transcripts, in the order in which they were written. Lines of one room lie apart, but the busy end of the
-- table and its narrow index stay in memory; clustered by room, every line would touch a page of its own.
CREATE TABLE item (
    key      INTEGER PRIMARY KEY,
    room     INTEGER NOT NULL,
    n        INTEGER NOT NULL,
    contact  BLOB NOT NULL,
    at       INTEGER NOT NULL,
    id       BLOB NOT NULL,
    audience INTEGER NOT NULL,          -- 0 all, 1 agents, 2 customer
    doc      TEXT NOT NULL              -- author and body, as JSON
);
CREATE UNIQUE INDEX item_place ON item (room, n);

-- "Everything up to line n was delivered (read = 0) or read (read = 1)."
CREATE TABLE mark (
    room        INTEGER NOT NULL,
    n           INTEGER NOT NULL,
    participant BLOB NOT NULL,
    read        INTEGER NOT NULL,
    at          INTEGER NOT NULL,
    PRIMARY KEY (room, n, participant, read)
) WITHOUT ROWID;

CREATE TABLE contact (
    key      INTEGER PRIMARY KEY,
    realm    INTEGER NOT NULL,
    number   INTEGER NOT NULL,
    id       BLOB NOT NULL,
    room     BLOB NOT NULL,
    segment  INTEGER NOT NULL,
    customer TEXT,                      -- the company's own number for them
    queue    TEXT,
    agent    TEXT,
    started  INTEGER NOT NULL,
    ended    INTEGER,
    seq      INTEGER NOT NULL,          -- the deed that began it
    doc      TEXT NOT NULL,             -- the whole contact, as JSON
    channel  INTEGER NOT NULL,          -- number, as in seed 002
    maker    TEXT,                      -- who of the staff made the call
    cnid     TEXT,                      -- the matter's number, of calls
    phone    TEXT,                      -- the customer's number, of calls
    UNIQUE (realm, id),
    UNIQUE (realm, number)
);
CREATE INDEX contact_room ON contact (realm, room, segment);
CREATE INDEX contact_started ON contact (realm, started, number);
CREATE INDEX contact_open ON contact (realm, number) WHERE ended IS NULL;
CREATE INDEX contact_customer ON contact (realm, customer, number) WHERE customer IS NOT NULL;
CREATE INDEX contact_queue ON contact (realm, queue, number) WHERE queue IS NOT NULL;
CREATE INDEX contact_agent ON contact (realm, agent, number) WHERE agent IS NOT NULL;
CREATE INDEX contact_maker ON contact (realm, maker, number) WHERE maker IS NOT NULL;
CREATE INDEX contact_phone ON contact (realm, phone, number) WHERE phone IS NOT NULL;
CREATE INDEX contact_cnid ON contact (realm, cnid, number) WHERE cnid IS NOT NULL;

-- What an agent said of a channel, from when to when.
CREATE TABLE agent_interval (
    key     INTEGER PRIMARY KEY,
    realm   INTEGER NOT NULL,
    agent   TEXT NOT NULL,
    channel INTEGER NOT NULL,           -- number, as in seed 002
    state   TEXT NOT NULL,              -- ready, not_ready, after_work, logged_off
    reason  INTEGER NOT NULL,
    since   INTEGER NOT NULL,
    until   INTEGER                     -- null: it still lasts
);
CREATE INDEX agent_interval_time ON agent_interval (realm, agent, since);
CREATE UNIQUE INDEX agent_interval_open ON agent_interval (realm, agent, channel) WHERE until IS NULL;

-- What an agent did by a channel in a quarter of an hour.
CREATE TABLE agent_work (
    realm     INTEGER NOT NULL,
    agent     TEXT NOT NULL,
    since     INTEGER NOT NULL,
    channel   INTEGER NOT NULL,
    offered   INTEGER NOT NULL,
    answered  INTEGER NOT NULL,
    missed    INTEGER NOT NULL,
    made      INTEGER NOT NULL,
    handled   INTEGER NOT NULL,
    handle_ms INTEGER NOT NULL,         -- talking, holds included
    hold_ms   INTEGER NOT NULL,
    wrap_ms   INTEGER NOT NULL,
    PRIMARY KEY (realm, agent, since, channel)
) WITHOUT ROWID;

-- A queue's quarter of an hour, by channel.
CREATE TABLE queue_interval (
    realm      INTEGER NOT NULL,
    queue      TEXT NOT NULL,
    since      INTEGER NOT NULL,
    channel    INTEGER NOT NULL,
    offered    INTEGER NOT NULL,
    answered   INTEGER NOT NULL,
    abandoned  INTEGER NOT NULL,
    overflowed INTEGER NOT NULL,
    in_time    INTEGER NOT NULL,
    wait_ms    INTEGER NOT NULL,
    handled    INTEGER NOT NULL,
    handle_ms  INTEGER NOT NULL,        -- talking, holds included
    hold_ms    INTEGER NOT NULL,
    wrap_ms    INTEGER NOT NULL,
    PRIMARY KEY (realm, queue, since, channel)
) WITHOUT ROWID;

-- Waiting no longer than this counts as served in time.
CREATE TABLE queue_target (
    realm     INTEGER NOT NULL,
    queue     TEXT NOT NULL,
    target_ms INTEGER NOT NULL,
    PRIMARY KEY (realm, queue)
) WITHOUT ROWID;

-- Recordings of calls. Their ids rise with time.
CREATE TABLE recording (
    realm   INTEGER NOT NULL,
    id      BLOB NOT NULL,
    contact BLOB NOT NULL,
    cnid    TEXT NOT NULL,              -- the matter's number
    cnsq    INTEGER NOT NULL,           -- the segment, as the call counts them
    agent   TEXT,
    maker   TEXT,                       -- who of the staff made the call
    queue   TEXT,
    began   INTEGER NOT NULL,
    doc     TEXT NOT NULL,              -- the whole recording, as JSON
    PRIMARY KEY (realm, id)
) WITHOUT ROWID;
CREATE INDEX recording_contact ON recording (realm, contact, id);
CREATE INDEX recording_cnid ON recording (realm, cnid, id);
CREATE INDEX recording_agent ON recording (realm, agent, id) WHERE agent IS NOT NULL;
CREATE INDEX recording_maker ON recording (realm, maker, id) WHERE maker IS NOT NULL;
CREATE INDEX recording_began ON recording (realm, began);

-- Files of rooms whose bytes may be there.
CREATE TABLE file (
    realm INTEGER NOT NULL,
    id    BLOB NOT NULL,
    room  INTEGER NOT NULL,
    PRIMARY KEY (realm, id)
) WITHOUT ROWID;
CREATE INDEX file_room ON file (room);
