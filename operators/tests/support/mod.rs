//! Runs the whole graph over a schedule, on as many workers as asked, and keeps every row that leaves it.

pub(crate) mod compare;
pub(crate) mod generate;

use differential_dataflow::input::Input as _;
use gosight_operators::alerts::alerts;
use gosight_operators::click_cells::click_cells;
use gosight_operators::distinct::distinct;
use gosight_operators::elements::elements;
use gosight_operators::event::{Position, Positioned};
use gosight_operators::fold::share;
use gosight_operators::ids::{Diff, ProjectId, SessionId, Tick};
use gosight_operators::live::live;
use gosight_operators::meter::Meters;
use gosight_operators::rollups::rollups;
use gosight_operators::rules::{Rule, Thresholds};
use gosight_operators::scroll_depth::scroll_depth;
use gosight_operators::sessions::sessions;
use gosight_operators::views::*;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use timely::dataflow::operators::vec::Map;
use timely::dataflow::operators::{Input as _, Inspect};

/// What is bound to a tick.
#[derive(Clone, Debug, Default)]
pub(crate) struct Bound {
    pub(crate) events: Vec<Positioned>,
    pub(crate) thresholds: Vec<((ProjectId, Thresholds), Diff)>,
    pub(crate) rules: Vec<(Rule, Diff)>,
}

/// Ticks in order, each with what is bound to it.
pub(crate) type Schedule = BTreeMap<Tick, Bound>;

/// Everything that left the graph.
#[derive(Default)]
pub(crate) struct Outputs {
    pub(crate) sessions: Vec<(Arc<SessionView>, Tick, Diff)>,
    pub(crate) insights: Vec<(Arc<Insight>, Tick, Diff)>,
    pub(crate) cells: Vec<(ClickCell, Tick, ClickCounts)>,
    pub(crate) elements: Vec<(ElementCell, Tick, ClickCounts)>,
    pub(crate) steps: Vec<(ScrollStep, Tick, Diff)>,
    pub(crate) rollups: Vec<(Rollup, Tick, RollupCounts)>,
    pub(crate) live: Vec<((ProjectId, LiveNow), Tick, Diff)>,
    pub(crate) transitions: Vec<Transition>,
    pub(crate) duplicates: Vec<Position>,
    pub(crate) named: Vec<(Position, SessionId)>,
    /// Per worker.
    pub(crate) meters: Vec<Meters>,
}

/// What has come of a view's rows by `tick`: the rows that are there, each with its (summed) diff.
pub(crate) fn at<D: Clone + Ord, R: differential_dataflow::difference::Semigroup>(
    rows: &[(D, Tick, R)],
    tick: Tick,
) -> Vec<(D, R)> {
    let known = rows.iter().filter(|(_, time, _)| *time <= tick);
    let mut known: Vec<_> = known.map(|(row, _, diff)| (row.clone(), diff.clone())).collect();
    differential_dataflow::consolidation::consolidate(&mut known);
    known
}

pub(crate) fn run(schedule: &Schedule, workers: usize) -> Outputs {
    let outputs = Arc::new(Mutex::new(Outputs::default()));
    let (schedule, sink) = (Arc::new(schedule.clone()), Arc::clone(&outputs));
    let config = if workers == 1 {
        timely::Config::thread()
    } else {
        timely::Config::process(workers)
    };
    let guards = timely::execute(config, move |worker| {
        let (index, peers, meters) = (worker.index(), worker.peers(), Meters::default());
        sink.lock().unwrap().meters.push(meters.clone());
        let (mut events, mut ticks, mut thresholds, mut rules) = worker.dataflow::<Tick, _, _>(|scope| {
            let (events_in, events) = scope.new_input::<Vec<_>>();
            let (ticks_in, ticks) = scope.new_input::<Vec<()>>();
            let (thresholds_in, thresholds) = scope.new_collection();
            let (rules_in, rules) = scope.new_collection();

            let distinct = distinct(events, ticks.clone(), meters.distinct.clone());
            let shared = share(distinct.fresh.clone().map(|(_, event)| event));
            let views = sessions(distinct.fresh, thresholds, ticks.clone(), meters.sessions.clone());
            let cells = click_cells(shared.clone(), views.insights.clone(), ticks.clone());
            let elements = elements(shared.clone(), views.insights.clone(), ticks.clone());
            let steps = scroll_depth(views.depths, ticks.clone());
            let (sessions, insights) = (views.sessions, views.insights);
            let rollups = rollups(shared.clone(), sessions.clone(), insights.clone(), ticks.clone());
            let live = live(shared.clone(), sessions.clone(), ticks.clone(), meters.live.clone());
            let alerts = alerts(rules, shared, sessions.clone(), insights.clone(), ticks, &meters);

            macro_rules! keep {
                ($($field:ident: $stream:expr),+ $(,)?) => {$({
                    let sink = Arc::clone(&sink);
                    $stream.inspect(move |row| sink.lock().unwrap().$field.push(row.clone()));
                })+};
            }
            keep! {
                sessions: sessions.inner,
                insights: insights.inner,
                cells: cells.inner,
                elements: elements.inner,
                steps: steps.inner,
                rollups: rollups.inner,
                live: live.inner,
                transitions: alerts,
                duplicates: distinct.duplicates,
                named: views.named,
            }
            (events_in, ticks_in, thresholds_in, rules_in)
        });
        for (tick, bound) in &*schedule {
            events.advance_to(*tick);
            ticks.advance_to(*tick);
            thresholds.advance_to(*tick);
            rules.advance_to(*tick);
            for record in bound.events.iter().skip(index).step_by(peers) {
                events.send(record.clone());
            }
            ticks.send(());
            if index == 0 {
                bound
                    .thresholds
                    .iter()
                    .for_each(|(row, diff)| thresholds.update(*row, *diff));
                bound
                    .rules
                    .iter()
                    .for_each(|(rule, diff)| rules.update(rule.clone(), *diff));
            }
            events.advance_to(tick + 1);
            ticks.advance_to(tick + 1);
            thresholds.advance_to(tick + 1);
            rules.advance_to(tick + 1);
            thresholds.flush();
            rules.flush();
            worker.step();
        }
    });
    drop(guards.unwrap());
    std::mem::take(&mut *outputs.lock().unwrap())
}
