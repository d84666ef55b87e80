//! What a recorder would have seen of a simulated visitor: the page as it looks, the pointer on its way to each click, the scrolling.
//!
//! The pages are photographs of the real shop; what moves on them is made up from the visitor's own events, so the replay of a session shows what its
//! timeline tells.

use gosight_proto::v1::event::Payload;
use gosight_proto::v1::{Device, Event, Page, ReplayChunk};
use serde::Serialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use uuid::Uuid;

use super::site::{PHOTOS, SITE};

/// How long the pointer is on its way to a click, and how often it is seen.
const WAY_MS: i64 = 400;
const SEEN_EVERY_MS: i64 = 50;
/// The document's node, in every photograph.
const DOCUMENT: u32 = 1;

/// rrweb's numbers.
const FULL_SNAPSHOT: u8 = 2;
const INCREMENTAL: u8 = 3;
const META: u8 = 4;
const PLUGIN: u8 = 6;
const MOUSE_MOVE: u8 = 1;
const MOUSE_INTERACTION: u8 = 2;
const SCROLL: u8 = 3;
const CLICK_STEPS: [u8; 3] = [1, 0, 2];

/// A visitor's recording, one per page that is opened.
#[derive(Default)]
pub(crate) struct Recording {
    id: Uuid,
    index: i32,
    page: usize,
    /// Where the pointer is, in the viewport.
    at: (i32, i32),
    events: Vec<Recorded>,
}

/// An rrweb event.
#[derive(Serialize)]
struct Recorded {
    r#type: u8,
    timestamp: i64,
    data: Data,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Data {
    Page {
        node: &'static RawValue,
        #[serde(rename = "initialOffset")]
        offset: Value,
    },
    Other(Value),
}

impl Recording {
    /// Takes in what the visitor did.
    pub(crate) fn see(&mut self, event: &Event, page: &Page, device: &Device) {
        let at_ms = event.timestamp_ms;
        match &event.payload {
            Some(Payload::PageView(_)) => self.open(page, device, at_ms),
            Some(Payload::Scroll(scroll)) => {
                self.change(
                    at_ms,
                    json!({ "source": SCROLL, "id": DOCUMENT, "x": 0, "y": scroll.top }),
                );
            }
            Some(Payload::Click(click)) => {
                let to = (click.viewport_x, click.viewport_y);
                let selector = click.target.as_ref().map_or("", |target| target.selector.as_str());
                self.click(self.node_of(selector), to, at_ms);
            }
            Some(Payload::JsError(error)) => {
                let line = json!({ "level": "error", "payload": [error.message], "trace": [] });
                self.push(PLUGIN, at_ms, json!({ "plugin": "rrweb/console@1", "payload": line }));
            }
            _ => {}
        }
    }

