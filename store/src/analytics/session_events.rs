//! A session's own list of events: the one reader of the raw table besides the checker.

use super::{AnalyticsError, Cursor, Page, PageRequest, Scope};
use crate::rows::{EventRow, SessionRow};
use uuid::Uuid;

/// An event may claim to be this much later than it was received.
const AHEAD_MAX_MS: i64 = 25 * 60 * 60 * 1000;

/// Events that bear the session's id.
const NAMED: &str = "session_id = {session:UUID}";

/// Events that bear none: a visitor's sessions lie more than half an hour apart, so that time alone tells which one they belong to. Late ones belong to none.
const DERIVED: &str = "session_id = {session:UUID} AND visitor_id = {visitor:String} AND late = 0
    AND time >= fromUnixTimestamp64Milli({first_event_at:Int64}, 'UTC') AND time <= fromUnixTimestamp64Milli({last_event_at:Int64}, 'UTC')";

impl Scope {
    /// The session's events in time order, ties by id, page by page; each bears the session's id. Of the named types only, if any are named.
    pub async fn session_events(
        &self,
        session: &SessionRow,
        types: Option<&[&str]>,
        page: PageRequest,
    ) -> Result<Page<EventRow>, AnalyticsError> {
        let (belongs, stored_under, first_ms) = match session.is_derived {
            0 => (NAMED, session.id, session.started_at),
            _ => (DERIVED, Uuid::nil(), session.first_event_at),
        };
        let of_types = types.map_or("", |_| "AND type IN {types:Array(String)}");
        // The first condition says less than the second, but the table's order answers it: pages before this one are not read again.
        let after = page.after.map_or("", |_| {
            "AND time >= fromUnixTimestamp64Milli({after_value:Int64}, 'UTC')
            AND (toUnixTimestamp64Milli(time), toString(id)) > ({after_value:Int64}, {after_id:String})"
        });
        // Partitions are days of receipt: those before the session are skipped.
        let sql = format!(
            "SELECT * FROM events WHERE project_id = {{project:UUID}} AND {belongs}
            AND received_at >= fromUnixTimestamp64Milli({{received_from:Int64}}, 'UTC') {of_types} {after}
            ORDER BY time, toString(id) LIMIT {{limit:UInt32}}"
        );
        let mut query = self
            .query("session_events", &sql)
            .param("session", stored_under.to_string())
            .param("received_from", (first_ms - AHEAD_MAX_MS).max(0))
            .param("limit", page.limit());
        if session.is_derived != 0 {
            query = query
                .param("visitor", session.visitor_id.as_str())
                .param("first_event_at", session.first_event_at)
                .param("last_event_at", session.last_event_at);
        }
        if let Some(types) = types {
            query = query.param("types", types);
        }
        if let Some(after) = page.after {
            query = query
                .param("after_value", after.value)
                .param("after_id", after.id.to_string());
        }
        let mut rows = query.fetch_all::<EventRow>().await?;
        rows.iter_mut().for_each(|row| row.session_id = session.id);
        Ok(page.page(rows, |row| Cursor {
            value: row.time,
            id: row.id,
        }))
    }
}
