//! What leaves the graph on one worker, by tick, until the tick is complete.

use crate::Rows;
use crate::rows::convert;
use crate::source::Verdicts;
use gosight_operators::event::Position;
use gosight_operators::ids::{Diff, ProjectId, SessionId, Tick};
use gosight_operators::views::{self, Insight, SessionView};
use gosight_store::live::LiveNow;
use gosight_store::rows::utc_day;
use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;
use std::sync::Arc;
use timely::container::CapacityContainerBuilder;
use timely::dataflow::channels::pact::Pipeline;
use timely::dataflow::operators::Probe;
use timely::dataflow::operators::generic::{Operator, OutputBuilderSession};
use timely::dataflow::{ProbeHandle, StreamVec};
use uuid::Uuid;

/// Clones are the same outputs.
#[derive(Clone)]
pub(super) struct Outputs {
    ticks: Rc<RefCell<BTreeMap<Tick, TickOutput>>>,
    resume_tick: Tick,
    probe: ProbeHandle<Tick>,
}

/// What a tick put out so far.
#[derive(Default)]
pub(super) struct TickOutput {
    rows: Rows,
    sessions: HashMap<Key, Told<SessionView>>,
    insights: HashMap<Key, Told<Insight>>,
    live: HashMap<Uuid, LiveNow>,
    verdicts: Verdicts,
}

/// Of a keyed row: its project, UTC day and id, as numbers.
type Key = (u128, i64, u128);

/// The last word on a keyed row. It is made a row when its tick is complete, not each time it changes.
enum Told<V> {
    Is(Arc<V>),
    IsNoMore(Arc<V>),
}

/// Of a key's retraction and insertion the insertion is the row; a retraction alone takes the key away.
fn tell<V>(rows: &mut HashMap<Key, Told<V>>, key: Key, view: Arc<V>, diff: Diff) {
    if diff > 0 {
        rows.insert(key, Told::Is(view));
    } else {
        rows.entry(key).or_insert(Told::IsNoMore(view));
    }
}

impl Outputs {
    pub(super) fn new(resume_tick: Tick) -> Self {
        Self {
            ticks: Rc::default(),
            resume_tick,
            probe: ProbeHandle::new(),
        }
    }

    /// Collects a stream's records of ticks that are not in the views yet.
    pub(super) fn collect<D: 'static>(
        &self,
        stream: StreamVec<'_, Tick, D>,
        add: impl Fn(&mut TickOutput, D) + 'static,
    ) {
        let resume_tick = self.resume_tick;
        self.collect_if(stream, move |tick| tick > resume_tick, add);
    }

    /// Collects a stream's records of every tick, a replay's too.
    pub(super) fn collect_always<D: 'static>(
        &self,
        stream: StreamVec<'_, Tick, D>,
        add: impl Fn(&mut TickOutput, D) + 'static,
    ) {
        self.collect_if(stream, |_| true, add);
    }

    fn collect_if<D: 'static>(
        &self,
        stream: StreamVec<'_, Tick, D>,
        is_wanted: impl Fn(Tick) -> bool + 'static,
        add: impl Fn(&mut TickOutput, D) + 'static,
    ) {
        let ticks = Rc::clone(&self.ticks);
        let collected: StreamVec<'_, Tick, ()> = stream.unary(Pipeline, "Collect", move |_, _| {
            move |input, _: &mut OutputBuilderSession<'_, Tick, CapacityContainerBuilder<Vec<()>>>| {
                input.for_each_stamp(|stamp, containers| {
                    let Some(&tick) = stamp.least().filter(|tick| is_wanted(**tick)) else {
                        return;
                    };
                    let mut ticks = ticks.borrow_mut();
                    let output = ticks.entry(tick).or_default();
                    containers.for_each(|records| records.drain(..).for_each(|record| add(output, record)));
                });
            }
        });
        collected.probe_with(&self.probe);
    }

    /// Whether nothing more can come for the tick.
    pub(super) fn has_passed(&self, tick: Tick) -> bool {
        !self.probe.less_equal(&tick)
    }

    /// A tick's rows, and what the graph says of its events.
    pub(super) fn take(&self, tick: Tick) -> (Rows, Verdicts) {
        self.ticks
            .borrow_mut()
            .remove(&tick)
            .unwrap_or_default()
            .into_rows(tick)
    }
}

impl TickOutput {
    fn into_rows(self, tick: Tick) -> (Rows, Verdicts) {
        let mut rows = self.rows;
        rows.sessions.extend(self.sessions.into_values().map(|told| match told {
            Told::Is(view) => convert::session(&view, tick),
            Told::IsNoMore(view) => convert::session(&view, tick).tombstone(tick),
        }));
        rows.insights.extend(self.insights.into_values().map(|told| match told {
            Told::Is(view) => convert::insight(&view, tick),
            Told::IsNoMore(view) => convert::insight(&view, tick).tombstone(tick),
        }));
        rows.live.extend(self.live);
        (rows, self.verdicts)
    }

