//! From a wire payload to what the definitions need of it, and to its JSON for the raw table.

use super::intern::Interner;
use gosight_operators::event::{Arrival, Click, Element, EventType, Payload, Spot, Utm};
use gosight_proto::EventType as WireType;
use gosight_proto::v1;
use gosight_proto::v1::event::Payload as Wire;
use std::sync::Arc;

/// The operators' word for a wire type. Both have the same names in the same order; a test compares them.
pub(crate) fn event_type(wire: &Wire) -> Option<EventType> {
    EventType::ALL
        .get(wire.event_type() as usize - WireType::ALL[0] as usize)
        .copied()
}

pub(crate) fn payload(wire: &Wire, interner: &mut Interner) -> Payload {
    match wire {
        Wire::Click(click) => Payload::Click(self::click(click, interner)),
        Wire::Scroll(scroll) => Payload::Scrolled {
            percent: percent(scroll.depth_percent),
        },
        Wire::ScrollMilestone(milestone) => Payload::Scrolled {
            percent: percent(milestone.percent),
        },
        Wire::PageExit(exit) => Payload::PageExit {
            time_on_page_ms: exit.time_on_page_ms,
            max_scroll_percent: percent(exit.max_scroll_percent),
        },
        Wire::PageVisible(visible) => Payload::PageVisible {
            hidden_ms: visible.hidden_ms,
        },
        Wire::JsError(error) => Payload::Thrown {
            message: interner.text(&error.message),
        },
        Wire::UnhandledRejection(rejection) => Payload::Thrown {
            message: interner.text(&rejection.reason),
        },
        Wire::PageLoad(load) => Payload::Loaded {
            lcp_ms: None,
            ttfb_ms: reported(load.ttfb_ms),
            load_ms: reported(load.load_ms),
        },
        Wire::WebVitals(vitals) => Payload::Loaded {
            lcp_ms: reported(vitals.lcp_ms),
            ttfb_ms: reported(vitals.ttfb_ms),
            load_ms: None,
        },
        Wire::CustomEvent(custom) => Payload::Custom {
            name: interner.text(&custom.name),
        },
        Wire::Identify(identify) => Payload::Identify {
            user: interner.text(&identify.user_id),
        },
        Wire::SessionStart(start) => Payload::SessionStart(Arc::new(arrival(start, interner))),
        _ => Payload::None,
    }
}

fn percent(percent: i32) -> u8 {
    percent.clamp(0, 100) as u8
}

/// Nothing was reported when it is not greater than 0.
fn reported(ms: i64) -> Option<u32> {
    u32::try_from(ms).ok().filter(|&ms| ms > 0)
}

fn click(click: &v1::Click, interner: &mut Interner) -> Click {
    let element = click
        .target
        .as_ref()
        .map(|target| self::element(target, interner))
        .unwrap_or_default();
    Click {
        x: click.page_x,
        y: click.page_y,
        double_tap: click.double_tap,
        element: interner.element(element),
        spot: spot(click).unwrap_or_default(),
    }
}

/// None without a rect, or in one that has no area.
fn spot(click: &v1::Click) -> Option<Spot> {
    let rect = click.target.as_ref()?.rect.as_ref()?;
    Some(Spot {
        x: percent_from_middle(click.viewport_x, rect.left, rect.width)?,
        y: percent_from_middle(click.viewport_y, rect.top, rect.height)?,
    })
}

fn percent_from_middle(at: i32, start: i32, length: i32) -> Option<i8> {
    let (at, start, length) = (i64::from(at), i64::from(start), i64::from(length));
    let percent = (length > 0).then(|| (100 * (at - start)).div_euclid(length))?;
    i8::try_from(percent.clamp(0, 100) - 50).ok()
}

fn element(target: &v1::Target, interner: &mut Interner) -> Element {
    Element {
        selector: interner.text(&target.selector),
        name: interner.text(&target.name),
        text: interner.text(&target.text),
        tag: lower_case(&target.tag, interner),
        has_href: !target.href.is_empty(),
        looks_interactive: target.looks_interactive,
        ignore_rage: target.ignore_rage,
        never_dead: !target.never_dead.is_empty(),
    }
}

fn lower_case(text: &str, interner: &mut Interner) -> Arc<str> {
    if text.chars().any(char::is_uppercase) {
        interner.text(&text.to_lowercase())
    } else {
        interner.text(text)
    }
}

fn arrival(start: &v1::SessionStart, interner: &mut Interner) -> Arrival {
    Arrival {
        utm: Utm {
            source: interner.text(&start.utm_source),
            medium: interner.text(&start.utm_medium),
            campaign: interner.text(&start.utm_campaign),
        },
        referrer_domain: interner.text(&start.referrer_domain),
    }
}

