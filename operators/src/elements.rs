//! Element heatmap: per (project, path, selector, device type, day), with the element's name and text, cells of 2 % of the element's
//! width and height, from its middle: clicks, and how many of these were part of a rage click, dead, or made something throw. So the place
//! of a click is kept through every width and layout that the page may have.
//!
//! ```text
//!   a button of 200 × 40 px      -50 %      0       50 %
//!   click 20 px from its left      │  ■     │        │     ─▶  cell (-40, 0)   clicks +1
//! ```
//!
//! State: none.
//!
//! What it will not notice: that two elements share a selector, or that one's selector changed.

use crate::event::{Context, Element, Page, Spot};
use crate::fold::Shared;
use crate::heatmap::clicks_by;
use crate::ids::{ProjectId, Tick};
use crate::per_tick::Ticks;
use crate::views::{ClickCounts, ElementCell, Insight, SPOT_PERCENT};
use differential_dataflow::VecCollection;
use std::sync::Arc;

/// The changes of the element heatmap.
pub fn elements<'scope>(
    events: Shared<'scope>,
    insights: VecCollection<'scope, Tick, Arc<Insight>>,
    ticks: Ticks<'scope>,
) -> VecCollection<'scope, Tick, ElementCell, ClickCounts> {
    clicks_by(
        "Elements",
        events,
        insights,
        ticks,
        |event, click| {
            cell(
                event.project,
                &event.page,
                &event.context,
                event.day.number,
                &click.element,
                click.spot,
            )
        },
        |insight, click| {
            cell(
                insight.project,
                &insight.page,
                &click.context,
                click.day.number,
                &click.element,
                click.spot,
            )
        },
    )
}

fn cell(project: ProjectId, page: &Page, context: &Context, day: i32, element: &Element, spot: Spot) -> ElementCell {
    // The right and bottom rims are in the last cells.
    let start = |percent: i8| percent.clamp(-50, 49).div_euclid(SPOT_PERCENT) * SPOT_PERCENT;
    ElementCell {
        project,
        path: Arc::clone(&page.path),
        selector: Arc::clone(&element.selector),
        device_type: Arc::clone(&context.device.device_type),
        day,
        name: Arc::clone(&element.name),
        text: Arc::clone(&element.text),
        spot: Spot {
            x: start(spot.x),
            y: start(spot.y),
        },
    }
}
