CREATE TABLE IF NOT EXISTS click_cells (
    project_id UUID,
    path LowCardinality(String),
    device_type LowCardinality(String),
    viewport_bucket UInt32,
    day Date,
    cell_x Int32,
    cell_y Int32,
    clicks Int64 CODEC(T64, ZSTD(1)),
    rage Int64 CODEC(T64, ZSTD(1)),
    dead Int64 CODEC(T64, ZSTD(1))
)
ENGINE = SummingMergeTree((clicks, rage, dead))
PARTITION BY toYYYYMM(day)
ORDER BY (project_id, path, day, device_type, viewport_bucket, cell_y, cell_x)
TTL day + INTERVAL 400 DAY DELETE
SETTINGS
    non_replicated_deduplication_window = 1000,
    fsync_after_insert = 1,
    fsync_part_directory = 1
