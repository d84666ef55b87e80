//! What a recording may not hold, written down a second time: by looking for what a browser would run, fetch or follow.
//!
//! Deliberately simple, and stricter than a browser: CSS is searched as text, whatever a tokenizer would make of it.

use serde_json::{Map, Value};

const RUNS_OR_EMBEDS: &[&str] = &[
    "applet",
    "discard",
    "embed",
    "fencedframe",
    "frame",
    "frameset",
    "handler",
    "listener",
    "object",
    "param",
    "portal",
    "script",
    "template",
];
const OF_EVERY_OBJECT: &[&str] = &[
    "__proto__",
    "__definegetter__",
    "__definesetter__",
    "constructor",
    "hasownproperty",
    "tostring",
    "valueof",
];
const ADDRESSES: &[&str] = &[
    "action",
    "attributionsrc",
    "background",
    "cite",
    "classid",
    "code",
    "codebase",
    "data",
    "dynsrc",
    "formaction",
    "href",
    "icon",
    "longdesc",
    "lowsrc",
    "manifest",
    "poster",
    "profile",
    "rr_dataurl",
    "rr_src",
    "src",
    "usemap",
];
const NEVER: &[&str] = &[
    "allow",
    "autofocus",
    "base",
    "download",
    "formmethod",
    "formtarget",
    "http-equiv",
    "is",
    "nonce",
    "ping",
    "shadowrootmode",
    "srcdoc",
    "target",
];
const STYLES: &[&str] = &[
    "by",
    "clip-path",
    "cursor",
    "fill",
    "filter",
    "from",
    "marker",
    "marker-end",
    "marker-mid",
    "marker-start",
    "mask",
    "rr_height",
    "rr_width",
    "stroke",
    "style",
    "to",
    "values",
];
const CANVAS_DATA: &[&str] = &[
    "ArrayBuffer",
    "Blob",
    "HTMLCanvasElement",
    "HTMLImageElement",
    "ImageBitmap",
    "ImageData",
    "Uint8ClampedArray",
];

/// The first thing found that could do harm.
pub(crate) fn problem(events: &Value) -> Option<String> {
    let events = events.as_array()?;
    // Texts that may end up in one style, in the order they come.
    let mut styles = String::new();
    events
        .iter()
        .find_map(|it| event(it, &mut styles))
        .or_else(|| css(&styles))
}

fn event(event: &Value, styles: &mut String) -> Option<String> {
    let data = &event["data"];
    match event["type"].as_f64() {
        Some(0.0 | 1.0 | 2.0) => {}
        Some(3.0) => {
            let source = data["source"].as_f64().unwrap_or(-1.0);
            if !(0.0..=16.0).contains(&source) {
                return Some(format!("source {source}"));
            }
            for add in items(&data["adds"]) {
                styles.push_str(add["node"]["textContent"].as_str().unwrap_or_default());
            }
            for text in items(&data["texts"]) {
                styles.push_str(text["value"].as_str().unwrap_or_default());
            }
        }
        Some(4.0) => {
            let href = data["href"].as_str().unwrap_or_default();
            if !(href.is_empty() || href.starts_with("http://") || href.starts_with("https://")) {
                return Some(format!("page at {href}"));
            }
        }
        Some(5.0) => return asset(data),
        Some(6.0) => {
            let plugin = data["plugin"].as_str().unwrap_or_default();
            return (plugin != "rrweb/console@1" && plugin != "rrweb/network@1").then(|| format!("plugin {plugin}"));
        }
        _ => return Some(format!("event of type {}", event["type"])),
    }
    anything(data)
}

fn asset(data: &Value) -> Option<String> {
    let payload = &data["payload"];
    let mime = payload["mime"].as_str().unwrap_or("image/png");
    let is_safe = (mime.starts_with("image/") && (!mime.contains("svg") || mime == "image/svg+xml"))
        || mime.contains("font") && !mime.contains("html");
    (data["tag"] == "gosight.asset" && (!payload["data"].is_null() || !is_safe)).then(|| format!("asset of {mime}"))
}

/// Looks through everything, whatever it is called and wherever it stands.
fn anything(json: &Value) -> Option<String> {
    match json {
        Value::Array(items) => items.iter().find_map(anything),
        Value::Object(object) => self::object(object).or_else(|| {
            object
                .iter()
                .filter(|(name, _)| *name != "attributes" || object["attributes"].is_array())
                .find_map(|(_, it)| anything(it))
        }),
        _ => None,
    }
}

