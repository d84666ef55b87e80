//! Made-up visitors: a journey is one session as a list of steps, drawn from a seed.
//!
//! Both the demo (which plays journeys in real time) and `loadgen` (which sends them at once) use it; neither knows how the
//! server counts. A journey says of itself what it contains, so that a sender can check the server's sums.

use gosight_proto::v1::event::Payload;
use gosight_proto::v1::{
    Click, Device, DomMutation, Event, EventBatch, JsError, Page, PageExit, PageLoad, PageView, Rect, Scroll,
    ScrollMilestone, SessionStart, Target, WebVitals,
};
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use serde::Deserialize;
use std::cmp::Ordering;
use std::collections::HashMap;
use uuid::Uuid;

/// A place to wander through.
#[derive(Debug)]
pub(crate) struct Site {
    /// Scheme, host and prefix of every page's url.
    pub(crate) origin: &'static str,
    pub(crate) pages: Vec<SitePage>,
}

#[derive(Debug)]
pub(crate) struct SitePage {
    pub(crate) path: String,
    pub(crate) title: String,
    /// Milliseconds until the largest paint, roughly.
    pub(crate) lcp_ms: i64,
    pub(crate) elements: Vec<Element>,
    /// How it is laid out, by the viewport's width.
    pub(crate) layouts: HashMap<i32, Layout>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Element {
    pub(crate) selector: String,
    pub(crate) tag: String,
    pub(crate) name: String,
    pub(crate) answer: Answer,
}

/// What happens on a click.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Answer {
    /// Another page of the site, by its index.
    Goes(usize),
    /// Something on the page changes.
    Changes,
    /// Nothing at all: a dead click, and soon a rage click.
    Nothing,
    /// The handler throws.
    Throws(String),
}

/// Where things stand on a page of one width.
#[derive(Debug, Deserialize)]
pub(crate) struct Layout {
    pub(crate) height_px: i32,
    /// Of each of the page's elements: left, top, width, height in page pixels.
    pub(crate) rects: Vec<[i32; 4]>,
}

/// One session, ready to be sent.
#[derive(Clone, Debug)]
pub(crate) struct Journey {
    pub(crate) visitor_id: String,
    pub(crate) session_id: Uuid,
    pub(crate) device: Device,
    pub(crate) pages: Vec<Page>,
    pub(crate) steps: Vec<Step>,
}

#[derive(Clone, Debug)]
pub(crate) struct Step {
    /// Milliseconds after the step before.
    pub(crate) after_ms: i64,
    /// Index into the journey's pages.
    pub(crate) page: usize,
    pub(crate) payload: Payload,
}

impl Journey {
    pub(crate) fn duration_ms(&self) -> i64 {
        self.steps.iter().map(|step| step.after_ms).sum()
    }

    /// The whole journey as events, the last of them at `end_ms`.
    pub(crate) fn events_until(&self, end_ms: i64) -> Vec<Event> {
        let mut at_ms = end_ms - self.duration_ms();
        self.steps
            .iter()
            .map(|step| {
                at_ms += step.after_ms;
                step.event(at_ms)
            })
            .collect()
    }

    /// A batch of this session with these events; the page table is sent whole, so that indices hold.
    pub(crate) fn batch(&self, project_key: &str, sent_at_ms: i64, events: Vec<Event>) -> EventBatch {
        EventBatch {
            project_key: project_key.to_owned(),
            sent_at_ms,
            sdk_name: "gosight-journey".to_owned(),
            sdk_version: env!("CARGO_PKG_VERSION").to_owned(),
            visitor_id: self.visitor_id.clone(),
            session_id: self.session_id.to_string(),
            device: Some(self.device.clone()),
            pages: self.pages.clone(),
            events,
            ..EventBatch::default()
        }
    }
}

impl Step {
    pub(crate) fn event(&self, timestamp_ms: i64) -> Event {
        Event {
            id: Uuid::new_v4().to_string(),
            timestamp_ms,
            page: i32::try_from(self.page).unwrap_or(i32::MAX),
            payload: Some(self.payload.clone()),
        }
    }
}

