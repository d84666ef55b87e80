-- Every accepted event, as it came. Partitioned by receive time, which is ours: event times are the client's word and may be spread over years.
CREATE TABLE IF NOT EXISTS events (
    project_id UUID,
    session_id UUID,
    id UUID,
    type LowCardinality(String),
    time DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    received_at DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    client_time DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    view_id UUID,
    path LowCardinality(String),
    url LowCardinality(String),
    visitor_id LowCardinality(String),
    x Int32,
    y Int32,
    selector LowCardinality(String),
    name LowCardinality(String),
    text LowCardinality(String),
    payload String CODEC(ZSTD(1)),
    late UInt8
)
ENGINE = MergeTree
PARTITION BY toDate(received_at)
ORDER BY (project_id, session_id, time, id)
TTL toDateTime(received_at) + INTERVAL 90 DAY DELETE
SETTINGS
    non_replicated_deduplication_window = 1000,
    fsync_after_insert = 1,
    fsync_part_directory = 1,
    ttl_only_drop_parts = 1