    /// What was seen since the last chunk, as an event of its own; none when there is nothing.
    pub(crate) fn take(&mut self, page: i32) -> Option<Event> {
        let first_ms = self.events.iter().map(|event| event.timestamp).min()?;
        let last_ms = self.events.iter().map(|event| event.timestamp).max()?;
        let events = std::mem::take(&mut self.events);
        let chunk = ReplayChunk {
            index: self.index,
            first_ms,
            last_ms,
            event_count: i32::try_from(events.len()).ok()?,
            has_full_snapshot: events.iter().any(|event| event.r#type == FULL_SNAPSHOT),
            encoding: "json".to_owned(),
            data: serde_json::to_vec(&events).ok()?.into(),
            recording_id: self.id.to_string(),
        };
        self.index += 1;
        Some(Event {
            id: Uuid::new_v4().to_string(),
            timestamp_ms: last_ms,
            page,
            payload: Some(Payload::ReplayChunk(chunk)),
        })
    }

    fn open(&mut self, page: &Page, device: &Device, at_ms: i64) {
        let known = SITE.pages.iter().position(|known| known.path == page.path);
        let Some((index, photo)) = known.and_then(|index| Some((index, PHOTOS.get(index)?))) else {
            return;
        };
        let (width, height) = (device.viewport_width, device.viewport_height);
        self.id = Uuid::new_v4();
        self.index = 0;
        self.page = index;
        self.at = (width / 2, height / 2);
        self.push(
            META,
            at_ms,
            json!({ "href": page.url, "width": width, "height": height }),
        );
        self.events.push(Recorded {
            r#type: FULL_SNAPSHOT,
            timestamp: at_ms,
            data: Data::Page {
                node: &photo.node,
                offset: json!({ "left": 0, "top": 0 }),
            },
        });
    }

    /// The node of the page's element; the document when there is none.
    fn node_of(&self, selector: &str) -> u32 {
        let elements = SITE.pages.get(self.page).map(|page| page.elements.iter());
        let index = elements.and_then(|mut elements| elements.position(|element| element.selector == selector));
        let ids = PHOTOS.get(self.page).map(|photo| &photo.ids);
        index
            .zip(ids)
            .and_then(|(index, ids)| ids.get(index).copied())
            .unwrap_or(DOCUMENT)
    }

    fn click(&mut self, id: u32, to: (i32, i32), at_ms: i64) {
        let from = std::mem::replace(&mut self.at, to);
        if from != to {
            let positions: Vec<_> = way(from, to)
                .map(|(offset_ms, (x, y))| json!({ "x": x, "y": y, "id": id, "timeOffset": offset_ms }))
                .collect();
            self.change(at_ms, json!({ "source": MOUSE_MOVE, "positions": positions }));
        }
        for step in CLICK_STEPS {
            self.change(
                at_ms,
                json!({ "source": MOUSE_INTERACTION, "type": step, "id": id, "x": to.0, "y": to.1 }),
            );
        }
    }

    fn change(&mut self, at_ms: i64, data: Value) {
        self.push(INCREMENTAL, at_ms, data);
    }

    fn push(&mut self, kind: u8, timestamp: i64, data: Value) {
        self.events.push(Recorded {
            r#type: kind,
            timestamp,
            data: Data::Other(data),
        });
    }
}

/// The pointer's places on its way, slow at both ends, each with its time before the click.
fn way(from: (i32, i32), to: (i32, i32)) -> impl Iterator<Item = (i64, (i32, i32))> {
    let steps = WAY_MS / SEEN_EVERY_MS;
    (1..=steps).map(move |step| {
        let share = step as f64 / steps as f64;
        let eased = share * share * (3.0 - 2.0 * share);
        let between = |from: i32, to: i32| from + (f64::from(to - from) * eased).round() as i32;
        (
            (step - steps) * SEEN_EVERY_MS,
            (between(from.0, to.0), between(from.1, to.1)),
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journey;

    #[test]
    fn a_journey_is_recorded_page_by_page_with_its_clicks_where_they_were() {
        let journey = (0..50)
            .map(|number| journey::draw(&SITE, 1, number))
            .find(|it| it.pages.len() > 1)
            .unwrap();
        let mut recording = Recording::default();
        let (mut chunks, mut clicks) = (Vec::new(), Vec::new());
        for event in journey.events_until(1_000_000_000_000) {
            let page = usize::try_from(event.page).unwrap();
            if matches!(event.payload, Some(Payload::PageView(_))) {
                chunks.extend(recording.take(event.page));
            }
            recording.see(&event, &journey.pages[page], &journey.device);
            if let Some(Payload::Click(click)) = event.payload {
                clicks.push(json!([click.viewport_x, click.viewport_y]));
            }
        }
        chunks.extend(recording.take(0));
        let chunks: Vec<ReplayChunk> = chunks
            .into_iter()
            .map(|event| match event.payload {
                Some(Payload::ReplayChunk(chunk)) => chunk,
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(chunks.len(), journey.pages.len());
        assert!(chunks.iter().all(|chunk| chunk.has_full_snapshot && chunk.index == 0));
        let events: Vec<Value> = chunks
            .iter()
            .flat_map(|chunk| serde_json::from_slice::<Vec<Value>>(&chunk.data).unwrap())
            .collect();
        let seen: Vec<Value> = events
            .iter()
            .filter(|event| event["data"]["source"] == MOUSE_INTERACTION && event["data"]["type"] == 2)
            .map(|event| json!([event["data"]["x"], event["data"]["y"]]))
            .collect();
        assert_eq!(seen, clicks);
    }
}
