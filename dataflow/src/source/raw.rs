//! The raw table's rows and every event's outcome.
//!
//! Raw rows do not travel with the graph: they wait where they were decoded until their tick is complete. What came back as a
//! duplicate by then is struck out, the rest is written.

use crate::Rows;
use gosight_operators::event::Position;
use gosight_operators::ids::{IdMap, ProjectId, SessionId};
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
    /// It is further than the horizon from its tick, before it or after it: it is in the raw table alone.
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
    /// Row by row.
    positions: Vec<Position>,
    rows: Vec<EventRow>,
    outcomes: IdMap<(ProjectId, i64, Outcome), i64>,
}

impl RawTicks {
    /// An event that the graph sees too, unless it is late.
    pub(crate) fn hold(&mut self, tick: u64, position: Position, row: EventRow) {
        let held = self.0.entry(tick).or_default();
        let outcome = if row.late == 1 { Outcome::Late } else { Outcome::Counted };
        held.count(project(&row), row.received_at, outcome, 1);
        held.positions.push(position);
        held.rows.push(row);
    }

    /// An event that could not be read.
    pub(crate) fn dead(&mut self, tick: u64, project: ProjectId, received_at_ms: i64) {
        self.0
            .entry(tick)
            .or_default()
            .count(project, received_at_ms, Outcome::Dead, 1);
    }

    /// Adds the tick's rows and outcomes; `verdicts` came back from the graph.
    pub(crate) fn release(&mut self, tick: u64, verdicts: &Verdicts, rows: &mut Rows) {
        let Some(mut held) = self.0.remove(&tick) else { return };
        rows.named.extend(held.named(&verdicts.sessions));
        held.strike_out(&verdicts.duplicates);
        rows.events = held.rows;
        let counts = held.outcomes.into_iter().filter(|(_, events)| *events != 0);
        rows.outcomes
            .extend(counts.map(|((project, hour, outcome), events)| OutcomeRow {
                project_id: Uuid::from_u128(project.0),
                hour,
                outcome: outcome.name().into(),
                events,
            }));
    }
}

impl RawTick {
    /// The rows without a session id, and which session they belong to for now. Their rows do not say it: it may change with every late event.
    fn named(&self, sessions: &HashMap<Position, SessionId>) -> Vec<((Uuid, Uuid), Uuid)> {
        if sessions.is_empty() {
            return Vec::new();
        }
        let rows = self.positions.iter().zip(&self.rows);
        rows.filter_map(|(position, row)| Some((row.key(), Uuid::from_u128(sessions.get(position)?.0))))
            .collect()
    }

    fn strike_out(&mut self, duplicates: &HashSet<Position>) {
        if duplicates.is_empty() {
            return;
        }
        let mut positions = self.positions.iter();
        let mut gone = Vec::new();
        self.rows.retain(|row| {
            let is_gone = positions.next().is_some_and(|position| duplicates.contains(position));
            if is_gone {
                gone.push((project(row), row.received_at));
            }
            !is_gone
        });
        for (project, received_at_ms) in gone {
            self.count(project, received_at_ms, Outcome::Counted, -1);
            self.count(project, received_at_ms, Outcome::Duplicate, 1);
        }
    }

    fn count(&mut self, project: ProjectId, received_at_ms: i64, outcome: Outcome, events: i64) {
        let hour = received_at_ms.div_euclid(HOUR_MS) * HOUR_MS;
        *self.outcomes.entry((project, hour, outcome)).or_default() += events;
    }
}

fn project(row: &EventRow) -> ProjectId {
    ProjectId(row.project_id.as_u128())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(id: u128, late: u8) -> EventRow {
        EventRow {
            project_id: Uuid::from_u128(1),
            id: Uuid::from_u128(id),
            received_at: HOUR_MS + 5,
            late,
            ..EventRow::default()
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
        assert_eq!(ids, [(10, 0), (11, 0)], "which session it belongs to may change");
        assert_eq!(
            rows.named,
            [((Uuid::from_u128(1), Uuid::from_u128(10)), Uuid::from_u128(99))]
        );
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
