-- Version 2: jobs that outlive their callers, the ledger of their tries, and images that no job made.

ALTER TABLE jobs ADD COLUMN n INTEGER NOT NULL DEFAULT 1;             -- images asked for
ALTER TABLE jobs ADD COLUMN usual_seconds INTEGER NOT NULL DEFAULT 60;
ALTER TABLE jobs ADD COLUMN sandbox INTEGER NOT NULL DEFAULT 0;       -- 1: no money
ALTER TABLE jobs ADD COLUMN folder TEXT NOT NULL DEFAULT '';          -- where its images land
ALTER TABLE jobs ADD COLUMN caller TEXT NOT NULL DEFAULT 'served';    -- waiting, left, served
ALTER TABLE jobs ADD COLUMN lease_until TEXT;                         -- its process lives until then at least
ALTER TABLE jobs ADD COLUMN sent_at TEXT;
ALTER TABLE jobs ADD COLUMN report TEXT;                              -- JSON: what the answer says beside the images

CREATE INDEX jobs_by_owner ON jobs (owner, created_at DESC);
CREATE INDEX jobs_by_time ON jobs (created_at DESC);
CREATE INDEX jobs_not_handed_over ON jobs (fingerprint, created_at) WHERE caller <> 'served';
CREATE INDEX jobs_under_way ON jobs (lease_until) WHERE state IN ('queued', 'sent');

-- One row for each request to an image API, written before it is sent.
CREATE TABLE tries (
    id              INTEGER PRIMARY KEY,
    job_id          TEXT NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
    position        INTEGER NOT NULL, -- which of the job's images it is for, from 0
    owner           TEXT NOT NULL,
    sandbox         INTEGER NOT NULL,
    provider        TEXT NOT NULL,
    model           TEXT NOT NULL,
    endpoint        TEXT NOT NULL,
    planned_at      TEXT NOT NULL,
    sent_at         TEXT,
    ended_at        TEXT,
    outcome         TEXT,             -- made, never_sent, or the kind of failure
    billed          TEXT NOT NULL,    -- no, maybe, yes
    estimate_micros INTEGER,          -- the high end, where it is known
    cost_micros     INTEGER,          -- where it is known
    counted_micros  INTEGER NOT NULL, -- what caps count it as: the estimate until the cost is known
    request_id      TEXT
) STRICT;

CREATE INDEX tries_by_job ON tries (job_id, position, id);
CREATE INDEX tries_by_time ON tries (planned_at, sandbox, owner, counted_micros, ended_at);
CREATE INDEX tries_not_sent ON tries (job_id) WHERE sent_at IS NULL AND ended_at IS NULL;

-- Images may have no job. SQLite cannot drop NOT NULL, and dropping a table deletes what
-- refers to it, so both tables are made anew.
CREATE TABLE images_2 (
    id         TEXT PRIMARY KEY,
    job_id     TEXT REFERENCES jobs (id), -- NULL: put in by its owner
    position   INTEGER NOT NULL, -- among the job's images, from 0
    owner      TEXT NOT NULL,
    path       TEXT NOT NULL,
    format     TEXT NOT NULL,
    width      INTEGER NOT NULL,
    height     INTEGER NOT NULL,
    bytes      INTEGER NOT NULL,
    hash       TEXT NOT NULL, -- BLAKE3, hexadecimal
    provider   TEXT NOT NULL, -- empty where no model made it
    model      TEXT NOT NULL,
    prompt     TEXT NOT NULL,
    created_at TEXT NOT NULL
) STRICT;
INSERT INTO images_2 SELECT id, job_id, position, owner, path, format, width, height, bytes, hash, provider, model,
    prompt, created_at FROM images;

CREATE TABLE lineage_2 (
    child    TEXT NOT NULL REFERENCES images_2 (id) ON DELETE CASCADE,
    position INTEGER NOT NULL, -- as the call named them, from 0
    parent   TEXT NOT NULL,
    role     TEXT NOT NULL, -- reference: looked at; masked: repainted in part
    PRIMARY KEY (child, position)
) STRICT, WITHOUT ROWID;
INSERT INTO lineage_2 SELECT child, position, parent, role FROM lineage;

DROP TABLE lineage;
DROP TABLE images;
ALTER TABLE images_2 RENAME TO images;
ALTER TABLE lineage_2 RENAME TO lineage;
CREATE INDEX images_by_job ON images (job_id, position);
CREATE INDEX images_by_owner ON images (owner, created_at DESC);
CREATE INDEX lineage_by_parent ON lineage (parent);