/// Draws the `number`th journey of a seed.
pub(crate) fn draw(site: &Site, seed: u64, number: u64) -> Journey {
    let mut rng = StdRng::seed_from_u64(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15).wrapping_add(number));
    let device = device(&mut rng);
    let visitor_id = Uuid::from_u128(rng.random()).to_string();
    let session_id = Uuid::from_u128(rng.random());
    let mut walk = Walk {
        site,
        rng,
        width_px: device.viewport_width,
        height_px: device.viewport_height,
        top_px: 0,
        pages: Vec::new(),
        steps: Vec::new(),
        pause_ms: 0,
    };
    walk.whole();
    Journey {
        visitor_id,
        session_id,
        device,
        pages: walk.pages,
        steps: walk.steps,
    }
}

/// Pages a visitor opens at most.
const PAGES_MAX: usize = 6;

struct Walk<'site> {
    site: &'site Site,
    rng: StdRng,
    /// Of the viewport.
    width_px: i32,
    height_px: i32,
    /// How far the page at hand is scrolled.
    top_px: i32,
    pages: Vec<Page>,
    steps: Vec<Step>,
    pause_ms: i64,
}

impl Walk<'_> {
    fn whole(&mut self) {
        let referrer = [
            "",
            "",
            "https://search.example/",
            "https://news.example/item",
            "https://social.example/",
        ]
        .choose(&mut self.rng)
        .copied()
        .unwrap_or_default();
        let mut here = if self.rng.random_bool(0.7) {
            0
        } else {
            self.rng.random_range(0..self.site.pages.len())
        };
        for count in 0..PAGES_MAX {
            let next = self.page(here, count, referrer);
            match next {
                Some(next) if self.rng.random_bool(0.75) => here = next,
                _ => break,
            }
        }
    }

    fn page(&mut self, index: usize, count: usize, referrer: &str) -> Option<usize> {
        let site = self.site;
        let page = &site.pages[index];
        let layout = page.layouts.get(&self.width_px)?;
        self.top_px = 0;
        self.pages.push(Page {
            url: format!("{}{}", self.site.origin, page.path),
            path: page.path.clone(),
            title: page.title.clone(),
            referrer: referrer.to_owned(),
            view_id: Uuid::from_u128(self.rng.random()).to_string(),
            ..Page::default()
        });
        if count == 0 {
            let start = self.start(page, referrer);
            self.say(Payload::SessionStart(start));
        }
        self.say(Payload::PageView(PageView {
            title: page.title.clone(),
            path: page.path.clone(),
            hash: String::new(),
        }));
        self.wait(200, 900);
        self.vitals(page);
        let read_px = self.read(layout);
        let (next, acted_px) = self.act(page, layout);
        let depth_percent = percent(read_px.max(acted_px), layout.height_px);
        // A link leads on at once; who leaves otherwise lingers.
        if next.is_none() {
            self.wait(300, 2_000);
        }
        let time_on_page_ms = self.rng.random_range(2_000..40_000);
        self.say(Payload::PageExit(PageExit {
            time_on_page_ms,
            max_scroll_percent: depth_percent,
            next_url: String::new(),
        }));
        next
    }

    fn start(&mut self, page: &SitePage, referrer: &str) -> SessionStart {
        let campaign = self.rng.random_bool(0.2);
        SessionStart {
            is_new_visitor: self.rng.random_bool(0.6),
            entry_url: format!("{}{}", self.site.origin, page.path),
            utm_source: if campaign {
                "newsletter".to_owned()
            } else {
                String::new()
            },
            utm_medium: if campaign { "email".to_owned() } else { String::new() },
            utm_campaign: if campaign { "autumn".to_owned() } else { String::new() },
            referrer_domain: referrer
                .trim_start_matches("https://")
                .split('/')
                .next()
                .unwrap_or_default()
                .to_owned(),
            ..SessionStart::default()
        }
    }

    fn vitals(&mut self, page: &SitePage) {
        let lcp_ms = page.lcp_ms + self.rng.random_range(-200..800);
        let ttfb_ms = lcp_ms / 6;
        self.say(Payload::PageLoad(PageLoad {
            ttfb_ms,
            dom_content_loaded_ms: lcp_ms / 2,
            load_ms: lcp_ms + 150,
            transfer_bytes: 180_000,
        }));
        self.say(Payload::WebVitals(WebVitals {
            lcp_ms,
            fcp_ms: lcp_ms / 2,
            ttfb_ms,
            inp_ms: 60,
            cls: 0.02,
            fid_ms: 0,
        }));
    }

    /// Scrolls down some way; answers how deep the page was seen, px.
    fn read(&mut self, layout: &Layout) -> i32 {
        for _ in 0..self.rng.random_range(0..4) {
            let further_px = self.rng.random_range(200..900);
            self.wait(300, 1_500);
            self.scroll_to(self.top_px + further_px, layout);
        }
        let depth_px = self.depth_px(layout);
        if percent(depth_px, layout.height_px) >= 50 {
            self.say(Payload::ScrollMilestone(ScrollMilestone { percent: 50 }));
        }
        depth_px
    }

    /// How much of the page is above the viewport's lower edge, px.
    fn depth_px(&self, layout: &Layout) -> i32 {
        (self.top_px + self.height_px).min(layout.height_px)
    }

    fn scroll_to(&mut self, top_px: i32, layout: &Layout) {
        let top_px = top_px.clamp(0, (layout.height_px - self.height_px).max(0));
        let direction = match top_px.cmp(&self.top_px) {
            Ordering::Less => "up",
            Ordering::Equal => return,
            Ordering::Greater => "down",
        };
        self.top_px = top_px;
        let depth_px = self.depth_px(layout);
        self.say(Payload::Scroll(Scroll {
            top: top_px,
            depth_px,
            depth_percent: percent(depth_px, layout.height_px),
            page_height: layout.height_px,
            direction: direction.to_owned(),
            velocity: 900.0,
        }));
    }

    /// Clicks about; a click that leads on ends the page. Answers where to, and how deep the page was seen meanwhile, px.
    fn act(&mut self, page: &SitePage, layout: &Layout) -> (Option<usize>, i32) {
        let mut depth_px = self.depth_px(layout);
        for _ in 0..self.rng.random_range(1..4) {
            let Some((element, rect)) = self.choose(page, layout) else {
                break;
            };
            self.wait(600, 3_000);
            self.bring_into_view(rect, layout);
            depth_px = depth_px.max(self.depth_px(layout));
            match &element.answer {
                Answer::Goes(next) => {
                    self.click(element, rect);
                    self.wait(40, 160);
                    return (Some(*next), depth_px);
                }
                Answer::Changes => {
                    self.click(element, rect);
                    self.wait(20, 120);
                    self.say(Payload::DomMutation(DomMutation { count: 3 }));
                }
                Answer::Nothing => {
                    let angry = self.rng.random_bool(0.35);
                    for _ in 0..if angry { self.rng.random_range(5..9) } else { 1 } {
                        self.click(element, rect);
                        self.wait(120, 260);
                    }
                    self.wait(1_200, 2_500);
                }
                Answer::Throws(message) => {
                    self.click(element, rect);
                    self.wait(2, 30);
                    self.say(Payload::JsError(thrown(message)));
                }
            }
        }
        (None, depth_px)
    }

    fn choose<'site>(&mut self, page: &'site SitePage, layout: &Layout) -> Option<(&'site Element, [i32; 4])> {
        let index = self.rng.random_range(0..page.elements.len().max(1));
        Some((page.elements.get(index)?, *layout.rects.get(index)?))
    }

    /// Scrolls until the element is amid the viewport, unless it can be seen.
    fn bring_into_view(&mut self, [_, top, _, height]: [i32; 4], layout: &Layout) {
        if top < self.top_px || top + height > self.top_px + self.height_px {
            self.scroll_to(top + height / 2 - self.height_px / 2, layout);
            self.wait(250, 700);
        }
    }

    fn click(&mut self, element: &Element, rect: [i32; 4]) {
        let [left, top, width, height] = rect;
        let page_x = left + self.rng.random_range(width / 4..=width * 3 / 4);
        let page_y = top + self.rng.random_range(height / 4..=height * 3 / 4);
        self.say(Payload::Click(Click {
            page_x,
            page_y,
            viewport_x: page_x,
            viewport_y: page_y - self.top_px,
            button: "left".to_owned(),
            target: Some(target(element, [left, top - self.top_px, width, height])),
            pointer_type: "mouse".to_owned(),
            double_tap: false,
        }));
    }

    fn wait(&mut self, from_ms: i64, to_ms: i64) {
        self.pause_ms += self.rng.random_range(from_ms..to_ms);
    }

    fn say(&mut self, payload: Payload) {
        // A browser's clock has moved on by the next event, if only by a little.
        let after_ms = self.pause_ms.max(1);
        self.pause_ms = 0;
        self.steps.push(Step {
            after_ms,
            page: self.pages.len() - 1,
            payload,
        });
    }
}

