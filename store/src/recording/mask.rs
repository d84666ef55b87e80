//! What a member may see of a recording: the page's shape, and `*` instead of what it says.
//!
//! Every text of the same length, white space kept, so that lines break where they broke. Styles stay, because they are the shape. A text
//! that comes alone is masked unless the same chunk shows that it belongs to a style: better a style is lost than a text shown.
//! A canvas shows nothing, because its pixels can say anything. Pictures stay, and so do asset addresses, by which pictures are found.

use std::borrow::Cow;
use std::collections::HashSet;

use super::attributes::{Meaning, meaning, replace};
use super::json::{Json, Object};
use super::nodes::{ELEMENT, TEXT};
use super::{RecordingError, css};

/// Attributes that give a page its shape, and say nothing that somebody wrote: of HTML, of the states that style sheets look at, of SVG.
/// What any other says is masked; one that is missing here costs a style.
#[rustfmt::skip]
const SHAPES: [&str; 248] = [
    "accumulate", "additive", "align", "amplitude", "aria-checked", "aria-current", "aria-disabled", "aria-expanded", "aria-hidden",
    "aria-invalid", "aria-modal", "aria-orientation", "aria-pressed", "aria-selected", "aria-sort", "attributename", "azimuth",
    "basefrequency", "begin", "bgcolor", "bias", "border", "by", "calcmode", "cellpadding", "cellspacing", "charset", "checked",
    "class", "clear", "clip-path", "clip-rule", "clippathunits", "color", "color-interpolation", "color-interpolation-filters", "cols",
    "colspan", "controls", "cx", "cy", "d", "data-active", "data-align", "data-checked", "data-collapsed", "data-color-scheme",
    "data-disabled", "data-expanded", "data-highlighted", "data-mode", "data-open", "data-orientation", "data-placement",
    "data-selected", "data-side", "data-size", "data-state", "data-theme", "data-variant", "diffuseconstant", "dir", "disabled",
    "display", "divisor", "dominant-baseline", "draggable", "dur", "dx", "dy", "edgemode", "elevation", "exponent", "face", "fill",
    "fill-opacity", "fill-rule", "filter", "filterunits", "flood-color", "flood-opacity", "font-family", "font-size", "font-style",
    "font-weight", "fr", "frameborder", "from", "fx", "fy", "gradienttransform", "gradientunits", "headers", "height", "hidden", "high",
    "hspace", "http-equiv", "id", "image-rendering", "in", "in2", "inert", "inputmode", "intercept", "ismap", "k1", "k2", "k3", "k4",
    "kernelmatrix", "keypoints", "keysplines", "keytimes", "kind", "lang", "lengthadjust", "letter-spacing", "lighting-color",
    "limitingconeangle", "loop", "low", "marginheight", "marginwidth", "marker-end", "marker-mid", "marker-start", "markerheight",
    "markerunits", "markerwidth", "mask", "maskcontentunits", "maskunits", "max", "media", "min", "mode", "multiple", "muted", "name",
    "nowrap", "numoctaves", "offset", "opacity", "open", "operator", "optimum", "order", "orient", "overflow", "paint-order", "part",
    "patterncontentunits", "patterntransform", "patternunits", "playsinline", "pointer-events", "points", "popover", "poster",
    "preserveaspectratio", "primitiveunits", "r", "radius", "readonly", "refx", "refy", "rel", "repeatcount", "repeatdur", "required",
    "result", "reversed", "role", "rotate", "rows", "rowspan", "rules", "rx", "ry", "sandbox", "scale", "scope", "scrolling", "seed",
    "shape-rendering", "size", "sizes", "slope", "slot", "span", "specularconstant", "spellcheck", "spreadmethod", "src", "srcset",
    "start", "startoffset", "stddeviation", "step", "stitchtiles", "stop-color", "stop-opacity", "stroke", "stroke-dasharray",
    "stroke-dashoffset", "stroke-linecap", "stroke-linejoin", "stroke-miterlimit", "stroke-opacity", "stroke-width", "style",
    "surfacescale", "tabindex", "tablevalues", "targetx", "targety", "text-anchor", "text-decoration", "text-rendering", "textlength",
    "to", "transform", "transform-origin", "translate", "type", "valign", "values", "vector-effect", "version", "viewbox", "visibility",
    "vspace", "width", "word-spacing", "wrap", "writing-mode", "x", "x1", "x2", "xchannelselector", "xml:space", "xmlns", "y", "y1",
    "y2", "ychannelselector", "z",
];
/// The events that bring assets: they hold no text of the page.
const ASSET_TAG: &str = "gosight.asset";

