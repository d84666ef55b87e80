//! Alerts: rules joined with the windows they ask for; what changes sides is a transition.
//!
//! ```text
//!   rules  ──by (project, query)──▶ arrangement ─┐
//!     └─ distinct queries ─▶ windows ─┐          ├─ join ─▶ (rule, group, value) ─▶ holds? ─▶ fired / resolved, once each
//!   facts ─────────────────▶  per T   ┴─ values ─┘
//! ```
//!
//! A rule is a row: a new or changed one meets, at its tick, the windows that are there already. A transition is a fact of its tick and is never
//! rewritten; what comes late changes the value from its own tick on.
//!
//! State: the arrangements of rules and values, and one entry for each (rule, group) that has a value.
//!
//! What it will not notice: a condition that held between two ticks only.

use crate::facts::Fact;
use crate::fold::{Shared, look};
use crate::ids::{Diff, ProjectId, RuleId, Tick, route};
use crate::keyed::{Keyed, KeyedOperator, Next, Record};
use crate::meter::Meters;
use crate::per_tick::{Ticks, at_their_ticks, per_tick};
use crate::rules::{Query, Rule};
use crate::views::{Insight, SessionView, Transition, TransitionState};
use crate::windows::{Change, Value, Windows};
use differential_dataflow::{AsCollection, VecCollection};
use std::convert::Infallible;
use std::sync::Arc;
use timely::dataflow::StreamVec;
use timely::dataflow::operators::vec::Map;
use timely::dataflow::operators::{Concat, Exchange};

/// The transitions of `rules`, which may come to any worker.
pub fn alerts<'scope>(
    rules: VecCollection<'scope, Tick, Rule>,
    events: Shared<'scope>,
    sessions: VecCollection<'scope, Tick, Arc<SessionView>>,
    insights: VecCollection<'scope, Tick, Arc<Insight>>,
    ticks: Ticks<'scope>,
    meters: &Meters,
) -> StreamVec<'scope, Tick, Transition> {
    // An inactive rule has no condition.
    let rules = rules
        .filter(|rule| rule.is_active)
        .map(|rule| ((rule.project, rule.query.clone()), rule));
    let queries = rules.clone().map(|(query, _)| query);
    let values = windows(queries, facts(events, sessions, insights), ticks.clone(), meters);
    let asked = rules.arrange_by_key_named("Rules");
    let told = values.arrange_by_key_named("Values");
    let judged = asked.join_core(told, |_, rule, value| [(rule.clone(), value.clone())]);
    let records = at_their_ticks(judged).map(|((rule, value), _, diff)| {
        let key = (rule.project, rule.id, Arc::clone(&value.group));
        (key, (rule, value, diff))
    });
    let records = records
        .exchange(|(key, _)| route(key))
        .map(|(key, judged)| Record::For(key, judged));
    let transitions = per_tick(
        "Transitions",
        records,
        ticks,
        KeyedOperator::new(Transitions, meters.alerts.clone()),
    );
    transitions.map(|(transition, _, _)| transition)
}

fn facts<'scope>(
    events: Shared<'scope>,
    sessions: VecCollection<'scope, Tick, Arc<SessionView>>,
    insights: VecCollection<'scope, Tick, Arc<Insight>>,
) -> StreamVec<'scope, Tick, (Fact, Diff)> {
    let of_events = look(events, "Facts", |events, facts| {
        facts.extend(
            events
                .iter()
                .flat_map(|event| Fact::of_event(event))
                .map(|fact| (fact, 1)),
        );
    });
    let of_sessions = sessions
        .inner
        .map(|(session, _, diff)| (Fact::of_session(&session), diff));
    let of_insights = insights
        .inner
        .map(|(insight, _, diff)| (Fact::of_insight(&insight), diff));
    of_events.concat(of_sessions).concat(of_insights)
}

/// The value of each group of each query, at each tick.
fn windows<'scope>(
    queries: VecCollection<'scope, Tick, (ProjectId, Query)>,
    facts: StreamVec<'scope, Tick, (Fact, Diff)>,
    ticks: Ticks<'scope>,
    meters: &Meters,
) -> VecCollection<'scope, Tick, ((ProjectId, Query), Value)> {
    let queries = queries
        .inner
        .map(|((project, query), _, diff)| (project, Change::Query(query, diff)));
    let facts = facts.map(|(fact, diff)| (fact.project, Change::Fact(fact, diff)));
    let changes = facts.concat(queries).exchange(|(project, _)| route(project));
    let records = changes.map(|(project, change)| Record::For(project, change));
    per_tick(
        "Windows",
        records,
        ticks,
        KeyedOperator::new(Windows, meters.windows.clone()),
    )
    .as_collection()
}

/// Which conditions hold.
struct Transitions;

/// A rule's condition for one group.
#[derive(Default)]
struct Condition {
    /// Added up, at most one is there.
    rows: Vec<((Rule, Value), Diff)>,
    /// The rule it fired by.
    fired: Option<Rule>,
}

impl Keyed for Transitions {
    type Key = (ProjectId, RuleId, Arc<str>);
    type Input = (Rule, Value, Diff);
    type Setting = Infallible;
    type State = Condition;
    type Output = Transition;

    fn apply(&mut self, _: &Self::Key, state: &mut Condition, (rule, value, diff): Self::Input) {
        state.rows.push(((rule, value), diff));
    }

    fn configure(&mut self, _: Vec<Infallible>) -> impl Fn(&Self::Key) -> bool {
        |_| false
    }

    fn reconsider(&mut self, _: &Self::Key, _: &mut Condition) {}

    fn evaluate(
        &mut self,
        (project, id, group): &Self::Key,
        state: &mut Condition,
        tick: Tick,
        emit: &mut impl FnMut(Transition, Diff),
    ) -> Next {
        differential_dataflow::consolidation::consolidate(&mut state.rows);
        let current = state.rows.iter().find(|(_, diff)| *diff > 0).map(|(row, _)| row);
        let holds = current.is_some_and(|(rule, value)| rule.operator.holds(value.value.0, rule.threshold.0));
        let (turned, rule) = match (&state.fired, current) {
            (None, Some((rule, _))) if holds => (TransitionState::Fired, rule.clone()),
            (Some(fired), current) if !holds => (
                TransitionState::Resolved,
                current.map_or(fired, |(rule, _)| rule).clone(),
            ),
            _ if current.is_none() => return Next::Seal,
            _ => return Next::Wait,
        };
        let transition = Transition {
            project: *project,
            rule: *id,
            group: Arc::clone(group),
            state: turned,
            value: current.map(|(_, value)| value.value),
            threshold: rule.threshold,
            tick,
            sessions: current.map(|(_, value)| value.sessions.clone()).unwrap_or_default(),
        };
        emit(transition, 1);
        let is_gone = current.is_none();
        state.fired = (turned == TransitionState::Fired).then_some(rule);
        if is_gone { Next::Seal } else { Next::Wait }
    }
}
