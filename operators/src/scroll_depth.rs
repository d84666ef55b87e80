//! Scroll heatmap: per (project, path, device type, day), how many page views reached each 5 % of the page.
//!
//! ```text
//!   page view A   0 ─────────────▶ 47 %         0 5 10 … 45
//!   page view B   0 ───▶ 12 %                   0 5 10
//!   reached                                     2 2  2 1 … 1
//! ```
//!
//! A page view that scrolls on moves from one depth to another; only the steps between the two change.
//!
//! State: none of its own; a depth per [page view](crate::page_views).
//!
//! What it will not notice: how long anybody stayed at a depth.

use crate::fold::fold;
use crate::ids::Tick;
use crate::page_views::{PageDepth, steps};
use crate::per_tick::Ticks;
use crate::views::ScrollStep;
use differential_dataflow::VecCollection;
use timely::dataflow::operators::vec::Map;

/// The changes of the scroll heatmap: how many more page views reached a step.
pub fn scroll_depth<'scope>(
    depths: VecCollection<'scope, Tick, PageDepth>,
    ticks: Ticks<'scope>,
) -> VecCollection<'scope, Tick, ScrollStep> {
    let reached = depths
        .inner
        .flat_map(|(depth, _, diff)| steps(depth).map(move |step| (step, diff)));
    fold("ScrollDepth", reached, ticks)
}
