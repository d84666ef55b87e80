//! Random visits, small and dense: clicks in bursts, pages that answer or throw, visitors with and without session ids, sessions that a
//! late event joins.

use super::{Bound, Schedule};
use gosight_operators::event::{self as ours, Event, EventType, Position};
use gosight_operators::ids::*;
use gosight_oracle::{Click, Day, OracleEvent, Payload};
use proptest::prelude::*;
use proptest::sample::select;
use std::collections::BTreeSet;
use std::sync::Arc;

pub(crate) const BASE_MS: i64 = 1_700_000_000_000;
const MINUTE_MS: i64 = 60_000;
const DAY_MS: i64 = 24 * 60 * MINUTE_MS;
/// The project's zone is half a day and an hour ahead of UTC.
const ZONE_MS: i64 = 13 * 60 * MINUTE_MS;

/// A record of the log, as the oracle has it; `offset` says where it stands.
#[derive(Clone, Debug)]
pub(crate) struct Arrival {
    pub(crate) offset: u64,
    pub(crate) event: OracleEvent,
}

/// The ticks of a schedule, and what came at each.
#[derive(Clone, Debug)]
pub(crate) struct Story {
    pub(crate) ticks: Vec<i64>,
    pub(crate) arrivals: Vec<Arrival>,
}

impl Story {
    pub(crate) fn schedule(&self) -> Schedule {
        let mut schedule: Schedule = self
            .ticks
            .iter()
            .map(|tick| (*tick as Tick, Bound::default()))
            .collect();
        for Arrival { offset, event } in &self.arrivals {
            let position = Position {
                partition: (offset % 3) as u32,
                offset: *offset,
                index: 0,
            };
            schedule
                .entry(event.tick as Tick)
                .or_default()
                .events
                .push((position, Arc::new(convert(event))));
        }
        schedule
    }

    /// Of the arrivals with one id, the first; in the order of (tick, position).
    pub(crate) fn first_arrivals(&self) -> Vec<Arrival> {
        let mut arrivals = self.arrivals.clone();
        arrivals.sort_by_key(|arrival| (arrival.event.tick, arrival.offset % 3, arrival.offset));
        let mut seen = BTreeSet::new();
        arrivals.retain(|arrival| seen.insert(arrival.event.id.clone()));
        arrivals
    }

    pub(crate) fn events(&self) -> Vec<OracleEvent> {
        self.first_arrivals().into_iter().map(|arrival| arrival.event).collect()
    }

    /// How many arrivals are repetitions.
    pub(crate) fn duplicates(&self) -> usize {
        self.arrivals.len() - self.first_arrivals().len()
    }

    pub(crate) fn known_at(&self, tick: i64) -> Vec<OracleEvent> {
        self.events().into_iter().filter(|event| event.tick <= tick).collect()
    }
}

/// A story of up to `events` events, which come shuffled, repeated, over up to seven ticks.
pub(crate) fn story(events: usize) -> impl Strategy<Value = Story> {
    let times = prop::collection::vec(happenings(), 1..events).prop_map(|happenings| happenings.concat());
    let ticks = prop::collection::btree_set(0..(90 * MINUTE_MS), 1..6);
    (times, ticks, any::<u64>()).prop_flat_map(|(events, ticks, seed)| {
        // The last tick is when all is decided.
        let ticks: Vec<i64> = ticks
            .into_iter()
            .chain([120 * MINUTE_MS])
            .map(|tick| BASE_MS + tick)
            .collect();
        let (count, last) = (events.len(), ticks.len());
        let repeated = prop::collection::vec((0..count, any::<bool>()), 0..4);
        let bound = prop::collection::vec(0..last, count + 4);
        (Just(events), Just(ticks), Just(seed), repeated, bound).prop_map(|(events, ticks, seed, repeated, bound)| {
            let mut all: Vec<_> = events
                .into_iter()
                .enumerate()
                .map(|(n, event)| named(event, n, seed))
                .collect();
            for (original, is_changed) in repeated {
                let mut again = all[original].clone();
                again.time_ms += i64::from(is_changed);
                all.push(again);
            }
            let arrivals = all
                .into_iter()
                .zip(bound)
                .enumerate()
                .map(|(offset, (mut event, tick))| {
                    event.tick = ticks[tick];
                    event.day = day(event.time_ms);
                    Arrival {
                        offset: offset as u64,
                        event,
                    }
                });
            Story {
                arrivals: arrivals.collect(),
                ticks,
            }
        })
    })
}

/// Ids whose order has nothing to do with the order of the events.
fn named(mut event: OracleEvent, n: usize, seed: u64) -> OracleEvent {
    let bits = stable_hash((n, seed));
    event.id = text(bits);
    event
}

