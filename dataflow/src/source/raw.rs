//! The raw table's rows and every event's outcome.
//!
//! Raw rows do not travel with the graph: they wait where they were decoded until their tick is complete. What came back as a
//! duplicate by then is struck out, the rest is written.

use crate::Rows;
use gosight_operators::event::Position;
use gosight_operators::ids::{ProjectId, SessionId};
use gosight_store::rows::{EventRow, OutcomeRow};
use std::collections::{BTreeMap, HashMap, HashSet};
use uuid::Uuid;

const HOUR_MS: i64 = 60 * 60 * 1000;

/// Where an accepted event ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Outcome {
    /// It is in the views.
    Counted,
    /// An event of its id was there before it.
    Duplicate,
    /// It came after the horizon: it is in the raw table alone.
    Late,
    /// It could not be read: it is in the topic `dead`.
    Dead,
}

impl Outcome {
    /// Its name on every surface.
    const fn name(self) -> &'static str {
        match self {
            Self::Counted => "counted",
            Self::Duplicate => "duplicate",
            Self::Late => "late",
            Self::Dead => "dead",
        }
    }
}

/// What the graph says of a tick's events.
#[derive(Clone, Debug, Default)]
pub(crate) struct Verdicts {
    /// Events whose id had been there.
    pub(crate) duplicates: HashSet<Position>,
    /// The sessions that events without a session id belong to.
    pub(crate) sessions: HashMap<Position, SessionId>,
}

/// One worker's rows on hold, by tick.
#[derive(Default)]
pub(crate) struct RawTicks(BTreeMap<u64, RawTick>);

#[derive(Default)]
struct RawTick {
    rows: Vec<(Position, EventRow)>,
    outcomes: HashMap<(ProjectId, i64, Outcome), i64>,
}

impl RawTicks {
    /// An event that the graph sees too, unless it is late.
    pub(crate) fn hold(&mut self, tick: u64, position: Position, row: EventRow) {
        self.0.entry(tick).or_default().rows.push((position, row));
    }

    /// An event that could not be read.
    pub(crate) fn dead(&mut self, tick: u64, project: ProjectId, received_at_ms: i64) {
        self.0
            .entry(tick)
            .or_default()
            .count(project, received_at_ms, Outcome::Dead);
    }

    /// Adds the tick's rows and outcomes; `verdicts` came back from the graph.
    pub(crate) fn release(&mut self, tick: u64, verdicts: &Verdicts, rows: &mut Rows) {
        let Some(mut held) = self.0.remove(&tick) else { return };
        for (position, mut row) in std::mem::take(&mut held.rows) {
            if held.judge(&position, &row, verdicts) == Outcome::Duplicate {
                continue;
            }
            if let Some(session) = verdicts.sessions.get(&position) {
                row.session_id = Uuid::from_u128(session.0);
            }
            rows.events.push(row);
        }
        rows.outcomes.extend(
            held.outcomes
                .into_iter()
                .map(|((project, hour, outcome), events)| OutcomeRow {
                    project_id: Uuid::from_u128(project.0),
                    hour,
                    outcome: outcome.name().into(),
                    events,
                }),
        );
    }
}

impl RawTick {
    fn judge(&mut self, position: &Position, row: &EventRow, verdicts: &Verdicts) -> Outcome {
        let outcome = match row.late {
            0 if verdicts.duplicates.contains(position) => Outcome::Duplicate,
            0 => Outcome::Counted,
            _ => Outcome::Late,
        };
        self.count(ProjectId(row.project_id.as_u128()), row.received_at, outcome);
        outcome
    }

    fn count(&mut self, project: ProjectId, received_at_ms: i64, outcome: Outcome) {
        let hour = received_at_ms.div_euclid(HOUR_MS) * HOUR_MS;
        *self.outcomes.entry((project, hour, outcome)).or_default() += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    fn row(id: u128, late: u8) -> EventRow {
        let text: Arc<str> = Arc::from("");
        EventRow {
            project_id: Uuid::from_u128(1),
            session_id: Uuid::nil(),
            id: Uuid::from_u128(id),
            r#type: text.clone(),
            time: 0,
            received_at: HOUR_MS + 5,
            client_time: 0,
            view_id: Uuid::nil(),
            path: text.clone(),
            url: text.clone(),
            visitor_id: text.clone(),
            x: 0,
            y: 0,
            selector: text.clone(),
            name: text.clone(),
            text,
            payload: String::new(),
            late,
        }
    }

    fn position(index: u32) -> Position {
        Position {
            index,
            ..Position::default()
        }
    }

    #[test]
    fn every_event_ends_in_one_outcome_and_duplicates_leave_no_row() {
        let mut raw = RawTicks::default();
        raw.hold(7, position(0), row(10, 0));
        raw.hold(7, position(1), row(10, 0));
        raw.hold(7, position(2), row(11, 1));
        raw.dead(7, ProjectId(1), HOUR_MS);
        let verdicts = Verdicts {
            duplicates: HashSet::from([position(1)]),
            sessions: HashMap::from([(position(0), SessionId(99))]),
        };
        let mut rows = Rows::default();
        raw.release(7, &verdicts, &mut rows);
        rows.consolidate();
        let ids: Vec<_> = rows
            .events
            .iter()
            .map(|row| (row.id.as_u128(), row.session_id.as_u128()))
            .collect();
        assert_eq!(ids, [(11, 0), (10, 99)]);
        let outcomes: Vec<_> = rows
            .outcomes
            .iter()
            .map(|row| (row.hour, row.outcome.as_str(), row.events))
            .collect();
        assert_eq!(
            outcomes,
            [
                (HOUR_MS, "counted", 1),
                (HOUR_MS, "dead", 1),
                (HOUR_MS, "duplicate", 1),
                (HOUR_MS, "late", 1)
            ]
        );
    }
}
