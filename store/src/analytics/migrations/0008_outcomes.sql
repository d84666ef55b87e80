CREATE TABLE IF NOT EXISTS outcomes (
    project_id UUID,
    hour DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    outcome LowCardinality(String),
    events Int64 CODEC(T64, ZSTD(1))
)
ENGINE = SummingMergeTree((events))
PARTITION BY toYYYYMM(hour)
ORDER BY (project_id, hour, outcome)
TTL toDateTime(hour) + INTERVAL 400 DAY DELETE
SETTINGS
    non_replicated_deduplication_window = 1000,
    fsync_after_insert = 1,
    fsync_part_directory = 1
