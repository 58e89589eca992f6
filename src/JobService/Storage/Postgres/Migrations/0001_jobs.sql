-- Times are ticks of 100 ns (UTC) as the store counts them; states and reasons are the numbers of JobState and CancelReason.

-- Who runs the ledger. Taken with a higher epoch, renewed once a second, and read FOR SHARE by every turn.
CREATE TABLE terms (
  shard  integer PRIMARY KEY,
  epoch  bigint NOT NULL,
  holder text NOT NULL,
  until  timestamptz NOT NULL  -- by the clock of the database
);

INSERT INTO terms (shard, epoch, holder, until) VALUES (0, 0, '', '-infinity');

-- When the store was last open, written with other changes.
CREATE TABLE clock (
  id         integer PRIMARY KEY CHECK (id = 1),
  store_time bigint NOT NULL,
  wall_time  bigint NOT NULL,
  stopwatch  bigint NOT NULL,
  boot_id    text NOT NULL
) WITH (fillfactor = 50);

CREATE TABLE probes (
  id integer PRIMARY KEY CHECK (id = 1),
  at bigint NOT NULL
);

INSERT INTO probes (id, at) VALUES (1, 0);

CREATE TABLE limits (
  name               text COLLATE "C" PRIMARY KEY,
  definition         text NOT NULL,
  revision           bigint NOT NULL,
  declared           text,
  from_configuration boolean NOT NULL
);

CREATE TABLE limit_states (
  name         text COLLATE "C" NOT NULL,
  key          text COLLATE "C" NOT NULL,
  taken_until  bigint NOT NULL,
  paused_until bigint NOT NULL,
  factor       double precision NOT NULL,
  factor_at    bigint NOT NULL,
  paced_until  bigint NOT NULL,
  is_quick     boolean NOT NULL,
  PRIMARY KEY (name, key)
) WITH (fillfactor = 50);

CREATE TABLE window_starts (
  name   text COLLATE "C" NOT NULL,
  key    text COLLATE "C" NOT NULL,
  at     bigint NOT NULL,
  weight integer NOT NULL,
  PRIMARY KEY (name, key, at)
);

CREATE TABLE queues (
  id                 bigint PRIMARY KEY,
  name               text COLLATE "C" NOT NULL UNIQUE,
  definition         text NOT NULL,
  paused             boolean NOT NULL,
  revision           bigint NOT NULL,
  declared           text,
  from_configuration boolean NOT NULL,
  deleted            boolean NOT NULL DEFAULT false
);

-- The jobs of a queue by state: written in each turn that changes them, and apart from the definition, which is wide.
CREATE TABLE queue_counts (
  queue_id        bigint PRIMARY KEY,
  queued_count    bigint NOT NULL DEFAULT 0,
  running_count   bigint NOT NULL DEFAULT 0,
  succeeded_count bigint NOT NULL DEFAULT 0,
  failed_count    bigint NOT NULL DEFAULT 0,
  cancelled_count bigint NOT NULL DEFAULT 0
) WITH (fillfactor = 50);

CREATE TABLE paused_lanes (
  queue_id     bigint NOT NULL,
  key          text COLLATE "C" NOT NULL,
  paused_until bigint NOT NULL,
  pace         double precision,
  slowed_at    bigint NOT NULL,
  PRIMARY KEY (queue_id, key)
);

