//! The overview: a range's figures with their change, a chart, the longest lists.

use axum::extract::State;
use gosight_store::analytics::{Change, Overview, SeriesPoint, Share, Summary, TopPage};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::params::{FilterParams, RangeParams, zone};
use crate::access::ProjectScope;
use crate::views::InsightCounts;
use crate::{Answer, Api, ApiError, Envelope, Iso, Params};

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ZoneParams {
    /// IANA name of the zone whose hours and days the series has; the project's unless given.
    timezone: Option<String>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct OverviewView {
    summary: SummaryView,
    series: Vec<SeriesPointView>,
    top_pages: Vec<TopPageView>,
    top_referrers: Vec<ShareView>,
    countries: Vec<ShareView>,
    devices: Vec<ShareView>,
    browsers: Vec<ShareView>,
    entry_pages: Vec<ShareView>,
    exit_pages: Vec<ShareView>,
    insights: InsightCounts,
}

/// Changes are percents against the equally long range before; null where there was nothing before.
#[derive(Serialize, ToSchema)]
struct SummaryView {
    sessions: u64,
    visitors: u64,
    pageviews: i64,
    /// Percent of sessions; null without sessions.
    bounce_rate: Option<f64>,
    /// Null without sessions.
    avg_duration_ms: Option<i64>,
    /// Sessions with a rage, dead or error click.
    struggling_sessions: u64,
    sessions_change: Option<f64>,
    visitors_change: Option<f64>,
    pageviews_change: Option<f64>,
    bounce_rate_change: Option<f64>,
    avg_duration_ms_change: Option<f64>,
    struggling_sessions_change: Option<f64>,
}

/// A minute, an hour or a day, by the range's length, from `time` on.
#[derive(Serialize, ToSchema)]
struct SeriesPointView {
    time: Iso,
    sessions: u64,
    visitors: u64,
    pageviews: i64,
    /// Those of the sessions with a rage, dead or error click.
    struggling_sessions: u64,
}

#[derive(Serialize, ToSchema)]
struct TopPageView {
    path: String,
    views: i64,
    /// Mean; 0 when no view told.
    avg_time_ms: i64,
}

/// A value and the sessions that have it.
#[derive(Serialize, ToSchema)]
struct ShareView {
    value: String,
    sessions: i64,
    /// Those of them with a rage, dead or error click.
    struggling_sessions: i64,
}

/// A range's figures, chart and lists
#[utoipa::path(get, path = "/projects/{project}/overview", operation_id = "get_overview", tag = "overview", params(RangeParams, ZoneParams, FilterParams),
    responses((status = 200, body = Envelope<OverviewView>)))]
pub(crate) async fn get(
    State(api): State<Api>,
    scope: ProjectScope,
    Params(range): Params<RangeParams>,
    Params(ZoneParams { timezone }): Params<ZoneParams>,
    Params(filter): Params<FilterParams>,
) -> Result<Answer<OverviewView>, ApiError> {
    let now_ms = api.now_ms();
    let complete_to_ms = api.complete_to_ms();
    let zone = zone(timezone.as_deref(), scope.zone())?;
    let overview = scope
        .analytics
        .overview(
            range.range(now_ms)?,
            &filter.filter(scope.replays_kept_from_ms(now_ms))?,
            zone,
            now_ms,
        )
        .await?;
    Ok(Answer::new(overview.into()).complete_to(complete_to_ms))
}

impl From<Overview> for OverviewView {
    fn from(overview: Overview) -> Self {
        let shares = |shares: Vec<Share>| shares.into_iter().map(ShareView::from).collect();
        Self {
            summary: SummaryView::of(overview.summary, overview.change),
            series: overview.series.into_iter().map(SeriesPointView::from).collect(),
            top_pages: overview.top_pages.into_iter().map(TopPageView::from).collect(),
            top_referrers: shares(overview.referrers),
            countries: shares(overview.countries),
            devices: shares(overview.devices),
            browsers: shares(overview.browsers),
            entry_pages: shares(overview.entry_pages),
            exit_pages: shares(overview.exit_pages),
            insights: overview.insights.into(),
        }
    }
}

impl SummaryView {
    fn of(now: Summary, change: Change) -> Self {
        Self {
            sessions: now.sessions,
            visitors: now.visitors,
            pageviews: now.pageviews,
            bounce_rate: now.bounce_rate,
            avg_duration_ms: now.avg_duration_ms.map(whole),
            struggling_sessions: now.struggling_sessions,
            sessions_change: change.sessions,
            visitors_change: change.visitors,
            pageviews_change: change.pageviews,
            bounce_rate_change: change.bounce_rate,
            avg_duration_ms_change: change.avg_duration_ms,
            struggling_sessions_change: change.struggling_sessions,
        }
    }
}

/// Durations are whole milliseconds.
fn whole(mean_ms: f64) -> i64 {
    mean_ms.round() as i64
}

impl From<SeriesPoint> for SeriesPointView {
    fn from(
        SeriesPoint {
            time_ms,
            sessions,
            visitors,
            pageviews,
            struggling_sessions,
        }: SeriesPoint,
    ) -> Self {
        Self {
            time: Iso(time_ms),
            sessions,
            visitors,
            pageviews,
            struggling_sessions,
        }
    }
}

impl From<TopPage> for TopPageView {
    fn from(
        TopPage {
            path,
            views,
            avg_time_ms,
        }: TopPage,
    ) -> Self {
        Self {
            path,
            views,
            avg_time_ms: whole(avg_time_ms),
        }
    }
}

impl From<Share> for ShareView {
    fn from(
        Share {
            value,
            sessions,
            struggling_sessions,
        }: Share,
    ) -> Self {
        Self {
            value,
            sessions,
            struggling_sessions,
        }
    }
}
