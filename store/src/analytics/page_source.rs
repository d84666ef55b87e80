//! Where the page views of a range are told, and how long visitors stayed.

use super::SessionFilter;
use super::cover::Cover;
use super::range::TimeRange;
use super::sessions::ONGOING_IN_RANGE;
use crate::rows::Dimension;
use clickhouse::query::Query;

/// Page views and exits by their own time: everyone's, or those of the sessions that a filter leaves.
pub(super) enum PageSource<'a> {
    Everyone(Cover),
    Of(&'a SessionFilter, TimeRange),
}

impl PageSource<'_> {
    /// A table of `time, path, page_views, page_exits, time_on_page_ms`. Rollups of the total know no path.
    pub(super) fn sql(&self, dimension: Dimension) -> String {
        match self {
            Self::Everyone(_) => of_everyone(dimension),
            Self::Of(filter, _) => of_sessions(filter),
        }
    }

    /// Binds what [`sql`](Self::sql) names.
    pub(super) fn bind(&self, query: Query) -> Query {
        match self {
            Self::Everyone(cover) => cover.bind(query),
            Self::Of(filter, range) => filter.bind(query.param("start", range.start_ms()).param("end", range.end_ms())),
        }
    }
}

fn of_everyone(dimension: Dimension) -> String {
    format!(
        "SELECT bucket AS time, value AS path, page_views, page_exits, time_on_page_ms FROM rollups
        WHERE project_id = {{project:UUID}} AND dimension = '{dimension}' AND {rollups}
        UNION ALL
        SELECT time, path, page_views, page_exits, time_on_page_ms FROM page_events WHERE project_id = {{project:UUID}} AND {rows}",
        dimension = dimension.as_str(),
        rollups = Cover::ROLLUPS,
        rows = Cover::ROWS,
    )
}

/// An event that names no session belongs to the one of its visitor that lasts at its time: the last that began before it, if that has not ended.
fn of_sessions(filter: &SessionFilter) -> String {
    let sessions = format!("FROM sessions FINAL WHERE {ONGOING_IN_RANGE}{}", filter.sql());
    let events = "FROM page_events WHERE project_id = {project:UUID}
        AND time >= fromUnixTimestamp64Milli({start:Int64}, 'UTC') AND time < fromUnixTimestamp64Milli({end:Int64}, 'UTC')";
    let nil = "toUUID('00000000-0000-0000-0000-000000000000')";
    format!(
        "SELECT time, path, page_views, page_exits, time_on_page_ms {events} AND session_id IN (SELECT id {sessions} AND is_derived = 0)
        UNION ALL
        SELECT e.time AS time, e.path AS path, e.page_views AS page_views, e.page_exits AS page_exits, e.time_on_page_ms AS time_on_page_ms
        FROM (SELECT * {events} AND session_id = {nil}) AS e
        ASOF JOIN (SELECT visitor_id, started_at, ended_at {sessions} AND is_derived = 1) AS s
        ON e.visitor_id = s.visitor_id AND e.time >= s.started_at WHERE e.time <= s.ended_at"
    )
}
