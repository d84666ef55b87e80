//! Heatmaps of a page: where it was clicked, how far it was seen. Ranges widen outward to whole days of the project's zone.

use axum::extract::State;
use std::collections::HashMap;

use gosight_store::analytics::{Cell, ClickHeatmap, Element, HeatmapFilter, HeatmapPage, ScrollReach, Spot};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::params::RangeParams;
use crate::access::ProjectScope;
use crate::{Answer, Api, ApiError, Envelope, Params};

/// The side of a cell, px.
const CELL_PX: u32 = 10;

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct HeatmapParams {
    /// The page.
    path: String,
    /// `click` unless given.
    #[param(inline)]
    r#type: Option<HeatmapType>,
    /// `desktop`, `mobile` or `tablet`; all unless given.
    device: Option<String>,
}

#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum HeatmapType {
    Click,
    Element,
    Scroll,
}

/// What there is depends on the type.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
pub(crate) enum HeatmapView {
    Click(ClickView),
    Element(ElementsView),
    Scroll(ScrollView),
}

/// `type=click`
#[derive(Serialize, ToSchema)]
pub(crate) struct ClickView {
    /// All of them, the most clicked first; beyond 100 000 `meta.truncated` says so.
    cells: Vec<CellView>,
    cell_px: u32,
    /// Page views.
    views: i64,
    /// The most clicked first, at most 1000; `meta.truncated` says when there are more.
    elements: Vec<ElementView>,
}

/// `type=element`
#[derive(Serialize, ToSchema)]
pub(crate) struct ElementsView {
    views: i64,
    elements: Vec<ElementView>,
}

/// `type=scroll`
#[derive(Serialize, ToSchema)]
pub(crate) struct ScrollView {
    /// Page views.
    views: i64,
    /// Every 5 %.
    reached: Vec<ReachedView>,
}

/// Left and top of a cell in page px, and the clicks in it.
#[derive(Serialize, ToSchema)]
struct CellView {
    x: i32,
    y: i32,
    count: i64,
    /// Clicks that belong to a rage click.
    rage: i64,
    dead: i64,
}

#[derive(Serialize, ToSchema)]
struct ElementView {
    selector: String,
    name: String,
    text: String,
    clicks: i64,
    rage: i64,
    dead: i64,
    error: i64,
    /// Where in the element, the most clicked first; at most 100 000 of all elements: `meta.truncated` says when there are more.
    spots: Vec<SpotView>,
}

/// Left and top of a cell of 2 % of an element, percent from its middle: -50, -48, … 48; and the clicks in it. What is not known to have
/// a place is in the middle.
#[derive(Serialize, ToSchema)]
struct SpotView {
    x: i8,
    y: i8,
    clicks: i64,
    rage: i64,
    dead: i64,
    error: i64,
}

/// Page views that got at least this far.
#[derive(Serialize, ToSchema)]
struct ReachedView {
    percent: u8,
    views: i64,
}

/// A page that has heatmaps.
#[derive(Serialize, ToSchema)]
pub(crate) struct HeatmapPageView {
    path: String,
    views: i64,
    clicks: i64,
}

/// One page's heatmap
#[utoipa::path(get, path = "/projects/{project}/heatmaps", operation_id = "get_heatmap", tag = "heatmaps", params(RangeParams, HeatmapParams),
    responses((status = 200, body = Envelope<HeatmapView>)))]
pub(crate) async fn get(
    State(api): State<Api>,
    scope: ProjectScope,
    Params(range): Params<RangeParams>,
    Params(params): Params<HeatmapParams>,
) -> Result<Answer<HeatmapView>, ApiError> {
    let complete_to_ms = api.complete_to_ms();
    let days = range.range(api.now_ms())?.days(scope.zone());
    let filter = HeatmapFilter {
        path: params.path,
        device: params.device,
        days,
    };
    let (view, is_truncated) = match params.r#type.unwrap_or(HeatmapType::Click) {
        HeatmapType::Click => {
            let map = scope.analytics.click_heatmap(&filter).await?;
            let is_truncated = map.cells.is_truncated || map.elements.is_truncated || map.spots.is_truncated;
            (HeatmapView::Click(map.into()), is_truncated)
        }
        HeatmapType::Element => {
            let map = scope.analytics.click_heatmap(&filter).await?;
            let is_truncated = map.elements.is_truncated || map.spots.is_truncated;
            let views = map.views;
            let elements = with_spots(map.elements.rows, map.spots.rows);
            (HeatmapView::Element(ElementsView { views, elements }), is_truncated)
        }
        HeatmapType::Scroll => {
            let reached = scope.analytics.scroll_heatmap(&filter).await?;
            (HeatmapView::Scroll(reached.into()), false)
        }
    };
    Ok(Answer::new(view).complete_to(complete_to_ms).truncated(is_truncated))
}

