//! Live: what is going on in a project right now.
//!
//! ```text
//!                        T − 5 min                                T − 1 min        T
//!   session A   ● ●          │                                        │            │    over
//!   session B      ●         │              ●                 ●       │    ●       │    active, on the page of its newest event
//!                            ╞════════ active sessions, visitors ═════╪════════════╡
//!                                                                     ╞═ events ═══╡
//! ```
//!
//! Sessions and visitors whose newest event is in (T − 5 min, T], events with a time in (T − 1 min, T], exact to the millisecond. What leaves a window
//! does so at the first tick after, whether anything came or not.
//!
//! State per project: 150 bytes an active session, and a count for each millisecond of the last minute that has one.
//!
//! What it will not notice: visitors who read without moving for five minutes. A session whose newest event is still to come, by a clock that
//! is ahead, counts as active.

use crate::episode::{as_ms, as_tick};
use crate::fold::{Shared, fold, look};
use crate::ids::{Diff, IdMap, ProjectId, SessionId, Tick, route};
use crate::keyed::{Keyed, KeyedOperator, Next, Record};
use crate::meter::Meter;
use crate::per_tick::{Ticks, per_tick};
use crate::views::{CURRENT_PAGES_MAX, LiveNow, SessionView};
use differential_dataflow::{AsCollection, VecCollection};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::convert::Infallible;
use std::sync::Arc;
use timely::dataflow::operators::vec::Map;
use timely::dataflow::operators::{Concat, Exchange};

const ACTIVE_MS: i64 = 5 * 60 * 1000;
const MINUTE_MS: i64 = 60 * 1000;

/// A change that a project's live figures are made of.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
enum Change {
    Session(Arc<SessionView>, Diff),
    /// So many events of this time.
    Events(i64, Diff),
}

/// The live figures of each project that has something going on.
pub fn live<'scope>(
    events: Shared<'scope>,
    sessions: VecCollection<'scope, Tick, Arc<SessionView>>,
    ticks: Ticks<'scope>,
    meter: Meter,
) -> VecCollection<'scope, Tick, (ProjectId, LiveNow)> {
    let times = look(events, "LiveEvents", |events, rows| {
        let counted = events.iter().filter(|event| event.is_counted());
        rows.extend(counted.map(|event| ((event.project, event.time_ms), 1)));
    });
    let times = fold("LiveEvents", times, ticks.clone());
    let times = times
        .inner
        .map(|((project, time_ms), _, count)| (project, Change::Events(time_ms, count)));
    let sessions = sessions
        .inner
        .map(|(session, _, diff)| (session.project, Change::Session(session, diff)));
    let changes = times.concat(sessions).exchange(|(project, _)| route(project));
    let records = changes.map(|(project, change)| Record::For(project, change));
    per_tick("Live", records, ticks, KeyedOperator::new(Live, meter)).as_collection()
}

struct Live;

#[derive(Default)]
struct Project {
    sessions: IdMap<SessionId, Arc<SessionView>>,
    by_end: BTreeSet<(i64, SessionId)>,
    visitors: Tally,
    pages: Tally,
    /// Retractions come before the insertions they make room for.
    inserted: Vec<Arc<SessionView>>,
    events: BTreeMap<i64, Diff>,
    emitted: LiveNow,
}

impl Keyed for Live {
    type Key = ProjectId;
    type Input = Change;
    type Setting = Infallible;
    type State = Project;
    type Output = (ProjectId, LiveNow);

    fn apply(&mut self, _: &ProjectId, state: &mut Project, change: Change) {
        match change {
            Change::Session(session, diff) if diff > 0 => state.inserted.push(session),
            Change::Session(session, _) => state.remove(&session),
            Change::Events(time_ms, count) => *state.events.entry(time_ms).or_default() += count,
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
        emit: &mut impl FnMut((ProjectId, LiveNow), Diff),
    ) -> Next {
        state.advance(as_ms(tick));
        let now = state.now(as_ms(tick));
        if now != state.emitted {
            let before = std::mem::replace(&mut state.emitted, now.clone());
            for (live, diff) in [(before, -1), (now, 1)] {
                if live != LiveNow::default() {
                    emit((*project, live), diff);
                }
            }
        }
        state.next_look().map_or(Next::Seal, Next::LookAt)
    }
}

impl Project {
    fn advance(&mut self, now_ms: i64) {
        for session in std::mem::take(&mut self.inserted) {
            if session.ended_at_ms > now_ms - ACTIVE_MS {
                self.insert(session);
            }
        }
        while let Some((ended_at_ms, id)) = self
            .by_end
            .first()
            .copied()
            .filter(|(end, _)| *end <= now_ms - ACTIVE_MS)
        {
            self.by_end.remove(&(ended_at_ms, id));
            if let Some(session) = self.sessions.remove(&id) {
                self.count(&session, -1);
            }
        }
        self.events = self.events.split_off(&(now_ms - MINUTE_MS + 1));
    }

    fn insert(&mut self, session: Arc<SessionView>) {
        self.by_end.insert((session.ended_at_ms, session.id));
        self.count(&session, 1);
        self.sessions.insert(session.id, session);
    }

    fn remove(&mut self, session: &Arc<SessionView>) {
        // One that is over already is not here.
        if self.by_end.remove(&(session.ended_at_ms, session.id)) {
            self.sessions.remove(&session.id);
            self.count(session, -1);
        }
    }

    fn count(&mut self, session: &SessionView, diff: Diff) {
        if !session.visitor.is_empty() {
            self.visitors.add(&session.visitor, diff);
        }
        self.pages.add(&session.last_path, diff);
    }

    fn now(&self, now_ms: i64) -> LiveNow {
        let mut current_pages: Vec<_> = self
            .pages
            .0
            .iter()
            .map(|(path, count)| (Arc::clone(path), *count as u64))
            .collect();
        current_pages.sort_by(|one, other| other.1.cmp(&one.1).then_with(|| one.0.cmp(&other.0)));
        current_pages.truncate(CURRENT_PAGES_MAX);
        LiveNow {
            active_sessions: self.sessions.len() as u64,
            active_visitors: self.visitors.0.len() as u64,
            events_per_minute: self.events.range(..=now_ms).map(|(_, count)| *count as u64).sum(),
            current_pages,
        }
    }

    fn next_look(&self) -> Option<Tick> {
        let session = self.by_end.first().map(|(ended_at_ms, _)| ended_at_ms + ACTIVE_MS);
        let event = self.events.first_key_value().map(|(time_ms, _)| time_ms + MINUTE_MS);
        session.into_iter().chain(event).min().map(as_tick)
    }
}

/// How many there are of each text, without the zeros.
#[derive(Default)]
struct Tally(HashMap<Arc<str>, Diff>);

impl Tally {
    fn add(&mut self, text: &Arc<str>, diff: Diff) {
        let count = self.0.entry(Arc::clone(text)).or_default();
        *count += diff;
        if *count == 0 {
            self.0.remove(text);
        }
    }
}
