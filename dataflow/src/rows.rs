//! The rows that leave the graph, by table; how those of a commit's ticks become one insert each.
//!
//! The order is total and rows of one key are one row, so that the same commit has the same rows in the same order however
//! many workers made them: that is what lets the engine recognise a repeated insert.

pub(crate) mod convert;

use gosight_store::live::LiveNow;
use gosight_store::rows::{
    ClickCellRow, ElementRow, EventRow, InsightRow, OutcomeRow, PageEventRow, RollupRow, ScrollDepthRow, SessionRow,
    TransitionRow,
};
use std::cmp::Ordering;
use uuid::Uuid;

/// Rows of one tick and worker, of one tick, or of one commit.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rows {
    pub events: Vec<EventRow>,
    pub sessions: Vec<SessionRow>,
    pub insights: Vec<InsightRow>,
    pub click_cells: Vec<ClickCellRow>,
    pub elements: Vec<ElementRow>,
    pub scroll_depth: Vec<ScrollDepthRow>,
    pub rollups: Vec<RollupRow>,
    pub page_events: Vec<PageEventRow>,
    pub outcomes: Vec<OutcomeRow>,
    /// For the metadata outbox.
    pub transitions: Vec<TransitionRow>,
    /// For the live bus alone: a project's figures, when they changed.
    pub live: Vec<(Uuid, LiveNow)>,
    /// For the live bus alone: an [event](EventRow::key) without a session id, and the session it belongs to as of its tick.
    pub named: Vec<((Uuid, Uuid), Uuid)>,
}

impl Rows {
    /// How many rows a commit would have to write.
    pub fn len(&self) -> usize {
        self.events.len()
            + self.sessions.len()
            + self.insights.len()
            + self.click_cells.len()
            + self.elements.len()
            + self.scroll_depth.len()
            + self.rollups.len()
            + self.page_events.len()
            + self.outcomes.len()
            + self.transitions.len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub(crate) fn append(&mut self, other: Self) {
        append(&mut self.events, other.events);
        append(&mut self.sessions, other.sessions);
        append(&mut self.insights, other.insights);
        append(&mut self.click_cells, other.click_cells);
        append(&mut self.elements, other.elements);
        append(&mut self.scroll_depth, other.scroll_depth);
        append(&mut self.rollups, other.rollups);
        append(&mut self.page_events, other.page_events);
        append(&mut self.outcomes, other.outcomes);
        append(&mut self.transitions, other.transitions);
        append(&mut self.live, other.live);
        append(&mut self.named, other.named);
    }

    /// One row per key, in a total order. Appended rows stand as they are; of keyed rows the newest version stays; additive rows
    /// are summed, and what sums to nothing goes.
    pub(crate) fn consolidate(&mut self) {
        self.events.sort_unstable_by(event_order);
        self.page_events.sort_unstable();
        self.transitions
            .sort_unstable_by_key(|row| (row.tick, row.project_id, row.rule_id, row.id));
        newest_versions(&mut self.sessions);
        newest_versions(&mut self.insights);
        sum(&mut self.click_cells);
        sum(&mut self.elements);
        sum(&mut self.scroll_depth);
        sum(&mut self.rollups);
        sum(&mut self.outcomes);
    }
}

/// Most ticks have one large part: it is taken over as it is.
fn append<R>(rows: &mut Vec<R>, mut other: Vec<R>) {
    if rows.is_empty() {
        *rows = other;
    } else {
        rows.append(&mut other);
    }
}

fn event_order(a: &EventRow, b: &EventRow) -> Ordering {
    let key = |row: &EventRow| {
        (
            row.project_id,
            row.session_id,
            row.time,
            row.id,
            row.late,
            row.received_at,
        )
    };
    key(a).cmp(&key(b)).then_with(|| a.payload.cmp(&b.payload))
}

trait Keyed {
    fn key(&self) -> (Uuid, i64, Uuid);
    fn version(&self) -> u64;
}

fn newest_versions<R: Keyed>(rows: &mut Vec<R>) {
    rows.sort_unstable_by_key(|row| (row.key(), std::cmp::Reverse(row.version())));
    rows.dedup_by(|later, first| later.key() == first.key());
}

impl Keyed for SessionRow {
    fn key(&self) -> (Uuid, i64, Uuid) {
        SessionRow::key(self)
    }
    fn version(&self) -> u64 {
        self.version
    }
}

impl Keyed for InsightRow {
    fn key(&self) -> (Uuid, i64, Uuid) {
        InsightRow::key(self)
    }
    fn version(&self) -> u64 {
        self.version
    }
}

trait Additive {
    fn key_order(&self, other: &Self) -> Ordering;
    fn add(&mut self, other: &Self);
    fn is_nothing(&self) -> bool;
}

fn sum<R: Additive>(rows: &mut Vec<R>) {
    rows.sort_unstable_by(R::key_order);
    rows.dedup_by(|later, first| {
        let is_same = later.key_order(first).is_eq();
        if is_same {
            first.add(later);
        }
        is_same
    });
    rows.retain(|row| !row.is_nothing());
}

/// Says which columns are an additive row's key and which its numbers.
macro_rules! additive {
    ($row:ident: key($($key:ident),+) numbers($($number:ident),+)) => {
        impl Additive for $row {
            fn key_order(&self, other: &Self) -> Ordering {
                Ordering::Equal$(.then_with(|| self.$key.cmp(&other.$key)))+
            }
            fn add(&mut self, other: &Self) {
                $(self.$number += other.$number;)+
            }
            fn is_nothing(&self) -> bool {
                true $(&& self.$number == 0)+
            }
        }
    };
}

additive!(ClickCellRow:
    key(project_id, path, device_type, viewport_bucket, day, cell_x, cell_y)
    numbers(clicks, rage, dead));
additive!(ElementRow:
    key(project_id, path, selector, device_type, day, name, text, spot_x, spot_y)
    numbers(clicks, rage, dead, error));
additive!(ScrollDepthRow: key(project_id, path, device_type, day, percent) numbers(views));
additive!(RollupRow:
    key(project_id, resolution, dimension, bucket, value)
    numbers(events, page_views, sessions, bounces, duration_ms, errors, clicks, rage_clicks, dead_clicks, error_clicks,
        time_on_page_ms, page_exits));
additive!(OutcomeRow: key(project_id, hour, outcome) numbers(events));

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(hour: i64, events: i64) -> OutcomeRow {
        OutcomeRow {
            project_id: Uuid::nil(),
            hour,
            outcome: "counted".into(),
            events,
        }
    }

    fn session(id: u128, version: u64, is_deleted: u8) -> SessionRow {
        SessionRow {
            id: Uuid::from_u128(id),
            version,
            is_deleted,
            ..SessionRow::default()
        }
    }

    #[test]
    fn additive_rows_of_one_key_are_summed_and_what_cancels_is_gone() {
        let mut rows = Rows {
            outcomes: vec![outcome(2, 1), outcome(1, 5), outcome(2, 3), outcome(1, -5)],
            ..Rows::default()
        };
        rows.consolidate();
        assert_eq!(rows.outcomes, [outcome(2, 4)]);
    }

    #[test]
    fn of_a_keyed_row_the_newest_version_stays() {
        let sessions = vec![
            session(2, 20, 0),
            session(1, 10, 0),
            session(2, 30, 1),
            session(1, 5, 0),
        ];
        let mut rows = Rows {
            sessions,
            ..Rows::default()
        };
        rows.consolidate();
        assert_eq!(rows.sessions, [session(1, 10, 0), session(2, 30, 1)]);
    }
}
