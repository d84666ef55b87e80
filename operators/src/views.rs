//! The rows of the views: what leaves the graph as `(row, tick, diff)`.

use crate::event::{Context, Day, Device, Element, Moment, Page, Place, Spot, Utm};
use crate::ids::{Diff, EventId, InsightId, ProjectId, RuleId, SessionId, Tick};
use crate::rules::Number;
use differential_dataflow::difference::{Abelian, IsZero, Monoid, Semigroup};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// The most page starts, hidden gaps and marks a session's ribbon shows, each: more are not seen at any width it is drawn at.
pub const RIBBON_PARTS_MAX: usize = 64;

/// The most current pages told of a project.
pub const CURRENT_PAGES_MAX: usize = 20;

/// One session. Its numbers are those of the events that are known; a text that is not known is empty.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct SessionView {
    pub project: ProjectId,
    pub id: SessionId,
    /// Of events that came without a session id: the times of the first and the last of them, recorded chunks too.
    pub derived_span_ms: Option<(i64, i64)>,
    pub visitor: Arc<str>,
    pub user: Arc<str>,
    pub started_at_ms: i64,
    pub ended_at_ms: i64,
    /// The day of the start, in the project's zone.
    pub day: Day,
    pub entry: Arc<Page>,
    pub exit: Arc<Page>,
    /// Where its newest event was.
    pub last_path: Arc<str>,
    pub counts: SessionCounts,
    /// 0 to 100.
    pub max_scroll_percent: u8,
    pub is_bounce: bool,
    pub has_replay: bool,
    pub device: Device,
    pub place: Place,
    pub utm: Utm,
    pub referrer_domain: Arc<str>,
    pub attributes: Arc<[(Arc<str>, Arc<str>)]>,
    pub ribbon: Ribbon,
}

/// A page view, or a page exit with the time it told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageEvent {
    pub project: ProjectId,
    pub session: Option<SessionId>,
    pub visitor: Arc<str>,
    pub time_ms: i64,
    pub path: Arc<str>,
    /// None: it is a page view.
    pub time_on_page_ms: Option<i64>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct SessionCounts {
    pub events: u32,
    pub pages: u32,
    pub clicks: u32,
    pub errors: u32,
    pub rage_clicks: u32,
    pub dead_clicks: u32,
    pub error_clicks: u32,
}

/// A session as a picture: its first [`RIBBON_PARTS_MAX`] of each, in time order, from the session's start.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Ribbon {
    pub pages: Vec<RibbonPage>,
    pub marks: Vec<RibbonMark>,
    pub hidden: Vec<RibbonGap>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct RibbonPage {
    pub offset_ms: i64,
    pub path: Arc<str>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct RibbonMark {
    pub offset_ms: i64,
    pub insight: InsightType,
}

/// The tab was hidden; a gap may begin before the session's first event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct RibbonGap {
    pub offset_ms: i64,
    pub duration_ms: i64,
}

impl SessionView {
    pub fn duration_ms(&self) -> i64 {
        self.ended_at_ms - self.started_at_ms
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum InsightType {
    RageClick,
    DeadClick,
    ErrorClick,
}

impl InsightType {
    /// The type's name on every surface.
    pub const fn name(self) -> &'static str {
        match self {
            Self::RageClick => "rage_click",
            Self::DeadClick => "dead_click",
            Self::ErrorClick => "error_click",
        }
    }

    /// `high`, `medium` or `low`.
    pub const fn severity(self) -> &'static str {
        match self {
            Self::RageClick | Self::ErrorClick => "high",
            Self::DeadClick => "medium",
        }
    }
}

/// A sign of frustration. Two with the same id are versions of one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Insight {
    pub id: InsightId,
    pub project: ProjectId,
    pub session: SessionId,
    pub page: Arc<Page>,
    /// In time order, never empty; the first one's time, page and element are the insight's.
    pub clicks: Vec<InsightClick>,
    pub details: Details,
}

/// A click of an insight, with all that heatmaps and rollups ask of it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct InsightClick {
    pub time_ms: i64,
    pub event: EventId,
    pub day: Day,
    /// Page px.
    pub x: i32,
    pub y: i32,
    pub element: Arc<Element>,
    pub spot: Spot,
    pub context: Arc<Context>,
}

/// What makes an insight what it is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Details {
    RageClick {
        /// The clicks' centroid, page px, rounded towards zero.
        x: i32,
        y: i32,
    },
    DeadClick {
        /// What would have been a response.
        expected: Expected,
    },
    ErrorClick {
        /// In time order, never empty.
        errors: Vec<Thrown>,
    },
}

/// Which responses a click waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Expected {
    /// A link, or anything else that looks interactive: another page, or a change of this one.
    Page,
    /// A control: those, or anything that its handler may have done.
    Anything,
}

/// An error that followed a click.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Thrown {
    pub time_ms: i64,
    pub event: EventId,
    pub message: Arc<str>,
}

impl Insight {
    pub fn insight_type(&self) -> InsightType {
        match self.details {
            Details::RageClick { .. } => InsightType::RageClick,
            Details::DeadClick { .. } => InsightType::DeadClick,
            Details::ErrorClick { .. } => InsightType::ErrorClick,
        }
    }

    /// The first click: there always is one.
    pub fn first(&self) -> &InsightClick {
        &self.clicks[0]
    }

    pub fn moment(&self) -> Moment {
        (self.first().time_ms, self.first().event)
    }