    pub(super) fn duplicate(&mut self, position: Position) {
        self.verdicts.duplicates.insert(position);
    }

    pub(super) fn name(&mut self, position: Position, session: SessionId) {
        self.verdicts.sessions.insert(position, session);
    }

    pub(super) fn session(&mut self, view: Arc<SessionView>, diff: Diff) {
        let key = (view.project.0, utc_day(view.started_at_ms), view.id.0);
        tell(&mut self.sessions, key, view, diff);
    }

    pub(super) fn insight(&mut self, view: Arc<Insight>, diff: Diff) {
        let key = (view.project.0, utc_day(view.first().time_ms), view.id.0);
        tell(&mut self.insights, key, view, diff);
    }

    pub(super) fn click_cell(&mut self, cell: &views::ClickCell, counts: &views::ClickCounts) {
        self.rows.click_cells.push(convert::click_cell(cell, counts));
    }

    pub(super) fn element(&mut self, cell: &views::ElementCell, counts: &views::ClickCounts) {
        self.rows.elements.push(convert::element(cell, counts));
    }

    pub(super) fn scroll_depth(&mut self, step: &views::ScrollStep, diff: Diff) {
        self.rows.scroll_depth.push(convert::scroll_depth(step, diff));
    }

    pub(super) fn page_event(&mut self, event: views::PageEvent) {
        self.rows.page_events.push(convert::page_event(event));
    }

    pub(super) fn rollup(&mut self, rollup: &views::Rollup, counts: &views::RollupCounts) {
        self.rows.rollups.push(convert::rollup(rollup, counts));
    }

    /// A project whose figures are taken away has nothing going on any more.
    pub(super) fn live(&mut self, project: ProjectId, now: &views::LiveNow, diff: Diff) {
        let project = Uuid::from_u128(project.0);
        if diff > 0 {
            self.live.insert(project, convert::live(now));
        } else {
            self.live.entry(project).or_default();
        }
    }

    pub(super) fn transition(&mut self, transition: &views::Transition) {
        self.rows.transitions.push(convert::transition(transition));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use gosight_operators::event::{Day, Device, Page, Place, Utm};
    use gosight_operators::views::{Ribbon, SessionCounts, SessionView};
    use std::sync::Arc;

    fn session(started_at_ms: i64, clicks: u32) -> SessionView {
        SessionView {
            project: ProjectId(1),
            id: SessionId(2),
            derived_span_ms: None,
            visitor: Arc::from(""),
            user: Arc::from(""),
            started_at_ms,
            ended_at_ms: started_at_ms,
            day: Day::default(),
            entry: Arc::new(Page::default()),
            exit: Arc::new(Page::default()),
            last_path: Arc::from(""),
            counts: SessionCounts {
                clicks,
                ..SessionCounts::default()
            },
            max_scroll_percent: 0,
            is_bounce: false,
            has_replay: false,
            device: Device::default(),
            place: Place::default(),
            utm: Utm::default(),
            referrer_domain: Arc::from(""),
            attributes: Arc::from([]),
            ribbon: Ribbon::default(),
        }
    }

    fn rows(changes: &[(SessionView, Diff)]) -> Vec<(i64, u32, u8)> {
        let mut output = TickOutput::default();
        for (view, diff) in changes {
            output.session(Arc::new(view.clone()), *diff);
        }
        let (rows, _) = output.into_rows(9);
        let mut rows: Vec<_> = rows
            .sessions
            .iter()
            .map(|row| (row.started_at, row.click_count, row.is_deleted))
            .collect();
        rows.sort_unstable();
        rows
    }

    #[test]
    fn a_changed_session_is_one_row_in_whatever_order_its_changes_came() {
        assert_eq!(rows(&[(session(0, 1), -1), (session(0, 2), 1)]), [(0, 2, 0)]);
        assert_eq!(rows(&[(session(0, 2), 1), (session(0, 1), -1)]), [(0, 2, 0)]);
    }

    #[test]
    fn a_project_in_which_nothing_goes_on_any_more_is_told_so() {
        let mut output = TickOutput::default();
        output.live(
            ProjectId(1),
            &views::LiveNow {
                active_sessions: 3,
                ..views::LiveNow::default()
            },
            -1,
        );
        assert_eq!(output.live, HashMap::from([(Uuid::from_u128(1), LiveNow::default())]));
    }

    #[test]
    fn a_session_that_moves_to_another_day_leaves_a_tombstone() {
        const DAY_MS: i64 = 24 * 60 * 60 * 1000;
        assert_eq!(
            rows(&[(session(DAY_MS, 1), -1), (session(0, 2), 1)]),
            [(0, 2, 0), (DAY_MS, 1, 1)]
        );
    }
}