/// Masks what [`super::clean`] gave.
pub fn mask(cleaned_json: &[u8]) -> Result<Vec<u8>, RecordingError> {
    let Json::List(mut events) = Json::read(cleaned_json)? else {
        return Err(RecordingError::NotEvents);
    };
    let mut masker = Masker::default();
    events.retain_mut(|event| event.as_object_mut().is_some_and(|it| masker.event(it)));
    Ok(Json::List(events).write())
}

/// The text's length in `*`, as a browser counts it, with its white space and what shows nothing anyway.
pub(super) fn stars(text: &str) -> String {
    text.chars()
        .flat_map(|it| {
            let is_blank = it.is_whitespace() || it == css::GUARD;
            let (shown, times) = if is_blank { (it, 1) } else { ('*', it.len_utf16()) };
            std::iter::repeat_n(shown, times)
        })
        .collect()
}

/// The address with its query and fragment masked.
fn without_query(address: &str) -> Cow<'_, str> {
    match address.find(['?', '#']) {
        Some(at) => format!("{}{}", &address[..=at], stars(&address[at + 1..])).into(),
        None => address.into(),
    }
}

#[derive(Default)]
struct Masker {
    /// The ids of `<style>` elements of this chunk, and of their texts.
    styles: HashSet<i64>,
    style_texts: HashSet<i64>,
}

impl Masker {
    /// Whether the event stays.
    fn event(&mut self, event: &mut Object<'_>) -> bool {
        let kind = event.int("type");
        let Some(data) = event.object_mut("data") else {
            return true;
        };
        match kind {
            Some(2) => {
                if let Some(node) = data.object_mut("node") {
                    self.node(node, false);
                }
            }
            Some(3) => return self.incremental(data),
            Some(4) => text(data, "href", without_query),
            Some(5) if data.text("tag") != Some(ASSET_TAG) => {
                if let Some(payload) = data.get_mut("payload") {
                    everything(payload);
                }
            }
            Some(6) => plugin(data),
            _ => {}
        }
        true
    }

    fn incremental(&mut self, data: &mut Object<'_>) -> bool {
        match data.int("source") {
            Some(0) => self.mutation(data),
            Some(5) => text(data, "text", masked),
            Some(9) => return false,
            Some(11) => console(data),
            _ => {}
        }
        true
    }

    fn mutation(&mut self, data: &mut Object<'_>) {
        for add in objects(data, "adds") {
            let is_in_style = add.int("parentId").is_some_and(|it| self.styles.contains(&it));
            if let Some(node) = add.object_mut("node") {
                self.node(node, is_in_style);
            }
        }
        for change in objects(data, "texts") {
            if !change.int("id").is_some_and(|it| self.style_texts.contains(&it)) {
                text(change, "value", masked);
            }
        }
        for change in objects(data, "attributes") {
            if let Some(attributes) = change.object_mut("attributes") {
                self::attributes(attributes, true);
            }
        }
    }

    fn node(&mut self, node: &mut Object<'_>, is_in_style: bool) {
        let id = node.int("id").unwrap_or_default();
        let name = node.text("tagName").unwrap_or_default();
        let is_style = matches!(name, "style" | "link");
        let is_canvas = name == "canvas";
        match node.int("type") {
            Some(ELEMENT) => {
                if is_style {
                    self.styles.insert(id);
                }
                if let Some(attributes) = node.object_mut("attributes") {
                    self::attributes(attributes, is_canvas);
                }
            }
            Some(TEXT) if is_in_style => {
                self.style_texts.insert(id);
            }
            _ => text(node, "textContent", masked),
        }
        for child in objects(node, "childNodes") {
            self.node(child, is_style);
        }
    }
}