    /// The last click's time.
    pub fn ended_at_ms(&self) -> i64 {
        self.clicks.last().map_or(0, |click| click.time_ms)
    }

    /// A rage click's centroid, another's click, page px.
    pub fn xy(&self) -> (i32, i32) {
        match self.details {
            Details::RageClick { x, y } => (x, y),
            _ => (self.first().x, self.first().y),
        }
    }

    /// The clicks', then the errors'.
    pub fn event_ids(&self) -> impl Iterator<Item = EventId> {
        let errors = match &self.details {
            Details::ErrorClick { errors } => errors.as_slice(),
            _ => &[],
        };
        self.clicks
            .iter()
            .map(|click| click.event)
            .chain(errors.iter().map(|error| error.event))
    }
}

/// The side of a click heatmap's cells, px.
pub const CELL_PX: i32 = 10;

/// A cell of a page's click heatmap.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ClickCell {
    pub project: ProjectId,
    pub path: Arc<str>,
    pub device_type: Arc<str>,
    /// Left edge of the viewport-width bucket, px.
    pub viewport_bucket: u32,
    /// Days since 1970-01-01, in the project's zone.
    pub day: i32,
    /// Left and top of the cell, page px.
    pub x: i32,
    pub y: i32,
}

/// The side of an element heatmap's cells, percent of the element. A button has cells of a few px, a whole page of the size of a finger.
pub const SPOT_PERCENT: i8 = 2;

/// A cell of an element of a page's element heatmap.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ElementCell {
    pub project: ProjectId,
    pub path: Arc<str>,
    pub selector: Arc<str>,
    pub device_type: Arc<str>,
    /// Days since 1970-01-01, in the project's zone.
    pub day: i32,
    pub name: Arc<str>,
    pub text: Arc<str>,
    /// The cell's left and top: -50, -48, … 48 %.
    pub spot: Spot,
}

/// A depth of a page's scroll heatmap: the row is there once for each page view that reached it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ScrollStep {
    pub project: ProjectId,
    pub path: Arc<str>,
    pub device_type: Arc<str>,
    /// Days since 1970-01-01, in the project's zone.
    pub day: i32,
    /// 0, 5, … 100. Every page view has reached 0 %.
    pub percent: u8,
}

/// One bucket of time: of everything, or of one page.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Rollup {
    pub project: ProjectId,
    pub resolution: Resolution,
    /// The bucket's first instant, UTC ms; days are those of the project's zone.
    pub bucket_ms: i64,
    pub dimension: Dimension,
    /// Of [`Dimension::Total`], empty.
    pub value: Arc<str>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Resolution {
    Minute,
    Hour,
    Day,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Dimension {
    /// Everything, in every resolution.
    Total,
    /// Events and insights by their page, in hours.
    Path,
}

/// A struct of counts that is its own diff: rows with such diffs add up, and take away again.
macro_rules! additive {
    ($(#[$meta:meta])* $name:ident { $($(#[$field_meta:meta])* $field:ident),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub struct $name { $($(#[$field_meta])* pub $field: i64),+ }

        impl $name {
            /// These counts, `diff` times.
            pub fn times(self, diff: Diff) -> Self {
                Self { $($field: self.$field * diff as i64),+ }
            }
        }

        impl IsZero for $name {
            fn is_zero(&self) -> bool {
                *self == Self::default()
            }
        }

        impl Semigroup for $name {
            fn plus_equals(&mut self, other: &Self) {
                $(self.$field += other.$field;)+
            }
        }

        impl Monoid for $name {
            fn zero() -> Self {
                Self::default()
            }
        }

        impl Abelian for $name {
            fn negate(&mut self) {
                $(self.$field = -self.$field;)+
            }
        }
    };
}

additive! {
    /// How often a place was clicked, and how often in pain.
    ClickCounts {
        clicks,
        /// Clicks that belong to a rage click.
        rage,
        dead,
        error,
    }
}

additive! {
    /// What a [`Rollup`] counts. Events, page views, errors, clicks and times on page are in the bucket of their own time; sessions, bounces
    /// and durations in that of the session's start; insights in that of their first click.
    RollupCounts {
        events,
        page_views,
        sessions,
        bounces,
        duration_ms,
        errors,
        clicks,
        rage_clicks,
        dead_clicks,
        error_clicks,
        time_on_page_ms,
        /// How many page exits told their time on page.
        page_exits,
    }
}

/// What is going on in a project right now.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct LiveNow {
    /// Sessions whose newest event is in the last five minutes.
    pub active_sessions: u64,
    /// The visitors of those sessions.
    pub active_visitors: u64,
    /// Events of the last minute.
    pub events_per_minute: u64,
    /// Path and active sessions on it, most first, at most [`CURRENT_PAGES_MAX`].
    pub current_pages: Vec<(Arc<str>, u64)>,
}

/// A rule's condition began or ceased to hold: a fact of its tick, never rewritten.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Transition {
    pub project: ProjectId,
    pub rule: RuleId,
    /// The value of the rule's `group_by`; empty without one.
    pub group: Arc<str>,
    pub state: TransitionState,
    /// None: there is no value any more (a mean over nothing), or no rule.
    pub value: Option<Number>,
    pub threshold: Number,
    pub tick: Tick,
    /// Some of the newest sessions that the value counts.
    pub sessions: Vec<SessionId>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum TransitionState {
    Fired,
    Resolved,
}
