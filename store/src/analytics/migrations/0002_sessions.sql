-- The newest version of each session. A session whose start moves to another day has a row that deletes the old key.
-- Keyed rows stay within the horizon of their tick, so an insert meets few partitions whatever clients claim.
CREATE TABLE IF NOT EXISTS sessions (
    project_id UUID,
    id UUID,
    visitor_id String,
    user_id String,
    started_at DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    ended_at DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    duration_ms UInt64 CODEC(T64, ZSTD(1)),
    entry_url String CODEC(ZSTD(1)),
    entry_path LowCardinality(String),
    exit_url String CODEC(ZSTD(1)),
    exit_path LowCardinality(String),
    page_count UInt32,
    event_count UInt32,
    click_count UInt32,
    error_count UInt32,
    rage_click_count UInt32,
    dead_click_count UInt32,
    error_click_count UInt32,
    max_scroll_percent UInt8,
    is_bounce UInt8,
    has_replay UInt8,
    device_type LowCardinality(String),
    browser LowCardinality(String),
    os LowCardinality(String),
    country LowCardinality(String),
    region LowCardinality(String),
    city LowCardinality(String),
    utm_source LowCardinality(String),
    utm_medium LowCardinality(String),
    utm_campaign LowCardinality(String),
    referrer_domain LowCardinality(String),
    attributes Map(LowCardinality(String), String) CODEC(ZSTD(1)),
    -- Milliseconds after the start, with: a path, a type, a duration. (Unnamed, because the client cannot read named ones.)
    pages Array(Tuple(UInt32, String)) CODEC(ZSTD(1)),
    marks Array(Tuple(UInt32, String)) CODEC(ZSTD(1)),
    hidden Array(Tuple(UInt32, UInt32)) CODEC(ZSTD(1)),
    version UInt64 CODEC(Delta, ZSTD(1)),
    is_deleted UInt8,
    INDEX id_index id TYPE bloom_filter(0.01) GRANULARITY 1
)
ENGINE = ReplacingMergeTree(version, is_deleted)
PARTITION BY toYYYYMM(started_at)
ORDER BY (project_id, toDate(started_at), id)
TTL toDateTime(started_at) + INTERVAL 400 DAY DELETE
SETTINGS
    non_replicated_deduplication_window = 1000,
    fsync_after_insert = 1,
    fsync_part_directory = 1