-- Jobs that have not ended. A claim changes no column that an index names, so that it stays in its page (HOT); an end moves the row to ended_jobs.
CREATE TABLE active_jobs (
  stamp           bigint PRIMARY KEY,
  salt            bigint NOT NULL,
  queue_id        bigint NOT NULL,
  created_at      bigint NOT NULL,
  lease           bigint,             -- running only: the fencing token
  started_at      bigint,
  due_at          bigint,             -- queued only: not before this moment; NULL: it may go
  start_before    bigint,
  throttled_since bigint,
  parked          bigint,             -- NULL: in its lane; 0: in the wait queue of its lock; n: it waits for its signal, set for less than n times when it came
  timeout_ms      bigint,             -- NULL: the queue's
  batch           bigint,
  state           integer NOT NULL,
  rank            integer NOT NULL,   -- the negative priority: a lane is read in ascending order of (rank, stamp)
  weight          integer NOT NULL,
  attempt         integer NOT NULL,
  failures        integer NOT NULL,
  max_attempts    integer,            -- NULL: the queue's
  batch_index     integer,
  cancel_reason   integer,            -- on a running job: it has been told to stop
  due_on_wall     boolean NOT NULL,   -- due_at is a moment of the machine's clock
  has_callback    boolean NOT NULL,
  key             text COLLATE "C" NOT NULL,
  lock            text COLLATE "C",
  signal          text COLLATE "C",   -- still to be waited for
  weights         text
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 0);

CREATE INDEX active_jobs_lanes ON active_jobs (queue_id, key, rank, stamp) WHERE due_at IS NULL AND parked IS NULL;
CREATE INDEX active_jobs_due ON active_jobs (due_at) WHERE due_at IS NOT NULL AND NOT due_on_wall;
CREATE INDEX active_jobs_due_on_wall ON active_jobs (due_at) WHERE due_at IS NOT NULL AND due_on_wall;
CREATE INDEX active_jobs_deadline ON active_jobs (start_before) WHERE start_before IS NOT NULL;
CREATE INDEX active_jobs_locked ON active_jobs (lock, rank, stamp) WHERE parked = 0;
CREATE INDEX active_jobs_locked_lanes ON active_jobs (lock, queue_id, key, rank, stamp) WHERE parked = 0;
CREATE INDEX active_jobs_signalled ON active_jobs (signal, parked) WHERE parked > 0;
CREATE INDEX active_jobs_batch ON active_jobs (batch, batch_index) WHERE batch IS NOT NULL;

-- Jobs that have ended: written once, except for a retry, which moves the row back.
CREATE TABLE ended_jobs (
  stamp         bigint PRIMARY KEY,
  salt          bigint NOT NULL,
  queue_id      bigint NOT NULL,
  created_at    bigint NOT NULL,
  started_at    bigint,
  finished_at   bigint NOT NULL,
  start_before  bigint,
  timeout_ms    bigint,
  batch         bigint,
  completion    bigint,               -- how many ends of the batch came up to its own; a retry takes a new number
  state         integer NOT NULL,
  rank          integer NOT NULL,
  weight        integer NOT NULL,
  attempt       integer NOT NULL,
  failures      integer NOT NULL,
  max_attempts  integer,
  batch_index   integer,
  cancel_reason integer,
  has_callback  boolean NOT NULL,
  key           text COLLATE "C" NOT NULL,
  lock          text COLLATE "C",
  signal        text COLLATE "C",
  weights       text
);

CREATE INDEX ended_jobs_queue ON ended_jobs (queue_id, stamp DESC);
CREATE INDEX ended_jobs_state ON ended_jobs (state, stamp DESC) WHERE state > 2;
CREATE INDEX ended_jobs_key ON ended_jobs (key, stamp DESC) WHERE key <> '';
CREATE INDEX ended_jobs_batch ON ended_jobs (batch, batch_index) WHERE batch IS NOT NULL;
CREATE INDEX ended_jobs_completion ON ended_jobs (batch, completion) WHERE batch IS NOT NULL;

-- All jobs, for reads.
CREATE VIEW jobs AS
  SELECT stamp, salt, queue_id, created_at, lease, started_at, NULL::bigint AS finished_at, due_at, start_before, throttled_since, parked, timeout_ms, batch, NULL::bigint AS completion,
         state, rank, weight, attempt, failures, max_attempts, batch_index, cancel_reason, has_callback, key, lock, signal, weights
  FROM   active_jobs
  UNION ALL
  SELECT stamp, salt, queue_id, created_at, NULL, started_at, finished_at, NULL, start_before, NULL, NULL, timeout_ms, batch, completion,
         state, rank, weight, attempt, failures, max_attempts, batch_index, cancel_reason, has_callback, key, lock, signal, weights
  FROM   ended_jobs;

