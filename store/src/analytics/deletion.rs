use super::{Analytics, AnalyticsError, TABLES};
use std::time::Duration;
use uuid::Uuid;

/// How long one table may take: its parts are written anew.
const TABLE_MAX: Duration = Duration::from_secs(600);

impl Analytics {
    /// Deletes every row of a project and every object: from the disk, not only from sight. Returns when they are gone; rows inserted meanwhile may
    /// stay. Doing it again costs one look at each table.
    ///
    /// # Errors
    /// Some tables may still hold rows, or objects be there: do it again.
    pub async fn delete_project(&self, project_id: Uuid) -> Result<(), AnalyticsError> {
        for table in TABLES {
            self.delete_from(table, &format!("project_id = toUUID('{project_id}')"))
                .await?;
        }
        if let Some(cold) = &self.cold {
            cold.delete_project(project_id).await?;
        }
        Ok(())
    }

    /// Deletes the rows of a table that meet a condition, if there are any. The condition spells its values out, because a mutation is kept as text
    /// and takes no parameters: they must be ids and numbers of our own.
    pub(super) async fn delete_from(&self, table: &str, condition: &str) -> Result<(), AnalyticsError> {
        let client = self.client().with_setting("mutations_sync", "1");
        let delete = async {
            let find = format!("SELECT toUInt64(1) FROM {table} WHERE {condition} LIMIT 1");
            if client.query_raw(&find).fetch_optional::<u64>().await?.is_some() {
                let delete = format!("ALTER TABLE {table} DELETE WHERE {condition}");
                client.query_raw(&delete).execute().await?;
            }
            Ok(())
        };
        tokio::time::timeout(TABLE_MAX, delete)
            .await
            .map_err(|_| AnalyticsError::Unavailable(format!("deleting from {table} takes too long")))?
    }
}
