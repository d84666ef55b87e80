//! From a whole tick to what the live bus carries: each project's changed rows, in lists that cannot grow without bound.

use super::gather::CompleteTick;
use crate::Rows;
use gosight_store::live::{Bus, EVENTS_MAX, LiveNow, LiveTick, ProjectTick};
use gosight_store::rows::{Dimension, EventRow, Resolution};
use std::collections::HashMap;
use std::sync::Arc;
use uuid::Uuid;

/// Rows of one kind that a tick carries per project. A dashboard shows far fewer; who needs all of them asks the API.
const ROWS_MAX: usize = 500;

/// Ticks of a replay are old news: nothing of them is published. The figures of the present are kept and published with the first
/// tick after it.
pub(crate) struct LiveBus {
    bus: Bus,
    replay_to: u64,
    figures: HashMap<Uuid, LiveNow>,
}

impl LiveBus {
    /// `replay_to` is the last tick that was bound before this process started.
    pub(crate) fn new(bus: Bus, replay_to: u64) -> Self {
        Self {
            bus,
            replay_to,
            figures: HashMap::new(),
        }
    }

    pub(crate) fn publish(&mut self, tick: &CompleteTick) {
        if tick.tick() <= self.replay_to {
            self.figures.extend(tick.rows.live.iter().cloned());
            return;
        }
        let mut projects = by_project(&tick.rows);
        for (project, figures) in self.figures.drain() {
            projects.entry(project).or_default().live.get_or_insert(figures);
        }
        if !projects.is_empty() {
            let live = LiveTick {
                tick: tick.tick(),
                complete_to_ms: tick.bound.binding.complete_to_ms,
                projects,
            };
            self.bus.publish(Arc::new(live));
        }
    }
}

fn by_project(rows: &Rows) -> HashMap<Uuid, ProjectTick> {
    let mut projects: HashMap<Uuid, ProjectTick> = HashMap::new();
    let mut of = |project: Uuid, add: &dyn Fn(&mut ProjectTick)| add(projects.entry(project).or_default());
    rows.live
        .iter()
        .for_each(|(project, figures)| of(*project, &|tick| tick.live = Some(figures.clone())));
    rows.sessions
        .iter()
        .for_each(|row| of(row.project_id, &|tick| push(&mut tick.sessions, row)));
    rows.insights
        .iter()
        .for_each(|row| of(row.project_id, &|tick| push(&mut tick.insights, row)));
    rows.click_cells
        .iter()
        .for_each(|row| of(row.project_id, &|tick| push(&mut tick.cells, row)));
    rows.elements
        .iter()
        .for_each(|row| of(row.project_id, &|tick| push(&mut tick.elements, row)));
    rows.transitions
        .iter()
        .for_each(|row| of(row.project_id, &|tick| push(&mut tick.alerts, row)));
    let minutes = rows.rollups.iter().filter(|row| is_minute_total(row));
    minutes.for_each(|row| of(row.project_id, &|tick| push(&mut tick.rollups, row)));
    let sessions = rows.named.iter().copied().collect();
    for (project, mut newest) in events_of(rows) {
        let left_out = newest.len().saturating_sub(EVENTS_MAX);
        if left_out > 0 {
            newest.select_nth_unstable_by_key(left_out, |row| (row.time, row.id));
        }
        newest[left_out..].sort_unstable_by_key(|row| (row.time, row.id));
        let tick = projects.entry(project).or_default();
        tick.events = newest.drain(left_out..).map(|row| named(row, &sessions)).collect();
        tick.events_left_out = left_out as u64;
    }
    projects
}

fn push<R: Clone>(list: &mut Vec<R>, row: &R) {
    if list.len() < ROWS_MAX {
        list.push(row.clone());
    }
}

fn is_minute_total(row: &gosight_store::rows::RollupRow) -> bool {
    row.resolution == Resolution::Minute && row.dimension == Dimension::Total
}

/// An event with the session it belongs to as of now.
fn named(row: &EventRow, sessions: &HashMap<(Uuid, Uuid), Uuid>) -> EventRow {
    let session_id = sessions.get(&row.key()).copied().unwrap_or(row.session_id);
    EventRow {
        session_id,
        ..row.clone()
    }
}

fn events_of(rows: &Rows) -> HashMap<Uuid, Vec<&EventRow>> {
    let mut projects: HashMap<Uuid, Vec<_>> = HashMap::new();
    rows.events
        .iter()
        .for_each(|row| projects.entry(row.project_id).or_default().push(row));
    projects
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bindings::Bound;
    use gosight_store::rows::SessionRow;

    const PROJECT: Uuid = Uuid::from_u128(7);

    fn tick(tick: u64, rows: Rows) -> CompleteTick {
        CompleteTick {
            bound: Bound::at(tick),
            rows,
            rows_owed: 0,
        }
    }

    fn figures(active_sessions: u64) -> Vec<(Uuid, LiveNow)> {
        vec![(
            PROJECT,
            LiveNow {
                active_sessions,
                ..LiveNow::default()
            },
        )]
    }

    #[test]
    fn a_replay_is_silent_and_ends_with_the_figures_of_the_present() {
        let bus = Bus::new();
        let mut reader = bus.subscribe();
        let mut live = LiveBus::new(bus.clone(), 20);
        live.publish(&tick(
            10,
            Rows {
                live: figures(1),
                sessions: vec![SessionRow::default()],
                ..Rows::default()
            },
        ));
        live.publish(&tick(
            20,
            Rows {
                live: figures(2),
                ..Rows::default()
            },
        ));
        assert!(reader.try_recv().is_err());
        live.publish(&tick(30, Rows::default()));
        let published = reader.try_recv().unwrap();
        assert_eq!(published.tick, 30);
        assert_eq!(bus.now(PROJECT).unwrap().active_sessions, 2);
        assert!(published.projects[&PROJECT].sessions.is_empty());
    }

    #[test]
    fn an_event_without_a_session_id_is_shown_in_the_session_it_belongs_to() {
        let bus = Bus::new();
        let mut reader = bus.subscribe();
        let row = |id| EventRow {
            project_id: PROJECT,
            id: Uuid::from_u128(id),
            ..EventRow::default()
        };
        LiveBus::new(bus, 0).publish(&tick(
            10,
            Rows {
                events: vec![row(1), row(2)],
                named: vec![(row(1).key(), Uuid::from_u128(99))],
                ..Rows::default()
            },
        ));
        let published = reader.try_recv().unwrap();
        let sessions = published.projects[&PROJECT].events.iter().map(|row| row.session_id);
        assert_eq!(sessions.collect::<Vec<_>>(), [Uuid::from_u128(99), Uuid::nil()]);
    }

    #[test]
    fn a_quiet_tick_is_not_published() {
        let bus = Bus::new();
        let mut reader = bus.subscribe();
        LiveBus::new(bus, 0).publish(&tick(10, Rows::default()));
        assert!(reader.try_recv().is_err());
    }

    #[test]
    fn lists_are_capped() {
        let bus = Bus::new();
        let mut reader = bus.subscribe();
        let row = SessionRow {
            project_id: PROJECT,
            ..SessionRow::default()
        };
        LiveBus::new(bus, 0).publish(&tick(
            10,
            Rows {
                sessions: vec![row; ROWS_MAX + 1],
                ..Rows::default()
            },
        ));
        assert_eq!(reader.try_recv().unwrap().projects[&PROJECT].sessions.len(), ROWS_MAX);
    }
}
