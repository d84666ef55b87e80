-- A derived session's recording may begin before its start and go on after its end.
ALTER TABLE sessions
    ADD COLUMN IF NOT EXISTS first_event_at DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)) AFTER is_derived,
    ADD COLUMN IF NOT EXISTS last_event_at DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)) AFTER first_event_at
