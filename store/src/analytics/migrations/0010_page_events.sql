-- Page views and page exits by their own time: for the parts of hours at a range's ends, for charts of minutes, and for the pages of some sessions only.
-- Late ones are left out, so an insert meets few partitions.
CREATE TABLE IF NOT EXISTS page_events (
    project_id UUID,
    time DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    session_id UUID,
    visitor_id String CODEC(ZSTD(1)),
    path LowCardinality(String),
    page_views Int8,
    page_exits Int8,
    time_on_page_ms Int64 CODEC(T64, ZSTD(1))
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(time)
ORDER BY (project_id, time)
TTL toDateTime(time) + INTERVAL 400 DAY DELETE
SETTINGS
    non_replicated_deduplication_window = 1000,
    fsync_after_insert = 1,
    fsync_part_directory = 1
