use super::{Analytics, InsertError};
use crate::rows::TableRow;
use clickhouse::Client;
use std::time::Duration;

/// No commit has as many rows: an insert is one block, so that its token stands for all of it or, at a partition's edge, for each part alike.
const BLOCK_ROWS_MAX: &str = "10000000";
/// How long the engine may take over one insert.
const INSERT_MAX: Duration = Duration::from_secs(120);
/// How long it may refuse to read.
const SEND_MAX: Duration = Duration::from_secs(30);

impl Analytics {
    /// Writes the rows of one table and commit. `token` names table, ticks and schema: the engine drops what it already has under it, so
    /// the same rows may be sent again. No rows, no insert. Returns when the rows are on the disk and visible.
    ///
    /// # Errors
    /// [`InsertError::Retriable`]: send the same again. [`InsertError::Poison`]: rows and table do not fit.
    pub async fn insert<T: TableRow>(&self, rows: &[T], token: &str) -> Result<(), InsertError> {
        if rows.is_empty() {
            return Ok(());
        }
        write(&insert_client(self.client(), token), rows)
            .await
            .map_err(|error| InsertError::new(T::TABLE, &error))
    }
}

fn insert_client(client: Client, token: &str) -> Client {
    client
        .with_setting("insert_deduplication_token", token)
        .with_setting("insert_deduplicate", "1")
        .with_setting("async_insert", "0")
        .with_setting("wait_end_of_query", "1")
        .with_setting("max_insert_threads", "1")
        .with_setting("max_insert_block_size", BLOCK_ROWS_MAX)
        .with_setting("min_insert_block_size_rows", BLOCK_ROWS_MAX)
        .with_setting("min_insert_block_size_bytes", "0")
        .with_setting("input_format_parallel_parsing", "0")
        .with_setting("max_partitions_per_insert_block", "0")
        // The struct's columns are checked against the tables by a test, once, instead of for every row.
        .with_validation(false)
}

async fn write<T: TableRow>(client: &Client, rows: &[T]) -> clickhouse::error::Result<()> {
    let mut insert = client
        .insert::<T>(T::TABLE)
        .await?
        .with_timeouts(Some(SEND_MAX), Some(INSERT_MAX));
    for row in rows {
        insert.write(row).await?;
    }
    insert.end().await
}
