//! Sessions, with their insights: the view that most others are made of.
//!
//! An event with a session id belongs to that session, whatever its time. Events without one are sessionised by visitor: those of which neighbours are
//! at most 30 minutes apart are one session, whose id is a hash of (project, visitor, first event id).
//!
//! ```text
//!   one visitor, no session id          A              B
//!       events                       e  e e          e   e
//!                                    ─┬─────         ─┬───
//!       a late event                  │     > 30 min  │          ◀─ e   less than 30 minutes from both:
//!                                     └───────┬───────┘                 A and B are retracted, one session
//!                                             A                         (A's first event names it) inserted
//! ```
//!
//! Everything told of a session is a function of the set of its events: its [`Summary`] is a monoid, its insights are the union of those of its
//! [episodes](crate::episode), its [`PageViews`] are extremes. Merging two sessions merges these three.
//!
//! State per session: a summary (0.4 to 5 KB), its evidence (100 bytes a click, 16 a response), its page views (120 bytes each), and the rows emitted. It is
//! kept until no event that is on time can touch the session: the horizon and the gap after its last event. Evidence and page views have caps, 5 MB in all, so
//! that no session can hold a worker.
//!
//! What it will not notice: that a session id which is silent for longer than the horizon and the gap, then comes again, is still the same session: it
//! starts a new count, under the same id; a row of its own if on another day. What clicks there are after the [end of the evidence](crate::episode), and the
//! depths of more page views than [`page_views`](crate::page_views) keeps: a session of a robot, for the most part.

use crate::episode::{Evidence, as_tick, reach_ms};
use crate::event::{Event, Position, Positioned};
use crate::ids::{Diff, IdMap, ProjectId, SessionId, Tick, route, stable_hash};
use crate::insights::Insights;
use crate::judge::Judge;
use crate::keyed::{Keyed, KeyedOperator, Next, Record};
use crate::lateness::HORIZON_MS;
use crate::meter::Meter;
use crate::open_since::OpenSince;
use crate::page_views::{PageDepth, PageViews};
use crate::per_tick::{Ticks, at_their_ticks, per_tick};
use crate::rules::Thresholds;
use crate::session_view::session_view;
use crate::summary::{Earliest, Summary};
use crate::views::{Insight, SessionView};
use differential_dataflow::{AsCollection, VecCollection};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use timely::dataflow::StreamVec;
use timely::dataflow::operators::vec::{Broadcast, Map};
use timely::dataflow::operators::{Concat, Exchange, OkErr};

/// Events of a visitor without a session id that are further apart belong to different sessions.
pub const VISITOR_GAP_MS: i64 = 30 * 60 * 1000;

/// Whose events are judged together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Actor {
    pub project: ProjectId,
    pub who: Who,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Who {
    Session(SessionId),
    /// The [`stable_hash`] of the visitor id, when there is no session id.
    Visitor(u128),
}

impl Actor {
    pub fn of(event: &Event) -> Self {
        let visitor = || Who::Visitor(stable_hash(&*event.context.visitor));
        Self {
            project: event.project,
            who: event.session.map_or_else(visitor, Who::Session),
        }
    }
}

/// What the operator emits.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Row {
    Session(Arc<SessionView>),
    Insight(Arc<Insight>),
    Depth(PageDepth),
    /// The session that an event without a session id belongs to, as known at its tick: told once, for who watches live. A late event may make
    /// it another one's.
    Named(Position, SessionId),
}

/// The sessions of every actor.
#[derive(Default)]
pub struct Sessions {
    thresholds: IdMap<ProjectId, Thresholds>,
    open_since: OpenSince,
}

/// An actor's sessions, in time order; of a session id there is one.
#[derive(Default)]
pub struct ActorState {
    sessions: Vec<Session>,
    /// When the first event of what is open came, as [`OpenSince`] was told.
    open_since: Option<Tick>,
    /// Emitted by sessions that are no more.
    retired: Vec<Row>,
}