-- The cold rows: written once, read once.
CREATE TABLE bodies (
  stamp        bigint PRIMARY KEY,
  not_before   bigint,
  payload      bytea,
  request      text,
  request_body bytea,
  tags         text,
  idempotency  text
);

CREATE TABLE results (
  stamp        bigint PRIMARY KEY,
  status       integer NOT NULL,
  content_type text,
  headers      text,
  body         bytea NOT NULL
);

-- Parts of a large result are read one by one: uncompressed, a part is found without the others.
ALTER TABLE results ALTER COLUMN body SET STORAGE EXTERNAL;

CREATE TABLE errors (
  stamp   bigint PRIMARY KEY,
  type    text NOT NULL,
  status  integer,
  detail  text,
  headers text
);

CREATE TABLE attempts (
  stamp      bigint NOT NULL,
  number     integer NOT NULL,
  started_at bigint NOT NULL,
  ended_at   bigint NOT NULL,
  status     integer,
  outcome    text NOT NULL,
  PRIMARY KEY (stamp, number)
);

CREATE TABLE tags (
  tag   text COLLATE "C" NOT NULL,  -- name:value
  stamp bigint NOT NULL,
  PRIMARY KEY (tag, stamp)
);

CREATE TABLE idempotency (
  key         text COLLATE "C" PRIMARY KEY,
  fingerprint bytea NOT NULL,
  stamp       bigint NOT NULL
);

CREATE TABLE signals (
  name      text COLLATE "C" PRIMARY KEY,
  set_count bigint NOT NULL,
  set_at    bigint
);

CREATE TABLE batches (
  stamp             bigint PRIMARY KEY,
  salt              bigint NOT NULL,
  queue             text NOT NULL,
  cancel_on_failure boolean NOT NULL,
  is_open           boolean NOT NULL,
  cancel_reason     integer,
  stop_from         bigint,
  created_at        bigint NOT NULL,
  finished_at       bigint,
  total_count       bigint NOT NULL DEFAULT 0,
  succeeded_count   bigint NOT NULL DEFAULT 0,
  failed_count      bigint NOT NULL DEFAULT 0,
  cancelled_count   bigint NOT NULL DEFAULT 0,
  last_completion   bigint NOT NULL DEFAULT 0,
  idempotency       text
) WITH (fillfactor = 50);

CREATE INDEX batches_open ON batches (stamp) WHERE is_open;
CREATE INDEX batches_stopping ON batches (stamp) WHERE stop_from IS NOT NULL;
CREATE INDEX batches_finished ON batches (finished_at) WHERE finished_at IS NOT NULL;

CREATE TABLE callbacks (
  stamp  bigint PRIMARY KEY,
  url    text NOT NULL,
  origin text NOT NULL,
  secret text NOT NULL
);

CREATE TABLE deliveries (
  stamp      bigint PRIMARY KEY,
  salt       bigint NOT NULL,
  subject    bigint NOT NULL,
  type       text NOT NULL,
  state      integer NOT NULL,
  origin     text COLLATE "C" NOT NULL,
  created_at bigint NOT NULL,
  next_at    bigint,
  tries      integer NOT NULL DEFAULT 0,
  failures   integer NOT NULL DEFAULT 0,
  ending     text NOT NULL,
  body       bytea
);

CREATE INDEX deliveries_pending ON deliveries (origin, next_at) WHERE state = 0;
CREATE INDEX deliveries_by_subject ON deliveries (subject);

CREATE TABLE delivery_tries (
  delivery bigint NOT NULL,
  number   integer NOT NULL,
  at       bigint NOT NULL,
  duration bigint NOT NULL,
  status   integer,
  error    text,
  PRIMARY KEY (delivery, number)
);

CREATE TABLE disabled_urls (
  url text PRIMARY KEY,
  at  bigint NOT NULL
);
