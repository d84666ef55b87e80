//! Sliding windows: the value of every query that some rule asks, at every tick.
//!
//! The value at tick T is of the facts with a time in (T − window, T] that are known at T.
//!
//! ```text
//!   facts        ·  ·· ·   ·    ·  · ··    ·      ·  ·      kept for an hour, whether anybody asks or not
//!                      ╞══════ window at T ══════╡
//!                         ╞══════ window at T' ════╡
//!                      └┬┘                       └┬┘
//!                     left                     entered      the rest is not looked at again
//! ```
//!
//! A fact that comes late, within the window, enters at once. A new query goes through the facts that are there: a rule acts on the
//! window it finds, not on one that has yet to fill.
//!
//! State: about 130 bytes a fact of the last hour (page views, errors, vitals, custom events, sessions, insights), and a sum per query and
//! group. Paths are grouped by only where some rule asks for it. All of a project is on one worker.
//!
//! What it will not notice: whatever is longer ago than the longest window, an hour, even if a correction comes to it.

use crate::episode::{as_ms, as_tick};
use crate::facts::Fact;
use crate::ids::{Diff, ProjectId, SessionId, Tick};
use crate::keyed::{Keyed, Next};
use crate::rules::{Number, Query};
use differential_dataflow::consolidation::consolidate;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;
use std::ops::Bound::{Excluded, Included, Unbounded};
use std::sync::Arc;

/// How long facts are kept, ms: the longest window a rule may have.
pub const WINDOW_MAX_MS: i64 = 60 * 60 * 1000;

/// How often facts that no window can reach any more are forgotten, ms: rarely enough that forgetting alone never makes a tick.
const FORGET_EVERY_MS: i64 = 60 * 1000;

/// How many sessions a value names, and how many facts are looked at to find them.
const SAMPLES_MAX: usize = 3;
const SAMPLE_SEEK_MAX: usize = 1000;

/// The value of a query for one of its groups, and some of the newest sessions it is of.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Value {
    pub group: Arc<str>,
    pub value: Number,
    pub sessions: Vec<SessionId>,
}

/// What windows are made of.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Change {
    Fact(Fact, Diff),
    /// A rule that asks so came, or went.
    Query(Query, Diff),
}

/// The windows of every project.
pub struct Windows;

/// A project's facts and windows.
#[derive(Default)]
pub struct Project {
    /// By their time; those of one time are sorted, each there once with how often it is there.
    facts: BTreeMap<i64, Vec<(Fact, Diff)>>,
    /// Facts of the tick at hand.
    new: Vec<(Fact, Diff)>,
    /// How many rules ask each query.
    asked: BTreeMap<Query, Diff>,
    windows: BTreeMap<Query, Window>,
    /// The tick of the last evaluation.
    to_ms: i64,
    /// From this tick on, what is out of every window's reach is forgotten.
    forget_at_ms: i64,
}

#[derive(Default)]
struct Window {
    groups: BTreeMap<Arc<str>, Sum>,
    touched: BTreeSet<Arc<str>>,
}

#[derive(Default)]
struct Sum {
    sum: i64,
    count: i64,
    emitted: Option<Value>,
}

impl Keyed for Windows {
    type Key = ProjectId;
    type Input = Change;
    type Setting = Infallible;
    type State = Project;
    type Output = ((ProjectId, Query), Value);

    fn apply(&mut self, _: &ProjectId, state: &mut Project, change: Change) {
        match change {
            Change::Fact(fact, diff) => state.new.push((fact, diff)),
            Change::Query(query, diff) => *state.asked.entry(query).or_default() += diff,
        }
    }

    fn configure(&mut self, _: Vec<Infallible>) -> impl Fn(&ProjectId) -> bool {
        |_| false
    }

    fn reconsider(&mut self, _: &ProjectId, _: &mut Project) {}

    fn evaluate(
        &mut self,
        project: &ProjectId,
        state: &mut Project,
        tick: Tick,
        emit: &mut impl FnMut(Self::Output, Diff),
    ) -> Next {
        let emit = &mut |query: &Query, value, diff| emit(((*project, query.clone()), value), diff);
        let now_ms = as_ms(tick);
        state.take_in_new(now_ms);
        state.slide(now_ms);
        state.open_and_close(now_ms, emit);
        for (query, window) in &mut state.windows {
            window.emit(query, &state.facts, now_ms, emit);
        }
        state.next_look(now_ms)
    }
}

impl Project {
    /// Facts that come into what the windows cover already, or are yet to enter.
    fn take_in_new(&mut self, now_ms: i64) {
        // Most of what a changed session takes away it gives back: its fact is the same.
        consolidate(&mut self.new);
        for (fact, diff) in std::mem::take(&mut self.new) {
            if fact.time_ms <= now_ms - WINDOW_MAX_MS {
                continue;
            }
            for (query, window) in &mut self.windows {
                if fact.time_ms > self.to_ms - query.window_ms && fact.time_ms <= self.to_ms {
                    window.add(query, &fact, diff);
                }
            }
            add(self.facts.entry(fact.time_ms).or_default(), fact, diff);
        }
    }

    /// From the last tick to this one.
    fn slide(&mut self, now_ms: i64) {
        let before_ms = std::mem::replace(&mut self.to_ms, now_ms);
        for (query, window) in &mut self.windows {
            for (fact, count) in within(&self.facts, before_ms, now_ms) {
                window.add(query, fact, *count);
            }
            for (fact, count) in within(&self.facts, before_ms - query.window_ms, now_ms - query.window_ms) {
                window.add(query, fact, -count);
            }
        }
        if now_ms >= self.forget_at_ms {
            self.facts = self.facts.split_off(&(now_ms - WINDOW_MAX_MS + 1));
            self.forget_at_ms = now_ms + FORGET_EVERY_MS;
        }
    }

