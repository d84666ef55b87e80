CREATE TABLE IF NOT EXISTS elements (
    project_id UUID,
    path LowCardinality(String),
    selector LowCardinality(String),
    device_type LowCardinality(String),
    day Date,
    name LowCardinality(String),
    text LowCardinality(String),
    clicks Int64 CODEC(T64, ZSTD(1)),
    rage Int64 CODEC(T64, ZSTD(1)),
    dead Int64 CODEC(T64, ZSTD(1)),
    error Int64 CODEC(T64, ZSTD(1))
)
ENGINE = SummingMergeTree((clicks, rage, dead, error))
PARTITION BY toYYYYMM(day)
ORDER BY (project_id, path, day, selector, device_type, name, text)
TTL day + INTERVAL 400 DAY DELETE
SETTINGS
    non_replicated_deduplication_window = 1000,
    fsync_after_insert = 1,
    fsync_part_directory = 1
