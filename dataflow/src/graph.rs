//! The product's whole dataflow.
//!
//! ```text
//!                                     thresholds ─┐
//!   events ─▶ distinct ─┬─▶ fresh ─┬─────▶ sessions ┬─▶ sessions ─┬─▶ click cells, elements, rollups
//!             by event  │          │      by actor  ├─▶ insights ─┤─▶ live figures        by project
//!                       │          ├─▶ page events  │             │
//!                       │          └─────────────── │ ────────────┴─▶ windows ⋈ rules ─▶ alerts
//!                       │                           ├─▶ depths ─────▶ scroll depth
//!                       │                           └─▶ names ───┐
//!                       └─▶ duplicates ──────────────────────────┴─▶ back to the source
//! ```
//! Every stateful stage is handed its records by key, so each worker holds a share of the state. Every stage sees every tick, so a
//! deadline is met at a tick of the binder's, in a replay at the same one. What leaves is `(row, tick, difference)`.

mod outputs;

use crate::Rows;
use crate::source::{Change, Verdicts};
use differential_dataflow::AsCollection;
use gosight_operators::alerts::alerts;
use gosight_operators::click_cells::click_cells;
use gosight_operators::distinct::distinct;
use gosight_operators::elements::elements;
use gosight_operators::event::{Event, Position, Positioned};
use gosight_operators::fold::share;
use gosight_operators::ids::{Diff, ProjectId, Tick};
use gosight_operators::live::live;
use gosight_operators::meter::Meters;
use gosight_operators::page_events::page_events;
use gosight_operators::rollups::rollups;
use gosight_operators::rules::{Rule, Thresholds};
use gosight_operators::scroll_depth::scroll_depth;
use gosight_operators::sessions::sessions;
use outputs::Outputs;
use std::sync::Arc;
use timely::dataflow::InputHandleVec;
use timely::dataflow::operators::vec::Map;
use timely::dataflow::operators::{Exchange, Input};
use timely::worker::Worker;

/// Builds a worker's part. Rows of ticks up to `resume_tick` are in the views already and are left out.
pub(crate) fn build(timely: &mut Worker, resume_tick: Tick) -> Graph {
    let (out, meters) = (Outputs::new(resume_tick), Meters::default());
    let inputs = timely.dataflow(|scope| {
        let (events_in, events) = scope.new_input();
        let (thresholds_in, thresholds) = scope.new_input();
        let (rules_in, rules) = scope.new_input();
        let (ticks_in, ticks) = scope.new_input();
        let (thresholds, rules) = (thresholds.as_collection(), rules.as_collection());

        let seen = distinct(events, ticks.clone(), meters.distinct.clone());
        let found = sessions(seen.fresh.clone(), thresholds, ticks.clone(), meters.sessions.clone());
        let events = share(seen.fresh.map(|(_, event)| event));

        let cells = click_cells(events.clone(), found.insights.clone(), ticks.clone());
        let elements = elements(events.clone(), found.insights.clone(), ticks.clone());
        let depths = scroll_depth(found.depths, ticks.clone());
        let rollups = rollups(
            events.clone(),
            found.sessions.clone(),
            found.insights.clone(),
            ticks.clone(),
        );
        let page_events = page_events(events.clone());
        let live = live(
            events.clone(),
            found.sessions.clone(),
            ticks.clone(),
            meters.live.clone(),
        );
        let alerts = alerts(
            rules,
            events,
            found.sessions.clone(),
            found.insights.clone(),
            ticks,
            &meters,
        );

        out.collect(found.sessions.inner, |out, (view, _, diff)| out.session(view, diff));
        out.collect(found.insights.inner, |out, (view, _, diff)| out.insight(view, diff));
        out.collect(cells.inner, |out, (cell, _, counts)| out.click_cell(&cell, &counts));
        out.collect(elements.inner, |out, (cell, _, counts)| out.element(&cell, &counts));
        out.collect(depths.inner, |out, (step, _, diff)| out.scroll_depth(&step, diff));
        out.collect(rollups.inner, |out, (rollup, _, counts)| out.rollup(&rollup, &counts));
        out.collect(page_events, |out, event| out.page_event(event));
        out.collect_always(live.inner, |out, ((project, now), _, diff)| {
            out.live(project, &now, diff)
        });
        out.collect(alerts, |out, transition| out.transition(&transition));
        // Raw rows wait where they were decoded: what the graph says of an event goes back there.
        let duplicates = seen.duplicates.exchange(|position| position.partition.into());
        let named = found.named.exchange(|(position, _)| position.partition.into());
        out.collect(duplicates, |out, position| out.duplicate(position));
        out.collect(named, |out, (position, session)| out.name(position, session));

        Inputs {
            events: events_in,
            thresholds: thresholds_in,
            rules: rules_in,
            ticks: ticks_in,
        }
    });
    Graph {
        inputs,
        outputs: out,
        meters,
    }
}

/// One worker's part of the running dataflow.
pub(crate) struct Graph {
    inputs: Inputs,
    outputs: Outputs,
    meters: Meters,
}

struct Inputs {
    events: InputHandleVec<Tick, Positioned>,
    thresholds: InputHandleVec<Tick, ((ProjectId, Thresholds), Tick, Diff)>,
    rules: InputHandleVec<Tick, (Rule, Tick, Diff)>,
    ticks: InputHandleVec<Tick, ()>,
}

impl Graph {
    /// Begins a tick: what is fed from now on belongs to it. Every worker begins every tick.
    pub(crate) fn open(&mut self, tick: Tick) {
        self.advance_to(tick);
        self.inputs.ticks.send(());
    }

    pub(crate) fn event(&mut self, position: Position, event: Event) {
        self.inputs.events.send((position, Arc::new(event)));
    }

    pub(crate) fn change(&mut self, change: Change) {
        let tick = *self.inputs.ticks.time();
        match change {
            Change::Thresholds(project, thresholds, diff) => {
                self.inputs.thresholds.send(((project, thresholds), tick, diff));
            }
            Change::Rule(rule, diff) => self.inputs.rules.send((rule, tick, diff)),
        }
    }

    /// Ends a tick.
    pub(crate) fn close(&mut self, tick: Tick) {
        self.advance_to(tick + 1);
    }

    fn advance_to(&mut self, tick: Tick) {
        self.inputs.events.advance_to(tick);
        self.inputs.thresholds.advance_to(tick);
        self.inputs.rules.advance_to(tick);
        self.inputs.ticks.advance_to(tick);
    }

    /// Whether nothing more can come for the tick.
    pub(crate) fn has_passed(&self, tick: Tick) -> bool {
        self.outputs.has_passed(tick)
    }

    /// What a tick that was passed put out.
    pub(crate) fn take(&mut self, tick: Tick) -> (Rows, Verdicts) {
        self.outputs.take(tick)
    }

    /// The earliest tick at which a stage has something to do by itself.
    pub(crate) fn next_deadline(&self) -> Option<Tick> {
        self.meters
            .each()
            .iter()
            .filter_map(|(_, meter)| meter.next_deadline())
            .min()
    }

    /// The tick since which a session is open here; other stages hold nothing that is older than the horizon.
    pub(crate) fn open_since(&self) -> Option<Tick> {
        self.meters.sessions.open_since()
    }

    /// How much state each stage holds here.
    pub(crate) fn state_entries(&self) -> impl Iterator<Item = (&'static str, u64)> {
        self.meters
            .each()
            .map(|(stage, meter)| (stage, meter.entries()))
            .into_iter()
    }
}