/// The pages that have heatmaps in the range, the most viewed first
#[utoipa::path(get, path = "/projects/{project}/heatmaps/pages", operation_id = "list_heatmap_pages", tag = "heatmaps", params(RangeParams),
    responses((status = 200, body = Envelope<Vec<HeatmapPageView>>)))]
pub(crate) async fn pages(
    State(api): State<Api>,
    scope: ProjectScope,
    Params(range): Params<RangeParams>,
) -> Result<Answer<Vec<HeatmapPageView>>, ApiError> {
    let complete_to_ms = api.complete_to_ms();
    let days = range.range(api.now_ms())?.days(scope.zone());
    let pages = scope.analytics.heatmap_pages(days).await?;
    let views = pages.rows.into_iter().map(HeatmapPageView::from).collect();
    Ok(Answer::new(views)
        .complete_to(complete_to_ms)
        .truncated(pages.is_truncated))
}

impl From<ClickHeatmap> for ClickView {
    fn from(map: ClickHeatmap) -> Self {
        Self {
            cells: map.cells.rows.into_iter().map(CellView::from).collect(),
            cell_px: CELL_PX,
            views: map.views,
            elements: with_spots(map.elements.rows, map.spots.rows),
        }
    }
}

fn with_spots(elements: Vec<Element>, spots: Vec<Spot>) -> Vec<ElementView> {
    let mut by_selector: HashMap<String, Vec<SpotView>> = HashMap::new();
    for spot in spots {
        let (selector, view) = SpotView::of(spot);
        by_selector.entry(selector).or_default().push(view);
    }
    let mut view = |element: Element| {
        let spots = by_selector.remove(&element.selector).unwrap_or_default();
        ElementView::of(element, spots)
    };
    elements.into_iter().map(&mut view).collect()
}

/// Scroll depth is told for each so many percent of the page (02-insights).
const SCROLL_STEP_PERCENT: usize = 5;

impl From<Vec<ScrollReach>> for ScrollView {
    fn from(reached: Vec<ScrollReach>) -> Self {
        // Every page view has reached the top; a depth that none has reached is told as that.
        let views_at = |percent| {
            reached
                .iter()
                .find(|step| step.percent == percent)
                .map_or(0, |step| step.views)
        };
        let steps = (0..=100).step_by(SCROLL_STEP_PERCENT);
        Self {
            views: views_at(0),
            reached: steps
                .map(|percent| ScrollReach {
                    percent,
                    views: views_at(percent),
                })
                .map(ReachedView::from)
                .collect(),
        }
    }
}

impl From<Cell> for CellView {
    fn from(
        Cell {
            x,
            y,
            count,
            rage,
            dead,
        }: Cell,
    ) -> Self {
        Self {
            x,
            y,
            count,
            rage,
            dead,
        }
    }
}

impl ElementView {
    fn of(element: Element, spots: Vec<SpotView>) -> Self {
        Self {
            selector: element.selector,
            name: element.name,
            text: element.text,
            clicks: element.clicks,
            rage: element.rage,
            dead: element.dead,
            error: element.error,
            spots,
        }
    }
}

impl SpotView {
    /// With the element's selector.
    fn of(spot: Spot) -> (String, Self) {
        let view = Self {
            x: spot.x,
            y: spot.y,
            clicks: spot.clicks,
            rage: spot.rage,
            dead: spot.dead,
            error: spot.error,
        };
        (spot.selector, view)
    }
}

impl From<ScrollReach> for ReachedView {
    fn from(ScrollReach { percent, views }: ScrollReach) -> Self {
        Self { percent, views }
    }
}

impl From<HeatmapPage> for HeatmapPageView {
    fn from(HeatmapPage { path, views, clicks }: HeatmapPage) -> Self {
        Self { path, views, clicks }
    }
}
