//! Sums over everything: what the project list shows of today, and what the checker compares.

use super::range::today_ms;
use super::{AnalyticsError, Scope};
use chrono_tz::Tz;
use clickhouse::Row;
use serde::{Deserialize, Serialize};

/// A project's day so far, in its own zone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Row, Serialize, Deserialize)]
pub struct Today {
    pub sessions: i64,
    pub events: i64,
}

/// What is there of a project in all tables, for the checker: each acknowledged event has exactly one outcome.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Rows and distinct ids of the raw table.
    pub events: u64,
    pub distinct_events: u64,
    pub sessions: u64,
    pub insights: u64,
    /// Outcome and events, by name.
    pub outcomes: Vec<(String, i64)>,
}

impl Scope {
    /// Sessions and events of the day `now_ms` is in.
    pub async fn today(&self, now_ms: i64, zone: Tz) -> Result<Today, AnalyticsError> {
        let sql = "SELECT sum(sessions) AS sessions, sum(events) AS events FROM rollups
            WHERE project_id = {project:UUID} AND resolution = 'day' AND dimension = 'total' AND bucket = fromUnixTimestamp64Milli({day:Int64}, 'UTC')";
        Ok(self
            .query("today", sql)
            .param("day", today_ms(now_ms, zone))
            .fetch_one()
            .await?)
    }

    /// Counts everything there is. Reads the raw table: for checks, never for a page.
    pub async fn totals(&self) -> Result<Totals, AnalyticsError> {
        let (events, distinct_events) = self
            .query(
                "totals",
                "SELECT count() AS rows, uniqExact(id) AS ids FROM events WHERE project_id = {project:UUID}",
            )
            .fetch_one::<(u64, u64)>()
            .await?;
        let sessions = self
            .query(
                "totals",
                "SELECT count() AS rows FROM sessions FINAL WHERE project_id = {project:UUID}",
            )
            .fetch_one()
            .await?;
        let insights = self
            .query(
                "totals",
                "SELECT count() AS rows FROM insights FINAL WHERE project_id = {project:UUID}",
            )
            .fetch_one()
            .await?;
        let outcomes = self
            .query(
                "totals",
                "SELECT toString(outcome) AS name, sum(o.events) AS total FROM outcomes AS o WHERE project_id = {project:UUID}
                GROUP BY name HAVING total != 0 ORDER BY name",
            )
            .fetch_all::<(String, i64)>()
            .await?;
        Ok(Totals {
            events,
            distinct_events,
            sessions,
            insights,
            outcomes,
        })
    }
}
