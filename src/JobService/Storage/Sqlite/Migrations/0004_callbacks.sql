-- Who is told of the end of a job or a batch; stamp: the subject's. Jobs and batches draw their stamps from the same numbers.
CREATE TABLE callbacks (
  stamp  INTEGER PRIMARY KEY,
  url    TEXT NOT NULL,
  origin TEXT NOT NULL,  -- scheme, host and port: receivers share the sender by it
  secret TEXT NOT NULL   -- JSON: the secret itself, or its name in the configuration
);

ALTER TABLE jobs ADD COLUMN callback INTEGER;  -- 1: it has one. NULL for nearly all, which look no further

-- One row an event, made in the transaction in which the subject ended. Its id is stamp and salt, as a job's.
CREATE TABLE deliveries (
  stamp      INTEGER PRIMARY KEY,
  salt       INTEGER NOT NULL,
  subject    INTEGER NOT NULL,            -- the job or the batch
  type       TEXT NOT NULL,
  state      INTEGER NOT NULL,            -- the numbers of DeliveryState
  origin     TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  next_at    INTEGER,                     -- pending only
  tries      INTEGER NOT NULL DEFAULT 0,
  failures   INTEGER NOT NULL DEFAULT 0,  -- since it became pending
  ending     TEXT NOT NULL,               -- JSON: what a retry of the subject would change
  body       BLOB                         -- the bytes of the first try, sent with every other
);

CREATE INDEX deliveries_pending ON deliveries (origin, next_at) WHERE state = 0;
CREATE INDEX deliveries_by_subject ON deliveries (subject);

CREATE TABLE delivery_tries (
  delivery   INTEGER NOT NULL,
  number     INTEGER NOT NULL,
  at         INTEGER NOT NULL,
  duration   INTEGER NOT NULL,  -- ticks
  status     INTEGER,
  error      TEXT,
  PRIMARY KEY (delivery, number)
) WITHOUT ROWID;

-- Addresses whose receiver has said that it wants no more.
CREATE TABLE disabled_urls (
  url TEXT PRIMARY KEY,
  at  INTEGER NOT NULL
) WITHOUT ROWID;
