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

use super::attributes::{self, replace};
use super::json::{Json, Kind, Object, mended, whole};
use super::mask::stars;
use super::nodes::{ELEMENT, Nodes, Parent, hide_value};
use super::{Asset, RecordingError, assets, canvas, css, tags};

/// Events of one chunk: a few seconds of a page, or a whole recording that is imported in pieces.
pub const EVENTS_MAX: usize = 50_000;
/// The last millisecond a browser's clock can show.
const TIME_MS_MAX: f64 = 8.64e15;
/// The rrweb plugins whose lines are kept.
const CONSOLE: &str = "rrweb/console@1";
const NETWORK: &str = "rrweb/network@1";

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
            Some(6) => plugin(data),
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
                console(data);
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

    fn mutation(&mut self, data: &mut Object<'_>) -> bool {
        data.keep(&[
            ("source", Kind::Number),
            ("texts", Kind::List),
            ("attributes", Kind::List),
            ("removes", Kind::List),
            ("adds", Kind::List),
            ("isAttachIframe", Kind::Flag),
        ]);
        for part in ["texts", "attributes", "removes", "adds"] {
            data.or_set(part, Json::List(Vec::new()));
        }
        each(data, "removes", |it| {
            it.keep(&[
                ("parentId", Kind::Number),
                ("id", Kind::Number),
                ("isShadow", Kind::Flag),
            ]);
            it.int("id").is_some()
        });
        // A text may come before the style it is in.
        for add in data.items("adds") {
            self.note_style(add);
        }
        each(data, "adds", |it| self.add(it));
        each(data, "texts", |it| self.text(it));
        each(data, "attributes", |it| {
            it.keep(&[("id", Kind::Number), ("attributes", Kind::Object)]);
            let Some(id) = it.int("id") else { return false };
            let Some(attributes) = it.object_mut("attributes") else {
                return false;
            };
            attributes::clean(attributes, &mut self.nodes.removed);
            // Of an element in an earlier chunk it is not known what it is: it may be a field.
            if !self.nodes.valued.contains(&id) {
                hide_value(attributes);
            }
            true
        });
        true
    }

    fn note_style(&mut self, add: &Json<'_>) {
        let node = add.as_object().and_then(|it| it.get("node")).and_then(Json::as_object);
        if let Some(node) = node
            && node.int("type") == Some(ELEMENT)
            && let Some(id) = node.int("id")
            && node
                .text("tagName")
                .is_some_and(|it| it.eq_ignore_ascii_case("style") || it.eq_ignore_ascii_case("link"))
        {
            self.nodes.styles.insert(id);
        }
    }

    fn add(&mut self, add: &mut Object<'_>) -> bool {
        add.keep(&[
            ("parentId", Kind::Number),
            ("previousId", Kind::NumberOrNull),
            ("nextId", Kind::NumberOrNull),
            ("node", Kind::Object),
        ]);
        let Some(parent) = add.int("parentId") else {
            return false;
        };
        let parent = if self.nodes.styles.contains(&parent) {
            Parent::Style
        } else {
            Parent::Elsewhere
        };
        add.get_mut("node").is_some_and(|it| self.nodes.clean(it, parent))
    }

    fn text(&mut self, text: &mut Object<'_>) -> bool {
        text.retain(|name, it| {
            matches!(
                (name, it),
                ("id", Json::Number(_)) | ("value", Json::Text(_) | Json::Null)
            )
        });
        let Some(id) = text.int("id") else { return false };
        if let Some(Json::Text(value)) = text.get_mut("value") {
            if self.nodes.style_texts.contains(&id) {
                replace(value, |it| css::piece(it, &mut self.nodes.removed));
            } else {
                replace(value, css::text);
            }
        }
        text.get("value").is_some()
    }

    fn style_rules(&mut self, data: &mut Object<'_>) {
        data.keep(&[
            ("source", Kind::Number),
            ("id", Kind::Number),
            ("styleId", Kind::Number),
            ("removes", Kind::List),
            ("adds", Kind::List),
            ("replace", Kind::Text),
            ("replaceSync", Kind::Text),
        ]);
        each(data, "removes", |it| {
            it.keep(&[("index", Kind::Numbers)]);
            !it.is_empty()
        });
        each(data, "adds", |it| self.rule(it));
        self.style(data, "replace");
        self.style(data, "replaceSync");
    }

    fn rule(&mut self, rule: &mut Object<'_>) -> bool {
        rule.keep(&[("rule", Kind::Text), ("index", Kind::Numbers)]);
        self.style(rule, "rule");
        rule.text("rule").is_some()
    }

    fn style(&mut self, object: &mut Object<'_>, field: &str) {
        if let Some(Json::Text(css)) = object.get_mut(field) {
            replace(css, |it| css::sheet(it, &mut self.nodes.removed));
        }
    }

    fn style_declaration(&mut self, data: &mut Object<'_>) {
        data.keep(&[
            ("source", Kind::Number),
            ("id", Kind::Number),
            ("styleId", Kind::Number),
            ("index", Kind::List),
            ("set", Kind::Object),
            ("remove", Kind::Object),
        ]);
        if let Some(index) = data.list_mut("index") {
            index.retain(|it| it.as_int().is_some());
        }
        if let Some(set) = data.object_mut("set") {
            set.retain(|name, it| {
                matches!(name, "property" | "value" | "priority") && matches!(it, Json::Text(_) | Json::Null)
            });
            self.style(set, "value");
        }
        if let Some(remove) = data.object_mut("remove") {
            remove.keep(&[("property", Kind::Text)]);
        }
    }

    fn adopted_styles(&mut self, data: &mut Object<'_>) {
        data.keep(&[
            ("source", Kind::Number),
            ("id", Kind::Number),
            ("styles", Kind::List),
            ("styleIds", Kind::List),
        ]);
        data.or_set("styleIds", Json::List(Vec::new()));
        if let Some(ids) = data.list_mut("styleIds") {
            ids.retain(|it| it.as_int().is_some());
        }
        each(data, "styles", |style| {
            style.keep(&[("styleId", Kind::Number), ("rules", Kind::List)]);
            each(style, "rules", |it| self.rule(it));
            true
        });
    }

    fn font(&mut self, data: &mut Object<'_>) -> bool {
        data.keep(&[
            ("source", Kind::Number),
            ("family", Kind::Text),
            ("fontSource", Kind::Text),
            ("buffer", Kind::Flag),
            ("descriptors", Kind::Object),
        ]);
        self.style(data, "family");
        self.style(data, "fontSource");
        if let Some(descriptors) = data.object_mut("descriptors") {
            descriptors.retain(|_, it| match it {
                Json::Text(css) => {
                    replace(css, |it| css::sheet(it, &mut self.nodes.removed));
                    true
                }
                _ => false,
            });
        }
        data.text("family").is_some() && data.text("fontSource").is_some()
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

/// Lines of the console and the network, without the headers and bodies that a stock recorder may add.
fn plugin(data: &mut Object<'_>) -> bool {
    data.keep(&[("plugin", Kind::Text), ("payload", Kind::Object)]);
    let plugin = data.text("plugin").unwrap_or_default().to_owned();
    let Some(payload) = data.object_mut("payload") else {
        return false;
    };
    match &*plugin {
        CONSOLE => {
            payload.keep(&[("level", Kind::Text), ("trace", Kind::Any), ("payload", Kind::Any)]);
            console(payload);
            true
        }
        NETWORK => {
            payload.keep(&[("requests", Kind::List)]);
            each(payload, "requests", |it| {
                it.keep(&[
                    ("method", Kind::Text),
                    ("url", Kind::Text),
                    ("name", Kind::Text),
                    ("initiatorType", Kind::Text),
                    ("status", Kind::Number),
                    ("failed", Kind::Flag),
                    ("startTime", Kind::Number),
                    ("endTime", Kind::Number),
                    ("duration", Kind::Number),
                    ("requestBytes", Kind::Number),
                    ("responseBytes", Kind::Number),
                ]);
                true
            });
            true
        }
        _ => false,
    }
}

/// A line's words and where it was written: texts, one or a list.
fn console(line: &mut Object<'_>) {
    for field in ["trace", "payload"] {
        match line.get_mut(field) {
            Some(Json::List(items)) => items.retain(|it| matches!(it, Json::Text(_))),
            Some(Json::Text(_)) | None => {}
            Some(_) => {
                line.take(field);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::recording::{ASSETS_MAX, DEPTH_MAX, mask, snapshots};

    #[test]
    fn what_a_visitor_typed_is_never_kept_whatever_recorded_it() {
        let typed = "s3cret";
        let field = |id: i64, name: &str, attributes: Value, children: Value| json!({"type": 2, "tagName": name, "id": id, "attributes": attributes, "childNodes": children});
        let (_, events) = clean_all(&json!([
            {"type": 2, "timestamp": 1, "data": {"node": {"type": 0, "id": 1, "childNodes": [
                field(2, "input", json!({"type": "text", "VALUE": typed}), json!([])),
                field(3, "INPUT", json!({"value": typed, "type": "Hidden"}), json!([])),
                field(4, "textarea", json!({"value": typed}), json!([{"type": 3, "id": 5, "textContent": typed}])),
                field(6, "select", json!({"value": typed}), json!([
                    field(7, "option", json!({"value": "mine", "selected": true}), json!([])),
                    field(8, "option", json!({"value": "other"}), json!([]))])),
                field(9, "input", json!({"type": "submit", "value": "Send"}), json!([])),
                field(10, "progress", json!({"value": "0.5"}), json!([])),
                field(11, "input", json!({"type": "number", "value": 4711}), json!([])),
            ]}}},
            {"type": 3, "timestamp": 2, "data": {"source": 5, "id": 2, "text": typed, "isChecked": false}},
            {"type": 3, "timestamp": 3, "data": {"source": 0, "texts": [], "removes": [], "adds": [], "attributes": [
                {"id": 2, "attributes": {"value": typed}}, {"id": 99, "attributes": {"Value": typed}}, {"id": 10, "attributes": {"value": "0.7"}}]}},
        ]));
        assert!(!events.to_string().contains(typed), "{events:#}");
        let nodes = &events[0]["data"]["node"]["childNodes"];
        assert_eq!(nodes[0]["attributes"]["VALUE"], "******");
        assert_eq!(nodes[3]["childNodes"][0]["attributes"], json!({"value": "mine"}));
        assert_eq!(nodes[4]["attributes"]["value"], "Send");
        assert_eq!(nodes[5]["attributes"]["value"], "0.5");
        assert_eq!(nodes[6]["attributes"]["value"], "****");
        assert_eq!(events[1]["data"]["text"], "******");
        assert_eq!(events[2]["data"]["attributes"][2]["attributes"]["value"], "0.7");
    }

    fn clean_all(events: &Value) -> (Cleaned, Value) {
        let cleaned = clean(&serde_json::to_vec(events).unwrap()).unwrap();
        let events = serde_json::from_slice(&cleaned.json).unwrap();
        (cleaned, events)
    }

    /// What becomes of the data of one event of this type.
    fn data(kind: i64, data: Value) -> Value {
        let (_, mut events) =
            clean_all(&json!([{"type": 1, "timestamp": 1}, {"type": kind, "data": data, "timestamp": 1}]));
        events[1]["data"].take()
    }

    fn node(node: Value) -> Value {
        data(2, json!({"node": node}))["node"].take()
    }

    fn error(json: &str) -> String {
        clean(json.as_bytes()).unwrap_err().to_string()
    }

    #[test]
    fn a_harmless_recording_stays_as_it_is() {
        let events = json!([
            {"type": 4, "data": {"href": "https://a.example/b?c#d", "width": 1024, "height": 768}, "timestamp": 1_700_000_000_000.25},
            {"type": 0, "data": {}, "timestamp": 1_700_000_000_001_i64},
            {"type": 2, "data": {"node": {"type": 0, "compatMode": "BackCompat", "id": 1, "childNodes": [
                {"type": 2, "tagName": "html", "attributes": {"lang": "en"}, "id": 2, "childNodes": [
                    {"type": 2, "tagName": "style", "attributes": {"_cssText": "a{color:red}/* rr_split */b{}"}, "id": 3, "childNodes": [
                        {"type": 3, "textContent": "", "isStyle": true, "id": 4}, {"type": 3, "textContent": "", "isStyle": true, "id": 5}]},
                    {"type": 2, "tagName": "my-card", "attributes": {"class": "a b", "data-x": "https://a.example", "hidden": true, "rr_scrollTop": 3.5},
                     "isCustom": true, "isShadowHost": true, "id": 6, "childNodes": [
                        {"type": 3, "textContent": "(don't) url(x)", "isShadow": true, "id": 7},
                        {"type": 2, "tagName": "linearGradient", "attributes": {"xlink:href": "#a", "fill": "url(\"#b\")"}, "childNodes": [], "isSVG": true, "id": 8}]}]}]},
                "initialOffset": {"left": 0, "top": 12.5}}, "timestamp": 1_700_000_000_002_i64},
            {"type": 3, "data": {"source": 1, "positions": [{"x": 1.5, "y": 2, "id": 6, "timeOffset": -40}]}, "timestamp": 1_700_000_000_003_i64},
            {"type": 3, "data": {"source": 0, "texts": [{"id": 7, "value": "it's (1)"}, {"id": 8, "value": null}], "removes": [{"parentId": 1, "id": 9, "isShadow": true}],
                "attributes": [{"id": 6, "attributes": {"class": null, "style": {"color": ["red", "important"], "top": "1px", "left": false}}}],
                "adds": [{"parentId": 2, "previousId": null, "nextId": 3, "node": {"type": 3, "textContent": "x", "id": 10}}]}, "timestamp": 1_700_000_000_004_i64},
            {"type": 3, "data": {"source": 5, "id": 6, "text": "***", "isChecked": false, "userTriggered": true}, "timestamp": 1_700_000_000_005_i64},
            {"type": 3, "data": {"source": 9, "id": 6, "type": 0, "commands": [{"property": "fillRect", "args": [1, 2, {"rr_type": "Path2D", "args": ["M 0 0"]}]}]}, "timestamp": 1_700_000_000_005_i64},
            {"type": 5, "data": {"tag": "gosight.gap", "payload": {"reason": "busy"}}, "timestamp": 1_700_000_000_006_i64},
            {"type": 6, "data": {"plugin": "rrweb/console@1", "payload": {"level": "log", "payload": ["\"x\""], "trace": ["a.js:1:1"]}}, "timestamp": 1_700_000_000_005_i64},
            {"type": 6, "data": {"plugin": "rrweb/network@1", "payload": {"requests": [{"method": "POST", "url": "https://a.example/cart", "status": 0, "failed": true,
                "startTime": 12.5, "duration": 3, "requestBytes": 0, "responseBytes": 0}]}}, "timestamp": 1_700_000_000_005_i64},
        ]);
        let (cleaned, after) = clean_all(&events);
        assert_eq!(after, events);
        assert_eq!((cleaned.event_count, cleaned.removed), (10, 0));
        assert_eq!(
            (cleaned.first_ms, cleaned.last_ms),
            (1_700_000_000_000, 1_700_000_000_006)
        );
        assert!(cleaned.has_full_snapshot);
    }

    #[test]
    fn it_says_what_is_wrong() {
        assert!(error("[{").starts_with("not JSON: EOF"));
        assert_eq!(error("{}"), "not an array of rrweb events");
        assert_eq!(error("[]"), "no event that could be played");
        assert_eq!(error(r#"[{"type":99,"timestamp":1}]"#), "no event that could be played");
        assert_eq!(
            error(r#"["packed"]"#),
            "item 0 is not an rrweb event: it needs a number as its type"
        );
        assert_eq!(
            error(r#"[{"type":1,"timestamp":1},{"type":1}]"#),
            "event 1 has no timestamp in milliseconds"
        );
        assert_eq!(
            error(r#"[{"type":1,"timestamp":-1}]"#),
            "event 0 has no timestamp in milliseconds"
        );
        let many = vec![r#"{"type":1,"timestamp":1}"#; EVENTS_MAX + 1].join(",");
        assert_eq!(error(&format!("[{many}]")), "more than 50000 events");
        assert_eq!(error(&"[".repeat(DEPTH_MAX + 2)), "nested deeper than 640 levels");
    }

    #[test]
    fn what_runs_or_embeds_becomes_a_noscript_that_keeps_its_ids() {
        let script = json!({"type": 2, "tagName": "Script", "attributes": {"src": "x"}, "isSVG": true, "id": 1, "childNodes": [
            {"type": 3, "textContent": "top.x", "id": 2}, {"type": 2, "tagName": "b", "attributes": {"title": "</noscript>"}, "childNodes": [], "id": 3}]});
        let inert = json!({"type": 2, "tagName": "noscript", "attributes": {}, "id": 1, "childNodes": [
            {"type": 3, "textContent": "", "id": 2}, {"type": 2, "tagName": "b", "attributes": {}, "childNodes": [], "id": 3}]});
        assert_eq!(node(script), inert);
    }

    #[test]
    fn frames_forms_and_links_can_do_nothing() {
        let element = |tag: &str, attributes: Value| {
            node(json!({"type": 2, "tagName": tag, "attributes": attributes, "id": 1}))["attributes"].take()
        };
        let frame = json!({"src": "x", "srcdoc": "x", "sandbox": "allow-scripts", "width": 3});
        assert_eq!(
            element("iframe", frame),
            json!({"sandbox": "allow-same-origin", "width": 3})
        );
        let form = json!({"action": "/buy", "method": "post", "target": "_top"});
        assert_eq!(
            element("form", form),
            json!({"action": "asset:/buy", "method": "dialog"})
        );
        let link = json!({"rel": "stylesheet", "href": "https://a.example/a.css"});
        assert_eq!(element("link", link), json!({"href": "asset:https://a.example/a.css"}));
        let anchor = json!({"href": "tel:1", "ping": "x", "onclick": "x", "rel": "me"});
        assert_eq!(element("a", anchor), json!({"href": "asset:tel:1", "rel": "me"}));
        assert_eq!(element("base", json!({"href": "x"})), json!({}));
        assert_eq!(
            element("meta", json!({"http-equiv": "refresh", "content": "0;url=x"})),
            json!({})
        );
        assert_eq!(
            element("input", json!({"type": "Password", "value": "a b"})),
            json!({"type": "Password", "value": "* *"})
        );
    }

    #[test]
    fn what_is_no_node_of_a_page_becomes_an_empty_comment() {
        let empty = json!({"type": 5, "textContent": "", "id": 7});
        for kind in [0, 4, 5, 6] {
            let odd = json!({"type": kind, "textContent": "x", "childNodes": [], "id": 7});
            let page = node(json!({"type": 2, "tagName": "p", "id": 1, "childNodes": [odd, "x", {"type": 3}]}));
            assert_eq!(page["childNodes"], json!([empty]));
        }
    }

    #[test]
    fn a_text_is_css_where_it_may_be_of_a_style() {
        let texts = |of: &str| {
            data(
                3,
                json!({"source": 0, "adds": [
                {"parentId": 5, "node": {"type": 3, "textContent": "a{b:url(x)}", "id": 6}},
                {"parentId": 1, "node": {"type": 2, "tagName": of, "id": 5}}], "texts": [{"id": 6, "value": "a{b:url(y)}"}]}),
            )
        };
        let style = texts("style");
        assert_eq!(style["adds"][0]["node"]["textContent"], "a{b:url(\"asset:x\")}");
        assert_eq!(style["texts"][0]["value"], "a{b:url(\"asset:y\")}");
        let other = texts("p");
        assert_eq!(other["adds"][0]["node"]["textContent"], "a{b:url\u{2060}(x)}");
        assert_eq!(other["texts"][0]["value"], "a{b:url\u{2060}(y)}");
    }

    #[test]
    fn only_an_element_is_a_style_and_later_events_know_it() {
        let told_before_its_text = |node: Value| {
            let add = |parent: i64, node: Value| json!({"type": 3, "timestamp": 1, "data": {"source": 0, "adds": [{"parentId": parent, "node": node}]}});
            let text = json!({"type": 3, "textContent": "a{b:url(x)}", "id": 6});
            let (_, mut events) = clean_all(&json!([add(1, node), add(5, text)]));
            events[1]["data"]["adds"][0]["node"]["textContent"].take()
        };
        let style = |kind: i64| json!({"type": kind, "tagName": "style", "id": 5});
        assert_eq!(told_before_its_text(style(ELEMENT)), "a{b:url(\"asset:x\")}");
        for other in [0, 1, 3, 4, 5, 6] {
            assert_eq!(
                told_before_its_text(style(other)),
                "a{b:url\u{2060}(x)}",
                "type {other}"
            );
        }
    }

    #[test]
    fn assets_are_taken_out_and_named_by_what_they_are() {
        let asset = |mime: &str, data: Value| {
            json!({"type": 5, "timestamp": 1, "data": {"tag": "gosight.asset",
            "payload": {"url": "https://a.example/a", "digest": "ab", "mime": mime, "data": data, "more": 1}}})
        };
        let (cleaned, after) = clean_all(&json!([
            asset("Image/PNG", json!("aGk=")),
            asset("image/svg+xml", json!("aGk=")),
            asset("font/woff2", json!("?"))
        ]));
        let digest = "8f434346648f6b96df89dda901c5176b10a6d83961dd3c1ac88b59b2dc327aa4";
        assert_eq!(
            after[0]["data"]["payload"],
            json!({"url": "https://a.example/a", "digest": digest, "mime": "image/png"})
        );
        assert_eq!(after[1]["data"]["payload"], json!({"url": "https://a.example/a"}));
        assert_eq!(after[2]["data"]["payload"], json!({"url": "https://a.example/a"}));
        assert_eq!(cleaned.removed, 2);
        let [kept] = &*cleaned.assets else {
            panic!("{:?}", cleaned.assets)
        };
        assert_eq!(
            (hex::encode(kept.digest), &*kept.mime, &*kept.data),
            (digest.to_owned(), "image/png", &b"hi"[..])
        );
        assert_eq!(clean_all(&after).1, after);
        let many: Vec<_> = (0..=ASSETS_MAX).map(|_| asset("image/png", json!("aGk="))).collect();
        assert_eq!(clean_all(&json!(many)).0.assets.len(), ASSETS_MAX);
    }

    #[test]
    fn an_argument_of_a_canvas_call_opens_nothing() {
        let call = |argument: Value| {
            data(
                3,
                json!({"source": 9, "id": 1, "type": 0, "commands": [{"property": "drawImage", "args": [argument]}]}),
            )["commands"]
                .take()
        };
        assert_eq!(
            call(json!({"rr_type": "WebSocket", "args": ["wss://a.example"]})),
            json!([])
        );
        assert_eq!(
            call(json!({"rr_type": "ImageData", "args": [{"rr_type": "Worker", "args": []}]})),
            json!([])
        );
        let picture = call(json!({"rr_type": "HTMLImageElement", "src": "//a.example"}));
        assert_eq!(picture[0]["args"][0]["src"], "asset://a.example");
    }

    #[test]
    fn what_would_stop_the_player_is_left_out() {
        let (cleaned, _) = clean_all(&json!([
            {"type": 1, "timestamp": 1},
            {"type": 3, "data": {"source": 1, "positions": []}, "timestamp": 1},
            {"type": 3, "data": {"source": 2, "id": 1, "type": 77}, "timestamp": 1},
            {"type": 3, "data": {"source": 16, "define": {"name": "Not custom"}}, "timestamp": 1},
            {"type": 2, "data": {}, "timestamp": 1},
        ]));
        assert_eq!((cleaned.event_count, cleaned.removed), (1, 4));
        assert!(!cleaned.has_full_snapshot);
        let custom = node(json!({"type": 2, "tagName": "img", "isCustom": true, "isShadowHost": true, "id": 1}));
        assert_eq!(
            custom,
            json!({"type": 2, "tagName": "img", "attributes": {}, "childNodes": [], "id": 1})
        );
    }

    #[test]
    fn the_deepest_page_needs_no_more_stack_than_a_thread_has() {
        // The event, its data and the node of an array are around it.
        let levels = (DEPTH_MAX - 4) / 2;
        let open = r#"{"type":2,"tagName":"b","id":1,"childNodes":["#.repeat(levels);
        let json = format!(
            r#"[{{"type":4,"data":{{"href":"https://a.example/","width":1,"height":1}},"timestamp":1}},{{"type":2,"data":{{"node":{open}{}}},"timestamp":1}}]"#,
            "]}".repeat(levels)
        );
        let cleaned = clean(json.as_bytes()).unwrap();
        mask(&cleaned.json).unwrap();
        assert_eq!(snapshots(&cleaned.json).unwrap().len(), 1);
        assert_eq!(clean(&cleaned.json).unwrap().json, cleaned.json);
    }
}
