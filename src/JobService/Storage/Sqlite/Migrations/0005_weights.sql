-- What a job takes of limits that count something else than its weight: {"inputTokens": 3000}. NULL when it names nothing.
-- Beside the weight in the hot row: what goes before a job in its lane is summed over up to a thousand of them.
ALTER TABLE jobs ADD COLUMN weights TEXT;
