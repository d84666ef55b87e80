//! Events: what each of rrweb's may say.
//!
//! ```text
//! 0 DomContentLoaded, 1 Load    nothing
//! 2 FullSnapshot                a page as a tree
//! 3 IncrementalSnapshot         what changed: one of 17 sources
//! 4 Meta                        the page's address and size
//! 5 Custom                      a name and whatever goes with it; never built into a page
//! 6 Plugin                      lines of the console and the network
//! ```
//!
//! Events stay in the order they came in, which is the order they are played in. An event or source that is not known here is left out: a
//! player that knows it would do with it what nobody here has looked at.

mod lines;
mod mutation;
mod styles;

#[cfg(test)]
mod tests;

use super::attributes::replace;
use super::json::{Json, Kind, Object, mended, whole};
use super::mask::stars;
use super::nodes::{Nodes, Parent};
use super::{Asset, RecordingError, assets, canvas, tags};

/// Events of one chunk: a few seconds of a page, or a whole recording that is imported in pieces.
pub const EVENTS_MAX: usize = 50_000;
/// The last millisecond a browser's clock can show.
const TIME_MS_MAX: f64 = 8.64e15;

/// A chunk that is safe to keep and to play.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cleaned {
    /// The events, a JSON array.
    pub json: Vec<u8>,
    pub event_count: u32,
    /// The times of its earliest and latest event.
    pub first_ms: i64,
    pub last_ms: i64,
    /// Whether playing can start in this chunk.
    pub has_full_snapshot: bool,
    /// Taken out of the events, which keep their digests.
    pub assets: Vec<Asset>,
    /// Dangerous things that were taken out or made inert.
    pub removed: u32,
}

/// Reads a JSON array of rrweb events and makes it safe.
pub fn clean(json: &[u8]) -> Result<Cleaned, RecordingError> {
    let json = mended(json);
    let Json::List(mut events) = Json::read(&json)? else {
        return Err(RecordingError::NotEvents);
    };
    if events.len() > EVENTS_MAX {
        return Err(RecordingError::TooManyEvents);
    }
    for (index, event) in events.iter().enumerate() {
        validate(index, event)?;
    }
    let mut chunk = Chunk::default();
    events.retain_mut(|event| {
        let is_kept = event.as_object_mut().is_some_and(|it| chunk.event(it));
        chunk.nodes.removed += u32::from(!is_kept);
        is_kept
    });
    let times = || events.iter().filter_map(time_ms);
    let (Some(first_ms), Some(last_ms)) = (times().min(), times().max()) else {
        return Err(RecordingError::Empty);
    };
    Ok(Cleaned {
        event_count: u32::try_from(events.len()).unwrap_or(u32::MAX),
        first_ms,
        last_ms,
        has_full_snapshot: chunk.has_full_snapshot,
        assets: chunk.assets,
        removed: chunk.nodes.removed,
        json: Json::List(events).write(),
    })
}

fn validate(index: usize, event: &Json<'_>) -> Result<(), RecordingError> {
    if event.as_object().and_then(|it| it.int("type")).is_none() {
        return Err(RecordingError::NotAnEvent { index });
    }
    match time_ms(event) {
        Some(_) => Ok(()),
        None => Err(RecordingError::NoTimestamp { index }),
    }
}

/// When the event happened; some recorders know it to a fraction.
pub(super) fn time_ms(event: &Json<'_>) -> Option<i64> {
    let time = event.as_object()?.get("timestamp")?.as_f64()?;
    (0.0..=TIME_MS_MAX).contains(&time).then(|| whole(time))?
}

/// What is known of the chunk so far.
#[derive(Default)]
struct Chunk {
    nodes: Nodes,
    assets: Vec<Asset>,
    has_full_snapshot: bool,
}

impl Chunk {
    /// Whether the event stays.
    fn event(&mut self, event: &mut Object<'_>) -> bool {
        event.keep(&[
            ("type", Kind::Number),
            ("data", Kind::Object),
            ("timestamp", Kind::Number),
            ("delay", Kind::Number),
        ]);
        let kind = event.int("type");
        event.or_set("data", Json::Object(Object::default()));
        let Some(data) = event.object_mut("data") else {
            return false;
        };
        match kind {
            Some(0 | 1) => {
                data.clear();
                true
            }
            Some(2) => self.full_snapshot(data),
            Some(3) => self.incremental(data),
            Some(4) => meta(data),
            Some(5) => self.custom(data),
            Some(6) => lines::plugin(data),
            _ => false,
        }
    }

    fn full_snapshot(&mut self, data: &mut Object<'_>) -> bool {
        data.keep(&[("node", Kind::Object), ("initialOffset", Kind::Object)]);
        data.or_set("initialOffset", Json::Object(Object::default()));
        if let Some(offset) = data.object_mut("initialOffset") {
            offset.keep(&[("top", Kind::Number), ("left", Kind::Number)]);
        }
        let is_page = data
            .get_mut("node")
            .is_some_and(|it| self.nodes.clean(it, Parent::Elsewhere));
        self.has_full_snapshot |= is_page;
        is_page
    }

