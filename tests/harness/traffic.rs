//! Made-up visitors who do everything the views are about, and what the oracle is told of it.
//!
//! [`Traffic`] draws sessions from a seed; each becomes batches in no particular order, some of which come twice. What was sent is turned
//! into the oracle's words by [`oracle_events`], straight from the wire messages.

use gosight_oracle::{Click as OracleClick, Day, OracleEvent, Payload as Known};
use gosight_proto::v1::event::Payload;
use gosight_proto::v1::{
    Click, CustomEvent, Device, DomMutation, Event, EventBatch, FormSubmit, Identify, InputFocus, JsError, MouseMove,
    NetworkActivity, Page, PageExit, PageHidden, PageView, Rect, ReplayChunk, Request, Scroll, ScrollMilestone,
    SessionStart, Target, UnhandledRejection, WebVitals,
};
use rand::rngs::StdRng;
use rand::seq::{IndexedRandom, SliceRandom};
use rand::{Rng, SeedableRng};
use uuid::Uuid;

use super::{KEY, now_ms};

const MINUTE_MS: i64 = 60 * 1000;
const DAY_MS: i64 = 24 * 60 * MINUTE_MS;
/// Sessions end at any time of the last hours.
const ENDED_WITHIN_MS: i64 = 3 * 60 * MINUTE_MS;
/// Of every hundred sessions, how many are of a server that knows no sessions, and how many come much too late.
const WITHOUT_SESSION_ID: u32 = 15;
const LATE: u32 = 3;
/// Later than any horizon by a day.
const LATE_BY_MS: i64 = 49 * 60 * MINUTE_MS;
/// Of every hundred batches, how many are sent again.
const SENT_AGAIN: u32 = 12;
const EVENTS_PER_BATCH_MAX: usize = 14;
/// Paths, so that the overview's lists show them all.
const PATHS: [&str; 5] = ["/", "/shop", "/shop/lamp", "/cart", "/checkout"];

/// What a user agent is known to be.
struct Client {
    user_agent: &'static str,
    browser: &'static str,
    os: &'static str,
    device_type: &'static str,
    viewport_width: i32,
}

const CLIENTS: [Client; 4] = [
    Client {
        user_agent: "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36",
        browser: "Chrome",
        os: "Windows",
        device_type: "desktop",
        viewport_width: 1440,
    },
    Client {
        user_agent: "Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:133.0) Gecko/20100101 Firefox/133.0",
        browser: "Firefox",
        os: "macOS",
        device_type: "desktop",
        viewport_width: 1680,
    },
    Client {
        user_agent: "Mozilla/5.0 (iPhone; CPU iPhone OS 17_4 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.4 Mobile/15E148 Safari/604.1",
        browser: "Safari",
        os: "iOS",
        device_type: "mobile",
        viewport_width: 390,
    },
    Client {
        user_agent: "Mozilla/5.0 (iPad; CPU OS 17_4 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.4 Mobile/15E148 Safari/604.1",
        browser: "Safari",
        os: "iOS",
        device_type: "tablet",
        viewport_width: 820,
    },
];

const ZONES: [(&str, &str); 4] = [
    ("Europe/Berlin", "DE"),
    ("Asia/Kolkata", "IN"),
    ("Europe/Kyiv", "UA"),
    ("UTC", ""),
];

/// Selector, tag, href, looks interactive, ignore rage, never dead.
const ELEMENTS: [(&str, &str, &str, bool, bool, &str); 7] = [
    ("#buy", "button", "", true, false, ""),
    ("#more", "a", "/shop", true, false, ""),
    (".card", "div", "", true, false, ""),
    (".banner", "div", "", false, false, ""),
    ("#amount", "input", "", true, false, "text_field"),
    ("#next", "button", "", true, true, ""),
    ("#note", "textarea", "", true, false, ""),
];

/// A batch on its way.
#[derive(Clone)]
pub(crate) struct Parcel {
    pub(crate) batch: EventBatch,
}

impl Parcel {
    /// As it leaves now: a client says when it sent a batch, each time anew.
    pub(crate) fn leaving(&self) -> EventBatch {
        EventBatch {
            sent_at_ms: now_ms(),
            ..self.batch.clone()
        }
    }

    /// What the oracle must know of it.
    pub(crate) fn events(&self) -> Vec<OracleEvent> {
        oracle_events(&self.batch)
    }
}

