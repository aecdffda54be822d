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
    reason   TEXT,                      -- why it ended
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
CREATE INDEX contact_reason ON contact (realm, reason, number) WHERE reason IS NOT NULL;
CREATE INDEX contact_cnid ON contact (realm, cnid, number) WHERE cnid IS NOT NULL;

-- What an agent said of a channel, from when to when.
CREATE TABLE agent_interval (
    key     INTEGER PRIMARY KEY,
    realm   INTEGER NOT NULL,
    agent   TEXT NOT NULL,
    channel INTEGER NOT NULL,           -- number, as in seed 002; 255: all channels together
    state   TEXT NOT NULL,              -- ready, not_ready, after_work, logged_off
    reason  INTEGER NOT NULL,
    since   INTEGER NOT NULL,
    until   INTEGER                     -- null: it still lasts
);
CREATE INDEX agent_interval_time ON agent_interval (realm, agent, since);
CREATE UNIQUE INDEX agent_interval_open ON agent_interval (realm, agent, channel) WHERE until IS NULL;

-- What came to queues and what agents did, by channel, in spans of 15 minutes, 3 hours and a day (UTC), so that a report
-- over a month reads few rows. `of` is a queue's or an agent's name; empty: all queues together.
CREATE TABLE tally (
    realm       INTEGER NOT NULL,
    kind        INTEGER NOT NULL,       -- 0 queue, 1 agent
    span        INTEGER NOT NULL,       -- place in domain/src/report.rs SPANS
    of          TEXT NOT NULL,
    since       INTEGER NOT NULL,
    channel     INTEGER NOT NULL,
    offered     INTEGER NOT NULL,
    answered    INTEGER NOT NULL,
    abandoned   INTEGER NOT NULL,
    overflowed  INTEGER NOT NULL,
    in_time     INTEGER NOT NULL,
    transferred INTEGER NOT NULL,
    missed      INTEGER NOT NULL,
    made        INTEGER NOT NULL,
    handled     INTEGER NOT NULL,
    wait_ms     INTEGER NOT NULL,
    handle_ms   INTEGER NOT NULL,       -- talking, holds included
    hold_ms     INTEGER NOT NULL,
    wrap_ms     INTEGER NOT NULL,
    PRIMARY KEY (realm, kind, span, of, since, channel)
) WITHOUT ROWID;

-- Time that agents spent in states that are over, in the same spans. Empty agent: all of them together.
CREATE TABLE agent_time (
    realm   INTEGER NOT NULL,
    span    INTEGER NOT NULL,
    agent   TEXT NOT NULL,
    channel INTEGER NOT NULL,           -- 255: all channels together
    since   INTEGER NOT NULL,
    state   TEXT NOT NULL,              -- ready, not_ready, after_work
    reason  INTEGER NOT NULL,
    ms      INTEGER NOT NULL,
    times   INTEGER NOT NULL,           -- how often it began
    PRIMARY KEY (realm, span, agent, channel, since, state, reason)
) WITHOUT ROWID;

-- Deeds that touch each room: 6 bytes each, big-endian, rising.
CREATE TABLE story (
    room  INTEGER PRIMARY KEY,
    deeds BLOB NOT NULL
);

-- Words of contacts that have ended, by the contact's key. The words themselves are not kept twice.
CREATE VIRTUAL TABLE contact_text USING fts5(
    name, said, content = '', contentless_delete = 1, detail = column, tokenize = 'unicode61 remove_diacritics 2'
);

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
-- Who changed what.
CREATE TABLE audit (
    realm INTEGER NOT NULL,
    seq   INTEGER NOT NULL,
    n     INTEGER NOT NULL,             -- place among the rows of the deed
    at    INTEGER NOT NULL,
    actor TEXT,                         -- none is the server itself
    kind  TEXT NOT NULL,
    name  TEXT NOT NULL,
    doc   TEXT NOT NULL,
    PRIMARY KEY (realm, seq, n)
) WITHOUT ROWID;
CREATE INDEX audit_actor ON audit (realm, actor, seq, n);
CREATE INDEX audit_name ON audit (realm, kind, name, seq, n);