#[derive(Default)]
struct Session {
    /// The tick at which its first event came; none before its first evaluation.
    began: Option<Tick>,
    first: Earliest<()>,
    last_ms: i64,
    summary: Summary,
    evidence: Evidence,
    views: PageViews,
    /// Times at which something came whose episode is to be judged again.
    touched: Vec<i64>,
    /// Clicks that are dead when their time comes.
    undecided: Vec<(Tick, i64)>,
    /// Events of this tick that wait to hear which session they belong to.
    unnamed: Vec<Position>,
    insights: Insights,
    /// Where the evidence ended when the insights were judged.
    judged_to_ms: Option<i64>,
    emitted: Option<Arc<SessionView>>,
    /// Its id, while something is emitted under it.
    id: Option<SessionId>,
    is_touched: bool,
}

impl Keyed for Sessions {
    type Key = Actor;
    type Input = Positioned;
    type Setting = ((ProjectId, Thresholds), Diff);
    type State = ActorState;
    type Output = Row;

    fn apply(&mut self, actor: &Actor, state: &mut ActorState, (position, event): Positioned) {
        let session = state.session_for(actor, event.time_ms);
        session.add(&event);
        if event.session.is_none() {
            session.unnamed.push(position);
        }
    }

    fn configure(&mut self, mut settings: Vec<Self::Setting>) -> impl Fn(&Actor) -> bool {
        let touched: Vec<_> = settings.iter().map(|((project, _), _)| *project).collect();
        // A change is a retraction and an insertion: the insertion has the last word.
        settings.sort_by_key(|(_, diff)| *diff);
        for ((project, thresholds), diff) in settings {
            if diff > 0 {
                self.thresholds.insert(project, thresholds);
            } else {
                self.thresholds.remove(&project);
            }
        }
        move |actor| touched.contains(&actor.project)
    }

    fn reconsider(&mut self, _: &Actor, state: &mut ActorState) {
        state.sessions.iter_mut().for_each(Session::touch_all);
    }

    fn evaluate(
        &mut self,
        actor: &Actor,
        state: &mut ActorState,
        tick: Tick,
        emit: &mut impl FnMut(Row, Diff),
    ) -> Next {
        let thresholds = self.thresholds.get(&actor.project).copied().unwrap_or_default();
        state.retired.drain(..).for_each(|row| emit(row, -1));
        for session in &mut state.sessions {
            session.evaluate(actor, &thresholds, tick, emit);
        }
        state.sessions.retain(|session| session.sealed_at() > tick);
        let began = state.sessions.iter().filter_map(|session| session.began).min();
        self.open_since.moved(&mut state.open_since, began);
        let deadlines = state.sessions.iter().map(Session::next_look);
        deadlines.min().map_or(Next::Seal, Next::LookAt)
    }
}

impl ActorState {
    /// The session that an event at `time_ms` belongs to: a new one, or one that is there, or two that become one.
    fn session_for(&mut self, actor: &Actor, time_ms: i64) -> &mut Session {
        let near = |session: &Session| match actor.who {
            Who::Session(_) => true,
            Who::Visitor(_) => session.is_within(time_ms, VISITOR_GAP_MS),
        };
        let Some(at) = self.sessions.iter().position(near) else {
            let at = self.sessions.partition_point(|session| session.last_ms < time_ms);
            self.sessions.insert(
                at,
                Session {
                    last_ms: time_ms,
                    ..Session::default()
                },
            );
            return &mut self.sessions[at];
        };
        if self.sessions.get(at + 1).is_some_and(near) {
            let later = self.sessions.remove(at + 1);
            self.sessions[at].merge(later, &mut self.retired);
        }
        &mut self.sessions[at]
    }
}

impl Session {
    fn is_within(&self, time_ms: i64, gap_ms: i64) -> bool {
        let first_ms = self.first.moment().map_or(self.last_ms, |(first_ms, _)| first_ms);
        time_ms >= first_ms - gap_ms && time_ms <= self.last_ms + gap_ms
    }

