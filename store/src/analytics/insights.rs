//! Insights: the list, how many of each type, and where they gather.

use super::{AnalyticsError, Cursor, Page, PageRequest, Scope, TimeRange};
use crate::rows::InsightRow;
use clickhouse::Row;
use clickhouse::query::Query;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Hotspots told at most, the worst first.
const HOTSPOTS_MAX: u32 = 1000;

/// Which insights. What is not set does not matter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InsightFilter {
    pub r#type: Option<String>,
    pub path: Option<String>,
    pub session_id: Option<Uuid>,
}

/// A page of insights with what holds for the whole range.
#[derive(Clone, Debug, PartialEq)]
pub struct InsightPage {
    pub summary: Vec<TypeCount>,
    pub insights: Page<InsightRow>,
    pub hotspots: Vec<Hotspot>,
}

/// How many insights of a type.
#[derive(Clone, Debug, PartialEq, Eq, Row, Serialize, Deserialize)]
pub struct TypeCount {
    pub r#type: String,
    pub count: u64,
}

/// An element and how often it hurt.
#[derive(Clone, Debug, PartialEq, Eq, Row, Serialize, Deserialize)]
pub struct Hotspot {
    pub path: String,
    pub selector: String,
    pub rage_click: u64,
    pub dead_click: u64,
    pub error_click: u64,
}

/// Insights in a range. The day is the key's second part.
pub(super) const IN_RANGE: &str = "project_id = {project:UUID}
    AND toDate(timestamp) BETWEEN toDate(fromUnixTimestamp64Milli({start:Int64}, 'UTC')) AND toDate(fromUnixTimestamp64Milli({end:Int64}, 'UTC'))
    AND timestamp >= fromUnixTimestamp64Milli({start:Int64}, 'UTC') AND timestamp < fromUnixTimestamp64Milli({end:Int64}, 'UTC')";

impl InsightFilter {
    fn sql(&self) -> String {
        let conditions = [
            self.r#type.is_some().then_some(" AND type = {type:String}"),
            self.path.is_some().then_some(" AND path = {path:String}"),
            self.session_id.is_some().then_some(" AND session_id = {session:UUID}"),
        ];
        format!("{IN_RANGE}{}", conditions.into_iter().flatten().collect::<String>())
    }

    fn bind(&self, query: Query, range: TimeRange) -> Query {
        let params = [
            ("type", self.r#type.clone()),
            ("path", self.path.clone()),
            ("session", self.session_id.map(|id| id.to_string())),
        ];
        let query = query.param("start", range.start_ms()).param("end", range.end_ms());
        params.into_iter().fold(query, |query, (name, value)| match value {
            Some(value) => query.param(name, value),
            None => query,
        })
    }
}

impl Scope {
    /// Insights whose timestamp is in `range`, the newest first; summary and hotspots over the whole range.
    pub async fn insights(
        &self,
        range: TimeRange,
        filter: &InsightFilter,
        page: PageRequest,
    ) -> Result<InsightPage, AnalyticsError> {
        let (insights, summary, hotspots) = futures::try_join!(
            self.insight_list(range, filter, page),
            self.insight_summary(range, filter),
            self.hotspots(range, filter),
        )?;
        Ok(InsightPage {
            summary,
            insights,
            hotspots,
        })
    }

    async fn insight_list(
        &self,
        range: TimeRange,
        filter: &InsightFilter,
        page: PageRequest,
    ) -> Result<Page<InsightRow>, AnalyticsError> {
        let after = match page.after {
            Some(_) => "AND (toUnixTimestamp64Milli(timestamp), id) < ({after_value:Int64}, {after_id:UUID})",
            None => "",
        };
        let sql = format!(
            "SELECT * FROM insights FINAL WHERE {} {after} ORDER BY timestamp DESC, id DESC LIMIT {{limit:UInt32}}",
            filter.sql()
        );
        let mut query = filter
            .bind(self.query("insights", &sql), range)
            .param("limit", page.limit());
        if let Some(after) = page.after {
            query = query
                .param("after_value", after.value)
                .param("after_id", after.id.to_string());
        }
        let rows = query.fetch_all::<InsightRow>().await?;
        Ok(page.page(rows, |row| Cursor {
            value: row.timestamp,
            id: row.id,
        }))
    }

    /// How many insights of each type there are in `range`.
    pub async fn insight_summary(
        &self,
        range: TimeRange,
        filter: &InsightFilter,
    ) -> Result<Vec<TypeCount>, AnalyticsError> {
        let sql = format!(
            "SELECT type, count() AS count FROM insights FINAL WHERE {} GROUP BY type ORDER BY type",
            filter.sql()
        );
        Ok(filter
            .bind(self.query("insight_summary", &sql), range)
            .fetch_all()
            .await?)
    }

    async fn hotspots(&self, range: TimeRange, filter: &InsightFilter) -> Result<Vec<Hotspot>, AnalyticsError> {
        let sql = format!(
            "SELECT path, selector, countIf(type = 'rage_click') AS rage_click, countIf(type = 'dead_click') AS dead_click,
                countIf(type = 'error_click') AS error_click
            FROM insights FINAL WHERE {} AND selector != ''
            GROUP BY path, selector ORDER BY count() DESC, path, selector LIMIT {HOTSPOTS_MAX}",
            filter.sql()
        );
        Ok(filter.bind(self.query("hotspots", &sql), range).fetch_all().await?)
    }
}
