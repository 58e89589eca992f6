-- 1: due_at was given as a moment of the machine's clock (notBefore). NULL: it was counted from store time (a delay, a retry).
ALTER TABLE jobs ADD COLUMN due_on_wall INTEGER;

DROP INDEX jobs_due;
CREATE INDEX jobs_due ON jobs (due_at) WHERE state = 0 AND due_at IS NOT NULL AND due_on_wall IS NULL;
CREATE INDEX jobs_due_on_wall ON jobs (due_at) WHERE state = 0 AND due_at IS NOT NULL AND due_on_wall = 1;

UPDATE jobs SET due_on_wall = 1 WHERE state = 0 AND due_at = (SELECT not_before FROM bodies WHERE bodies.stamp = jobs.stamp);