/// Sessions from a seed.
pub(crate) struct Traffic {
    rng: StdRng,
    /// Tells the visitors of two sources apart.
    name: String,
    visitors: u32,
}

impl Traffic {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            rng: StdRng::seed_from_u64(seed),
            name: format!("{seed:x}"),
            visitors: 0,
        }
    }

    /// The batches of so many sessions, all mixed up.
    pub(crate) fn parcels(&mut self, sessions: usize) -> Vec<Parcel> {
        let mut parcels: Vec<Parcel> = (0..sessions).flat_map(|_| self.session()).collect();
        parcels.shuffle(&mut self.rng);
        parcels
    }

    /// Takes any of these, so that what one visitor sent is not in order.
    pub(crate) fn take_any(&mut self, parcels: &mut Vec<Parcel>) -> Option<Parcel> {
        let index = self.rng.random_range(0..parcels.len().max(1));
        (index < parcels.len()).then(|| parcels.swap_remove(index))
    }

    /// The batches of one session, out of order; some are there twice, some overlap.
    pub(crate) fn session(&mut self) -> Vec<Parcel> {
        let mut script = Script::new(&mut self.rng);
        script.visit();
        let Script { mut steps, pages, .. } = script;
        let is_late = self.chance(LATE);
        let age_ms = self.rng.random_range(0..ENDED_WITHIN_MS) + if is_late { LATE_BY_MS } else { 0 };
        let start_ms = now_ms() - age_ms - steps.iter().map(|(at_ms, _)| *at_ms).max().unwrap_or(0);
        steps.iter_mut().for_each(|(at_ms, _)| *at_ms += start_ms);
        steps.shuffle(&mut self.rng);
        let head = self.head(pages, is_late);
        record(&mut steps, !head.session_id.is_empty());
        let mut parcels: Vec<Parcel> = Vec::new();
        while !steps.is_empty() {
            let count = self.rng.random_range(1..=EVENTS_PER_BATCH_MAX).min(steps.len());
            let events = steps
                .drain(..count)
                .map(|(timestamp_ms, event)| Event { timestamp_ms, ..event });
            parcels.push(Parcel {
                batch: EventBatch {
                    events: events.collect(),
                    ..head.clone()
                },
            });
        }
        let again: Vec<Parcel> = parcels.iter().filter(|_| self.chance(SENT_AGAIN)).cloned().collect();
        for mut parcel in again {
            // A client that gave up may pack what it has anew.
            let kept = self.rng.random_range(1..=parcel.batch.events.len());
            parcel.batch.events.truncate(kept);
            if let Some(other) = parcels.choose(&mut self.rng) {
                parcel.batch.events.extend(other.batch.events.iter().take(2).cloned());
            }
            parcels.push(parcel);
        }
        parcels
    }

    fn head(&mut self, pages: Vec<Page>, is_late: bool) -> EventBatch {
        let has_session_id = is_late || !self.chance(WITHOUT_SESSION_ID);
        let client = CLIENTS.choose(&mut self.rng).unwrap();
        let (timezone, _) = ZONES.choose(&mut self.rng).unwrap();
        // People come back; and events without a session id need neighbours to be merged with.
        if self.visitors == 0 || self.chance(60) {
            self.visitors += 1;
        }
        let visitor = self.rng.random_range(0..self.visitors);
        let kind = if has_session_id { "person" } else { "server" };
        EventBatch {
            project_key: KEY.to_owned(),
            sdk_name: "tests".to_owned(),
            visitor_id: format!("{kind}-{}-{visitor}", self.name),
            session_id: if has_session_id {
                uuid(&mut self.rng)
            } else {
                String::new()
            },
            device: Some(Device {
                user_agent: client.user_agent.to_owned(),
                timezone: (*timezone).to_owned(),
                viewport_width: client.viewport_width,
                ..Device::default()
            }),
            pages,
            ..EventBatch::default()
        }
    }

    fn chance(&mut self, percent: u32) -> bool {
        self.rng.random_ratio(percent, 100)
    }
}

/// What one visitor does, from 0 ms on.
struct Script<'a> {
    rng: &'a mut StdRng,
    clock_ms: i64,
    pages: Vec<Page>,
    steps: Vec<(i64, Event)>,
}