fn percent(depth_px: i32, height_px: i32) -> i32 {
    (depth_px * 100 / height_px.max(1)).clamp(0, 100)
}

fn target(element: &Element, [left, top, width, height]: [i32; 4]) -> Target {
    Target {
        tag: element.tag.clone(),
        text: element.name.clone(),
        name: element.name.clone(),
        selector: element.selector.clone(),
        href: if let (Answer::Goes(_), "a") = (&element.answer, element.tag.as_str()) {
            "#".to_owned()
        } else {
            String::new()
        },
        rect: Some(Rect {
            top,
            left,
            width,
            height,
        }),
        looks_interactive: true,
        ..Target::default()
    }
}

fn thrown(message: &str) -> JsError {
    JsError {
        message: message.to_owned(),
        stack: format!("TypeError: {message}\n    at apply (/shop/shop.js:88:13)"),
        filename: "/shop/shop.js".to_owned(),
        line: 88,
        column: 13,
        error_type: "TypeError".to_owned(),
    }
}

/// User agent, viewport, screen: what visitors of a small shop use.
const DEVICES: [(&str, [i32; 4]); 6] = [
    (
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36",
        [1440, 780, 1440, 900],
    ),
    (
        "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Safari/605.1.15",
        [1512, 860, 1512, 982],
    ),
    (
        "Mozilla/5.0 (X11; Linux x86_64; rv:144.0) Gecko/20100101 Firefox/144.0",
        [1280, 720, 1920, 1080],
    ),
    (
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36 Edg/142.0.0.0",
        [1920, 960, 1920, 1080],
    ),
    (
        "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Mobile/15E148 Safari/604.1",
        [390, 664, 390, 844],
    ),
    (
        "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Mobile Safari/537.36",
        [412, 732, 412, 915],
    ),
];

