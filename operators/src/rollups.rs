//! Rollups: a project's counts per minute, hour and day, and those of each page per hour.
//!
//! Events, page views, errors, clicks and times on page are in the bucket of their own time; sessions, bounces and durations in that of the session's
//! start; insights in that of their first click. All is additive: a session whose start or length changes is taken out of one bucket and put
//! into another.
//!
//! ```text
//!   events of a batch ──┐ runs: same minute, page and context, one after the other
//!   sessions  ± ────────┼──▶ by (minute, page or none) ──▶ ± minute, hour, day
//!   insights  ± ────────┘
//! ```
//!
//! Events of a batch share their page, so a batch is about one run, and rows are made once a run, not once an event. Hours and days are made of the tick's
//! minutes. There is a bucket of what a question reads, and of nothing else: every row costs every event.
//!
//! State: the buckets of one tick.
//!
//! What it will not notice: visitors. Distinct visitors do not add up; they, and the lists of what sessions have in common, are counted from session rows.

use crate::event::{Day, Event, EventType, Payload};
use crate::fold::{Shared, add_up, look};
use crate::ids::{ProjectId, Tick};
use crate::per_tick::{PerTick, Ticks, per_tick};
use crate::views::{Dimension, Insight, InsightType, Resolution, Rollup, RollupCounts, SessionView};
use differential_dataflow::difference::Semigroup;
use differential_dataflow::{AsCollection, VecCollection};
use std::sync::Arc;
use timely::dataflow::operators::Concat;
use timely::dataflow::operators::vec::Map;

const MINUTE_MS: i64 = 60 * 1000;
const HOUR_MS: i64 = 60 * MINUTE_MS;

/// A minute of a project's day, of everything or of one page.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Minute {
    at: At,
    path: Option<Arc<str>>,
}

/// A minute of a project's day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct At {
    project: ProjectId,
    minute_ms: i64,
    day_starts_at_ms: i64,
}

impl At {
    fn new(project: ProjectId, time_ms: i64, day: Day) -> Self {
        Self {
            project,
            minute_ms: time_ms.div_euclid(MINUTE_MS) * MINUTE_MS,
            day_starts_at_ms: day.starts_at_ms,
        }
    }

    fn of(event: &Event) -> Self {
        Self::new(event.project, event.time_ms, event.day)
    }
}

type Row = (Minute, RollupCounts);

/// The changes of the rollups.
pub fn rollups<'scope>(
    events: Shared<'scope>,
    sessions: VecCollection<'scope, Tick, Arc<SessionView>>,
    insights: VecCollection<'scope, Tick, Arc<Insight>>,
    ticks: Ticks<'scope>,
) -> VecCollection<'scope, Tick, Rollup, RollupCounts> {
    let of_events = look(events, "RollupEvents", |events, rows| {
        events
            .chunk_by(|one, next| is_same_run(one, next))
            .for_each(|run| of_run(run, rows));
    });
    let of_sessions = sessions.inner.map(|(session, _, diff)| {
        let at = At::new(session.project, session.started_at_ms, session.day);
        (Minute { at, path: None }, session_counts(&session).times(diff))
    });
    let of_insights = insights.inner.flat_map(|(insight, _, diff)| {
        let first = insight.first();
        let at = At::new(insight.project, first.time_ms, first.day);
        rows(at, &insight.page.path, insight_counts(&insight).times(diff))
    });
    per_tick(
        "Rollups",
        of_events.concat(of_sessions).concat(of_insights),
        ticks,
        Rollups,
    )
    .as_collection()
}

fn is_same_run(one: &Event, next: &Event) -> bool {
    Arc::ptr_eq(&one.page, &next.page) && At::of(one) == At::of(next)
}

fn of_run(run: &[Arc<Event>], rows_out: &mut Vec<Row>) {
    let Some(first) = run.first() else { return };
    let mut total = RollupCounts::default();
    for event in run.iter().filter(|event| event.is_counted()) {
        total.plus_equals(&event_counts(event));
    }
    if total != RollupCounts::default() {
        rows_out.extend(rows(At::of(first), &first.page.path, total));
    }
}

/// What happened on a page counts for the page and in total.
fn rows(at: At, path: &Arc<str>, counts: RollupCounts) -> [Row; 2] {
    [None, Some(Arc::clone(path))].map(|path| (Minute { at, path }, counts))
}

fn event_counts(event: &Event) -> RollupCounts {
    let (time_on_page_ms, page_exits) = match event.payload {
        Payload::PageExit { time_on_page_ms, .. } => (time_on_page_ms, 1),
        _ => (0, 0),
    };
    RollupCounts {
        events: 1,
        page_views: i64::from(event.event_type == EventType::PageView),
        errors: i64::from(event.event_type.is_thrown()),
        clicks: i64::from(event.event_type == EventType::Click),
        time_on_page_ms,
        page_exits,
        ..RollupCounts::default()
    }
}

fn session_counts(session: &SessionView) -> RollupCounts {
    RollupCounts {
        sessions: 1,
        bounces: i64::from(session.is_bounce),
        duration_ms: session.duration_ms(),
        ..RollupCounts::default()
    }
}

fn insight_counts(insight: &Insight) -> RollupCounts {
    let none = RollupCounts::default();
    match insight.insight_type() {
        InsightType::RageClick => RollupCounts { rage_clicks: 1, ..none },
        InsightType::DeadClick => RollupCounts { dead_clicks: 1, ..none },
        InsightType::ErrorClick => RollupCounts {
            error_clicks: 1,
            ..none
        },
    }
}

struct Rollups;

impl PerTick for Rollups {
    type Input = Row;
    type Output = (Rollup, Tick, RollupCounts);

    fn tick(&mut self, tick: Tick, rows: impl IntoIterator<Item = Row>, rollups: &mut Vec<Self::Output>) {
        let all = add_up(rows).flat_map(|(minute, counts)| buckets(minute).map(move |rollup| (rollup, counts)));
        rollups.extend(add_up(all).map(|(rollup, counts)| (rollup, tick, counts)));
    }
}

/// The buckets a minute counts in.
fn buckets(Minute { at, path }: Minute) -> impl Iterator<Item = Rollup> {
    let hour = (Resolution::Hour, at.minute_ms.div_euclid(HOUR_MS) * HOUR_MS);
    let others = [
        (Resolution::Minute, at.minute_ms),
        (Resolution::Day, at.day_starts_at_ms),
    ];
    let others = others.into_iter().filter({
        let is_total = path.is_none();
        move |_| is_total
    });
    let (dimension, value) = match path {
        None => (Dimension::Total, Arc::default()),
        Some(path) => (Dimension::Path, path),
    };
    std::iter::once(hour)
        .chain(others)
        .map(move |(resolution, bucket_ms)| Rollup {
            project: at.project,
            resolution,
            bucket_ms,
            dimension,
            value: Arc::clone(&value),
        })
}
