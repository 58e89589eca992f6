-- Locks and signals: such a job is queued and stands in no lane while it is parked.
ALTER TABLE jobs ADD COLUMN lock TEXT;
ALTER TABLE jobs ADD COLUMN signal TEXT;     -- still to be waited for
ALTER TABLE jobs ADD COLUMN parked INTEGER;  -- NULL: in its lane; 0: in the line of its lock; n: it waits for its signal, set for less than n times when it came

DROP INDEX jobs_ready;
CREATE INDEX jobs_ready ON jobs (queue_id, key, priority DESC) WHERE state = 0 AND due_at IS NULL AND parked IS NULL;
CREATE INDEX jobs_locked ON jobs (lock, priority DESC) WHERE state = 0 AND parked = 0;
CREATE INDEX jobs_locked_lanes ON jobs (lock, queue_id, key, priority DESC) WHERE state = 0 AND parked = 0; -- the first of each lane in a line
CREATE INDEX jobs_signalled ON jobs (signal, parked) WHERE state = 0 AND parked > 0;

CREATE TABLE signals (
  name      TEXT PRIMARY KEY,
  set_count INTEGER NOT NULL,  -- how often it has been set: it releases who came before
  set_at    INTEGER            -- NULL: not set now
) WITHOUT ROWID;

-- What answers have taught: the share of the configured pace, at a moment from which it recovers.
ALTER TABLE limit_states ADD COLUMN factor REAL NOT NULL DEFAULT 1;
ALTER TABLE limit_states ADD COLUMN factor_at INTEGER NOT NULL DEFAULT 0;
ALTER TABLE limit_states ADD COLUMN paced_until INTEGER NOT NULL DEFAULT 0;

-- The exact log behind a window limit: the weight that started at each moment.
CREATE TABLE window_starts (
  name   TEXT NOT NULL,
  key    TEXT NOT NULL,
  at     INTEGER NOT NULL,
  weight INTEGER NOT NULL,
  PRIMARY KEY (name, key, at)
) WITHOUT ROWID;
