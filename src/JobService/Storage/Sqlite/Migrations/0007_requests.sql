-- The bytes that a job's own request sends, as they came; NULL: it gives none.
ALTER TABLE bodies ADD COLUMN request_body BLOB;

-- What the queue wants kept of the response's headers: a JSON object; NULL: none of them came.
ALTER TABLE results ADD COLUMN headers TEXT;
ALTER TABLE errors ADD COLUMN headers TEXT;
