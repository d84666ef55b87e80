//! Rollups: a project's counts per minute, hour and day, in total and by each value of each dimension.
//!
//! Events, page views, errors, clicks and times on page are in the bucket of their own time; sessions, bounces and durations in that of the session's
//! start; insights in that of their first click. All is additive: a session whose start or length changes is taken out of one bucket and put
//! into another.
//!
//! ```text
//!   events of a batch ──┐ runs: same minute, page and context, one after the other
//!   sessions  ± ────────┼──▶ by (minute, dimension, value) ──▶ ± minute, hour, day
//!   insights  ± ────────┘
//! ```
//!
//! Events of a batch share their page and context, so a batch is about one run, and the dimensions are gone through once a run, not once an event.
//! Hours and days are made of the tick's minutes.
//!
//! State: the buckets of one tick.
//!
//! What it will not notice: visitors. Distinct visitors do not add up; they are counted from session rows.

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

/// A minute of a project's day, for one value of one dimension.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Minute {
    at: At,
    dimension: Dimension,
    value: Arc<str>,
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
    let types = EventType::ALL
        .iter()
        .map(|event_type| Arc::from(event_type.name()))
        .collect::<Vec<_>>();
    let of_events = look(events, "RollupEvents", move |events, rows| {
        events
            .chunk_by(|one, next| is_same_run(one, next))
            .for_each(|run| of_run(run, &types, rows));
    });
    let of_sessions = sessions.inner.flat_map(|(session, _, diff)| {
        let counts = session_counts(&session).times(diff);
        rows(
            At::new(session.project, session.started_at_ms, session.day),
            counts,
            session_values(&session),
        )
    });
    let of_insights = insights.inner.flat_map(|(insight, _, diff)| {
        let first = insight.first();
        let at = At::new(insight.project, first.time_ms, first.day);
        let values = values(&insight.page.path, &first.context);
        rows(at, insight_counts(&insight).times(diff), values)
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
    Arc::ptr_eq(&one.context, &next.context) && Arc::ptr_eq(&one.page, &next.page) && At::of(one) == At::of(next)
}

fn of_run(run: &[Arc<Event>], types: &[Arc<str>], rows_out: &mut Vec<Row>) {
    let Some(first) = run.first() else { return };
    let at = At::of(first);
    let mut total = RollupCounts::default();
    let mut by_type = [0; EventType::ALL.len()];
    for event in run.iter().filter(|event| event.is_counted()) {
        total.plus_equals(&event_counts(event));
        by_type[event.event_type as usize] += 1;
    }
    if total == RollupCounts::default() {
        return;
    }
    rows_out.extend(rows(at, total, values(&first.page.path, &first.context)));
    for (value, events) in types.iter().zip(by_type).filter(|(_, events)| *events > 0) {
        let minute = Minute {
            at,
            dimension: Dimension::EventType,
            value: Arc::clone(value),
        };
        rows_out.push((
            minute,
            RollupCounts {
                events,
                ..RollupCounts::default()
            },
        ));
    }
}

fn rows<const N: usize>(at: At, counts: RollupCounts, values: [(Dimension, Arc<str>); N]) -> impl Iterator<Item = Row> {
    values
        .into_iter()
        .map(move |(dimension, value)| (Minute { at, dimension, value }, counts))
}

/// Where something happened, and on what.
fn values(path: &Arc<str>, context: &crate::event::Context) -> [(Dimension, Arc<str>); 6] {
    [
        (Dimension::Total, Arc::default()),
        (Dimension::Path, Arc::clone(path)),
        (Dimension::Country, Arc::clone(&context.place.country)),
        (Dimension::Device, Arc::clone(&context.device.device_type)),
        (Dimension::Browser, Arc::clone(&context.device.browser)),
        (Dimension::Os, Arc::clone(&context.device.os)),
    ]
}

fn session_values(session: &SessionView) -> [(Dimension, Arc<str>); 11] {
    [
        (Dimension::Total, Arc::default()),
        (Dimension::Referrer, Arc::clone(&session.referrer_domain)),
        (Dimension::Country, Arc::clone(&session.place.country)),
        (Dimension::Device, Arc::clone(&session.device.device_type)),
        (Dimension::Browser, Arc::clone(&session.device.browser)),
        (Dimension::Os, Arc::clone(&session.device.os)),
        (Dimension::UtmSource, Arc::clone(&session.utm.source)),
        (Dimension::UtmMedium, Arc::clone(&session.utm.medium)),
        (Dimension::UtmCampaign, Arc::clone(&session.utm.campaign)),
        (Dimension::EntryPage, Arc::clone(&session.entry.path)),
        (Dimension::ExitPage, Arc::clone(&session.exit.path)),
    ]
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
        let all = add_up(rows).flat_map(|(minute, counts)| {
            let At {
                project,
                minute_ms,
                day_starts_at_ms,
            } = minute.at;
            let buckets = [
                (Resolution::Minute, minute_ms),
                (Resolution::Hour, minute_ms.div_euclid(HOUR_MS) * HOUR_MS),
                (Resolution::Day, day_starts_at_ms),
            ];
            let Minute { dimension, value, .. } = minute;
            buckets.map(|(resolution, bucket_ms)| {
                let value = Arc::clone(&value);
                (
                    Rollup {
                        project,
                        resolution,
                        bucket_ms,
                        dimension,
                        value,
                    },
                    counts,
                )
            })
        });
        rollups.extend(add_up(all).map(|(rollup, counts)| (rollup, tick, counts)));
    }
}
