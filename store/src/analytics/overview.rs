//! The overview: a range's figures and how they changed, a chart, and the longest lists.
//!
//! A session counts by its start, a page view and a page's time by the event's own time, an insight by its timestamp: each is in the range or it is not,
//! to the millisecond, with a filter as without. A filter chooses sessions; then only their page views and insights count.
//!
//! Sessions, visitors, bounces and durations are counted from session rows: visitors must be (they are distinct over any range), and the rest comes with
//! the same read. Without a filter pages and lists come from rollups, and from rows for the parts of hours at the range's ends. With one, page views come from
//! `page_events`, insights from theirs, the lists from the sessions it leaves.

use super::cover::Cover;
use super::insights::IN_RANGE;
use super::page_source::PageSource;
use super::range::{TimeRange, offset_in_hour_ms};
use super::sessions::{ONGOING_IN_RANGE, STARTED_IN_RANGE, STRUGGLE};
use super::{AnalyticsError, InsightFilter, Scope, SessionFilter, Step, TypeCount};
use crate::rows::Dimension;
use chrono_tz::Tz;
use clickhouse::Row;
use clickhouse::query::Query;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Rows of each list.
const TOP_MAX: u32 = 20;

/// Everything the overview shows.
#[derive(Clone, Debug, PartialEq)]
pub struct Overview {
    pub summary: Summary,
    pub change: Change,
    pub step: Step,
    pub series: Vec<SeriesPoint>,
    pub top_pages: Vec<TopPage>,
    pub referrers: Vec<Share>,
    pub countries: Vec<Share>,
    pub devices: Vec<Share>,
    pub browsers: Vec<Share>,
    pub entry_pages: Vec<Share>,
    pub exit_pages: Vec<Share>,
    pub insights: Vec<TypeCount>,
}

/// A range's figures.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Summary {
    pub sessions: u64,
    pub visitors: u64,
    pub pageviews: i64,
    /// Percent of sessions; none without sessions.
    pub bounce_rate: Option<f64>,
    /// Mean; none without sessions.
    pub avg_duration_ms: Option<f64>,
    /// Sessions with a rage, dead or error click.
    pub struggling_sessions: u64,
}

/// Change against the equally long range before, in percent; none where there was nothing before.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Change {
    pub sessions: Option<f64>,
    pub visitors: Option<f64>,
    pub pageviews: Option<f64>,
    pub bounce_rate: Option<f64>,
    pub avg_duration_ms: Option<f64>,
    pub struggling_sessions: Option<f64>,
}

/// A point of the chart: the step's first instant and what was in it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SeriesPoint {
    pub time_ms: i64,
    pub sessions: u64,
    pub visitors: u64,
    pub pageviews: i64,
    /// Sessions with a rage, dead or error click.
    pub struggling_sessions: u64,
}

#[derive(Clone, Debug, PartialEq, Row, Serialize, Deserialize)]
pub struct TopPage {
    pub path: String,
    pub views: i64,
    /// Mean over the views that told; 0 when none did.
    pub avg_time_ms: f64,
}

/// A value of a dimension and the sessions that have it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Share {
    pub value: String,
    pub sessions: i64,
    /// Those of them with a rage, dead or error click.
    pub struggling_sessions: i64,
}

#[derive(Row, Serialize, Deserialize)]
struct SessionFigures {
    sessions: u64,
    visitors: u64,
    bounces: u64,
    durations_ms: u64,
    struggling: u64,
}

#[derive(Row, Serialize, Deserialize)]
struct SessionPoint {
    time_ms: i64,
    sessions: u64,
    visitors: u64,
    struggling: u64,
}

#[derive(Row, Serialize, Deserialize)]
struct ViewsPoint {
    time_ms: i64,
    views: i64,
}

#[derive(Row, Serialize, Deserialize)]
struct ShareRow {
    dimension: String,
    value: String,
    sessions: i64,
    struggling: i64,
}