    fn add(&mut self, event: &Event) {
        self.first.see(event.moment(), || ());
        self.last_ms = self.last_ms.max(event.time_ms);
        self.summary.add(event);
        self.views.add(event);
        if self.evidence.insert(event) {
            self.touched.push(event.time_ms);
        }
        self.is_touched = true;
    }

    fn merge(&mut self, other: Self, retired: &mut Vec<Row>) {
        retired.extend(other.insights.into_vec().into_iter().map(Row::Insight));
        retired.extend(other.emitted.map(Row::Session));
        // One that has not been evaluated yet began at this tick.
        self.began = self.began.into_iter().chain(other.began).min();
        self.first.merge(other.first);
        self.last_ms = self.last_ms.max(other.last_ms);
        self.summary.merge(other.summary);
        self.evidence.merge(other.evidence);
        self.unnamed.extend(other.unnamed);
        self.views
            .merge(other.views, &mut |depth, _| retired.push(Row::Depth(depth)));
        self.touch_all();
    }

    fn touch_all(&mut self) {
        self.touched.clear();
        self.touched
            .extend(self.evidence.clicks().iter().map(|clicked| clicked.moment.0));
        self.undecided.clear();
        self.is_touched = true;
    }

    fn sealed_at(&self) -> Tick {
        as_tick(self.last_ms.saturating_add(HORIZON_MS).saturating_add(VISITOR_GAP_MS)).saturating_add(1)
    }

    fn next_look(&self) -> Tick {
        self.undecided
            .iter()
            .map(|(tick, _)| *tick)
            .fold(self.sealed_at(), Tick::min)
    }

    fn evaluate(&mut self, actor: &Actor, thresholds: &Thresholds, tick: Tick, emit: &mut impl FnMut(Row, Diff)) {
        let Some((first_ms, first)) = self.first.moment() else {
            return;
        };
        self.began.get_or_insert(tick);
        let id = match actor.who {
            Who::Session(id) => id,
            Who::Visitor(visitor) => SessionId(stable_hash((actor.project, visitor, first))),
        };
        if self.id.replace(id).is_some_and(|before| before != id) {
            // Its first event is another now, and every insight bears the session's name.
            self.insights
                .retract(&mut |insight, diff| emit(Row::Insight(insight), diff));
            self.touch_all();
        }
        self.forget_what_is_beyond_the_end(emit);
        self.unnamed
            .drain(..)
            .for_each(|position| emit(Row::Named(position, id), 1));
        self.touch_what_is_due(tick);
        if !std::mem::take(&mut self.is_touched) {
            return;
        }
        self.judge_touched(
            Judge {
                project: actor.project,
                session: id,
                thresholds,
                tick,
            },
            emit,
        );
        self.views.evaluate(&mut |depth, diff| emit(Row::Depth(depth), diff));
        let derived_span_ms = matches!(actor.who, Who::Visitor(_)).then_some((first_ms, self.last_ms));
        let view = session_view(
            actor.project,
            id,
            derived_span_ms,
            &self.summary,
            self.insights.as_slice(),
        );
        if self.emitted.as_deref() != view.as_ref() {
            let view = view.map(Arc::new);
            if let Some(before) = std::mem::replace(&mut self.emitted, view.clone()) {
                emit(Row::Session(before), -1);
            }
            if let Some(view) = view {
                emit(Row::Session(view), 1);
            }
        }
    }

    /// When one that is late moves the end of the evidence, the last of what was judged is no evidence any more.
    fn forget_what_is_beyond_the_end(&mut self, emit: &mut impl FnMut(Row, Diff)) {
        let ends_at_ms = self.evidence.ends_at_ms();
        if std::mem::replace(&mut self.judged_to_ms, ends_at_ms) != ends_at_ms {
            let end_ms = ends_at_ms.unwrap_or(i64::MAX);
            self.insights
                .retract_from(end_ms, &mut |insight, diff| emit(Row::Insight(insight), diff));
            self.touch_all();
        }
    }

