-- Pictures and fonts that recordings brought along, once per project, by the SHA-256 of their bytes.
CREATE TABLE IF NOT EXISTS replay_assets (
    project_id UUID,
    digest FixedString(32),
    mime LowCardinality(String),
    received_at DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    data String CODEC(ZSTD(1))
)
ENGINE = ReplacingMergeTree(received_at)
PARTITION BY toYYYYMM(received_at)
ORDER BY (project_id, digest)
TTL toDateTime(received_at) + INTERVAL 400 DAY DELETE
SETTINGS
    non_replicated_deduplication_window = 1000,
    fsync_after_insert = 1,
    fsync_part_directory = 1,
    index_granularity_bytes = 1048576