/// What is asked, about which moment it is asked, and in which zone.
struct Question<'a> {
    range: TimeRange,
    filter: &'a SessionFilter,
    zone: Tz,
    now_ms: i64,
}

impl Scope {
    /// The overview of `range`; days and hours of the chart are those of `zone`. The chart ends at `now_ms`, unless there is something beyond.
    pub async fn overview(
        &self,
        range: TimeRange,
        filter: &SessionFilter,
        zone: Tz,
        now_ms: i64,
    ) -> Result<Overview, AnalyticsError> {
        let question = Question {
            range,
            filter,
            zone,
            now_ms,
        };
        let (summary, before, series, top_pages, mut shares, insights) = futures::try_join!(
            self.summary(&question, range),
            self.summary_before(&question),
            self.series(&question),
            self.top_pages(&question),
            self.shares(&question),
            self.insight_counts(&question),
        )?;
        let mut take = |dimension: Dimension| shares.remove(dimension.as_str()).unwrap_or_default();
        Ok(Overview {
            summary,
            change: Change::between(before, summary),
            step: range.step(),
            series,
            top_pages,
            referrers: take(Dimension::Referrer),
            countries: take(Dimension::Country),
            devices: take(Dimension::Device),
            browsers: take(Dimension::Browser),
            entry_pages: take(Dimension::EntryPage),
            exit_pages: take(Dimension::ExitPage),
            insights,
        })
    }

    async fn summary_before(&self, question: &Question<'_>) -> Result<Summary, AnalyticsError> {
        match question.range.previous() {
            Some(before) => self.summary(question, before).await,
            None => Ok(Summary::default()),
        }
    }

    async fn summary(&self, question: &Question<'_>, range: TimeRange) -> Result<Summary, AnalyticsError> {
        let sql = format!(
            "SELECT count() AS sessions, uniqExact(visitor_id) AS visitors, toUInt64(sum(is_bounce)) AS bounces, sum(duration_ms) AS durations_ms,
                countIf({STRUGGLE} > 0) AS struggling
            FROM sessions FINAL WHERE {STARTED_IN_RANGE}{}",
            question.filter.sql()
        );
        let figures: SessionFigures = question
            .bind_sessions(self.query("overview_summary", &sql), range)
            .fetch_one()
            .await?;
        let pageviews = self.page_views_in(question, range).await?;
        let mean = |sum: u64| (figures.sessions > 0).then(|| sum as f64 / figures.sessions as f64);
        Ok(Summary {
            sessions: figures.sessions,
            visitors: figures.visitors,
            pageviews,
            bounce_rate: mean(figures.bounces * 100),
            avg_duration_ms: mean(figures.durations_ms),
            struggling_sessions: figures.struggling,
        })
    }

    async fn page_views_in(&self, question: &Question<'_>, range: TimeRange) -> Result<i64, AnalyticsError> {
        let source = question.pages(range);
        let sql = format!(
            "SELECT sum(pages.page_views) AS views FROM ({}) AS pages",
            source.sql(Dimension::Total)
        );
        Ok(source.bind(self.query("overview_page_views", &sql)).fetch_one().await?)
    }

    async fn series(&self, question: &Question<'_>) -> Result<Vec<SeriesPoint>, AnalyticsError> {
        let (sessions, views) = futures::try_join!(self.session_points(question), self.view_points(question))?;
        // What has not begun yet has no point.
        let steps = question
            .range
            .steps(question.range.step(), question.zone)
            .unwrap_or_default();
        let begun = steps.into_iter().filter(|time_ms| *time_ms <= question.now_ms);
        let mut points: BTreeMap<i64, SeriesPoint> = begun.map(|time_ms| (time_ms, SeriesPoint::default())).collect();
        for SessionPoint {
            time_ms,
            sessions,
            visitors,
            struggling,
        } in sessions
        {
            let point = points.entry(time_ms).or_default();
            (point.sessions, point.visitors, point.struggling_sessions) = (sessions, visitors, struggling);
        }
        for ViewsPoint { time_ms, views } in views {
            points.entry(time_ms).or_default().pageviews = views;
        }
        Ok(points
            .into_iter()
            .map(|(time_ms, point)| SeriesPoint { time_ms, ..point })
            .collect())
    }