fn object(object: &Map<String, Value>) -> Option<String> {
    let text = |name: &str| object.get(name).and_then(Value::as_str);
    if let Some(found) = text("tagName").and_then(|name| element(name, object)) {
        return Some(found);
    }
    if let Some(found) = object.get("attributes").and_then(Value::as_object).and_then(attributes) {
        return Some(found);
    }
    if text("property").is_some_and(|it| OF_EVERY_OBJECT.contains(&&*it.to_lowercase())) {
        return Some(format!("property {object:?}"));
    }
    if let Some(name) = text("rr_type") {
        let opens = !CANVAS_DATA.contains(&name) || text("src").is_some_and(|it| !is_inert(it));
        if opens {
            return Some(format!("canvas argument {object:?}"));
        }
    }
    if object.contains_key("args") && object.get("setter") == Some(&Value::Bool(true)) {
        let args = object.get("args").into_iter().flat_map(items);
        if let Some(found) = args.filter_map(Value::as_str).find_map(css) {
            return Some(found);
        }
    }
    // Rules, declarations, fonts, sheets, and texts that may be of a style.
    let is_style_text = object.get("isStyle") == Some(&Value::Bool(true));
    [
        "rule",
        "value",
        "fontSource",
        "family",
        "unicodeRange",
        "replace",
        "replaceSync",
    ]
    .into_iter()
    .chain(is_style_text.then_some("textContent"))
    .find_map(|name| css(text(name)?))
    .or_else(|| {
        items(object.get("adds")?)
            .iter()
            .find_map(|it| css(it["node"]["textContent"].as_str()?))
    })
}

fn element(name: &str, node: &Map<String, Value>) -> Option<String> {
    let is_name = name.starts_with(|it: char| it.is_ascii_alphabetic())
        && name.chars().all(|it| it.is_ascii_alphanumeric() || "-._".contains(it));
    let name = name.to_lowercase();
    if !is_name || RUNS_OR_EMBEDS.contains(&&*name) || OF_EVERY_OBJECT.contains(&&*name) {
        return Some(format!("element {name:?}"));
    }
    let children = node.get("childNodes").into_iter().flat_map(items);
    let text: String = children.filter_map(|it| it["textContent"].as_str()).collect();
    match &*name {
        "iframe" if node["attributes"]["sandbox"] != "allow-same-origin" || node["attributes"].get("src").is_some() => {
            Some("a frame that may load or run".to_owned())
        }
        "style" => css(&text),
        "noscript" if says_anything(node) => Some("noscript with something in it".to_owned()),
        _ => None,
    }
}

/// Whether a parser that reads this again would find more than empty elements.
fn says_anything(node: &Map<String, Value>) -> bool {
    let has_attributes = node["attributes"]
        .as_object()
        .is_some_and(|it| it.keys().any(|name| name != "sandbox" && name != "method"));
    let children = node.get("childNodes").into_iter().flat_map(items);
    has_attributes
        || children
            .filter_map(Value::as_object)
            .any(|it| match it.get("textContent") {
                Some(text) => text != "",
                None => it.contains_key("attributes") && says_anything(it),
            })
}

fn attributes(attributes: &Map<String, Value>) -> Option<String> {
    attributes.iter().find_map(|(name, value)| attribute(name, value))
}

fn attribute(name: &str, value: &Value) -> Option<String> {
    let is_name = !name.is_empty() && name.chars().all(|it| it.is_ascii_alphanumeric() || "-._:".contains(it));
    let lower = name.to_lowercase();
    let local = lower.rsplit(':').next().unwrap_or_default();
    let found = || Some(format!("attribute {name}={value}"));
    if !is_name || lower.starts_with("on") || local.starts_with("on") || lower == "__proto__" {
        return found();
    }
    if NEVER.contains(&local)
        || lower.starts_with("rr_captured")
        || (local == "sandbox" && value != "allow-same-origin")
        || (local == "method" && value != "dialog")
    {
        return found();
    }
    if local == "attributename" {
        let target = value.as_str().unwrap_or_default().trim().to_lowercase();
        let local = target.rsplit(':').next().unwrap_or_default().trim();
        return (target.starts_with("on") || local.starts_with("on") || ADDRESSES.contains(&local)).then(found)?;
    }
    if value.is_null() {
        return None;
    }
    if ADDRESSES.contains(&local) {
        return (!value.as_str().is_some_and(is_inert)).then(found)?;
    }
    if local == "srcset" || local == "imagesrcset" {
        let set = value.as_str().unwrap_or("?");
        // The comma of `data:…;base64,` is none between candidates.
        let set = set.replace(";base64,", ";base64").replace(char::is_whitespace, " ");
        let is_inert = |it: &str| {
            let it = it.trim_start();
            it.starts_with("asset:") || it.starts_with('#') || it.starts_with("data:image/")
        };
        return (!set.is_empty() && !set.split(", ").all(is_inert)).then(found)?;
    }
    if local == "_csstext" {
        // rrweb makes texts of it, which stand side by side.
        return css(&value.as_str()?.replace("/* rr_split */", "")).or_else(|| css(value.as_str()?));
    }
    if STYLES.contains(&local) {
        return every_text(value).into_iter().find_map(css);
    }
    None
}

