//! The messages of the live socket.

use std::collections::HashSet;

use gosight_store::live::{LiveNow, ProjectTick};
use gosight_store::rows::{ClickCellRow, ElementRow, RollupRow, TransitionRow, TransitionState};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::views::{EventView, InsightView, SessionView};
use crate::{ErrorBody, Iso};

/// Rows of one topic in one message; a tick with more is told as lost, and whoever needs it asks again.
const ROWS_MAX: usize = 500;

/// What a client says.
#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum FromClient {
    Authenticate {
        token: String,
    },
    Subscribe {
        topics: HashSet<Topic>,
    },
    /// Of one session, or of none any more: tell when there is more of its recording.
    Follow {
        session_id: Option<Uuid>,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Topic {
    Metrics,
    Sessions,
    Insights,
    Alerts,
    Events,
    Heatmaps,
}

/// What the server says.
#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum ToClient {
    Authenticated,
    Subscribed {
        topics: Vec<Topic>,
    },
    Tick(Box<TickMessage>),
    Lagged {
        missed: u64,
    },
    /// There is more of this session's recording, or may be.
    Recorded {
        session_id: Uuid,
    },
    Error {
        error: ErrorBody,
    },
}

/// What one tick changed; a part that nothing changed, or that nobody subscribed to, is absent.
#[derive(Default, Serialize)]
pub(super) struct TickMessage {
    pub(super) tick: u64,
    pub(super) complete_to: Option<Iso>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) metrics: Option<Metrics>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    sessions: Vec<SessionView>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    insights: Vec<InsightChange>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) alerts: Vec<AlertView>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    events: Vec<EventView>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    cells: Vec<CellDelta>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    elements: Vec<ElementDelta>,
}

#[derive(Clone, Default, Serialize)]
pub(super) struct Metrics {
    active_sessions: u64,
    active_visitors: u64,
    events_per_minute: u64,
    current_pages: Vec<CurrentPage>,
    delta: Delta,
}

#[derive(Clone, Serialize)]
struct CurrentPage {
    path: String,
    sessions: u64,
}

/// What the tick added to the counts; negative where late evidence took something back.
#[derive(Clone, Copy, Default, Serialize)]
struct Delta {
    events: i64,
    page_views: i64,
    sessions: i64,
    bounces: i64,
    duration_ms: i64,
    errors: i64,
    clicks: i64,
    rage_clicks: i64,
    dead_clicks: i64,
    error_clicks: i64,
}

/// On the live socket `removed` is always said.
#[derive(Serialize)]
struct InsightChange {
    #[serde(flatten)]
    insight: InsightView,
    removed: bool,
}

/// A transition; the rule's name is that of now.
#[derive(Serialize)]
pub(super) struct AlertView {
    id: Uuid,
    pub(super) rule_id: Uuid,
    pub(super) rule_name: Option<String>,
    state: &'static str,
    group: String,
    value: Option<f64>,
    threshold: f64,
    time: Iso,
    /// Some of the sessions behind it, newest first.
    session_ids: Vec<Uuid>,
}

#[derive(Serialize)]
struct CellDelta {
    path: String,
    device: String,
    x: i32,
    y: i32,
    count: i64,
    rage: i64,
    dead: i64,
}

#[derive(Serialize)]
struct ElementDelta {
    path: String,
    device: String,
    selector: String,
    name: String,
    text: String,
    /// Of the cell in the element.
    x: i8,
    y: i8,
    clicks: i64,
    rage: i64,
    dead: i64,
    error: i64,
}

impl TickMessage {
    /// The subscribed part of a tick, and whether some of it was left out.
    pub(super) fn of(
        tick: u64,
        complete_to_ms: i64,
        changes: &ProjectTick,
        now: Option<&LiveNow>,
        topics: &HashSet<Topic>,
    ) -> (Self, bool) {
        let wants = |topic| topics.contains(&topic);
        let mut cut = Cut(false);
        let message = Self {
            tick,
            complete_to: Some(Iso(complete_to_ms)),
            metrics: wants(Topic::Metrics).then(|| Metrics::of(now, &changes.rollups)),
            sessions: if wants(Topic::Sessions) {
                cut.rows(sessions(changes))
            } else {
                Vec::new()
            },
            insights: if wants(Topic::Insights) {
                cut.rows(insights(changes))
            } else {
                Vec::new()
            },
            alerts: if wants(Topic::Alerts) {
                cut.rows(changes.alerts.iter().map(alert))
            } else {
                Vec::new()
            },
            events: if wants(Topic::Events) {
                cut.rows(changes.events.iter().cloned().map(EventView::from))
            } else {
                Vec::new()
            },
            cells: if wants(Topic::Heatmaps) {
                cut.rows(changes.cells.iter().map(cell))
            } else {
                Vec::new()
            },
            elements: if wants(Topic::Heatmaps) {
                cut.rows(changes.elements.iter().map(element))
            } else {
                Vec::new()
            },
        };
        (message, cut.0)
    }

