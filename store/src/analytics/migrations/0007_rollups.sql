-- Minutes are for charts of hours and for the edges of longer ranges; the long run is in hours and days.
CREATE TABLE IF NOT EXISTS rollups (
    project_id UUID,
    resolution LowCardinality(String),
    dimension LowCardinality(String),
    bucket DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    value LowCardinality(String),
    events Int64 CODEC(T64, ZSTD(1)),
    page_views Int64 CODEC(T64, ZSTD(1)),
    sessions Int64 CODEC(T64, ZSTD(1)),
    bounces Int64 CODEC(T64, ZSTD(1)),
    duration_ms Int64 CODEC(T64, ZSTD(1)),
    errors Int64 CODEC(T64, ZSTD(1)),
    clicks Int64 CODEC(T64, ZSTD(1)),
    rage_clicks Int64 CODEC(T64, ZSTD(1)),
    dead_clicks Int64 CODEC(T64, ZSTD(1)),
    error_clicks Int64 CODEC(T64, ZSTD(1)),
    time_on_page_ms Int64 CODEC(T64, ZSTD(1)),
    page_exits Int64 CODEC(T64, ZSTD(1))
)
ENGINE = SummingMergeTree((
    events, page_views, sessions, bounces, duration_ms, errors, clicks, rage_clicks, dead_clicks, error_clicks, time_on_page_ms, page_exits
))
PARTITION BY toYYYYMM(bucket)
ORDER BY (project_id, resolution, dimension, bucket, value)
TTL toDateTime(bucket) + INTERVAL 60 DAY DELETE WHERE resolution = 'minute',
    toDateTime(bucket) + INTERVAL 800 DAY DELETE
SETTINGS
    non_replicated_deduplication_window = 1000,
    fsync_after_insert = 1,
    fsync_part_directory = 1
