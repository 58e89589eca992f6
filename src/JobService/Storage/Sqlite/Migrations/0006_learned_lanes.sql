-- What calls without limits have learned: the pace in calls a second (NULL: none), and when the last refusal came.
ALTER TABLE paused_lanes ADD COLUMN pace REAL;
ALTER TABLE paused_lanes ADD COLUMN slowed_at INTEGER NOT NULL DEFAULT 0;

-- The pace of a limit recovers quickly behind a long quiet.
ALTER TABLE limit_states ADD COLUMN is_quick INTEGER NOT NULL DEFAULT 0;
