//! A session's own list of events: the one reader of the raw table besides the checker.

use super::{AnalyticsError, Cursor, Page, PageRequest, Scope};
use crate::rows::{EventRow, SessionRow};

/// An event may claim to be this much later than it was received.
const AHEAD_MAX_MS: i64 = 25 * 60 * 60 * 1000;

impl Scope {
    /// The session's events in time order, ties by id, page by page.
    pub async fn session_events(
        &self,
        session: &SessionRow,
        page: PageRequest,
    ) -> Result<Page<EventRow>, AnalyticsError> {
        let after = match page.after {
            Some(_) => "AND (toUnixTimestamp64Milli(time), toString(id)) > ({after_value:Int64}, {after_id:String})",
            None => "",
        };
        // Partitions are days of receipt: those before the session are skipped.
        let sql = format!(
            "SELECT * FROM events WHERE project_id = {{project:UUID}} AND session_id = {{session:UUID}}
            AND received_at >= fromUnixTimestamp64Milli({{received_from:Int64}}, 'UTC') {after}
            ORDER BY time, toString(id) LIMIT {{limit:UInt32}}"
        );
        let mut query = self
            .query("session_events", &sql)
            .param("session", session.id.to_string())
            .param("received_from", (session.started_at - AHEAD_MAX_MS).max(0))
            .param("limit", page.limit());
        if let Some(after) = page.after {
            query = query
                .param("after_value", after.value)
                .param("after_id", after.id.to_string());
        }
        let rows = query.fetch_all::<EventRow>().await?;
        Ok(page.page(rows, |row| Cursor {
            value: row.time,
            id: row.id,
        }))
    }
}