impl<'a> Script<'a> {
    fn new(rng: &'a mut StdRng) -> Self {
        Self {
            rng,
            clock_ms: 0,
            pages: Vec::new(),
            steps: Vec::new(),
        }
    }

    fn visit(&mut self) {
        let pages = self.rng.random_range(1..=3);
        for index in 0..pages {
            self.open_page();
            if index == 0 {
                self.arrive();
            }
            // One visit in a few is a bounce.
            let actions = self.rng.random_range(0..=4);
            for _ in 0..actions {
                self.act();
            }
            self.leave_page();
        }
    }

    fn open_page(&mut self) {
        let path = PATHS.choose(self.rng).unwrap();
        // An old client sends no view id.
        let view_id = if self.rng.random_ratio(9, 10) {
            uuid(self.rng)
        } else {
            String::new()
        };
        self.pages.push(Page {
            url: format!("https://shop.example{path}"),
            path: (*path).to_owned(),
            view_id,
            ..Page::default()
        });
        self.now(Payload::PageView(PageView {
            path: (*path).to_owned(),
            ..PageView::default()
        }));
    }

    fn arrive(&mut self) {
        if self.rng.random_bool(0.7) {
            let utm_source = if self.rng.random_bool(0.3) { "letter" } else { "" };
            let referrer_domain = if self.rng.random_bool(0.5) {
                "search.example"
            } else {
                ""
            };
            self.now(Payload::SessionStart(SessionStart {
                utm_source: utm_source.to_owned(),
                utm_medium: if utm_source.is_empty() {
                    String::new()
                } else {
                    "mail".to_owned()
                },
                referrer_domain: referrer_domain.to_owned(),
                ..SessionStart::default()
            }));
        }
        if self.rng.random_bool(0.2) {
            let user_id = format!("user-{}", self.rng.random_range(0..50));
            self.now(Payload::Identify(Identify {
                user_id,
                ..Identify::default()
            }));
        }
    }

    fn act(&mut self) {
        self.pass(200, 6_000);
        match self.rng.random_range(0..12) {
            0..=2 => self.click_with_response(),
            3 => self.click_something(),
            4 | 5 => self.rage(),
            6 => self.click_that_throws(),
            7 | 8 => self.scroll(),
            9 => self.idle_events(),
            10 => {
                self.now(Payload::CustomEvent(CustomEvent {
                    name: "added".to_owned(),
                    ..CustomEvent::default()
                }));
            }
            _ => self.fill_form(),
        }
    }

    /// From at once to a little too late.
    fn click_with_response(&mut self) {
        self.click_something();
        let after_ms = *[0, 40, 300, 999, 1000, 1001, 1200].choose(self.rng).unwrap();
        let response = match self.rng.random_range(0..3) {
            0 => Payload::DomMutation(DomMutation { count: 3 }),
            1 => Payload::NetworkActivity(NetworkActivity {}),
            _ => Payload::FetchRequest(Request {
                method: "GET".to_owned(),
                ..Request::default()
            }),
        };
        self.after(after_ms, response);
    }

    fn click_something(&mut self) {
        let element = self.rng.random_range(0..ELEMENTS.len());
        let (x, y) = (self.rng.random_range(-5..800), self.rng.random_range(0..600));
        self.click(element, x, y, false);
    }

    /// Five clicks or more; sometimes too few, too slow or too far apart.
    fn rage(&mut self) {
        let element = self.rng.random_range(0..ELEMENTS.len());
        let (x, y) = (self.rng.random_range(100..700), self.rng.random_range(100..500));
        let spread = *[4, 30, 60].choose(self.rng).unwrap();
        let pause_ms = *[90, 250, 499, 500, 501].choose(self.rng).unwrap();
        for _ in 0..self.rng.random_range(4..=9) {
            let (dx, dy) = (
                self.rng.random_range(-spread..=spread),
                self.rng.random_range(-spread..=spread),
            );
            let is_second_tap = self.rng.random_ratio(1, 20);
            self.click(element, x + dx, y + dy, is_second_tap);
            self.clock_ms += pause_ms;
        }
    }

    fn click_that_throws(&mut self) {
        self.click_something();
        let after_ms = *[0, 5, 700, 1000, 1001].choose(self.rng).unwrap();
        let message = "cart is undefined".to_owned();
        let error = if self.rng.random_bool(0.5) {
            Payload::JsError(JsError {
                message,
                ..JsError::default()
            })
        } else {
            Payload::UnhandledRejection(UnhandledRejection {
                reason: message,
                ..UnhandledRejection::default()
            })
        };
        self.after(after_ms, error);
    }

