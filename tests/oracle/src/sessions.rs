use crate::{
    Day, Insight, OracleEvent, Payload, SessionKey, Thresholds, dead_clicks, error_clicks, rage_clicks, sessions_of,
};

/// A session, as the definitions have it. A text that is not known is empty.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Session {
    pub project: String,
    pub key: SessionKey,
    pub visitor: String,
    pub user: String,
    pub started_at_ms: i64,
    pub ended_at_ms: i64,
    /// The day of the start.
    pub day: Day,
    pub entry_path: String,
    pub entry_url: String,
    pub exit_path: String,
    pub exit_url: String,
    pub page_count: usize,
    pub event_count: usize,
    pub click_count: usize,
    pub error_count: usize,
    pub rage_click_count: usize,
    pub dead_click_count: usize,
    pub error_click_count: usize,
    pub max_scroll_percent: i32,
    pub is_bounce: bool,
    pub has_replay: bool,
    pub device_type: String,
    pub browser: String,
    pub os: String,
    pub country: String,
    pub region: String,
    pub city: String,
    pub utm_source: String,
    pub utm_medium: String,
    pub utm_campaign: String,
    pub referrer_domain: String,
}

impl Session {
    pub fn duration_ms(&self) -> i64 {
        self.ended_at_ms - self.started_at_ms
    }
}

/// Every session of these events, as it is at `tick` (dead clicks appear with time).
pub fn sessions(events: &[OracleEvent], thresholds: &Thresholds, tick: i64) -> Vec<Session> {
    let rage = rage_clicks(events, thresholds);
    let dead = dead_clicks(events, thresholds, tick);
    let error = error_clicks(events, thresholds);
    let mut sessions = Vec::new();
    for ((project, key), events) in sessions_of(events) {
        let of_session = |insights: &[Insight]| {
            insights
                .iter()
                .filter(|insight| (&insight.project, &insight.session) == (&project, &key))
                .count()
        };
        // Recorded chunks alone are no session.
        let Some(mut session) = session(&project, &key, &events) else {
            continue;
        };
        session.rage_click_count = of_session(&rage);
        session.dead_click_count = of_session(&dead);
        session.error_click_count = of_session(&error);
        sessions.push(session);
    }
    sessions
}

/// Everything but the insights. `events` are in time order.
fn session(project: &str, key: &SessionKey, events: &[OracleEvent]) -> Option<Session> {
    let counted: Vec<_> = events.iter().filter(|event| event.is_counted()).collect();
    let (first, last) = (counted.first()?, counted.last()?);
    let count = |event_type: &str| events.iter().filter(|event| event.event_type == event_type).count();
    // The earliest event that has any of these has them all. A replay chunk is not counted, but it says who.
    let earliest = |texts: fn(&OracleEvent) -> [String; 3]| {
        events
            .iter()
            .map(texts)
            .find(|texts| texts.iter().any(|text| !text.is_empty()))
            .unwrap_or_default()
    };
    let [visitor, ..] = earliest(|event| [event.visitor.clone(), String::new(), String::new()]);
    let [device_type, browser, os] =
        earliest(|event| [event.device_type.clone(), event.browser.clone(), event.os.clone()]);
    let [country, region, city] = earliest(|event| [event.country.clone(), event.region.clone(), event.city.clone()]);
    let [utm_source, utm_medium, utm_campaign] = earliest(utm);
    let [referrer_domain, ..] = earliest(referrer_domain);
    let page_views: Vec<_> = counted.iter().filter(|event| event.event_type == "page_view").collect();
    // Without a page view (it may still be on its way): the first and the last event that says where it was.
    let on_pages: Vec<_> = counted
        .iter()
        .filter(|event| !event.path.is_empty() || !event.url.is_empty())
        .collect();
    let steps = if page_views.is_empty() { on_pages } else { page_views };
    let place = |step: Option<&&&OracleEvent>| {
        step.map(|event| (event.path.clone(), event.url.clone()))
            .unwrap_or_default()
    };
    let ((entry_path, entry_url), (exit_path, exit_url)) = (place(steps.first()), place(steps.last()));
    Some(Session {
        project: project.to_owned(),
        key: key.clone(),
        visitor,
        user: user(events),
        started_at_ms: first.time_ms,
        ended_at_ms: last.time_ms,
        day: first.day,
        entry_path,
        entry_url,
        exit_path,
        exit_url,
        page_count: count("page_view"),
        event_count: counted.len(),
        click_count: count("click"),
        error_count: count("js_error") + count("unhandled_rejection"),
        rage_click_count: 0,
        dead_click_count: 0,
        error_click_count: 0,
        max_scroll_percent: events.iter().map(reached_percent).max().unwrap_or(0),
        is_bounce: count("page_view") <= 1 && !events.iter().any(is_interaction),
        has_replay: count("replay_chunk") > 0,
        device_type,
        browser,
        os,
        country,
        region,
        city,
        utm_source,
        utm_medium,
        utm_campaign,
        referrer_domain,
    })
}

/// The latest identify; before there is one, what the newest batch that knows a user says.
fn user(events: &[OracleEvent]) -> String {
    let identified = events.iter().rev().find_map(|event| match &event.payload {
        Payload::Identify { user } if !user.is_empty() => Some(user),
        _ => None,
    });
    let told = || {
        events
            .iter()
            .rev()
            .map(|event| &event.user)
            .find(|user| !user.is_empty())
    };
    identified.or_else(told).cloned().unwrap_or_default()
}

fn utm(event: &OracleEvent) -> [String; 3] {
    match &event.payload {
        Payload::SessionStart {
            utm_source,
            utm_medium,
            utm_campaign,
            ..
        } => [utm_source.clone(), utm_medium.clone(), utm_campaign.clone()],
        _ => Default::default(),
    }
}

