-- The newest version of each insight; a late event may take one away.
CREATE TABLE IF NOT EXISTS insights (
    project_id UUID,
    id UUID,
    type LowCardinality(String),
    severity LowCardinality(String),
    session_id UUID,
    visitor_id String,
    path LowCardinality(String),
    url String CODEC(ZSTD(1)),
    selector LowCardinality(String),
    name LowCardinality(String),
    text LowCardinality(String),
    tag LowCardinality(String),
    timestamp DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    ended_at DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    x Int32,
    y Int32,
    click_count UInt32,
    event_ids Array(UUID),
    expected Array(LowCardinality(String)),
    thrown Array(String) CODEC(ZSTD(1)),
    device_type LowCardinality(String),
    version UInt64 CODEC(Delta, ZSTD(1)),
    is_deleted UInt8,
    INDEX session_index session_id TYPE bloom_filter(0.01) GRANULARITY 1
)
ENGINE = ReplacingMergeTree(version, is_deleted)
PARTITION BY toYYYYMM(timestamp)
ORDER BY (project_id, toDate(timestamp), id)
TTL toDateTime(timestamp) + INTERVAL 400 DAY DELETE
SETTINGS
    non_replicated_deduplication_window = 1000,
    fsync_after_insert = 1,
    fsync_part_directory = 1