    async fn session_points(&self, question: &Question<'_>) -> Result<Vec<SessionPoint>, AnalyticsError> {
        let sql = format!(
            "SELECT {step} AS time_ms, count() AS sessions, uniqExact(visitor_id) AS visitors, countIf({STRUGGLE} > 0) AS struggling
            FROM sessions FINAL WHERE {STARTED_IN_RANGE}{filter} GROUP BY time_ms",
            step = step_sql(question.range.step(), "started_at"),
            filter = question.filter.sql()
        );
        let query = self
            .query("overview_sessions", &sql)
            .param("zone", question.zone.name());
        Ok(question.bind_sessions(query, question.range).fetch_all().await?)
    }

    async fn view_points(&self, question: &Question<'_>) -> Result<Vec<ViewsPoint>, AnalyticsError> {
        let source = question.pages_by_step();
        let sql = format!(
            "SELECT {step} AS time_ms, sum(pages.page_views) AS views FROM ({source}) AS pages GROUP BY time_ms",
            step = step_sql(question.range.step(), "pages.time"),
            source = source.sql(Dimension::Total),
        );
        let query = self.query("overview_views", &sql).param("zone", question.zone.name());
        Ok(source.bind(query).fetch_all().await?)
    }

    async fn top_pages(&self, question: &Question<'_>) -> Result<Vec<TopPage>, AnalyticsError> {
        let source = question.pages(question.range);
        let sql = format!(
            "SELECT toString(pages.path) AS path, sum(pages.page_views) AS views,
                if(sum(pages.page_exits) > 0, sum(pages.time_on_page_ms) / sum(pages.page_exits), 0) AS avg_time_ms
            FROM ({}) AS pages GROUP BY path HAVING views > 0 ORDER BY views DESC, path LIMIT {TOP_MAX}",
            source.sql(Dimension::Path)
        );
        Ok(source.bind(self.query("overview_pages", &sql)).fetch_all().await?)
    }

    async fn shares(&self, question: &Question<'_>) -> Result<BTreeMap<String, Vec<Share>>, AnalyticsError> {
        // Rollups do not know who struggled: that is told by sessions, as the summary's is.
        let of_sessions = |n: &str, struggling: &str, condition: &str| {
            format!(
                "SELECT toString(share.1) AS dimension, toString(share.2) AS value, toInt64({n}) AS n, toInt64({struggling}) AS struggles FROM (
                    SELECT {STRUGGLE} > 0 AS is_struggling, arrayJoin([('referrer', toString(referrer_domain)), ('country', toString(country)), ('device', toString(device_type)),
                        ('browser', toString(browser)), ('entry_page', toString(entry_path)), ('exit_page', toString(exit_path))]) AS share
                    FROM sessions FINAL WHERE {condition})"
            )
        };
        let source = match question.filter.is_empty() {
            false => of_sessions(
                "1",
                "is_struggling",
                &format!("{STARTED_IN_RANGE}{}", question.filter.sql()),
            ),
            true => format!(
                "SELECT toString(dimension) AS dimension, toString(value) AS value, r.sessions AS n, toInt64(0) AS struggles FROM rollups AS r WHERE project_id = {{project:UUID}}
                    AND dimension IN ('referrer', 'country', 'device', 'browser', 'entry_page', 'exit_page') AND {}
                UNION ALL {} UNION ALL {}",
                Cover::ROLLUPS,
                of_sessions(
                    "1",
                    "0",
                    &format!("project_id = {{project:UUID}} AND {}", Cover::rows("started_at"))
                ),
                of_sessions("0", "1", &format!("{STARTED_IN_RANGE} AND {STRUGGLE} > 0")),
            ),
        };
        let sql = format!(
            "SELECT dimension, value, sum(n) AS sessions, sum(struggles) AS struggling FROM ({source}) WHERE value != '' GROUP BY dimension, value HAVING sessions > 0
            ORDER BY dimension, sessions DESC, value LIMIT {TOP_MAX} BY dimension"
        );
        let query = self.query("overview_shares", &sql);
        let query = match question.filter.is_empty() {
            false => query,
            true => Cover::of(&question.range).bind(query),
        };
        let query = question.bind_sessions(query, question.range);
        let rows: Vec<ShareRow> = query.fetch_all().await?;
        let mut shares: BTreeMap<String, Vec<Share>> = BTreeMap::new();
        for ShareRow {
            dimension,
            value,
            sessions,
            struggling,
        } in rows
        {
            shares.entry(dimension).or_default().push(Share {
                value,
                sessions,
                struggling_sessions: struggling,
            });
        }
        Ok(shares)
    }

    async fn insight_counts(&self, question: &Question<'_>) -> Result<Vec<TypeCount>, AnalyticsError> {
        if question.filter.is_empty() {
            return self.insight_summary(question.range, &InsightFilter::default()).await;
        }
        let sql = format!(
            "SELECT type, count() AS count FROM insights FINAL
            WHERE {IN_RANGE} AND session_id IN (SELECT id FROM sessions FINAL WHERE {ONGOING_IN_RANGE}{})
            GROUP BY type ORDER BY type",
            question.filter.sql()
        );
        Ok(question
            .bind_sessions(self.query("overview_insights", &sql), question.range)
            .fetch_all()
            .await?)
    }
}

