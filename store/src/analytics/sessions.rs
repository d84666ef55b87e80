//! The list of sessions, and one session.

use super::{AnalyticsError, Cursor, Page, PageRequest, Scope, SessionFilter, TimeRange};
use crate::rows::SessionRow;
use uuid::Uuid;

/// What a list of sessions may be sorted by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SessionSort {
    #[default]
    StartedAt,
    Duration,
    Pages,
    Events,
    Clicks,
    Errors,
    RageClicks,
    DeadClicks,
    ErrorClicks,
    /// Rage, dead and error clicks together.
    Struggle,
}

/// A sort and its direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionOrder {
    pub sort: SessionSort,
    pub descending: bool,
}

impl Default for SessionOrder {
    /// The newest first.
    fn default() -> Self {
        Self {
            sort: SessionSort::StartedAt,
            descending: true,
        }
    }
}

impl SessionSort {
    const ALL: [Self; 10] = [
        Self::StartedAt,
        Self::Duration,
        Self::Pages,
        Self::Events,
        Self::Clicks,
        Self::Errors,
        Self::RageClicks,
        Self::DeadClicks,
        Self::ErrorClicks,
        Self::Struggle,
    ];

    /// As an API's query names it: the session's own field.
    pub fn name(self) -> &'static str {
        match self {
            Self::StartedAt => "started_at",
            Self::Duration => "duration_ms",
            Self::Pages => "page_count",
            Self::Events => "event_count",
            Self::Clicks => "click_count",
            Self::Errors => "error_count",
            Self::RageClicks => "rage_click_count",
            Self::DeadClicks => "dead_click_count",
            Self::ErrorClicks => "error_click_count",
            Self::Struggle => "struggle",
        }
    }

    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|sort| sort.name() == name)
    }

    fn sql(self) -> String {
        match self {
            Self::StartedAt => "toUnixTimestamp64Milli(started_at)".to_owned(),
            Self::Struggle => format!("toInt64({STRUGGLE})"),
            other => format!("toInt64({})", other.name()),
        }
    }

    fn value(self, row: &SessionRow) -> i64 {
        match self {
            Self::StartedAt => row.started_at,
            Self::Duration => i64::try_from(row.duration_ms).unwrap_or(i64::MAX),
            Self::Pages => row.page_count.into(),
            Self::Events => row.event_count.into(),
            Self::Clicks => row.click_count.into(),
            Self::Errors => row.error_count.into(),
            Self::RageClicks => row.rage_click_count.into(),
            Self::DeadClicks => row.dead_click_count.into(),
            Self::ErrorClicks => row.error_click_count.into(),
            Self::Struggle => {
                i64::from(row.rage_click_count) + i64::from(row.dead_click_count) + i64::from(row.error_click_count)
            }
        }
    }
}

/// How much a session struggled.
pub(super) const STRUGGLE: &str = "(rage_click_count + dead_click_count + error_click_count)";

/// Sessions that started in a range. The day is the key's second part; without it every day would be read.
pub(super) const STARTED_IN_RANGE: &str = "project_id = {project:UUID}
    AND toDate(started_at) BETWEEN toDate(fromUnixTimestamp64Milli({start:Int64}, 'UTC')) AND toDate(fromUnixTimestamp64Milli({end:Int64}, 'UTC'))
    AND started_at >= fromUnixTimestamp64Milli({start:Int64}, 'UTC') AND started_at < fromUnixTimestamp64Milli({end:Int64}, 'UTC')";

/// Sessions that were going on in a range, whenever they had begun.
pub(super) const ONGOING_IN_RANGE: &str = "project_id = {project:UUID}
    AND toDate(started_at) <= toDate(fromUnixTimestamp64Milli({end:Int64}, 'UTC'))
    AND started_at < fromUnixTimestamp64Milli({end:Int64}, 'UTC') AND ended_at >= fromUnixTimestamp64Milli({start:Int64}, 'UTC')";

impl Scope {
    /// Sessions that started in `range`, page by page.
    pub async fn sessions(
        &self,
        range: TimeRange,
        filter: &SessionFilter,
        order: SessionOrder,
        page: PageRequest,
    ) -> Result<Page<SessionRow>, AnalyticsError> {
        let key = order.sort.sql();
        let (direction, comes_after) = if order.descending { ("DESC", "<") } else { ("ASC", ">") };
        let after = match page.after {
            Some(_) => format!("AND ({key}, id) {comes_after} ({{after_value:Int64}}, {{after_id:UUID}})"),
            None => String::new(),
        };
        let sql = format!(
            "SELECT * FROM sessions FINAL WHERE {STARTED_IN_RANGE} {filter} {after}
            ORDER BY {key} {direction}, id {direction} LIMIT {{limit:UInt32}}",
            filter = filter.sql()
        );
        let mut query = self
            .query("sessions", &sql)
            .param("start", range.start_ms())
            .param("end", range.end_ms());
        query = filter.bind(query).param("limit", page.limit());
        if let Some(after) = page.after {
            query = query
                .param("after_value", after.value)
                .param("after_id", after.id.to_string());
        }
        let rows = query.fetch_all::<SessionRow>().await?;
        Ok(page.page(rows, |row| Cursor {
            value: order.sort.value(row),
            id: row.id,
        }))
    }

    /// One session.
    pub async fn session(&self, id: Uuid) -> Result<Option<SessionRow>, AnalyticsError> {
        let sql = "SELECT * FROM sessions FINAL WHERE project_id = {project:UUID} AND id = {id:UUID} ORDER BY version DESC LIMIT 1";
        Ok(self
            .query("session", sql)
            .param("id", id.to_string())
            .fetch_optional::<SessionRow>()
            .await?)
    }
}
