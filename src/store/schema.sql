-- Version 1 of the store's database. A later version is another file, applied after this one.
-- Times are RFC 3339 in UTC with six digits of a second, so that they sort as text.
-- Money is in millionths of a US dollar.

CREATE TABLE jobs (
    id                   TEXT PRIMARY KEY,
    owner                TEXT NOT NULL,
    tool                 TEXT NOT NULL,
    arguments            TEXT NOT NULL, -- JSON, the prompt included; never a key
    fingerprint          TEXT NOT NULL, -- equal for equal requests
    state                TEXT NOT NULL,
    provider             TEXT NOT NULL,
    model                TEXT NOT NULL,
    created_at           TEXT NOT NULL,
    finished_at          TEXT,
    estimate_low_micros  INTEGER,
    estimate_high_micros INTEGER,
    cost_micros          INTEGER,
    problem              TEXT
) STRICT;

CREATE TABLE images (
    id         TEXT PRIMARY KEY,
    job_id     TEXT NOT NULL REFERENCES jobs (id),
    position   INTEGER NOT NULL, -- among the job's images, from 0
    owner      TEXT NOT NULL,
    path       TEXT NOT NULL,
    format     TEXT NOT NULL,
    width      INTEGER NOT NULL,
    height     INTEGER NOT NULL,
    bytes      INTEGER NOT NULL,
    hash       TEXT NOT NULL, -- BLAKE3, hexadecimal
    provider   TEXT NOT NULL,
    model      TEXT NOT NULL,
    prompt     TEXT NOT NULL,
    created_at TEXT NOT NULL
) STRICT;

CREATE INDEX images_by_job ON images (job_id, position);
CREATE INDEX images_by_owner ON images (owner, created_at DESC);

-- Which images an image was made from. A parent may be pruned before its child.
CREATE TABLE lineage (
    child    TEXT NOT NULL REFERENCES images (id) ON DELETE CASCADE,
    position INTEGER NOT NULL, -- as the call named them, from 0
    parent   TEXT NOT NULL,
    role     TEXT NOT NULL, -- reference: looked at; masked: repainted in part
    PRIMARY KEY (child, position)
) STRICT, WITHOUT ROWID;