fn text(id: u128) -> String {
    format!("{id:032x}")
}

fn day(time_ms: i64) -> Day {
    let number = (time_ms + ZONE_MS).div_euclid(DAY_MS);
    Day {
        number,
        starts_at_ms: number * DAY_MS - ZONE_MS,
    }
}

/// One event, or, now and then, a fist on a button.
fn happenings() -> impl Strategy<Value = Vec<OracleEvent>> {
    let burst = (event(), click(), 2..8_i64, select(vec![400, 500]));
    let burst = burst.prop_map(|(event, click, clicks, apart_ms)| {
        let click = |n: i64| OracleEvent {
            time_ms: event.time_ms + n * apart_ms,
            event_type: "click".to_owned(),
            payload: Payload::Click(click.clone()),
            ..event.clone()
        };
        (0..clicks).map(click).collect()
    });
    prop_oneof![9 => event().prop_map(|event| vec![event]), 1 => burst]
}

fn event() -> impl Strategy<Value = OracleEvent> {
    let minute = select(vec![0, 0, 0, 1, 20, 30, 59, 60]);
    let time = (minute, 0..8_i64, select(vec![0, 0, 1, 249, 499]));
    let whose = select(vec![Some(1_u128), Some(1), Some(2), None, None]);
    let visitor = select(vec!["ann", "bob", ""]);
    let place = (select(vec!["/", "/shop"]), select(vec!["", "d1", "d2"]), 0..3_usize);
    (time, whose, visitor, place, happening()).prop_map(
        |((minute, half_s, ms), session, visitor, (path, view, device), (event_type, payload))| OracleEvent {
            project: text(7),
            session: session.map(text),
            // A session id is one visitor's.
            visitor: session
                .map_or(visitor, |session| ["ann", "bob"][session as usize % 2])
                .to_owned(),
            time_ms: BASE_MS + minute * MINUTE_MS + half_s * 500 + ms,
            event_type: event_type.to_owned(),
            payload,
            path: path.to_owned(),
            url: format!("https://shop.test{path}"),
            view_id: if view.is_empty() {
                String::new()
            } else {
                text(u128::from_str_radix(view, 16).unwrap())
            },
            device_type: ["", "desktop", "mobile"][device].to_owned(),
            browser: ["", "Firefox", "Safari"][device].to_owned(),
            os: ["", "Linux", "iOS"][device].to_owned(),
            viewport_bucket: [0, 1200, 400][device],
            country: ["VN", "", "DE"][device].to_owned(),
            city: ["Huế", "", "Köln"][device].to_owned(),
            user: ["", "", "batch-user"][device].to_owned(),
            ..OracleEvent::default()
        },
    )
}

fn happening() -> impl Strategy<Value = (&'static str, Payload)> {
    let none = |event_type| Just((event_type, Payload::None)).boxed();
    let plain = [
        "page_view",
        "dom_mutation",
        "fetch_request",
        "input_change",
        "mouse_move",
        "replay_chunk",
        "dblclick",
    ];
    let clicks = click().prop_map(|click| ("click", Payload::Click(click))).boxed();
    let thrown = select(vec!["js_error", "unhandled_rejection"]);
    let thrown = thrown
        .prop_map(|name| {
            (
                name,
                Payload::Thrown {
                    message: "boom".to_owned(),
                },
            )
        })
        .boxed();
    let others = prop_oneof![
        (0..120).prop_map(|percent| ("scroll", Payload::Scrolled { percent })),
        (0..120, 0..9000_i64).prop_map(|(max_scroll_percent, time_on_page_ms)| {
            (
                "page_exit",
                Payload::PageExit {
                    time_on_page_ms,
                    max_scroll_percent,
                },
            )
        }),
        (0..4000_i64, 0..900_i64).prop_map(|(lcp_ms, ttfb_ms)| ("web_vitals", Payload::Loaded { lcp_ms, ttfb_ms })),
        select(vec!["bought", "left"]).prop_map(|name| ("custom_event", Payload::Custom { name: name.to_owned() })),
        select(vec!["", "u1", "u2"]).prop_map(|user| ("identify", Payload::Identify { user: user.to_owned() })),
        select(vec!["", "ads"]).prop_map(|source| ("session_start", arrival(source))),
    ];
    let mut choices = vec![(12, clicks), (3, thrown), (6, others.boxed())];
    choices.extend(plain.map(|name| (1, none(name))));
    prop::strategy::Union::new_weighted(choices)
}

fn arrival(source: &str) -> Payload {
    Payload::SessionStart {
        utm_source: source.to_owned(),
        utm_medium: String::new(),
        utm_campaign: if source.is_empty() {
            String::new()
        } else {
            "spring".to_owned()
        },
        referrer_domain: source.to_owned(),
    }
}