fn masked(text: &str) -> Cow<'_, str> {
    stars(text).into()
}

fn text(object: &mut Object<'_>, field: &str, change: impl for<'t> FnOnce(&'t str) -> Cow<'t, str>) {
    if let Some(Json::Text(text)) = object.get_mut(field) {
        replace(text, change);
    }
}

fn objects<'o, 'a>(object: &'o mut Object<'a>, field: &str) -> impl Iterator<Item = &'o mut Object<'a>> {
    object
        .list_mut(field)
        .into_iter()
        .flatten()
        .filter_map(Json::as_object_mut)
}

/// Attributes of a node, or of a mutation, whose element may be a canvas.
fn attributes(attributes: &mut Object<'_>, may_be_canvas: bool) {
    attributes.retain(|name, value| {
        let name = name.to_ascii_lowercase();
        if may_be_canvas && name == "rr_dataurl" {
            return false;
        }
        if let Json::Text(text) = value {
            match meaning(&name) {
                _ if is_shape(&name) => {}
                // The cleaner took off all of these and left its own, which make forms and frames harmless.
                Meaning::Harmful => {}
                // Stars alone would be an address of ours.
                Meaning::Address | Meaning::Addresses => replace(text, led),
                _ => replace(text, masked),
            }
        }
        true
    });
}

/// And what rrweb keeps for itself.
fn is_shape(name: &str) -> bool {
    name == "_csstext" || name.starts_with("rr_") || SHAPES.binary_search(&name).is_ok()
}

/// Where a link led: a page without its query; of anything else, a mail address or a number, nothing.
fn led(address: &str) -> Cow<'_, str> {
    let place = address.strip_prefix("asset:").unwrap_or(address);
    // Of this page: a drawing's parts find each other so.
    if place.starts_with('#') {
        return address.into();
    }
    match place.split_once(':') {
        Some((scheme, rest)) if !matches!(scheme, "http" | "https") && !scheme.contains('/') => {
            format!("{}{}", &address[..address.len() - rest.len()], stars(rest)).into()
        }
        _ => without_query(address),
    }
}

fn plugin(data: &mut Object<'_>) {
    let is_console = data.text("plugin").is_some_and(|it| it.starts_with("rrweb/console"));
    let Some(payload) = data.object_mut("payload") else {
        return;
    };
    if is_console {
        console(payload);
    } else {
        for request in objects(payload, "requests") {
            text(request, "url", without_query);
            text(request, "name", without_query);
        }
    }
}

fn console(line: &mut Object<'_>) {
    for field in ["payload", "trace"] {
        if let Some(said) = line.get_mut(field) {
            everything(said);
        }
    }
}