    fn scroll(&mut self) {
        let percent = self.rng.random_range(0..=100);
        self.now(Payload::Scroll(Scroll {
            depth_percent: percent,
            ..Scroll::default()
        }));
        if percent >= 25 {
            self.after(
                10,
                Payload::ScrollMilestone(ScrollMilestone {
                    percent: percent / 25 * 25,
                }),
            );
        }
    }

    /// What makes nobody a visitor who acted.
    fn idle_events(&mut self) {
        self.now(Payload::MouseMove(MouseMove::default()));
        self.after(
            100,
            Payload::WebVitals(WebVitals {
                lcp_ms: 1800,
                ttfb_ms: 90,
                ..WebVitals::default()
            }),
        );
        self.after(200, Payload::PageHidden(PageHidden {}));
        self.after(300, Payload::ReplayChunk(ReplayChunk::default()));
    }

    fn fill_form(&mut self) {
        self.now(Payload::InputFocus(InputFocus::default()));
        self.pass(500, 3_000);
        self.now(Payload::FormSubmit(FormSubmit {
            form: "order".to_owned(),
            success: true,
            ..FormSubmit::default()
        }));
    }

    fn leave_page(&mut self) {
        self.pass(500, 20_000);
        if self.rng.random_bool(0.8) {
            let max_scroll_percent = self.rng.random_range(0..=100);
            let time_on_page_ms = self.rng.random_range(1000..60_000);
            self.now(Payload::PageExit(PageExit {
                time_on_page_ms,
                max_scroll_percent,
                ..PageExit::default()
            }));
        }
    }

    fn click(&mut self, element: usize, page_x: i32, page_y: i32, double_tap: bool) {
        let (selector, tag, href, looks_interactive, ignore_rage, never_dead) = ELEMENTS[element];
        let rect = self.rng.random_bool(0.9).then(|| Rect {
            left: page_x - self.rng.random_range(-2..90),
            top: page_y - self.rng.random_range(-2..30),
            width: self.rng.random_range(0..80),
            height: self.rng.random_range(1..30),
        });
        let target = Target {
            rect,
            tag: tag.to_owned(),
            text: format!("text of {selector}"),
            name: format!("name of {selector}"),
            href: href.to_owned(),
            selector: selector.to_owned(),
            looks_interactive,
            ignore_rage,
            never_dead: never_dead.to_owned(),
            ..Target::default()
        };
        let target = Some(target);
        self.now(Payload::Click(Click {
            page_x,
            page_y,
            viewport_x: page_x,
            viewport_y: page_y,
            target,
            double_tap,
            button: "left".to_owned(),
            ..Click::default()
        }));
    }

    fn pass(&mut self, ms_min: i64, ms_max: i64) {
        self.clock_ms += self.rng.random_range(ms_min..ms_max);
    }

    fn now(&mut self, payload: Payload) {
        self.after(0, payload);
    }

    fn after(&mut self, after_ms: i64, payload: Payload) {
        let page = i32::try_from(self.pages.len()).unwrap() - 1;
        let event = Event {
            id: uuid(self.rng),
            page,
            payload: Some(payload),
            ..Event::default()
        };
        self.steps.push((self.clock_ms + after_ms, event));
    }
}

fn uuid(rng: &mut StdRng) -> String {
    Uuid::from_u128(rng.random()).to_string()
}

/// Gives the replay chunks something that was recorded. A server that knows no sessions records none.
fn record(steps: &mut Vec<(i64, Event)>, has_session: bool) {
    steps.retain(|(_, event)| has_session || !matches!(event.payload, Some(Payload::ReplayChunk(_))));
    let chunks = steps.iter_mut().filter_map(|(at_ms, event)| match &mut event.payload {
        Some(Payload::ReplayChunk(chunk)) => Some((*at_ms, chunk)),
        _ => None,
    });
    for (index, (at_ms, chunk)) in (0..).zip(chunks) {
        let move_to = serde_json::json!({ "x": 10 * index, "y": 20, "id": 1, "timeOffset": 0 });
        let moved = serde_json::json!({ "source": 1, "positions": [move_to] });
        let events = serde_json::json!([{ "type": 3, "data": moved, "timestamp": at_ms }]);
        chunk.index = index;
        chunk.data = events.to_string().into_bytes().into();
    }
}

