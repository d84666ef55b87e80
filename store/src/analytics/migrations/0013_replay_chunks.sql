-- Recordings, a chunk of some seconds to a row. One that comes again has the same id and collapses, in the query where it fell on another day. The data
-- is compressed already. Version 1 of a row has its data in an object of the cold store. Days are moved there and deleted whole: see `store::keeping`,
-- which keeps what each project wants; what the tables delete by themselves is beyond what any may want.
CREATE TABLE IF NOT EXISTS replay_chunks (
    project_id UUID,
    session_id UUID,
    recording_id UUID,
    id UUID,
    chunk_index UInt32,
    first_ms Int64 CODEC(Delta, ZSTD(1)),
    last_ms Int64 CODEC(Delta, ZSTD(1)),
    clock_offset_ms Int64 CODEC(ZSTD(1)),
    event_count UInt32,
    has_full_snapshot UInt8,
    device_type LowCardinality(String),
    received_at DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    inflated_bytes UInt32,
    bytes UInt32,
    data String CODEC(NONE),
    cold_key String CODEC(ZSTD(1)),
    cold_offset UInt64,
    version UInt8,
    -- Days that are moved already are not read to find that out.
    INDEX version_index version TYPE minmax GRANULARITY 1
)
ENGINE = ReplacingMergeTree(version)
PARTITION BY toDate(received_at)
ORDER BY (project_id, session_id, recording_id, chunk_index, id)
TTL toDateTime(received_at) + INTERVAL 367 DAY DELETE
SETTINGS
    non_replicated_deduplication_window = 1000,
    fsync_after_insert = 1,
    fsync_part_directory = 1,
    ttl_only_drop_parts = 1,
    -- One chunk is read at a time: what is read with it should be little.
    index_granularity_bytes = 1048576
