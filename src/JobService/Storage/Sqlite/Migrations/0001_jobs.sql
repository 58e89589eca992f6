-- Times are ticks of 100 ns (UTC) as the store counts them; states and reasons are the numbers of JobState and CancelReason.

CREATE TABLE opens (
  id        INTEGER PRIMARY KEY,  -- one row an opening: its id is the upper part of every lease of that opening
  opened_at INTEGER NOT NULL
);

CREATE TABLE limits (
  name               TEXT PRIMARY KEY,
  definition         TEXT NOT NULL,
  revision           INTEGER NOT NULL,
  declared           TEXT,              -- what the configuration said when it was last entered; NULL: never named there
  from_configuration INTEGER NOT NULL
) WITHOUT ROWID;

-- What the limits have handed out, one row a state, written once a turn.
CREATE TABLE limit_states (
  name         TEXT NOT NULL,
  key          TEXT NOT NULL,
  taken_until  INTEGER NOT NULL,  -- rate: the theoretical arrival time
  paused_until INTEGER NOT NULL,
  PRIMARY KEY (name, key)
) WITHOUT ROWID;

CREATE TABLE queues (
  id                 INTEGER PRIMARY KEY,
  name               TEXT NOT NULL UNIQUE,
  definition         TEXT NOT NULL,
  paused             INTEGER NOT NULL DEFAULT 0,
  revision           INTEGER NOT NULL,
  declared           TEXT,
  from_configuration INTEGER NOT NULL,
  deleted            INTEGER NOT NULL DEFAULT 0,  -- kept for the finished jobs that name it
  -- Counted in the same transaction as the jobs change.
  queued_count       INTEGER NOT NULL DEFAULT 0,
  running_count      INTEGER NOT NULL DEFAULT 0,
  succeeded_count    INTEGER NOT NULL DEFAULT 0,
  failed_count       INTEGER NOT NULL DEFAULT 0,
  cancelled_count    INTEGER NOT NULL DEFAULT 0
);

-- A key that an API without limits of ours told to wait.
CREATE TABLE paused_lanes (
  queue_id     INTEGER NOT NULL,
  key          TEXT NOT NULL,
  paused_until INTEGER NOT NULL,
  PRIMARY KEY (queue_id, key)
) WITHOUT ROWID;

-- The hot rows. A job's id is stamp (the row number: unique, rising) and salt, so the id needs no index of its own.
CREATE TABLE jobs (
  stamp           INTEGER PRIMARY KEY,
  salt            INTEGER NOT NULL,
  queue_id        INTEGER NOT NULL,
  key             TEXT NOT NULL,
  state           INTEGER NOT NULL,
  priority        INTEGER NOT NULL,
  weight          INTEGER NOT NULL,
  attempt         INTEGER NOT NULL,
  failures        INTEGER NOT NULL,
  max_attempts    INTEGER,            -- NULL: the queue's
  timeout_ms      INTEGER,            -- NULL: the queue's
  created_at      INTEGER NOT NULL,
  due_at          INTEGER,            -- queued only: not before this moment; NULL: it may go
  start_before    INTEGER,
  lease           INTEGER,            -- running only: the fencing token
  started_at      INTEGER,
  finished_at     INTEGER,
  cancel_reason   INTEGER,            -- on a running job: it has been told to stop
  throttled_since INTEGER
);

-- The lanes: what may go, in order.
CREATE INDEX jobs_ready ON jobs (queue_id, key, priority DESC) WHERE state = 0 AND due_at IS NULL;
CREATE INDEX jobs_due ON jobs (due_at) WHERE state = 0 AND due_at IS NOT NULL;
CREATE INDEX jobs_deadline ON jobs (start_before) WHERE state = 0 AND start_before IS NOT NULL;
CREATE INDEX jobs_running ON jobs (queue_id) WHERE state = 1;
-- The lists.
CREATE INDEX jobs_by_queue ON jobs (queue_id);
CREATE INDEX jobs_by_key ON jobs (key) WHERE key <> '';
CREATE INDEX jobs_finished ON jobs (state) WHERE state >= 2;

-- The cold rows: written once, read once.
CREATE TABLE bodies (
  stamp       INTEGER PRIMARY KEY,
  not_before  INTEGER,
  payload     BLOB,
  request     TEXT,
  tags        TEXT,
  idempotency TEXT
);

CREATE TABLE results (
  stamp        INTEGER PRIMARY KEY,
  status       INTEGER NOT NULL,
  content_type TEXT,
  body         BLOB NOT NULL
);

CREATE TABLE errors (
  stamp  INTEGER PRIMARY KEY,
  type   TEXT NOT NULL,
  title  TEXT NOT NULL,
  status INTEGER,
  detail TEXT
);

-- Attempts that did not succeed; the one that did, and the running one, stand in the job's own row.
CREATE TABLE attempts (
  stamp      INTEGER NOT NULL,
  number     INTEGER NOT NULL,
  started_at INTEGER NOT NULL,
  ended_at   INTEGER NOT NULL,
  status     INTEGER,
  outcome    TEXT NOT NULL,
  PRIMARY KEY (stamp, number)
) WITHOUT ROWID;

CREATE TABLE tags (
  tag   TEXT NOT NULL,  -- name:value
  stamp INTEGER NOT NULL,
  PRIMARY KEY (tag, stamp)
) WITHOUT ROWID;

CREATE TABLE idempotency (
  key         TEXT PRIMARY KEY,
  fingerprint BLOB NOT NULL,
  stamp       INTEGER NOT NULL
) WITHOUT ROWID;
