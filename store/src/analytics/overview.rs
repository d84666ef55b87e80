//! The overview: a range's figures and how they changed, a chart, and the longest lists.
//!
//! A session counts by its start, a page view and a page's time by the event's own time, an insight by its timestamp: each is in the range or it is not,
//! to the millisecond, with a filter as without. A filter chooses sessions; then only their page views and insights count.
//!
//! Sessions, visitors, bounces, durations and lists are counted from session rows, because visitors must be: they are distinct over any range, and what is
//! read for them costs more than the rest. Without a filter page views and pages come from rollups, and from `page_events` for the parts of hours at the range's ends; with one
//! from the `page_events` of the sessions it leaves.

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

/// A value of a list and the sessions that have it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Share {
    pub value: String,
    pub sessions: i64,
    /// Those of them with a rage, dead or error click.
    pub struggling_sessions: i64,
}

/// What session rows tell of a range, or of a step of it.
#[derive(Default, Row, Serialize, Deserialize)]
struct SessionFigures {
    /// 1: of the whole range.
    is_whole: u8,
    /// Of a step, its first instant.
    time_ms: i64,
    sessions: u64,
    visitors: u64,
    bounces: u64,
    durations_ms: u64,
    struggling: u64,
}

#[derive(Row, Serialize, Deserialize)]
struct ViewsPoint {
    time_ms: i64,
    views: i64,
}