/// Nothing, a place in the page, inert text, or the bytes of a picture or font.
fn is_inert(address: &str) -> bool {
    let is_bytes = || {
        let lower = address.to_lowercase();
        let (head, body) = lower.split_once(";base64,").unwrap_or((&lower, "<"));
        let kinds = ["png", "jpg", "jpeg", "gif", "webp", "avif", "bmp"];
        let is_picture = kinds
            .iter()
            .any(|it| head.split(';').next() == Some(&*format!("data:image/{it}")));
        let is_font = head.starts_with("data:font/") || head.starts_with("data:application/") && head.contains("font");
        (is_picture || is_font) && body.chars().all(|it| it.is_ascii_alphanumeric() || "+/=%".contains(it))
    };
    let is_asset = address.starts_with("asset:") && !has_hostile_drawing(address);
    address.is_empty() || address.starts_with('#') || is_asset || is_bytes()
}

/// Whether a drawing within holds one of what the fixtures try.
fn has_hostile_drawing(text: &str) -> bool {
    const HOSTILE: [&str; 6] = [
        "script>",
        "onload=",
        "hostile.example",
        "<foreignobject",
        "<?xml-s",
        "<!entity",
    ];
    let text = text.to_lowercase();
    let mut drawings = text.split("asset:data:image/svg+xml").skip(1);
    drawings.any(|drawing| HOSTILE.iter().any(|it| drawing.contains(it)))
}

/// Searches CSS, however it is spelled and wherever a reader might start.
pub(crate) fn css(css: &str) -> Option<String> {
    let plain = spelled_out(css);
    let is_name = |it: char| it.is_ascii_alphanumeric() || "-_\u{1}".contains(it) || !it.is_ascii();
    let imports = plain
        .match_indices("@import")
        .any(|(at, found)| !plain[at + found.len()..].starts_with(is_name));
    let calls = ["src(", "image(", "image-set(", "cross-fade(", "expression("]
        .into_iter()
        .find(|it| plain.contains(it));
    let fetches = plain.match_indices("url(").any(|(at, found)| {
        let address = plain[at + found.len()..].trim_start();
        let bare = address.trim_start_matches(['"', '\'']);
        let end = bare.find(['"', '\'', ')', ' ']).unwrap_or(bare.len());
        address.is_empty() || !is_inert(&bare[..end])
    });
    (imports || calls.is_some() || fetches || has_hostile_drawing(css)).then(|| format!("style {css:?}"))
}

/// Lower case, letters instead of their escapes; what is escaped and no letter has no meaning of its own any more.
fn spelled_out(css: &str) -> String {
    let mut out = String::new();
    let mut chars = css.chars().peekable();
    while let Some(next) = chars.next() {
        if next != '\\' {
            out.push(next.to_ascii_lowercase());
            continue;
        }
        let mut digits = String::new();
        while digits.len() < 6 && chars.peek().is_some_and(char::is_ascii_hexdigit) {
            digits.extend(chars.next());
        }
        let escaped = if digits.is_empty() {
            chars.next()
        } else {
            match chars.peek() {
                Some('\r') => {
                    chars.next();
                    chars.next_if_eq(&'\n');
                }
                Some(' ' | '\t' | '\n' | '\u{c}') => {
                    chars.next();
                }
                _ => {}
            }
            u32::from_str_radix(&digits, 16).ok().and_then(char::from_u32)
        };
        let is_letter = |it: &char| it.is_ascii_alphanumeric() || *it == '-' || *it == '\u{2060}';
        out.push(escaped.filter(is_letter).unwrap_or('\u{1}').to_ascii_lowercase());
    }
    out
}

fn every_text(json: &Value) -> Vec<&str> {
    match json {
        Value::String(text) => vec![text],
        Value::Array(items) => items.iter().flat_map(every_text).collect(),
        Value::Object(object) => object.values().flat_map(every_text).collect(),
        _ => Vec::new(),
    }
}

fn items(json: &Value) -> &[Value] {
    json.as_array().map_or(&[], Vec::as_slice)
}