/// The element an event happened on.
pub(crate) fn target(wire: &Wire) -> Option<&v1::Target> {
    match wire {
        Wire::Click(click) | Wire::Dblclick(click) | Wire::ContextMenu(click) => click.target.as_ref(),
        Wire::MouseEnter(enter) => enter.target.as_ref(),
        Wire::MouseLeave(leave) => leave.target.as_ref(),
        Wire::InputFocus(focus) => focus.target.as_ref(),
        Wire::InputBlur(blur) => blur.target.as_ref(),
        Wire::InputChange(change) => change.target.as_ref(),
        Wire::Copy(clipboard) | Wire::Cut(clipboard) | Wire::Paste(clipboard) => clipboard.target.as_ref(),
        _ => None,
    }
}

/// Page coordinates of a click, else 0.
pub(crate) fn xy(wire: &Wire) -> (i32, i32) {
    match wire {
        Wire::Click(click) | Wire::Dblclick(click) | Wire::ContextMenu(click) => (click.page_x, click.page_y),
        _ => (0, 0),
    }
}

/// The payload's JSON object; of a replay chunk without its data, which is no matter of the raw table.
pub(crate) fn json(mut wire: Wire) -> String {
    if let Wire::ReplayChunk(chunk) = &mut wire {
        chunk.data = bytes::Bytes::new();
    }
    let mut json = serde_json::to_string(&wire).unwrap_or_default();
    untag(&mut json, wire.event_type().name());
    json
}

/// From `{"click":{…}}` to `{…}`.
fn untag(json: &mut String, name: &str) {
    let open = "{\"".len() + name.len() + "\":".len();
    json.pop();
    json.drain(..open.min(json.len()));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_rooms_know_the_same_event_types() {
        let wire: Vec<_> = WireType::ALL.iter().map(|kind| kind.name()).collect();
        let operators: Vec<_> = EventType::ALL.iter().map(|kind| kind.name()).collect();
        assert_eq!(wire, operators);
        assert_eq!(
            event_type(&Wire::ReplayChunk(v1::ReplayChunk::default())),
            Some(EventType::ReplayChunk)
        );
        assert_eq!(event_type(&Wire::Click(v1::Click::default())), Some(EventType::Click));
    }

    #[test]
    fn a_click_is_at_a_percent_of_its_element_from_its_middle() {
        let at = |viewport_x: i32, viewport_y: i32, width: i32| {
            let rect = v1::Rect {
                left: 100,
                top: -20,
                width,
                height: 50,
            };
            let click = v1::Click {
                viewport_x,
                viewport_y,
                target: Some(v1::Target {
                    rect: Some(rect),
                    ..v1::Target::default()
                }),
                ..v1::Click::default()
            };
            let Spot { x, y } = spot(&click).unwrap_or_default();
            (x, y)
        };
        assert_eq!(at(100, -20, 200), (-50, -50));
        assert_eq!(at(203, 4, 200), (1, -2));
        assert_eq!(at(300, 30, 200), (50, 50));
        assert_eq!(at(i32::MIN, i32::MAX, i32::MAX), (-50, 50), "outside is at the rim");
        assert_eq!(at(203, 4, 0), (0, 0), "what has no area has a middle");
        assert_eq!(spot(&v1::Click::default()), None);
    }

    #[test]
    fn the_json_of_a_payload_is_its_object_alone() {
        assert_eq!(json(Wire::DomMutation(v1::DomMutation { count: 3 })), r#"{"count":3}"#);
        assert_eq!(json(Wire::PageHidden(v1::PageHidden {})), "{}");
    }

    #[test]
    fn a_replay_chunk_leaves_its_data_behind() {
        let chunk = v1::ReplayChunk {
            data: bytes::Bytes::from_static(b"secret"),
            index: 1,
            ..v1::ReplayChunk::default()
        };
        let json: serde_json::Value = serde_json::from_str(&json(Wire::ReplayChunk(chunk))).unwrap();
        assert_eq!((&json["index"], &json["data"]), (&1.into(), &"".into()));
    }

    #[test]
    fn a_tag_is_compared_in_lower_case() {
        let target = v1::Target {
            tag: "BUTTON".into(),
            never_dead: "download".into(),
            ..v1::Target::default()
        };
        let element = element(&target, &mut Interner::default());
        assert_eq!(
            (&*element.tag, element.never_dead, element.has_href),
            ("button", true, false)
        );
    }

    #[test]
    fn what_is_not_reported_has_no_value() {
        let vitals = Wire::WebVitals(v1::WebVitals {
            lcp_ms: 0,
            ttfb_ms: 80,
            ..v1::WebVitals::default()
        });
        let loaded = Payload::Loaded {
            lcp_ms: None,
            ttfb_ms: Some(80),
            load_ms: None,
        };
        assert_eq!(payload(&vitals, &mut Interner::default()), loaded);
    }
}