fn referrer_domain(event: &OracleEvent) -> [String; 3] {
    match &event.payload {
        Payload::SessionStart { referrer_domain, .. } => [referrer_domain.clone(), String::new(), String::new()],
        _ => Default::default(),
    }
}

/// How far down its page the visitor had been, as this event tells.
pub(crate) fn reached_percent(event: &OracleEvent) -> i32 {
    match event.payload {
        Payload::Scrolled { percent } => percent.clamp(0, 100),
        Payload::PageExit { max_scroll_percent, .. } => max_scroll_percent.clamp(0, 100),
        _ => 0,
    }
}

/// Who did this did not bounce.
fn is_interaction(event: &OracleEvent) -> bool {
    event.is(&[
        "click",
        "dblclick",
        "context_menu",
        "scroll",
        "scroll_milestone",
        "custom_event",
    ]) || event.event_type.starts_with("input_")
        || event.event_type.starts_with("form_")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::fixture::*;

    fn only(events: &[OracleEvent]) -> Session {
        let mut sessions = sessions(events, &Thresholds::default(), i64::MAX);
        assert_eq!(sessions.len(), 1, "{sessions:?}");
        sessions.remove(0)
    }

    #[test]
    fn it_counts_distinct_events_of_every_type_but_replay_chunks() {
        let session = only(&[
            event("1", 100, "page_view"),
            click("2", 150, 0),
            event("3", 200, "js_error"),
            event("4", 300, "unhandled_rejection"),
            event("5", 400, "console_error"),
            event("6", 50, "replay_chunk"),
            event("7", 900, "replay_chunk"),
        ]);
        assert_eq!(
            (
                session.event_count,
                session.page_count,
                session.click_count,
                session.error_count
            ),
            (5, 1, 1, 2)
        );
        assert_eq!(
            (session.started_at_ms, session.ended_at_ms, session.duration_ms()),
            (100, 400, 300)
        );
        assert!(session.has_replay);
        assert_eq!(session.error_click_count, 1);
        assert_eq!(session.dead_click_count, 0, "the handler threw: it ran");
    }

    #[test]
    fn it_is_no_session_without_a_counted_event() {
        assert_eq!(
            sessions(&[event("1", 0, "replay_chunk")], &Thresholds::default(), 0),
            []
        );
    }

    #[test]
    fn it_bounces_with_one_page_view_and_no_interaction() {
        let passive = [
            "page_exit",
            "mouse_move",
            "js_error",
            "identify",
            "page_hidden",
            "session_start",
        ];
        assert!(only(&[event("1", 0, "page_view")]).is_bounce);
        for event_type in passive {
            assert!(
                only(&[event("1", 0, "page_view"), event("2", 1, event_type)]).is_bounce,
                "{event_type}"
            );
        }
        let active = [
            "click",
            "dblclick",
            "context_menu",
            "scroll",
            "input_focus",
            "form_submit",
            "custom_event",
            "page_view",
        ];
        for event_type in active {
            assert!(
                !only(&[event("1", 0, "page_view"), event("2", 1, event_type)]).is_bounce,
                "{event_type}"
            );
        }
    }

    #[test]
    fn it_enters_by_the_first_page_view_and_leaves_by_the_last() {
        let session = only(&[
            on("/z", event("4", 9, "page_exit")),
            on("/c", event("3", 3, "page_view")),
            on("/b", event("2", 1, "page_view")),
            on("/a", event("1", 1, "page_view")),
        ]);
        assert_eq!((session.entry_path.as_str(), session.exit_path.as_str()), ("/a", "/c"));
    }

    #[test]
    fn it_takes_each_origin_from_the_earliest_event_that_has_it_and_the_user_from_the_latest_identify() {
        let start = Payload::SessionStart {
            utm_source: "news".to_owned(),
            utm_medium: String::new(),
            utm_campaign: String::new(),
            referrer_domain: String::new(),
        };
        let identify = |id, time_ms, user: &str| OracleEvent {
            payload: Payload::Identify { user: user.to_owned() },
            ..event(id, time_ms, "identify")
        };
        let session = only(&[
            OracleEvent {
                country: "DE".to_owned(),
                ..event("1", 0, "page_view")
            },
            OracleEvent {
                payload: start,
                browser: "Firefox".to_owned(),
                ..event("2", 1, "session_start")
            },
            OracleEvent {
                country: "FR".to_owned(),
                browser: "Chrome".to_owned(),
                ..event("3", 2, "page_view")
            },
            identify("5", 3, "late"),
            identify("4", 3, "early"),
        ]);
        assert_eq!(
            (
                session.country.as_str(),
                session.browser.as_str(),
                session.utm_source.as_str()
            ),
            ("DE", "Firefox", "news")
        );
        assert_eq!(session.user, "late");
    }

    #[test]
    fn it_knows_how_far_down_the_visitor_was() {
        let scroll = |id, percent| OracleEvent {
            payload: Payload::Scrolled { percent },
            ..event(id, 0, "scroll")
        };
        assert_eq!(only(&[scroll("1", 30), scroll("2", 25)]).max_scroll_percent, 30);
        assert_eq!(only(&[scroll("1", 130)]).max_scroll_percent, 100);
        let exit = Payload::PageExit {
            time_on_page_ms: 1,
            max_scroll_percent: 80,
        };
        let exit = OracleEvent {
            payload: exit,
            ..event("3", 5, "page_exit")
        };
        assert_eq!(only(&[scroll("1", 30), scroll("2", 25), exit]).max_scroll_percent, 80);
    }
}
