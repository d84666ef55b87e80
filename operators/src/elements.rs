//! Element heatmap: per (project, path, selector, device type, day), with the element's name and text: clicks, and how many of these were
//! part of a rage click, dead, or made something throw.
//!
//! State: none.
//!
//! What it will not notice: that two elements share a selector, or that one's selector changed.

use crate::event::{Context, Element, Page};
use crate::fold::Shared;
use crate::heatmap::clicks_by;
use crate::ids::{ProjectId, Tick};
use crate::per_tick::Ticks;
use crate::views::{ClickCounts, ElementCell, Insight};
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
            )
        },
        |insight, click| {
            cell(
                insight.project,
                &insight.page,
                &click.context,
                click.day.number,
                &click.element,
            )
        },
    )
}

fn cell(project: ProjectId, page: &Page, context: &Context, day: i32, element: &Element) -> ElementCell {
    ElementCell {
        project,
        path: Arc::clone(&page.path),
        selector: Arc::clone(&element.selector),
        device_type: Arc::clone(&context.device.device_type),
        day,
        name: Arc::clone(&element.name),
        text: Arc::clone(&element.text),
    }
}
