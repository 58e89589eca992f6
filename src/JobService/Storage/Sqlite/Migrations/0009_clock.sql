-- Where the store's time stood, so that it goes on from there. One row, written at most every 100 ms.
CREATE TABLE clock (
  id         INTEGER PRIMARY KEY CHECK (id = 1),
  store_time INTEGER NOT NULL,
  wall_time  INTEGER NOT NULL,  -- the machine's clock at the same moment
  stopwatch  INTEGER NOT NULL,  -- ticks of the machine's monotonic clock; they go on over processes, not over a restart of the machine
  boot_id    TEXT NOT NULL      -- of the run of the machine that the stopwatch belongs to; empty: not known
);