    fn touch_what_is_due(&mut self, tick: Tick) {
        let due = self.undecided.extract_if(.., |(deadline, _)| *deadline <= tick);
        self.touched.extend(due.map(|(_, time_ms)| time_ms));
        self.is_touched |= !self.touched.is_empty();
    }

    /// Judges every touched episode once.
    fn judge_touched(&mut self, judge: Judge<'_>, emit: &mut impl FnMut(Row, Diff)) {
        let mut touched = std::mem::take(&mut self.touched);
        touched.sort_unstable();
        let reach_ms = reach_ms(judge.thresholds);
        let mut judged_to_ms = None;
        for time_ms in touched.drain(..) {
            if judged_to_ms.is_some_and(|to_ms| time_ms <= to_ms) {
                continue;
            }
            let Some(episode) = self.evidence.episode_at(time_ms, reach_ms) else {
                continue;
            };
            let span = episode.span();
            let verdict = judge.judge(&episode);
            judged_to_ms = Some(span.1.0.saturating_add(reach_ms));
            self.undecided
                .retain(|(_, time_ms)| !(span.0.0..=span.1.0).contains(time_ms));
            self.undecided.extend(verdict.undecided);
            self.insights.replace(span, verdict.insights, &mut |insight, diff| {
                emit(Row::Insight(insight), diff);
            });
        }
        self.touched = touched;
    }
}

/// The sessions and what else is known of them, as collections.
pub struct SessionStreams<'scope> {
    pub sessions: VecCollection<'scope, Tick, Arc<SessionView>>,
    pub insights: VecCollection<'scope, Tick, Arc<Insight>>,
    pub depths: VecCollection<'scope, Tick, PageDepth>,
    /// Which session each event without a session id belongs to, at its tick.
    pub named: StreamVec<'scope, Tick, (Position, SessionId)>,
}

/// The sessions of `events`, whose ids are distinct and of which none is late. `thresholds` may come to any worker.
pub fn sessions<'scope>(
    events: StreamVec<'scope, Tick, Positioned>,
    thresholds: VecCollection<'scope, Tick, (ProjectId, Thresholds)>,
    ticks: Ticks<'scope>,
    meter: Meter,
) -> SessionStreams<'scope> {
    let thresholds = at_their_ticks(thresholds)
        .map(|(row, _, diff)| (row, diff))
        .broadcast()
        .map(Record::Setting);
    let records = events.map(|(position, event)| (Actor::of(&event), (position, event)));
    let records = records
        .exchange(|(actor, _)| route(actor))
        .map(|(actor, input)| Record::For(actor, input));
    let logic = Sessions {
        open_since: OpenSince::new(meter.clone()),
        ..Sessions::default()
    };
    let rows = per_tick(
        "Sessions",
        records.concat(thresholds),
        ticks,
        KeyedOperator::new(logic, meter),
    );
    let (sessions, others) = rows.ok_err(|(row, tick, diff)| match row {
        Row::Session(session) => Ok((session, tick, diff)),
        other => Err((other, tick, diff)),
    });
    let (insights, others) = others.container::<Vec<_>>().ok_err(|(row, tick, diff)| match row {
        Row::Insight(insight) => Ok((insight, tick, diff)),
        other => Err((other, tick, diff)),
    });
    let others = others.container::<Vec<_>>();
    let depths = others.clone().flat_map(|(row, tick, diff)| match row {
        Row::Depth(depth) => Some((depth, tick, diff)),
        _ => None,
    });
    let named = others.flat_map(|(row, _, _)| match row {
        Row::Named(position, session) => Some((position, session)),
        _ => None,
    });
    SessionStreams {
        sessions: sessions.as_collection(),
        insights: insights.as_collection(),
        depths: depths.as_collection(),
        named,
    }
}