    fn custom(&mut self, data: &mut Object<'_>) -> bool {
        data.keep(&[("tag", Kind::Text), ("payload", Kind::Any)]);
        if data.text("tag") == Some("gosight.asset") {
            let Some(payload) = data.object_mut("payload") else {
                return false;
            };
            if !assets::take(payload, &mut self.assets) {
                self.nodes.removed += 1;
            }
        }
        data.text("tag").is_some()
    }

    fn incremental(&mut self, data: &mut Object<'_>) -> bool {
        use Kind::{Flag, List, Number, Text};
        const SOURCE: (&str, Kind) = ("source", Number);
        const ID: (&str, Kind) = ("id", Number);
        let source = data.int("source");
        let needs = match source {
            Some(0) => return self.mutation(data),
            Some(1 | 6 | 12) => return positions(data),
            Some(2) => {
                data.keep(&[
                    SOURCE,
                    ID,
                    ("type", Number),
                    ("x", Number),
                    ("y", Number),
                    ("pointerType", Number),
                ]);
                return data.int("id").is_some() && matches!(data.int("type"), Some(0..=10));
            }
            Some(3) => {
                data.keep(&[SOURCE, ID, ("x", Number), ("y", Number)]);
                "id"
            }
            Some(4) => {
                data.keep(&[SOURCE, ("width", Number), ("height", Number)]);
                "width"
            }
            Some(5) => {
                data.keep(&[SOURCE, ID, ("text", Text), ("isChecked", Flag), ("userTriggered", Flag)]);
                if let Some(Json::Text(typed)) = data.get_mut("text") {
                    replace(typed, |it| stars(it).into());
                }
                "id"
            }
            Some(7) => {
                data.keep(&[
                    SOURCE,
                    ID,
                    ("type", Number),
                    ("currentTime", Number),
                    ("volume", Number),
                    ("muted", Flag),
                    ("loop", Flag),
                    ("playbackRate", Number),
                ]);
                "id"
            }
            Some(8) => {
                self.style_rules(data);
                "source"
            }
            Some(9) => return canvas::clean(data, &mut self.nodes.removed),
            Some(10) => return self.font(data),
            Some(11) => {
                data.keep(&[SOURCE, ("level", Text), ("trace", Kind::Any), ("payload", Kind::Any)]);
                lines::console(data);
                "source"
            }
            Some(13) => {
                self.style_declaration(data);
                "index"
            }
            Some(14) => {
                data.keep(&[SOURCE, ("ranges", List)]);
                each(data, "ranges", |range| {
                    range.keep(&[
                        ("start", Number),
                        ("startOffset", Number),
                        ("end", Number),
                        ("endOffset", Number),
                    ]);
                    true
                });
                "ranges"
            }
            Some(15) => {
                self.adopted_styles(data);
                "id"
            }
            Some(16) => {
                data.keep(&[SOURCE, ("define", Kind::Object)]);
                let define = data.object_mut("define");
                return define.is_some_and(|it| {
                    it.keep(&[("name", Text)]);
                    it.text("name").is_some_and(tags::is_custom)
                });
            }
            _ => return false,
        };
        data.get(needs).is_some()
    }
}

/// Cleans the objects of a list, and leaves out those that may not stay and everything that is no object.
fn each<'a>(object: &mut Object<'a>, field: &str, mut keep: impl FnMut(&mut Object<'a>) -> bool) {
    if let Some(items) = object.list_mut(field) {
        items.retain_mut(|it| it.as_object_mut().is_some_and(&mut keep));
    }
}

/// Where the mouse or a finger was. The player reads the last position without looking whether there is one.
fn positions(data: &mut Object<'_>) -> bool {
    data.keep(&[("source", Kind::Number), ("positions", Kind::List)]);
    each(data, "positions", |it| {
        it.keep(&[
            ("x", Kind::Number),
            ("y", Kind::Number),
            ("id", Kind::Number),
            ("timeOffset", Kind::Number),
        ]);
        it.int("id").is_some()
    });
    !data.items("positions").is_empty()
}

/// The page's address is shown and compared, never followed; what is not a page's address is not kept.
fn meta(data: &mut Object<'_>) -> bool {
    data.keep(&[("href", Kind::Text), ("width", Kind::Number), ("height", Kind::Number)]);
    data.or_set("href", Json::text(""));
    if let Some(Json::Text(href)) = data.get_mut("href")
        && !(href.starts_with("https://") || href.starts_with("http://"))
    {
        *href = "".into();
    }
    data.get("width").is_some() && data.get("height").is_some()
}
