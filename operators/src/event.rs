//! One event, as the operators see it: decoded, its time corrected, its repeated parts shared with the rest of its batch.

use crate::ids::{EventId, ProjectId, SessionId, ViewId};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// One thing a visitor's browser did. Copying one copies pointers, never text.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Event {
    pub project: ProjectId,
    /// Unique in its project, since [`distinct`](crate::distinct).
    pub id: EventId,
    /// None: the server sessionises by visitor.
    pub session: Option<SessionId>,
    /// Corrected event time, UTC ms since 1970.
    pub time_ms: i64,
    /// The day of `time_ms` in the project's zone.
    pub day: Day,
    pub page: Arc<Page>,
    pub context: Arc<Context>,
    pub event_type: EventType,
    pub payload: Payload,
}

/// Where an event stands in the log: of two events with one id the lower one, of the earlier tick, is the event.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Position {
    pub partition: u32,
    pub offset: u64,
    /// In its batch.
    pub index: u32,
}

/// An event, as streams carry it: many look at it, and moving a pointer is cheaper.
pub type Positioned = (Position, Arc<Event>);

/// A day of the project's zone. Operators know no zones, so an event brings its day along.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Day {
    /// Days since 1970-01-01.
    pub number: i32,
    /// Its first instant, UTC ms since 1970.
    pub starts_at_ms: i64,
}

/// The page an event happened on. Two events are on the same page when their paths are equal.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Page {
    pub path: Arc<str>,
    pub url: Arc<str>,
    pub view: Option<ViewId>,
}

/// Who, on what, from where: what the events of a batch have in common. A text that is not known is empty.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Context {
    pub visitor: Arc<str>,
    /// The batch's user id.
    pub user: Arc<str>,
    pub device: Device,
    pub place: Place,
    /// Left edge of the viewport-width bucket, px.
    pub viewport_bucket: u32,
    /// Custom attributes, by name.
    pub attributes: Arc<[(Arc<str>, Arc<str>)]>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Device {
    /// `desktop`, `mobile`, `tablet` or `bot`.
    pub device_type: Arc<str>,
    pub browser: Arc<str>,
    pub os: Arc<str>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Place {
    /// ISO 3166-1 alpha-2.
    pub country: Arc<str>,
    pub region: Arc<str>,
    pub city: Arc<str>,
}

/// What the definitions need of a payload; everything else about an event is its [`EventType`].
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Payload {
    /// Nothing is needed.
    #[default]
    None,
    /// Of the type `click` alone: `dblclick` and `context_menu` carry [`Payload::None`].
    Click(Click),
    /// How far down the page: of `scroll` its depth, of `scroll_milestone` its percent.
    Scrolled {
        percent: u8,
    },
    PageExit {
        time_on_page_ms: i64,
        max_scroll_percent: u8,
    },
    PageVisible {
        hidden_ms: i64,
    },
    /// What was thrown, of `js_error` (message) and `unhandled_rejection` (reason).
    Thrown {
        message: Arc<str>,
    },
    /// Of `web_vitals` and `page_load`: what was reported, greater than 0.
    Loaded {
        lcp_ms: Option<u32>,
        ttfb_ms: Option<u32>,
        load_ms: Option<u32>,
    },
    Custom {
        name: Arc<str>,
    },
    Identify {
        user: Arc<str>,
    },
    SessionStart(Arc<Arrival>),
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Click {
    /// Page px.
    pub x: i32,
    pub y: i32,
    /// The second tap of a double-tap zoom.
    pub double_tap: bool,
    pub element: Arc<Element>,
    pub spot: Spot,
}

/// A place in an element: percent of its width and height, from its middle. From -50 (left, top) to 50.
/// A place that is not known is the middle, as that of a click by the keyboard.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Spot {
    pub x: i8,
    pub y: i8,
}

/// What was clicked.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Element {
    pub selector: Arc<str>,
    pub name: Arc<str>,
    pub text: Arc<str>,
    /// Lower case.
    pub tag: Arc<str>,
    /// Its target has a `href`.
    pub has_href: bool,
    pub looks_interactive: bool,
    pub ignore_rage: bool,
    /// The SDK says that no response is due: its `never_dead` is not empty.
    pub never_dead: bool,
}

