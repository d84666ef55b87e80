//! What the definitions need to know of an event, in plain words, and which session it belongs to.

use std::collections::BTreeMap;

/// One event, as the definitions speak of it. A text that is not known is empty.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct OracleEvent {
    pub project: String,
    /// Lower-case text; none: the server sessionises by visitor.
    pub session: Option<String>,
    pub visitor: String,
    /// Lower-case text: ties in time are broken by it.
    pub id: String,
    /// Corrected event time, UTC ms. Before [`crate::intake::corrected`]: as the client's clock had it.
    pub time_ms: i64,
    /// The day of `time_ms` in the project's zone.
    pub day: Day,
    /// When its batch was received, UTC ms.
    pub received_at_ms: i64,
    /// The tick it is bound to: from then on it is known.
    pub tick: i64,
    /// As on the wire: `click`, `page_view`, …
    pub event_type: String,
    pub payload: Payload,

    pub path: String,
    pub url: String,
    /// Names the page view it happened in.
    pub view_id: String,

    pub device_type: String,
    pub browser: String,
    pub os: String,
    /// Left edge of the viewport-width bucket, px: the buckets are the product's choice, so they come with the event.
    pub viewport_bucket: u32,
    pub country: String,
    pub region: String,
    pub city: String,
    /// The batch's user id.
    pub user: String,
}

/// A day of the project's zone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Day {
    /// Days since 1970-01-01.
    pub number: i64,
    /// Its first instant, UTC ms.
    pub starts_at_ms: i64,
}

/// What the definitions need of a payload.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Payload {
    #[default]
    None,
    /// Of `click` alone.
    Click(Click),
    /// Of `scroll` (its depth) and of `scroll_milestone`.
    Scrolled {
        percent: i32,
    },
    PageExit {
        time_on_page_ms: i64,
        max_scroll_percent: i32,
    },
    /// The message of `js_error`, the reason of `unhandled_rejection`.
    Thrown {
        message: String,
    },
    /// Of `web_vitals` and `page_load`; 0: not reported.
    Loaded {
        lcp_ms: i64,
        ttfb_ms: i64,
    },
    Custom {
        name: String,
    },
    Identify {
        user: String,
    },
    SessionStart {
        utm_source: String,
        utm_medium: String,
        utm_campaign: String,
        referrer_domain: String,
    },
}

#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Click {
    /// Page px.
    pub x: i64,
    pub y: i64,
    pub double_tap: bool,
    /// Percent of the element's width and height, from its middle; (0, 0) when it is not known.
    pub spot: (i64, i64),
    pub selector: String,
    pub name: String,
    pub text: String,
    pub tag: String,
    pub has_href: bool,
    pub looks_interactive: bool,
    pub ignore_rage: bool,
    /// The SDK gave a reason why no response is due (`ignored`, `text_field`, …).
    pub never_dead: bool,
}

/// The defaults of the definitions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Thresholds {
    pub rage_min_clicks: usize,
    pub rage_window_ms: i64,
    pub rage_radius_px: i64,
    pub dead_window_ms: i64,
    pub error_window_ms: i64,
}

impl Default for Thresholds {
    fn default() -> Self {
        Self {
            rage_min_clicks: 5,
            rage_window_ms: 2000,
            rage_radius_px: 50,
            dead_window_ms: 1000,
            error_window_ms: 1000,
        }
    }
}

/// Which session: by the id the SDK gave, or by the visitor and the first of its events.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SessionKey {
    Given(String),
    Derived { visitor: String, first_event: String },
}

impl OracleEvent {
    /// Corrected event time decides; ties are broken by event id.
    pub fn moment(&self) -> (i64, &str) {
        (self.time_ms, &self.id)
    }

    pub fn click(&self) -> Option<&Click> {
        match &self.payload {
            Payload::Click(click) if self.event_type == "click" => Some(click),
            _ => None,
        }
    }

    pub fn is(&self, event_types: &[&str]) -> bool {
        event_types.contains(&self.event_type.as_str())
    }

    /// What a session counts: every type but replay chunks.
    pub fn is_counted(&self) -> bool {
        self.event_type != "replay_chunk"
    }

    /// What counts as an error: thrown, and caught by nobody.
    pub fn is_error(&self) -> bool {
        self.is(&["js_error", "unhandled_rejection"])
    }
}

/// The gap that separates two sessions of a visitor whose events carry no session id: anything longer.
const VISITOR_GAP_MS: i64 = 30 * 60 * 1000;

/// The events of each (project, session), in time order.
///
/// An event with a session id belongs to that session whatever its time. The others are put in order per visitor and cut where two
/// neighbours are more than the gap apart; so an event in between joins what would be two sessions without it.
pub fn sessions_of(events: &[OracleEvent]) -> BTreeMap<(String, SessionKey), Vec<OracleEvent>> {
    let mut in_order = events.to_vec();
    in_order.sort_by(|one, other| one.moment().cmp(&other.moment()));
    let mut sessions: BTreeMap<_, Vec<OracleEvent>> = BTreeMap::new();
    let mut visitors: BTreeMap<_, Vec<OracleEvent>> = BTreeMap::new();
    for event in in_order {
        match event.session.clone() {
            Some(id) => sessions
                .entry((event.project.clone(), SessionKey::Given(id)))
                .or_default()
                .push(event),
            None => visitors
                .entry((event.project.clone(), event.visitor.clone()))
                .or_default()
                .push(event),
        }
    }
    for ((project, visitor), events) in visitors {
        for piece in events.chunk_by(|one, next| next.time_ms - one.time_ms <= VISITOR_GAP_MS) {
            let key = SessionKey::Derived {
                visitor: visitor.clone(),
                first_event: piece[0].id.clone(),
            };
            sessions.insert((project.clone(), key), piece.to_vec());
        }
    }
    sessions
}