impl Question<'_> {
    /// The page views of `range`, to be added up.
    fn pages(&self, range: TimeRange) -> PageSource<'_> {
        self.pages_covered(range, Cover::of)
    }

    /// The page views of the chart, none wider than a point of it.
    fn pages_by_step(&self) -> PageSource<'_> {
        let has_utc_hours = offset_in_hour_ms(self.range.start_ms(), self.zone) == 0;
        self.pages_covered(self.range, |range| {
            match self.range.step() != Step::Minute && has_utc_hours {
                true => Cover::of(range),
                false => Cover::of_minutes(range, self.now_ms),
            }
        })
    }

    fn pages_covered(&self, range: TimeRange, cover: impl FnOnce(&TimeRange) -> Cover) -> PageSource<'_> {
        match self.filter.is_empty() {
            true => PageSource::Everyone(cover(&range)),
            false => PageSource::Of(self.filter, range),
        }
    }

    fn bind_sessions(&self, query: Query, range: TimeRange) -> Query {
        self.filter
            .bind(query.param("start", range.start_ms()).param("end", range.end_ms()))
    }
}

impl Change {
    fn between(before: Summary, now: Summary) -> Self {
        let percent = |before: f64, now: f64| (before != 0.0).then(|| (now - before) / before * 100.0);
        let mean =
            |before: Option<f64>, now: Option<f64>| before.zip(now).and_then(|(before, now)| percent(before, now));
        Self {
            sessions: percent(before.sessions as f64, now.sessions as f64),
            visitors: percent(before.visitors as f64, now.visitors as f64),
            pageviews: percent(before.pageviews as f64, now.pageviews as f64),
            bounce_rate: mean(before.bounce_rate, now.bounce_rate),
            avg_duration_ms: mean(before.avg_duration_ms, now.avg_duration_ms),
            struggling_sessions: percent(before.struggling_sessions as f64, now.struggling_sessions as f64),
        }
    }
}

/// The first instant (ms) of the step a time is in, in the bound `{zone}`.
fn step_sql(step: Step, column: &str) -> String {
    let function = match step {
        Step::Minute => "toStartOfMinute",
        Step::Hour => "toStartOfHour",
        Step::Day => "toStartOfDay",
    };
    format!("toInt64(toUnixTimestamp({function}(toTimeZone({column}, {{zone:String}})))) * 1000")
}