/// How a visitor came. A text that is not known is empty.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Arrival {
    pub utm: Utm,
    pub referrer_domain: Arc<str>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Utm {
    pub source: Arc<str>,
    pub medium: Arc<str>,
    pub campaign: Arc<str>,
}

/// Time, then id: the order of a session's events, in which ties in time are broken by id.
pub type Moment = (i64, EventId);

impl Event {
    pub fn moment(&self) -> Moment {
        (self.time_ms, self.id)
    }

    /// Counted in a session's events and times.
    pub fn is_counted(&self) -> bool {
        self.event_type != EventType::ReplayChunk
    }
}

macro_rules! event_types {
    ($($variant:ident = $name:literal,)+) => {
        /// Every type of event on the wire.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[repr(u8)]
        pub enum EventType { $($variant),+ }

        impl EventType {
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The type's name on every surface.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name),+ }
            }

            /// The type of this name.
            pub fn from_name(name: &str) -> Option<Self> {
                match name { $($name => Some(Self::$variant),)+ _ => None }
            }
        }
    };
}

event_types! {
    PageView = "page_view",
    PageExit = "page_exit",
    PageVisible = "page_visible",
    PageHidden = "page_hidden",
    Click = "click",
    Dblclick = "dblclick",
    ContextMenu = "context_menu",
    MouseMove = "mouse_move",
    MouseEnter = "mouse_enter",
    MouseLeave = "mouse_leave",
    Scroll = "scroll",
    ScrollMilestone = "scroll_milestone",
    InputFocus = "input_focus",
    InputBlur = "input_blur",
    InputChange = "input_change",
    FormStart = "form_start",
    FormSubmit = "form_submit",
    FormAbandon = "form_abandon",
    FormError = "form_error",
    JsError = "js_error",
    UnhandledRejection = "unhandled_rejection",
    ResourceError = "resource_error",
    ConsoleError = "console_error",
    PageLoad = "page_load",
    WebVitals = "web_vitals",
    LongTask = "long_task",
    Memory = "memory",
    XhrRequest = "xhr_request",
    FetchRequest = "fetch_request",
    WebsocketOpen = "websocket_open",
    WebsocketClose = "websocket_close",
    WebsocketError = "websocket_error",
    NetworkActivity = "network_activity",
    MediaPlay = "media_play",
    MediaPause = "media_pause",
    MediaSeek = "media_seek",
    MediaComplete = "media_complete",
    MediaError = "media_error",
    Copy = "copy",
    Cut = "cut",
    Paste = "paste",
    TextSelect = "text_select",
    WindowResize = "window_resize",
    OrientationChange = "orientation_change",
    DomMutation = "dom_mutation",
    CustomEvent = "custom_event",
    Identify = "identify",
    Group = "group",
    SessionStart = "session_start",
    SessionEnd = "session_end",
    ReplayChunk = "replay_chunk",
}

impl EventType {
    /// Whether it counts as an error of the visitor's page: it was thrown and nothing caught it.
    pub fn is_thrown(self) -> bool {
        matches!(self, Self::JsError | Self::UnhandledRejection)
    }

    /// Whether a visitor who did this did not bounce.
    pub fn is_interaction(self) -> bool {
        use EventType::*;
        matches!(
            self,
            Click | Dblclick | ContextMenu | Scroll | ScrollMilestone | CustomEvent
        ) || self.is_input()
            || self.is_form()
    }

    pub fn is_input(self) -> bool {
        matches!(self, Self::InputFocus | Self::InputBlur | Self::InputChange)
    }

    pub fn is_form(self) -> bool {
        matches!(
            self,
            Self::FormStart | Self::FormSubmit | Self::FormAbandon | Self::FormError
        )
    }
}