/// A batch in the oracle's words. Its clock is right, so event times are the client's.
fn oracle_events(batch: &EventBatch) -> Vec<OracleEvent> {
    let device = batch.device.as_ref().unwrap();
    let client = CLIENTS
        .iter()
        .find(|client| client.user_agent == device.user_agent)
        .unwrap();
    let (_, country) = ZONES.iter().find(|(zone, _)| *zone == device.timezone).unwrap();
    let event = |event: &Event| {
        let page = &batch.pages[usize::try_from(event.page).unwrap()];
        let payload = event.payload.as_ref().unwrap();
        OracleEvent {
            project: super::PROJECT.to_owned(),
            session: (!batch.session_id.is_empty()).then(|| batch.session_id.clone()),
            visitor: batch.visitor_id.clone(),
            id: event.id.clone(),
            time_ms: event.timestamp_ms,
            day: day(event.timestamp_ms),
            tick: now_ms(),
            event_type: payload.event_type().name().to_owned(),
            payload: known(payload),
            path: page.path.clone(),
            url: page.url.clone(),
            view_id: page.view_id.clone(),
            device_type: client.device_type.to_owned(),
            browser: client.browser.to_owned(),
            os: client.os.to_owned(),
            country: (*country).to_owned(),
            ..OracleEvent::default()
        }
    };
    batch.events.iter().map(event).collect()
}

/// A bootstrapped project's zone is UTC.
fn day(time_ms: i64) -> Day {
    let number = time_ms.div_euclid(DAY_MS);
    Day {
        number,
        starts_at_ms: number * DAY_MS,
    }
}

fn known(payload: &Payload) -> Known {
    match payload {
        Payload::Click(click) => Known::Click(known_click(click)),
        Payload::Scroll(scroll) => Known::Scrolled {
            percent: scroll.depth_percent,
        },
        Payload::ScrollMilestone(milestone) => Known::Scrolled {
            percent: milestone.percent,
        },
        Payload::PageExit(exit) => Known::PageExit {
            time_on_page_ms: exit.time_on_page_ms,
            max_scroll_percent: exit.max_scroll_percent,
        },
        Payload::JsError(error) => Known::Thrown {
            message: error.message.clone(),
        },
        Payload::UnhandledRejection(rejection) => Known::Thrown {
            message: rejection.reason.clone(),
        },
        Payload::WebVitals(vitals) => Known::Loaded {
            lcp_ms: vitals.lcp_ms,
            ttfb_ms: vitals.ttfb_ms,
        },
        Payload::CustomEvent(custom) => Known::Custom {
            name: custom.name.clone(),
        },
        Payload::Identify(identify) => Known::Identify {
            user: identify.user_id.clone(),
        },
        Payload::SessionStart(start) => Known::SessionStart {
            utm_source: start.utm_source.clone(),
            utm_medium: start.utm_medium.clone(),
            utm_campaign: start.utm_campaign.clone(),
            referrer_domain: start.referrer_domain.clone(),
        },
        _ => Known::None,
    }
}

fn known_spot(click: &Click) -> Option<(i64, i64)> {
    let rect = click.target.as_ref()?.rect?;
    let percent = |at: i32, start: i32, length: i32| {
        let is_past = |percent: &i32| percent * length <= 100 * (at - start);
        (1..=100).filter(is_past).count() as i64 - 50
    };
    let is_seen = rect.width > 0 && rect.height > 0;
    is_seen.then(|| {
        (
            percent(click.viewport_x, rect.left, rect.width),
            percent(click.viewport_y, rect.top, rect.height),
        )
    })
}

fn known_click(click: &Click) -> OracleClick {
    let target = click.target.as_ref().unwrap();
    OracleClick {
        x: click.page_x.into(),
        y: click.page_y.into(),
        double_tap: click.double_tap,
        spot: known_spot(click).unwrap_or_default(),
        selector: target.selector.clone(),
        name: target.name.clone(),
        text: target.text.clone(),
        tag: target.tag.clone(),
        has_href: !target.href.is_empty(),
        looks_interactive: target.looks_interactive,
        ignore_rage: target.ignore_rage,
        never_dead: !target.never_dead.is_empty(),
    }
}