/// A rage, dead or error click.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Insight {
    pub project: String,
    pub session: SessionKey,
    /// In time order, never empty; the first click's page and element are the insight's.
    pub clicks: Vec<OracleEvent>,
    /// Of an error click, in time order.
    pub errors: Vec<OracleEvent>,
}

impl Insight {
    /// The first click's time.
    pub fn timestamp_ms(&self) -> i64 {
        self.clicks[0].time_ms
    }

    pub fn ended_at_ms(&self) -> i64 {
        self.clicks[self.clicks.len() - 1].time_ms
    }

    pub fn first(&self) -> &OracleEvent {
        &self.clicks[0]
    }

    /// The clicks', then the errors'.
    pub fn event_ids(&self) -> Vec<&str> {
        self.clicks
            .iter()
            .chain(&self.errors)
            .map(|event| event.id.as_str())
            .collect()
    }

    /// Whether this point is the clicks' centroid, rounded to a pixel either way: the definitions do not say how.
    pub fn is_centroid(&self, x: i64, y: i64) -> bool {
        let n = self.clicks.len() as i64;
        let sum = |axis: fn(&Click) -> i64| self.clicks.iter().filter_map(OracleEvent::click).map(axis).sum::<i64>();
        (n * x - sum(|click| click.x)).abs() < n && (n * y - sum(|click| click.y)).abs() < n
    }
}

#[cfg(test)]
pub(crate) mod fixture {
    //! Small words for small examples.

    use super::*;

    /// An event of project `p`, session `s`, visitor `v`, on the page `/`.
    pub(crate) fn event(id: &str, time_ms: i64, event_type: &str) -> OracleEvent {
        OracleEvent {
            project: "p".to_owned(),
            session: Some("s".to_owned()),
            visitor: "v".to_owned(),
            id: id.to_owned(),
            time_ms,
            event_type: event_type.to_owned(),
            path: "/".to_owned(),
            ..OracleEvent::default()
        }
    }

    /// A click at (`x`, 0) on a button.
    pub(crate) fn click(id: &str, time_ms: i64, x: i64) -> OracleEvent {
        let click = Click {
            x,
            tag: "button".to_owned(),
            looks_interactive: true,
            ..Click::default()
        };
        OracleEvent {
            payload: Payload::Click(click),
            ..event(id, time_ms, "click")
        }
    }

    pub(crate) fn with_click(mut event: OracleEvent, change: impl FnOnce(&mut Click)) -> OracleEvent {
        if let Payload::Click(click) = &mut event.payload {
            change(click);
        }
        event
    }

    pub(crate) fn on(path: &str, event: OracleEvent) -> OracleEvent {
        OracleEvent {
            path: path.to_owned(),
            ..event
        }
    }

    pub(crate) fn without_session(event: OracleEvent) -> OracleEvent {
        OracleEvent { session: None, ..event }
    }

    /// The event ids of each insight.
    pub(crate) fn ids(insights: &[Insight]) -> Vec<Vec<&str>> {
        insights.iter().map(Insight::event_ids).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::fixture::*;
    use super::*;

    fn pieces(events: &[OracleEvent]) -> Vec<Vec<String>> {
        sessions_of(events)
            .into_values()
            .map(|events| events.into_iter().map(|event| event.id).collect())
            .collect()
    }

    #[test]
    fn it_keeps_a_given_session_together_whatever_the_time() {
        let events = [event("b", 90_000_000, "click"), event("a", 0, "click")];
        assert_eq!(pieces(&events), [["a", "b"]]);
    }

    #[test]
    fn it_cuts_a_visitor_after_more_than_30_minutes_and_a_late_event_merges() {
        let gap = 30 * 60 * 1000;
        let at = |id, time_ms| without_session(event(id, time_ms, "page_view"));
        assert_eq!(pieces(&[at("a", 0), at("b", gap)]), [vec!["a", "b"]]);
        assert_eq!(pieces(&[at("a", 0), at("b", gap + 1)]), [vec!["a"], vec!["b"]]);
        assert_eq!(
            pieces(&[at("a", 0), at("b", gap + 1), at("late", 5)]),
            [vec!["a", "late", "b"]]
        );
    }

    #[test]
    fn it_names_a_visitors_session_by_its_first_event_with_ties_by_id() {
        let at = |id| without_session(event(id, 7, "page_view"));
        let sessions = sessions_of(&[at("b"), at("a")]);
        let expected = SessionKey::Derived {
            visitor: "v".to_owned(),
            first_event: "a".to_owned(),
        };
        assert_eq!(
            sessions.keys().map(|(_, key)| key.clone()).collect::<Vec<_>>(),
            [expected]
        );
    }
}
