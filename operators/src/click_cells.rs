//! Click heatmap: per (project, path, device type, viewport-width bucket, day), cells of 10 px of page coordinates, with their clicks and with
//! how many of these were part of a rage click, or dead.
//!
//! ```text
//!   click at (123, 47)  ─▶  cell (120, 40)   clicks +1
//!   a rage click of 6   ─▶  the 6 cells      rage +1 each;   retracted: −1 each
//! ```
//!
//! State: none.
//!
//! What it will not notice: that the page has moved under the cells, as after a redesign within a day.

use crate::event::{Context, Page};
use crate::fold::Shared;
use crate::heatmap::clicks_by;
use crate::ids::{ProjectId, Tick};
use crate::per_tick::Ticks;
use crate::views::{CELL_PX, ClickCell, ClickCounts, Insight};
use differential_dataflow::VecCollection;
use std::sync::Arc;

/// The changes of the click heatmap's cells.
pub fn click_cells<'scope>(
    events: Shared<'scope>,
    insights: VecCollection<'scope, Tick, Arc<Insight>>,
    ticks: Ticks<'scope>,
) -> VecCollection<'scope, Tick, ClickCell, ClickCounts> {
    clicks_by(
        "ClickCells",
        events,
        insights,
        ticks,
        |event, click| {
            cell(
                event.project,
                &event.page,
                &event.context,
                event.day.number,
                (click.x, click.y),
            )
        },
        |insight, click| {
            cell(
                insight.project,
                &insight.page,
                &click.context,
                click.day.number,
                (click.x, click.y),
            )
        },
    )
}

fn cell(project: ProjectId, page: &Page, context: &Context, day: i32, (x, y): (i32, i32)) -> ClickCell {
    let start = |px: i32| px.div_euclid(CELL_PX).saturating_mul(CELL_PX);
    ClickCell {
        project,
        path: Arc::clone(&page.path),
        device_type: Arc::clone(&context.device.device_type),
        viewport_bucket: context.viewport_bucket,
        day,
        x: start(x),
        y: start(y),
    }
}