/// The widths a site must be measured at.
#[cfg(test)]
pub(crate) fn viewport_widths() -> impl Iterator<Item = i32> {
    DEVICES.into_iter().map(|(_, [width, ..])| width)
}

const ZONES: [(&str, &str); 8] = [
    ("Asia/Ho_Chi_Minh", "vi-VN"),
    ("Europe/Berlin", "de-DE"),
    ("America/New_York", "en-US"),
    ("Europe/London", "en-GB"),
    ("Asia/Tokyo", "ja-JP"),
    ("America/Sao_Paulo", "pt-BR"),
    ("Europe/Paris", "fr-FR"),
    ("Asia/Ho_Chi_Minh", "en-US"),
];

fn device(rng: &mut StdRng) -> Device {
    let (user_agent, [viewport_width, viewport_height, screen_width, screen_height]) =
        DEVICES[rng.random_range(0..DEVICES.len())];
    let (timezone, language) = ZONES[rng.random_range(0..ZONES.len())];
    Device {
        user_agent: user_agent.to_owned(),
        language: language.to_owned(),
        timezone: timezone.to_owned(),
        screen_width,
        screen_height,
        viewport_width,
        viewport_height,
        device_pixel_ratio: 2.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demo::site::SITE;

    #[test]
    fn the_same_seed_draws_the_same_journey() {
        let one = draw(&SITE, 7, 3);
        let two = draw(&SITE, 7, 3);
        assert_eq!(one.session_id, two.session_id);
        assert_eq!(one.steps.len(), two.steps.len());
        assert_ne!(one.session_id, draw(&SITE, 7, 4).session_id);
    }

    #[test]
    fn events_end_when_asked_and_only_grow() {
        let journey = draw(&SITE, 1, 1);
        let events = journey.events_until(1_000_000_000);
        assert_eq!(events.last().unwrap().timestamp_ms, 1_000_000_000);
        assert!(
            events
                .windows(2)
                .all(|pair| pair[0].timestamp_ms < pair[1].timestamp_ms)
        );
    }

    #[test]
    fn somebody_gets_angry_and_somebody_meets_an_error() {
        let payloads: Vec<Payload> = (0..200)
            .flat_map(|n| draw(&SITE, 1, n).steps)
            .map(|step| step.payload)
            .collect();
        assert!(payloads.iter().any(|payload| matches!(payload, Payload::JsError(_))));
        assert!(
            payloads
                .iter()
                .filter(|payload| matches!(payload, Payload::Click(_)))
                .count()
                > 200
        );
    }
}
