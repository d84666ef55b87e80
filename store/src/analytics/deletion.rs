use super::{Analytics, AnalyticsError, TABLES};
use std::time::Duration;
use uuid::Uuid;

/// How long one table may take: its parts are written anew.
const TABLE_MAX: Duration = Duration::from_secs(600);

impl Analytics {
    /// Deletes every row of a project: from the disk, not only from sight. Returns when they are gone; rows inserted meanwhile may stay. Doing it again
    /// costs one look at each table.
    ///
    /// # Errors
    /// Some tables may still hold rows: do it again.
    pub async fn delete_project(&self, project_id: Uuid) -> Result<(), AnalyticsError> {
        for table in TABLES {
            tokio::time::timeout(TABLE_MAX, self.delete_from(table, project_id))
                .await
                .map_err(|_| AnalyticsError::Unavailable(format!("deleting from {table} takes too long")))??;
        }
        Ok(())
    }

    async fn delete_from(&self, table: &str, project_id: Uuid) -> Result<(), AnalyticsError> {
        let client = self.client().with_setting("mutations_sync", "1");
        let find = format!("SELECT toUInt64(1) FROM {table} WHERE project_id = toUUID('{project_id}') LIMIT 1");
        if client.query_raw(&find).fetch_optional::<u64>().await?.is_some() {
            // The id is spelled out because a mutation is kept as text and takes no parameters.
            let delete = format!("ALTER TABLE {table} DELETE WHERE project_id = toUUID('{project_id}')");
            client.query_raw(&delete).execute().await?;
        }
        Ok(())
    }
}
