//! Insights: the list, with counts and hotspots of the whole range.

use axum::extract::State;
use gosight_store::analytics::{Hotspot, InsightFilter};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::params::RangeParams;
use crate::access::ProjectScope;
use crate::views::{InsightCounts, InsightView};
use crate::{Answer, Api, ApiError, Envelope, PageParams, Params};

const TYPES: [&str; 6] = [
    "rage_click",
    "dead_click",
    "error_click",
    "thrashed_cursor",
    "u_turn",
    "slow_page",
];

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct InsightParams {
    /// `rage_click`, `dead_click`, `error_click`, `thrashed_cursor`, `u_turn` or `slow_page`.
    r#type: Option<String>,
    path: Option<String>,
    session_id: Option<Uuid>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct InsightsView {
    /// Of the whole range, on every page.
    summary: InsightCounts,
    /// The newest first.
    insights: Vec<InsightView>,
    /// Of the whole range, on every page; the worst first.
    hotspots: Vec<HotspotView>,
}

/// An element and how often it hurt.
#[derive(Serialize, ToSchema)]
struct HotspotView {
    path: String,
    selector: String,
    rage_click: u64,
    dead_click: u64,
    error_click: u64,
}

/// Insights whose first click is in the range
#[utoipa::path(get, path = "/projects/{project}/insights", operation_id = "list_insights", tag = "insights", params(RangeParams, InsightParams, PageParams),
    responses((status = 200, body = Envelope<InsightsView>)))]
pub(crate) async fn list(
    State(api): State<Api>,
    scope: ProjectScope,
    Params(range): Params<RangeParams>,
    Params(params): Params<InsightParams>,
    Params(page): Params<PageParams>,
) -> Result<Answer<InsightsView>, ApiError> {
    let complete_to_ms = api.complete_to_ms();
    let range = range.range(api.now_ms())?;
    let filter = InsightFilter {
        r#type: params.r#type.map(known_type).transpose()?,
        path: params.path,
        session_id: params.session_id,
    };
    let found = scope.analytics.insights(range, &filter, page.request()?).await?;
    let view = InsightsView {
        summary: found.summary.into(),
        insights: found.insights.rows.into_iter().map(InsightView::from).collect(),
        hotspots: found.hotspots.into_iter().map(HotspotView::from).collect(),
    };
    Ok(Answer::new(view)
        .complete_to(complete_to_ms)
        .next_cursor(found.insights.next.map(|cursor| cursor.encode())))
}

/// A misspelt type is told, not answered with nothing.
fn known_type(name: String) -> Result<String, ApiError> {
    if TYPES.contains(&name.as_str()) {
        Ok(name)
    } else {
        Err(ApiError::invalid(
            "type",
            format!("must be one of {}", TYPES.join(", ")),
        ))
    }
}

impl From<Hotspot> for HotspotView {
    fn from(
        Hotspot {
            path,
            selector,
            rage_click,
            dead_click,
            error_click,
        }: Hotspot,
    ) -> Self {
        Self {
            path,
            selector,
            rage_click,
            dead_click,
            error_click,
        }
    }
}
