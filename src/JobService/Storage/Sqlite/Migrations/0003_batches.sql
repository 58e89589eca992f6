-- Many jobs submitted together whose results are read together. Its id is stamp and salt, drawn from the same numbers as those of jobs.
CREATE TABLE batches (
  stamp             INTEGER PRIMARY KEY,
  salt              INTEGER NOT NULL,
  queue             TEXT NOT NULL,               -- of the jobs that name none themselves
  cancel_on_failure INTEGER NOT NULL,
  is_open           INTEGER NOT NULL,            -- its upload goes on: more jobs may come
  cancel_reason     INTEGER,                     -- it has been told to stop
  stop_from         INTEGER,                     -- jobs below this index have been told so; NULL: nobody is left to be told
  created_at        INTEGER NOT NULL,
  finished_at       INTEGER,                     -- closed, and its last job has ended
  -- Counted in the same transaction as the jobs change. What has not ended is queued or running.
  total_count       INTEGER NOT NULL DEFAULT 0,
  succeeded_count   INTEGER NOT NULL DEFAULT 0,
  failed_count      INTEGER NOT NULL DEFAULT 0,
  cancelled_count   INTEGER NOT NULL DEFAULT 0,
  last_completion   INTEGER NOT NULL DEFAULT 0,  -- the number that the latest end got
  idempotency       TEXT
);

CREATE INDEX batches_open ON batches (stamp) WHERE is_open = 1;
CREATE INDEX batches_stopping ON batches (stamp) WHERE stop_from IS NOT NULL;
CREATE INDEX batches_finished ON batches (finished_at) WHERE finished_at IS NOT NULL;

ALTER TABLE jobs ADD COLUMN batch INTEGER;        -- its stamp
ALTER TABLE jobs ADD COLUMN batch_index INTEGER;  -- from 0, in the order of submission
ALTER TABLE jobs ADD COLUMN completion INTEGER;   -- on a finished job: how many ends of the batch came up to its own; a retry takes a new number

CREATE INDEX jobs_by_batch ON jobs (batch, batch_index) WHERE batch IS NOT NULL;           -- gather
CREATE INDEX jobs_by_completion ON jobs (batch, completion) WHERE completion IS NOT NULL;  -- as_completed
