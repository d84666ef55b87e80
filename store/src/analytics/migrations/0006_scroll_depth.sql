CREATE TABLE IF NOT EXISTS scroll_depth (
    project_id UUID,
    path LowCardinality(String),
    device_type LowCardinality(String),
    day Date,
    percent UInt8,
    views Int64 CODEC(T64, ZSTD(1))
)
ENGINE = SummingMergeTree((views))
PARTITION BY toYYYYMM(day)
ORDER BY (project_id, path, day, device_type, percent)
TTL day + INTERVAL 400 DAY DELETE
SETTINGS
    non_replicated_deduplication_window = 1000,
    fsync_after_insert = 1,
    fsync_part_directory = 1