fn click() -> impl Strategy<Value = Click> {
    let point = (select(vec![100, 100, 100, 130, 160, 400]), select(vec![-7, 50, 50, 90]));
    let tag = select(vec!["button", "button", "a", "div", "select", "textarea"]);
    let rarely = || prop::bool::weighted(0.1);
    let spot = select(vec![(0, 0), (1, 1), (-1, 2), (-50, 50), (50, 49)]);
    (
        point,
        tag,
        spot,
        prop::bool::weighted(0.7),
        rarely(),
        rarely(),
        rarely(),
    )
        .prop_map(
            |((x, y), tag, spot, looks_interactive, ignore_rage, never_dead, double_tap)| Click {
                x,
                y,
                double_tap,
                spot,
                selector: format!("main > {tag}"),
                name: tag.to_owned(),
                text: "Buy".to_owned(),
                tag: tag.to_owned(),
                has_href: tag == "a",
                looks_interactive,
                ignore_rage,
                never_dead,
            },
        )
}

/// The same event as the operators have it.
pub(crate) fn convert(event: &OracleEvent) -> Event {
    let view = (!event.view_id.is_empty()).then(|| ViewId(id(&event.view_id)));
    let device_type = event.device_type.as_str().into();
    let (browser, os) = (event.browser.as_str().into(), event.os.as_str().into());
    let (country, region) = (event.country.as_str().into(), event.region.as_str().into());
    Event {
        project: ProjectId(id(&event.project)),
        id: EventId(id(&event.id)),
        session: event.session.as_deref().map(|session| SessionId(id(session))),
        time_ms: event.time_ms,
        day: ours::Day {
            number: event.day.number as i32,
            starts_at_ms: event.day.starts_at_ms,
        },
        page: Arc::new(ours::Page {
            path: event.path.as_str().into(),
            url: event.url.as_str().into(),
            view,
        }),
        context: Arc::new(ours::Context {
            visitor: event.visitor.as_str().into(),
            user: event.user.as_str().into(),
            device: ours::Device {
                device_type,
                browser,
                os,
            },
            place: ours::Place {
                country,
                region,
                city: event.city.as_str().into(),
            },
            viewport_bucket: event.viewport_bucket,
            attributes: Arc::default(),
        }),
        event_type: EventType::from_name(&event.event_type).unwrap(),
        payload: payload(&event.payload),
    }
}

fn payload(payload: &Payload) -> ours::Payload {
    match payload {
        Payload::None => ours::Payload::None,
        Payload::Click(click) => ours::Payload::Click(ours::Click {
            x: click.x as i32,
            y: click.y as i32,
            double_tap: click.double_tap,
            element: Arc::new(ours::Element {
                selector: click.selector.as_str().into(),
                name: click.name.as_str().into(),
                text: click.text.as_str().into(),
                tag: click.tag.as_str().into(),
                has_href: click.has_href,
                looks_interactive: click.looks_interactive,
                ignore_rage: click.ignore_rage,
                never_dead: click.never_dead,
            }),
            spot: ours::Spot {
                x: click.spot.0 as i8,
                y: click.spot.1 as i8,
            },
        }),
        Payload::Scrolled { percent } => ours::Payload::Scrolled {
            percent: *percent as u8,
        },
        Payload::PageExit {
            time_on_page_ms,
            max_scroll_percent,
        } => ours::Payload::PageExit {
            time_on_page_ms: *time_on_page_ms,
            max_scroll_percent: *max_scroll_percent as u8,
        },
        Payload::Thrown { message } => ours::Payload::Thrown {
            message: message.as_str().into(),
        },
        Payload::Loaded { lcp_ms, ttfb_ms } => {
            let reported = |ms: &i64| (*ms > 0).then_some(*ms as u32);
            ours::Payload::Loaded {
                lcp_ms: reported(lcp_ms),
                ttfb_ms: reported(ttfb_ms),
                load_ms: None,
            }
        }
        Payload::Custom { name } => ours::Payload::Custom {
            name: name.as_str().into(),
        },
        Payload::Identify { user } => ours::Payload::Identify {
            user: user.as_str().into(),
        },
        Payload::SessionStart {
            utm_source,
            utm_medium,
            utm_campaign,
            referrer_domain,
        } => {
            let (source, medium) = (utm_source.as_str().into(), utm_medium.as_str().into());
            let utm = ours::Utm {
                source,
                medium,
                campaign: utm_campaign.as_str().into(),
            };
            ours::Payload::SessionStart(Arc::new(ours::Arrival {
                utm,
                referrer_domain: referrer_domain.as_str().into(),
            }))
        }
    }
}

pub(crate) fn id(text: &str) -> u128 {
    u128::from_str_radix(text, 16).unwrap()
}