    fn open_and_close(&mut self, now_ms: i64, emit: &mut impl FnMut(&Query, Value, Diff)) {
        self.asked.retain(|_, rules| *rules != 0);
        let asked = &self.asked;
        for (query, window) in self.windows.extract_if(.., |query, _| !asked.contains_key(query)) {
            for value in window.groups.into_values().filter_map(|sum| sum.emitted) {
                emit(&query, value, -1);
            }
        }
        for query in self.asked.keys() {
            self.windows.entry(query.clone()).or_insert_with(|| {
                let mut window = Window::default();
                if query.group_by.is_none() {
                    window.touched.insert(Arc::default());
                }
                for (fact, count) in within(&self.facts, now_ms - query.window_ms, now_ms) {
                    window.add(query, fact, *count);
                }
                window
            });
        }
    }

    /// When a fact enters or leaves a window, or is to be forgotten.
    fn next_look(&self, now_ms: i64) -> Next {
        let after = |time_ms: i64| {
            self.facts
                .range((Excluded(time_ms), Unbounded))
                .next()
                .map(|(time_ms, _)| *time_ms)
        };
        let spans = self.windows.keys().map(|query| query.window_ms);
        let leaves = spans.filter_map(|span_ms| Some(after(now_ms - span_ms)? + span_ms));
        let enters = after(now_ms).filter(|_| !self.windows.is_empty());
        let oldest = self.facts.first_key_value();
        let forgotten = oldest.map(|(time_ms, _)| self.forget_at_ms.max(time_ms + WINDOW_MAX_MS));
        match enters.into_iter().chain(leaves).chain(forgotten).min() {
            Some(time_ms) => Next::LookAt(as_tick(time_ms)),
            None if self.windows.is_empty() => Next::Seal,
            None => Next::Wait,
        }
    }
}

impl Window {
    fn add(&mut self, query: &Query, fact: &Fact, diff: Diff) {
        let Some((group, amount)) = query.measure(fact) else {
            return;
        };
        let sum = self.groups.entry(Arc::clone(&group)).or_default();
        sum.sum += amount * diff as i64;
        sum.count += diff as i64;
        self.touched.insert(group);
    }

    fn emit(
        &mut self,
        query: &Query,
        facts: &BTreeMap<i64, Vec<(Fact, Diff)>>,
        now_ms: i64,
        emit: &mut impl FnMut(&Query, Value, Diff),
    ) {
        for group in std::mem::take(&mut self.touched) {
            let sum = self.groups.entry(Arc::clone(&group)).or_default();
            let number = sum.value(query);
            if number == sum.emitted.as_ref().map(|emitted| emitted.value) {
                continue;
            }
            let sessions = || sample(query, &group, facts, now_ms);
            let value = number.map(|value| Value {
                group: Arc::clone(&group),
                value,
                sessions: sessions(),
            });
            for (value, diff) in [(std::mem::replace(&mut sum.emitted, value.clone()), -1), (value, 1)] {
                if let Some(value) = value {
                    emit(query, value, diff);
                }
            }
            if sum.count == 0 && sum.emitted.is_none() {
                self.groups.remove(&group);
            }
        }
    }
}

impl Sum {
    /// A group is there while something in the window belongs to it; a count without groups always is.
    fn value(&self, query: &Query) -> Option<Number> {
        let is_there = self.count != 0 || query.group_by.is_none();
        is_there
            .then(|| query.metric.value(self.sum, self.count))
            .flatten()
            .map(Number)
    }
}

/// Adds a fact to the sorted ones of its time, or takes it away.
fn add(facts: &mut Vec<(Fact, Diff)>, fact: Fact, diff: Diff) {
    match facts.binary_search_by(|(other, _)| other.cmp(&fact)) {
        Ok(at) => {
            facts[at].1 += diff;
            if facts[at].1 == 0 {
                facts.remove(at);
            }
        }
        Err(at) => facts.insert(at, (fact, diff)),
    }
}

/// The facts with a time in (after, to].
fn within(
    facts: &BTreeMap<i64, Vec<(Fact, Diff)>>,
    after_ms: i64,
    to_ms: i64,
) -> impl DoubleEndedIterator<Item = &(Fact, Diff)> {
    let range = (after_ms < to_ms).then(|| facts.range((Excluded(after_ms), Included(to_ms))));
    range.into_iter().flatten().flat_map(|(_, facts)| facts)
}

/// Sessions of the newest facts of a group.
fn sample(query: &Query, group: &Arc<str>, facts: &BTreeMap<i64, Vec<(Fact, Diff)>>, now_ms: i64) -> Vec<SessionId> {
    let newest = within(facts, now_ms - query.window_ms, now_ms)
        .rev()
        .take(SAMPLE_SEEK_MAX);
    let mut sessions = Vec::new();
    for (fact, _) in newest.filter(|(fact, count)| *count > 0 && query.is_seen_in(fact, group)) {
        if let Some(session) = fact.session.filter(|session| !sessions.contains(session)) {
            sessions.push(session);
        }
        if sessions.len() == SAMPLES_MAX {
            break;
        }
    }
    sessions
}

impl Query {
    /// Whether a fact is a part of the group's value that one would want to see.
    fn is_seen_in(&self, fact: &Fact, group: &Arc<str>) -> bool {
        self.measure(fact)
            .is_some_and(|(of_group, amount)| of_group == *group && amount != 0)
    }
}
