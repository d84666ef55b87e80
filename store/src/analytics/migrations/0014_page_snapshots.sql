-- What a page looked like: the newest snapshot of each path, device type and version of its layout.
CREATE TABLE IF NOT EXISTS page_snapshots (
    project_id UUID,
    path String CODEC(ZSTD(1)),
    device_type LowCardinality(String),
    page_version UInt64,
    session_id UUID,
    width UInt32,
    height UInt32,
    taken_at DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    received_at DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    inflated_bytes UInt32,
    data String CODEC(NONE)
)
ENGINE = ReplacingMergeTree(received_at)
PARTITION BY toYYYYMM(received_at)
ORDER BY (project_id, path, device_type, page_version)
TTL toDateTime(received_at) + INTERVAL 367 DAY DELETE
SETTINGS
    non_replicated_deduplication_window = 1000,
    fsync_after_insert = 1,
    fsync_part_directory = 1,
    index_granularity_bytes = 1048576