#[derive(Row, Serialize, Deserialize)]
struct ShareRow {
    list: String,
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
        let (sessions, views, before, top_pages, mut shares, insights) = futures::try_join!(
            self.sessions_by_step(&question),
            self.views_by_step(&question),
            self.summary_before(&question),
            self.top_pages(&question),
            self.shares(&question),
            self.insight_counts(&question),
        )?;
        let (whole, sessions): (Vec<_>, Vec<_>) = sessions.into_iter().partition(|figures| figures.is_whole == 1);
        let series = question.series(sessions, views);
        // The chart's points hold every page view of the range.
        let page_views = series.iter().map(|point| point.pageviews).sum();
        let summary = whole.into_iter().next().unwrap_or_default().summary(page_views);
        let mut take = |list: &str| shares.remove(list).unwrap_or_default();
        Ok(Overview {
            summary,
            change: Change::between(before, summary),
            step: range.step(),
            series,
            top_pages,
            referrers: take("referrer"),
            countries: take("country"),
            devices: take("device"),
            browsers: take("browser"),
            entry_pages: take("entry_page"),
            exit_pages: take("exit_page"),
            insights,
        })
    }

    async fn summary_before(&self, question: &Question<'_>) -> Result<Summary, AnalyticsError> {
        let Some(before) = question.range.previous() else {
            return Ok(Summary::default());
        };
        let (figures, pageviews) =
            futures::try_join!(self.sessions_in(question, before), self.page_views_in(question, before))?;
        Ok(figures.summary(pageviews))
    }

    async fn sessions_in(&self, question: &Question<'_>, range: TimeRange) -> Result<SessionFigures, AnalyticsError> {
        let sql = format!(
            "SELECT toUInt8(1) AS is_whole, toInt64(0) AS time_ms, {}
            FROM sessions FINAL WHERE {STARTED_IN_RANGE}{}",
            figures_sql(),
            question.filter.sql()
        );
        let query = self.query("overview_summary", &sql);
        Ok(question.bind_sessions(query, range).fetch_one().await?)
    }

    async fn page_views_in(&self, question: &Question<'_>, range: TimeRange) -> Result<i64, AnalyticsError> {
        let source = question.pages(range);
        let sql = format!(
            "SELECT sum(pages.page_views) AS views FROM ({}) AS pages",
            source.sql(Dimension::Total)
        );
        Ok(source.bind(self.query("overview_page_views", &sql)).fetch_one().await?)
    }

    /// Of every step with sessions, and of the whole range: in one read.
    async fn sessions_by_step(&self, question: &Question<'_>) -> Result<Vec<SessionFigures>, AnalyticsError> {
        let sql = format!(
            "SELECT toUInt8(grouping(time_ms)) AS is_whole, {step} AS time_ms, {figures}
            FROM sessions FINAL WHERE {STARTED_IN_RANGE}{filter} GROUP BY GROUPING SETS ((time_ms), ())",
            step = step_sql(question.range.step(), "started_at"),
            figures = figures_sql(),
            filter = question.filter.sql()
        );
        let query = self
            .query("overview_sessions", &sql)
            .param("zone", question.zone.name());
        Ok(question.bind_sessions(query, question.range).fetch_all().await?)
    }

    async fn views_by_step(&self, question: &Question<'_>) -> Result<Vec<ViewsPoint>, AnalyticsError> {
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
        // One read of the sessions for all lists.
        let sql = format!(
            "SELECT multiIf(grouping(referrer_domain) = 0, 'referrer', grouping(country) = 0, 'country', grouping(device_type) = 0, 'device',
                    grouping(browser) = 0, 'browser', grouping(entry_path) = 0, 'entry_page', 'exit_page') AS list,
                concat(referrer_domain, country, device_type, browser, entry_path, exit_path) AS value,
                toInt64(count()) AS sessions, toInt64(countIf({STRUGGLE} > 0)) AS struggling
            FROM sessions FINAL WHERE {STARTED_IN_RANGE}{}
            GROUP BY GROUPING SETS ((referrer_domain), (country), (device_type), (browser), (entry_path), (exit_path)) HAVING value != ''
            ORDER BY list, sessions DESC, value LIMIT {TOP_MAX} BY list",
            question.filter.sql()
        );
        let query = self.query("overview_shares", &sql);
        let rows: Vec<ShareRow> = question.bind_sessions(query, question.range).fetch_all().await?;
        let mut shares: BTreeMap<String, Vec<Share>> = BTreeMap::new();
        for ShareRow {
            list,
            value,
            sessions,
            struggling,
        } in rows
        {
            shares.entry(list).or_default().push(Share {
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

impl SessionFigures {
    fn summary(self, pageviews: i64) -> Summary {
        let mean = |sum: u64| (self.sessions > 0).then(|| sum as f64 / self.sessions as f64);
        Summary {
            sessions: self.sessions,
            visitors: self.visitors,
            pageviews,
            bounce_rate: mean(self.bounces * 100),
            avg_duration_ms: mean(self.durations_ms),
            struggling_sessions: self.struggling,
        }
    }
}

impl Question<'_> {
    /// Every step that has begun, and what was in it.
    fn series(&self, sessions: Vec<SessionFigures>, views: Vec<ViewsPoint>) -> Vec<SeriesPoint> {
        let steps = self.range.steps(self.range.step(), self.zone).unwrap_or_default();
        let begun = steps.into_iter().filter(|time_ms| *time_ms <= self.now_ms);
        let point = |time_ms| SeriesPoint {
            time_ms,
            ..SeriesPoint::default()
        };
        let mut points: BTreeMap<i64, SeriesPoint> = begun.map(|time_ms| (time_ms, point(time_ms))).collect();
        for figures in sessions {
            let point = points
                .entry(figures.time_ms)
                .or_insert_with_key(|time_ms| point(*time_ms));
            (point.sessions, point.visitors, point.struggling_sessions) =
                (figures.sessions, figures.visitors, figures.struggling);
        }
        for ViewsPoint { time_ms, views } in views {
            points
                .entry(time_ms)
                .or_insert_with_key(|time_ms| point(*time_ms))
                .pageviews = views;
        }
        points.into_values().collect()
    }

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

/// The columns of [`SessionFigures`]. Who is not known is no visitor.
fn figures_sql() -> String {
    format!(
        "count() AS sessions, uniqExactIf(visitor_id, visitor_id != '') AS visitors, toUInt64(sum(is_bounce)) AS bounces,
            sum(duration_ms) AS durations_ms, countIf({STRUGGLE} > 0) AS struggling"
    )
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
