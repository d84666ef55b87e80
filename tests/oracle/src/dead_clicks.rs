use crate::evidence::{end_of_evidence, evidence};
use crate::{Click, Insight, OracleEvent, Thresholds, sessions_of};

/// How much longer than the window the verdict waits for what is still under way.
const GRACE_MS: i64 = 500;

/// A click whose target looks interactive, with no response in the same session from 0 to `window_ms` after it, both ends
/// included. It is said at the first tick ≥ click time + window + grace, and no longer once a response is known.
///
/// `events`: what is known at `tick`.
pub fn dead_clicks(events: &[OracleEvent], thresholds: &Thresholds, tick: i64) -> Vec<Insight> {
    let mut insights = Vec::new();
    for ((project, session), events) in sessions_of(events) {
        let end_ms = end_of_evidence(&events);
        let events = evidence(events);
        for event in &events {
            let Some(click) = event.click() else { continue };
            let is_response = |other: &OracleEvent| {
                let after_ms = other.time_ms - event.time_ms;
                (0..=thresholds.dead_window_ms).contains(&after_ms) && responds(click, other)
            };
            let is_due = tick >= event.time_ms + thresholds.dead_window_ms + GRACE_MS;
            let is_all_known = end_ms.is_none_or(|end_ms| event.time_ms + thresholds.dead_window_ms < end_ms);
            if may_be_dead(click) && is_due && is_all_known && !events.iter().any(is_response) {
                let (project, session) = (project.clone(), session.clone());
                insights.push(Insight {
                    project,
                    session,
                    clicks: vec![event.clone()],
                    errors: Vec::new(),
                });
            }
        }
    }
    insights.sort();
    insights
}

/// Never dead: what the SDK says so of, and a click that stays in a textarea or a select. (Which inputs are text-like, only the SDK
/// knows.)
fn may_be_dead(click: &Click) -> bool {
    click.looks_interactive && !click.never_dead && !["textarea", "select"].contains(&click.tag.as_str())
}

/// Whether there is any click that this answers: a button's.
pub(crate) fn is_response(event: &OracleEvent) -> bool {
    let on_button = Click {
        tag: "button".to_owned(),
        ..Click::default()
    };
    responds(&on_button, event)
}

fn responds(click: &Click, event: &OracleEvent) -> bool {
    let is_any_page_response = event.is(&["page_view", "page_exit", "dom_mutation"]);
    match click.tag.as_str() {
        "a" if click.has_href => is_any_page_response,
        "button" | "input" | "select" | "textarea" | "label" | "summary" => {
            is_any_page_response
                || event.event_type.starts_with("input_")
                || event.event_type.starts_with("form_")
                || event.is(&["xhr_request", "fetch_request", "network_activity"])
                || event.is(&["scroll", "custom_event", "js_error", "unhandled_rejection"])
        }
        _ => is_any_page_response,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::fixture::*;

    const DUE: i64 = 1500;

    fn is_dead_with(target: &OracleEvent, response: &str, at_ms: i64) -> bool {
        let events = [target.clone(), event("response", at_ms, response)];
        !dead_clicks(&events, &Thresholds::default(), DUE).is_empty()
    }

    #[test]
    fn it_appears_when_window_and_grace_are_over() {
        let events = [click("a", 0, 0)];
        assert_eq!(dead_clicks(&events, &Thresholds::default(), 1499).len(), 0);
        assert_eq!(ids(&dead_clicks(&events, &Thresholds::default(), 1500)), [["a"]]);
    }

    #[test]
    fn it_takes_a_response_from_0_to_1000_ms_after_both_ends_included() {
        let button = click("click", 0, 0);
        assert!(is_dead_with(&button, "dom_mutation", -1));
        assert!(!is_dead_with(&button, "dom_mutation", 0));
        assert!(!is_dead_with(&button, "dom_mutation", 1000));
        assert!(is_dead_with(&button, "dom_mutation", 1001));
    }

    #[test]
    fn it_asks_what_responds_by_the_target() {
        let target = |tag: &str, has_href| {
            with_click(click("click", 0, 0), |click| {
                (click.tag, click.has_href) = (tag.to_owned(), has_href)
            })
        };
        let controls_only = [
            "input_focus",
            "input_blur",
            "input_change",
            "form_start",
            "form_submit",
            "form_error",
            "xhr_request",
            "fetch_request",
            "network_activity",
            "scroll",
            "custom_event",
            "js_error",
            "unhandled_rejection",
        ];
        for event_type in ["page_view", "page_exit", "dom_mutation"] {
            for target in [
                target("a", true),
                target("button", false),
                target("div", false),
                target("a", false),
            ] {
                assert!(!is_dead_with(&target, event_type, 10), "{event_type} {target:?}");
            }
        }
        for event_type in controls_only {
            for tag in ["button", "input", "label", "summary"] {
                assert!(!is_dead_with(&target(tag, false), event_type, 10), "{event_type} {tag}");
            }
            for target in [target("a", true), target("a", false), target("div", false)] {
                assert!(is_dead_with(&target, event_type, 10), "{event_type} {target:?}");
            }
        }
        for event_type in [
            "click",
            "mouse_move",
            "mouse_leave",
            "page_hidden",
            "resource_error",
            "console_error",
            "identify",
        ] {
            assert!(is_dead_with(&target("button", false), event_type, 10), "{event_type}");
        }
    }

    #[test]
    fn it_takes_a_response_of_the_same_session_on_any_page() {
        let button = click("a", 0, 0);
        let response = on("/next", event("b", 10, "page_view"));
        assert_eq!(
            dead_clicks(&[button.clone(), response.clone()], &Thresholds::default(), DUE).len(),
            0
        );
        let elsewhere = OracleEvent {
            session: Some("another".to_owned()),
            ..response
        };
        assert_eq!(dead_clicks(&[button, elsewhere], &Thresholds::default(), DUE).len(), 1);
    }

    #[test]
    fn it_never_calls_these_dead() {
        for change in [
            (|click| click.looks_interactive = false) as fn(&mut Click),
            |click| click.never_dead = true,
            |click| click.tag = "textarea".to_owned(),
            |click| click.tag = "select".to_owned(),
        ] {
            let event = with_click(click("a", 0, 0), change);
            assert_eq!(
                dead_clicks(std::slice::from_ref(&event), &Thresholds::default(), DUE).len(),
                0,
                "{event:?}"
            );
        }
    }
}
