use std::collections::{BTreeMap, BTreeSet};

use crate::sessions::reached_percent;
use crate::{OracleEvent, Payload, Thresholds, dead_clicks, error_clicks, rage_clicks, sessions_of};

const CELL_PX: i64 = 10;
const DEPTH_PERCENT: i32 = 5;
const SPOT_PERCENT: i64 = 2;
/// More page views of a session than this have no depth.
const PAGE_VIEWS_MAX: usize = 10_000;

/// A 10 px cell of page coordinates.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ClickCell {
    pub project: String,
    pub path: String,
    pub device_type: String,
    pub viewport_bucket: u32,
    /// Days since 1970-01-01 in the project's zone.
    pub day: i64,
    /// Left and top, page px.
    pub x: i64,
    pub y: i64,
}

/// A cell of an element of a page. The definitions' key is (project, path, selector, day); the finer one adds up to it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Element {
    pub project: String,
    pub path: String,
    pub selector: String,
    pub device_type: String,
    pub day: i64,
    pub name: String,
    pub text: String,
    /// Left and top of a cell of 2 % of the element, from its middle; the last cell ends at the rim.
    pub spot: (i64, i64),
}

/// A depth of a page: how many page views reached it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Depth {
    pub project: String,
    pub path: String,
    pub device_type: String,
    pub day: i64,
    /// 0, 5, … 100.
    pub percent: i32,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct CellCounts {
    pub clicks: usize,
    /// Clicks that belong to a rage click.
    pub rage: usize,
    pub dead: usize,
    pub error: usize,
}

/// Clicks by cell, as they are at `tick`. `error` counts too, though the view does not show it.
pub fn click_cells(events: &[OracleEvent], thresholds: &Thresholds, tick: i64) -> BTreeMap<ClickCell, CellCounts> {
    clicks_by(events, thresholds, tick, |event| {
        let click = event.click()?;
        Some(ClickCell {
            project: event.project.clone(),
            path: event.path.clone(),
            device_type: event.device_type.clone(),
            viewport_bucket: event.viewport_bucket,
            day: event.day.number,
            x: click.x.div_euclid(CELL_PX) * CELL_PX,
            y: click.y.div_euclid(CELL_PX) * CELL_PX,
        })
    })
}

/// Clicks by element, as they are at `tick`.
pub fn elements(events: &[OracleEvent], thresholds: &Thresholds, tick: i64) -> BTreeMap<Element, CellCounts> {
    clicks_by(events, thresholds, tick, |event| {
        let click = event.click()?;
        Some(Element {
            project: event.project.clone(),
            path: event.path.clone(),
            selector: click.selector.clone(),
            device_type: event.device_type.clone(),
            day: event.day.number,
            name: click.name.clone(),
            text: click.text.clone(),
            spot: (spot_cell(click.spot.0), spot_cell(click.spot.1)),
        })
    })
}

fn spot_cell(percent: i64) -> i64 {
    let cells: Vec<i64> = (-50..50).filter(|start| start % SPOT_PERCENT == 0).collect();
    *cells.iter().rfind(|start| **start <= percent).unwrap_or(&cells[0])
}

fn clicks_by<K: Ord>(
    events: &[OracleEvent],
    thresholds: &Thresholds,
    tick: i64,
    key: impl Fn(&OracleEvent) -> Option<K>,
) -> BTreeMap<K, CellCounts> {
    let mut cells: BTreeMap<K, CellCounts> = BTreeMap::new();
    let mut add = |event: &OracleEvent, count: fn(&mut CellCounts) -> &mut usize| {
        if let Some(key) = key(event) {
            *count(cells.entry(key).or_default()) += 1;
        }
    };
    for event in events {
        add(event, |counts| &mut counts.clicks);
    }
    for (insights, count) in [
        (
            rage_clicks(events, thresholds),
            (|counts| &mut counts.rage) as fn(&mut CellCounts) -> &mut usize,
        ),
        (dead_clicks(events, thresholds, tick), |counts| &mut counts.dead),
        (error_clicks(events, thresholds), |counts| &mut counts.error),
    ] {
        for click in insights.iter().flat_map(|insight| &insight.clicks) {
            add(click, count);
        }
    }
    cells
}

/// How many page views reached each 5 % of the page.
///
/// A page view is one load or navigation, named by its view id; it is where, when and on what its (earliest) `page_view` event was,
/// and it reached what any event of the session with the same view id tells. Every page view has reached 0 %.
/// Clients that send no view id have one page view per session and path. Of too many page views of a session, those with the least
/// names are here.
pub fn scroll_depth(events: &[OracleEvent]) -> BTreeMap<Depth, usize> {
    let mut depths = BTreeMap::new();
    for events in sessions_of(events).into_values() {
        let kept = kept_names(&events);
        let mut seen = BTreeSet::new();
        for view in events.iter().filter(|event| event.event_type == "page_view") {
            if !kept.contains(&view_name(view)) || !seen.insert(view_name(view)) {
                continue;
            }
            let is_of_view = |event: &&OracleEvent| view_name(event) == view_name(view);
            let reached = events.iter().filter(is_of_view).map(reached_percent).max().unwrap_or(0);
            for percent in (0..=reached).filter(|percent| percent % DEPTH_PERCENT == 0) {
                let depth = Depth {
                    project: view.project.clone(),
                    path: view.path.clone(),
                    device_type: view.device_type.clone(),
                    day: view.day.number,
                    percent,
                };
                *depths.entry(depth).or_default() += 1;
            }
        }
    }
    depths
}