    /// Says only how far the views are complete.
    pub(super) fn heartbeat(tick: u64, complete_to_ms: i64) -> Self {
        Self {
            tick,
            complete_to: Some(Iso(complete_to_ms)),
            ..Self::default()
        }
    }
}

impl Metrics {
    pub(super) fn of(now: Option<&LiveNow>, rollups: &[RollupRow]) -> Self {
        let current_pages = now.map(|now| now.current_pages.as_slice()).unwrap_or_default();
        Self {
            active_sessions: now.map_or(0, |now| now.active_sessions),
            active_visitors: now.map_or(0, |now| now.active_visitors),
            events_per_minute: now.map_or(0, |now| now.events_per_minute),
            current_pages: current_pages
                .iter()
                .map(|(path, sessions)| CurrentPage {
                    path: path.clone(),
                    sessions: *sessions,
                })
                .collect(),
            delta: rollups.iter().fold(Delta::default(), |delta, row| Delta {
                events: delta.events + row.events,
                page_views: delta.page_views + row.page_views,
                sessions: delta.sessions + row.sessions,
                bounces: delta.bounces + row.bounces,
                duration_ms: delta.duration_ms + row.duration_ms,
                errors: delta.errors + row.errors,
                clicks: delta.clicks + row.clicks,
                rage_clicks: delta.rage_clicks + row.rage_clicks,
                dead_clicks: delta.dead_clicks + row.dead_clicks,
                error_clicks: delta.error_clicks + row.error_clicks,
            }),
        }
    }
}

/// Keeps lists within [`ROWS_MAX`] and remembers whether something was left out.
struct Cut(bool);

impl Cut {
    fn rows<T>(&mut self, mut rows: impl Iterator<Item = T>) -> Vec<T> {
        let kept = rows.by_ref().take(ROWS_MAX).collect();
        self.0 |= rows.next().is_some();
        kept
    }
}

/// A row that moved to another key leaves a tombstone of the old one: that is no removal.
fn sessions(changes: &ProjectTick) -> impl Iterator<Item = SessionView> {
    let alive: HashSet<Uuid> = changes
        .sessions
        .iter()
        .filter(|row| row.is_deleted == 0)
        .map(|row| row.id)
        .collect();
    changes
        .sessions
        .iter()
        .filter(move |row| row.is_deleted == 0 || !alive.contains(&row.id))
        .cloned()
        .map(SessionView::from)
}

fn insights(changes: &ProjectTick) -> impl Iterator<Item = InsightChange> {
    let alive: HashSet<Uuid> = changes
        .insights
        .iter()
        .filter(|row| row.is_deleted == 0)
        .map(|row| row.id)
        .collect();
    changes
        .insights
        .iter()
        .filter(move |row| row.is_deleted == 0 || !alive.contains(&row.id))
        .cloned()
        .map(|row| {
            let removed = row.is_deleted != 0;
            InsightChange {
                insight: InsightView {
                    removed: false,
                    ..row.into()
                },
                removed,
            }
        })
}

fn alert(row: &TransitionRow) -> AlertView {
    AlertView {
        id: row.id,
        rule_id: row.rule_id,
        rule_name: None,
        state: match row.state {
            TransitionState::Fired => "fired",
            TransitionState::Resolved => "resolved",
        },
        group: row.group.clone(),
        value: row.value,
        threshold: row.threshold,
        time: Iso(i64::try_from(row.tick).unwrap_or(i64::MAX)),
        session_ids: row.session_ids.clone(),
    }
}

fn cell(row: &ClickCellRow) -> CellDelta {
    CellDelta {
        path: row.path.clone(),
        device: row.device_type.clone(),
        x: row.cell_x,
        y: row.cell_y,
        count: row.clicks,
        rage: row.rage,
        dead: row.dead,
    }
}

fn element(row: &ElementRow) -> ElementDelta {
    ElementDelta {
        path: row.path.clone(),
        device: row.device_type.clone(),
        selector: row.selector.clone(),
        name: row.name.clone(),
        text: row.text.clone(),
        x: row.spot_x,
        y: row.spot_y,
        clicks: row.clicks,
        rage: row.rage,
        dead: row.dead,
        error: row.error,
    }
}
