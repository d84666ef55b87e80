//! The pages of a chunk: where a recorder wrote down the whole of one.

use std::collections::BTreeSet;

use url::Url;
use xxhash_rust::xxh3::Xxh3;

use super::RecordingError;
use super::events::time_ms;
use super::json::{Json, Object, whole};
use super::nodes::ELEMENT;

/// How deep under `body` a page's layout goes; below that is content.
const LAYOUT_DEPTH_MAX: usize = 6;
/// Elements that are part of a text, or come and go without the page being another.
#[rustfmt::skip]
const OF_THE_TEXT: [&str; 44] = [
    "a", "abbr", "area", "audio", "b", "bdi", "bdo", "br", "button", "canvas", "cite", "code", "data", "del", "em", "font", "hr",
    "i", "iframe", "img", "ins", "kbd", "label", "link", "mark", "noscript", "picture", "q", "s", "samp", "small", "source", "span",
    "strong", "style", "sub", "sup", "svg", "time", "u", "var", "video", "wbr", "meta",
];
/// Lists: what is in them is content, of any length, even none.
const LISTS: [&str; 8] = ["datalist", "dl", "menu", "ol", "select", "table", "tbody", "ul"];

/// A whole page, as it was when it was recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageSnapshot {
    pub href: String,
    /// The address's path, as events of the page have it.
    pub path: String,
    pub width: u32,
    pub height: u32,
    pub taken_at_ms: i64,
    /// Stands for the page's layout. Pages of one path that say something else, or list more of the same, have the same.
    pub page_version: u64,
    /// `{"href", "width", "height", "node"}`, whole pixels
    pub json: Vec<u8>,
}

/// Every full snapshot of the chunk, with the address and size that the recorder noted last before it.
pub fn snapshots(cleaned_json: &[u8]) -> Result<Vec<PageSnapshot>, RecordingError> {
    let Json::List(events) = Json::read(cleaned_json)? else {
        return Err(RecordingError::NotEvents);
    };
    let mut page = None;
    let mut snapshots = Vec::new();
    for event in &events {
        let Some(data) = event.as_object().and_then(|it| it.get("data")?.as_object()) else {
            continue;
        };
        match event.as_object().and_then(|it| it.int("type")) {
            Some(4) => page = Some(data),
            Some(2) => snapshots.extend(page.and_then(|it| snapshot(it, data.get("node")?, time_ms(event)?))),
            _ => {}
        }
    }
    Ok(snapshots)
}

/// None when the page has no address: nobody could ask for it.
fn snapshot(page: &Object<'_>, node: &Json<'_>, taken_at_ms: i64) -> Option<PageSnapshot> {
    let href = page.text("href")?;
    let path = Url::parse(href).ok()?.path().to_owned();
    let size = |field| {
        let pixels = page.get(field)?.as_f64().and_then(whole)?;
        u32::try_from(pixels).ok()
    };
    let (width, height) = (size("width")?, size("height")?);
    let json: Object<'_> = [
        ("href", Json::text(href)),
        ("width", Json::Number(width.into())),
        ("height", Json::Number(height.into())),
        ("node", node.clone()),
    ]
    .into_iter()
    .collect();
    Some(PageSnapshot {
        href: href.to_owned(),
        path,
        width,
        height,
        taken_at_ms,
        page_version: page_version(node),
        json: Json::Object(json).write(),
    })
}

/// A hash of the different ways that lead from `body` down through the layout, by the elements' names: `body/main/section/ul`. How often one
/// is there, what it says and which classes it has at the moment make no difference.
fn page_version(node: &Json<'_>) -> u64 {
    let mut ways = BTreeSet::new();
    if let Some(body) = body(node) {
        walk(body, String::from("body"), 0, &mut ways);
    }
    let mut hash = Xxh3::new();
    for way in &ways {
        hash.update(way.as_bytes());
        hash.update(b"\n");
    }
    hash.digest()
}

fn body<'n, 'a>(node: &'n Json<'a>) -> Option<&'n Object<'a>> {
    let html = children(node.as_object()?).find(|it| name(it) == Some("html"))?;
    children(html).find(|it| name(it) == Some("body"))
}

fn walk(element: &Object<'_>, way: String, depth: usize, ways: &mut BTreeSet<String>) {
    let is_list = name(element).is_some_and(|it| LISTS.contains(&it));
    if depth < LAYOUT_DEPTH_MAX && !is_list {
        for child in children(element) {
            if let Some(name) = name(child).filter(|it| !OF_THE_TEXT.contains(it)) {
                walk(child, format!("{way}/{name}"), depth + 1, ways);
            }
        }
    }
    ways.insert(way);
}

fn children<'n, 'a>(node: &'n Object<'a>) -> impl Iterator<Item = &'n Object<'a>> {
    node.items("childNodes").iter().filter_map(Json::as_object)
}

fn name<'n>(node: &'n Object<'_>) -> Option<&'n str> {
    (node.int("type") == Some(ELEMENT)).then(|| node.text("tagName"))?
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn element(name: &str, children: &[Value]) -> Value {
        json!({"type": 2, "tagName": name, "attributes": {}, "childNodes": children, "id": 1})
    }

    fn said(text: &str) -> Value {
        json!({"type": 3, "textContent": text, "id": 1})
    }

    /// A page with this body.
    fn page(body: &[Value]) -> Value {
        json!({"type": 0, "id": 1, "childNodes": [element("html", &[element("head", &[]), element("body", body)])]})
    }

    fn version(body: &[Value]) -> u64 {
        let events = json!([
            {"type": 4, "data": {"href": "https://a.example/", "width": 1, "height": 1}, "timestamp": 1},
            {"type": 2, "data": {"node": page(body)}, "timestamp": 2},
        ]);
        snapshots(&serde_json::to_vec(&events).unwrap()).unwrap()[0].page_version
    }

    #[test]
    fn a_page_is_found_with_the_size_it_had() {
        let meta = |href: &str, width: Value| json!({"type": 4, "data": {"href": href, "width": width, "height": 768}, "timestamp": 1});
        let full = |timestamp: i64| json!({"type": 2, "data": {"node": page(&[said("x")])}, "timestamp": timestamp});
        let events = json!([
            full(1),
            meta("https://a.example/b/c?d=e#f", json!(1024.5)),
            full(20),
            full(30),
            meta("", json!(1)),
            full(40)
        ]);
        let pages = snapshots(&serde_json::to_vec(&events).unwrap()).unwrap();
        assert_eq!(pages.iter().map(|it| it.taken_at_ms).collect::<Vec<_>>(), [20, 30]);
        assert_eq!((&*pages[0].path, pages[0].width, pages[0].height), ("/b/c", 1024, 768));
        let json: Value = serde_json::from_slice(&pages[0].json).unwrap();
        assert_eq!(
            json,
            json!({"href": "https://a.example/b/c?d=e#f", "width": 1024, "height": 768, "node": page(&[said("x")])})
        );
    }

    #[test]
    fn a_version_is_the_layout_and_not_what_it_says() {
        let card = |text: &str| element("article", &[element("h2", &[said(text)]), element("p", &[said(text)])]);
        let one = version(&[element("main", &[card("a")])]);
        assert_eq!(
            one,
            version(&[said("x"), element("main", &[card("b"), card("c"), element("br", &[])])])
        );
        assert_ne!(one, version(&[element("main", &[card("a"), element("nav", &[])])]));
        let list = |items: &[Value]| version(&[element("ul", items)]);
        assert_eq!(
            list(&[]),
            list(&[element("li", &[said("a")]), element("li", &[element("p", &[])])])
        );
    }
}