fn kept_names(events: &[OracleEvent]) -> BTreeSet<(&str, &str)> {
    let names: BTreeSet<_> = events
        .iter()
        .filter(|event| tells_depth(event))
        .map(view_name)
        .collect();
    names.into_iter().take(PAGE_VIEWS_MAX).collect()
}

/// Whether a page view is known by this event.
fn tells_depth(event: &OracleEvent) -> bool {
    event.event_type == "page_view" || matches!(event.payload, Payload::Scrolled { .. } | Payload::PageExit { .. })
}

/// Equal for the events of one page view of a session.
fn view_name(event: &OracleEvent) -> (&str, &str) {
    if event.view_id.is_empty() {
        ("", &event.path)
    } else {
        (&event.view_id, "")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::fixture::*;

    #[test]
    fn it_puts_clicks_into_10_px_cells_with_those_in_pain() {
        let events: Vec<_> = (0..5)
            .map(|index| click(&index.to_string(), index, if index < 2 { -1 } else { 19 }))
            .collect();
        let cells = click_cells(&events, &Thresholds::default(), 0);
        let counts: Vec<_> = cells
            .iter()
            .map(|(cell, counts)| (cell.x, counts.clicks, counts.rage, counts.dead))
            .collect();
        assert_eq!(counts, [(-10, 2, 2, 0), (10, 3, 3, 0)]);
        let dead: usize = click_cells(&events, &Thresholds::default(), 2000)
            .values()
            .map(|counts| counts.dead)
            .sum();
        assert_eq!(dead, 5, "when window and grace are over");
    }

    #[test]
    fn it_counts_clicks_by_element_and_page() {
        let named = |id, selector: &str| with_click(click(id, 0, 0), |click| click.selector = selector.to_owned());
        let events = [
            named("1", "#buy"),
            named("2", "#buy"),
            on("/other", named("3", "#buy")),
            event("4", 5, "js_error"),
        ];
        let elements = elements(&events, &Thresholds::default(), 0);
        let counts: Vec<_> = elements
            .iter()
            .map(|(key, counts)| (key.path.as_str(), counts.clicks, counts.error))
            .collect();
        assert_eq!(counts, [("/", 2, 1), ("/other", 1, 0)]);
    }

    #[test]
    fn it_counts_the_page_views_that_reached_each_step() {
        let of_view = |view_id: &str, event: OracleEvent| OracleEvent {
            view_id: view_id.to_owned(),
            ..event
        };
        let scroll = |id, percent| OracleEvent {
            payload: Payload::Scrolled { percent },
            ..event(id, 5, "scroll")
        };
        let depths = scroll_depth(&[
            of_view("one", event("1", 0, "page_view")),
            of_view("one", scroll("2", 14)),
            of_view("one", scroll("3", 9)),
            of_view("two", event("4", 0, "page_view")),
            of_view("two", scroll("5", 5)),
            of_view("unseen", scroll("6", 100)),
            on("/unnamed", event("7", 0, "page_view")),
            on("/unnamed", event("8", 9, "page_view")),
            on("/unnamed", scroll("9", 7)),
        ]);
        let counts: Vec<_> = depths
            .iter()
            .map(|(depth, views)| (depth.path.as_str(), depth.percent, *views))
            .collect();
        assert_eq!(
            counts,
            [
                ("/", 0, 2),
                ("/", 5, 2),
                ("/", 10, 1),
                ("/unnamed", 0, 1),
                ("/unnamed", 5, 1)
            ]
        );
    }

    #[test]
    fn of_too_many_page_views_it_keeps_those_with_the_least_names() {
        let view = |n: usize| OracleEvent {
            view_id: format!("{n:08}"),
            ..event(&n.to_string(), -(n as i64), "page_view")
        };
        let mut events: Vec<_> = (1..=PAGE_VIEWS_MAX).map(view).collect();
        assert_eq!(kept_names(&events).last(), Some(&("00010000", "")));
        // One that was scrolled, of which no page view is known, is one too.
        events.push(OracleEvent {
            payload: Payload::Scrolled { percent: 7 },
            event_type: "scroll".to_owned(),
            ..view(0)
        });
        assert_eq!(kept_names(&events).last(), Some(&("00009999", "")));
    }
}