/// Every text of whatever this is.
fn everything(json: &mut Json<'_>) {
    match json {
        Json::Text(text) => replace(text, masked),
        Json::List(items) => items.iter_mut().for_each(everything),
        Json::Object(object) => object.retain(|_, it| {
            everything(it);
            true
        }),
        Json::Null | Json::Bool(_) | Json::Number(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn masked_events(events: &Value) -> Value {
        serde_json::from_slice(&mask(&serde_json::to_vec(events).unwrap()).unwrap()).unwrap()
    }

    #[test]
    fn a_text_keeps_its_length_and_its_spaces() {
        assert_eq!(stars("Dear  Ann,\n é😀"), "****  ****\n ***");
        assert_eq!(stars("\u{2060}(a)"), "\u{2060}***");
    }

    #[test]
    fn nothing_that_was_said_is_left() {
        let secret = "s3cret";
        let events = json!([
            {"type": 4, "data": {"href": "https://a.example/p?q=s3cret#s3cret", "width": 1, "height": 1}, "timestamp": 1},
            {"type": 2, "data": {"node": {"type": 2, "tagName": "a", "id": 1, "attributes": {
                    "title": secret, "ALT": secret, "placeholder": secret, "aria-label": secret, "value": secret,
                    "data-email": secret, "summary": secret, "heading": secret, "ng-reflect-value": secret,
                    "href": "asset:https://a.example/p?s3cret", "action": "asset:mailto:s3cret@a.example"},
                "childNodes": [{"type": 3, "textContent": secret, "id": 2}, {"type": 5, "textContent": secret, "id": 3},
                    {"type": 2, "tagName": "canvas", "attributes": {"rr_dataURL": secret}, "childNodes": [], "id": 4}]}}, "timestamp": 1},
            {"type": 3, "data": {"source": 0, "texts": [{"id": 2, "value": secret}], "attributes": [{"id": 2, "attributes": {"value": secret, "rr_dataURL": secret}}],
                "removes": [], "adds": [{"parentId": 1, "node": {"type": 3, "textContent": secret, "id": 5}}]}, "timestamp": 1},
            {"type": 3, "data": {"source": 5, "id": 2, "text": secret}, "timestamp": 1},
            {"type": 3, "data": {"source": 9, "id": 4, "type": 0, "property": "fillText", "args": [secret]}, "timestamp": 1},
            {"type": 3, "data": {"source": 11, "payload": [secret]}, "timestamp": 1},
            {"type": 5, "data": {"tag": "order", "payload": {"note": [secret]}}, "timestamp": 1},
            {"type": 6, "data": {"plugin": "rrweb/console@1", "payload": {"payload": [secret], "trace": secret}}, "timestamp": 1},
            {"type": 6, "data": {"plugin": "rrweb/network@1", "payload": {"requests": [{"url": "https://a.example/?s3cret"}]}}, "timestamp": 1},
        ]);
        let masked = masked_events(&events);
        assert!(!masked.to_string().contains(secret), "{masked:#}");
        assert_eq!(masked[0]["data"]["href"], "https://a.example/p?***************");
        assert_eq!(
            masked[1]["data"]["node"]["attributes"]["href"],
            "asset:https://a.example/p?******"
        );
        assert_eq!(
            masked[1]["data"]["node"]["attributes"]["action"],
            "asset:mailto:****************"
        );
        assert_eq!(masked[1]["data"]["node"]["childNodes"][0]["textContent"], "******");
    }

    #[test]
    fn the_attributes_that_give_a_shape_are_found() {
        assert!(SHAPES.is_sorted());
        assert!(SHAPES.iter().all(|it| it.to_ascii_lowercase() == *it));
        for name in ["viewbox", "class", "rr_width", "_csstext", "data-state"] {
            assert!(is_shape(name), "{name}");
        }
    }

    #[test]
    fn the_shape_stays() {
        let events = json!([
            {"type": 2, "data": {"node": {"type": 2, "tagName": "style", "id": 1, "attributes": {"_cssText": "a{b:c}", "class": "x"},
                "childNodes": [{"type": 3, "textContent": "a{b:c}", "id": 2}]}}, "timestamp": 1},
            {"type": 3, "data": {"source": 0, "texts": [{"id": 2, "value": "d{}"}], "attributes": [{"id": 1, "attributes": {"style": "a:b", "src": "asset:https://a.example/?x", "xlink:href": "#g", "viewBox": "0 0 1 1"}}],
                "removes": [], "adds": [{"parentId": 1, "node": {"type": 3, "textContent": "e{}", "id": 5}}]}, "timestamp": 1},
            {"type": 3, "data": {"source": 8, "adds": [{"rule": "a{}"}]}, "timestamp": 1},
            {"type": 5, "data": {"tag": "gosight.asset", "payload": {"url": "https://a.example/?x", "digest": "0"}}, "timestamp": 1},
        ]);
        assert_eq!(masked_events(&events), events);
    }
}
