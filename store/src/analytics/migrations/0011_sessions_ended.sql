-- Finds the sessions that were still going on at some time among all that began before it.
ALTER TABLE sessions ADD INDEX IF NOT EXISTS ended_index ended_at TYPE minmax GRANULARITY 1
