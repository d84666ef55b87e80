//! What the click heatmaps have in common: clicks are counted when they happen, pain when an insight says so.

use crate::event::{Click, Event, Payload};
use crate::fold::{Shared, fold, look};
use crate::ids::Tick;
use crate::per_tick::Ticks;
use crate::views::{ClickCounts, Insight, InsightClick, InsightType};
use differential_dataflow::VecCollection;
use std::hash::Hash;
use std::sync::Arc;
use timely::dataflow::operators::Concat;
use timely::dataflow::operators::vec::Map;

/// Clicks by the key of their place.
pub(crate) fn clicks_by<'scope, D: Hash + Ord + Clone + 'static>(
    name: &str,
    events: Shared<'scope>,
    insights: VecCollection<'scope, Tick, Arc<Insight>>,
    ticks: Ticks<'scope>,
    of_click: impl Fn(&Event, &Click) -> D + 'static,
    of_insight: impl Fn(&Insight, &InsightClick) -> D + 'static,
) -> VecCollection<'scope, Tick, D, ClickCounts> {
    let clicks = look(events, name, move |events, rows| {
        rows.extend(events.iter().filter_map(|event| match &event.payload {
            Payload::Click(click) => Some((
                of_click(event, click),
                ClickCounts {
                    clicks: 1,
                    ..Default::default()
                },
            )),
            _ => None,
        }));
    });
    let pain = insights.inner.flat_map(move |(insight, _, diff)| {
        let counts = pain(&insight).times(diff);
        insight
            .clicks
            .iter()
            .map(|click| (of_insight(&insight, click), counts))
            .collect::<Vec<_>>()
    });
    fold(name, clicks.concat(pain), ticks)
}

fn pain(insight: &Insight) -> ClickCounts {
    let none = ClickCounts::default();
    match insight.insight_type() {
        InsightType::RageClick => ClickCounts { rage: 1, ..none },
        InsightType::DeadClick => ClickCounts { dead: 1, ..none },
        InsightType::ErrorClick => ClickCounts { error: 1, ..none },
    }
}
