-- How far each partition of the log's topic `replay` is in the tables above. It is here so that it is lost when they are.
CREATE TABLE IF NOT EXISTS replay_progress (
    log_partition UInt32,
    next_offset UInt64,
    written_at DateTime64(3, 'UTC')
)
ENGINE = ReplacingMergeTree(written_at)
ORDER BY log_partition
SETTINGS
    non_replicated_deduplication_window = 1000,
    fsync_after_insert = 1,
    fsync_part_directory = 1
