//! Random recordings: nothing panics, nothing hostile stays, and once is enough.

use gosight_store::recording::{clean, mask, snapshots};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::checker;

/// Bits that are harmless alone.
#[rustfmt::skip]
const BITS: &[&str] = &[
    "url(", "u", "rl(", "l(", "(", ")", "\"", "'", "/*", "*/", "/* rr_split */", "\\", "\\75 ", "\\75", "\\6c", "\\\n", "\n", " ", "\t", "\0",
    "@import ", "@", "@im", "import", "port", "\\69", ";", "{", "}", ":", ",", "#", "//", "image-set(", "image", "-set(", "src(", "s", "rc(",
    "https://a.example", "asset:", "data:", "data:image/png;base64,AA", "data:image/svg+xml,<svg/>", "javascript:", "java\tscript:", "a", "\u{2060}", "é", "1x", "on", "href",
];
#[rustfmt::skip]
const TAGS: &[&str] = &["div", "style", "link", "script", "SCRIPT", "iframe", "form", "input", "img", "svg", "use", "set", "noscript", "template", "x-a", "meta", ""];
#[rustfmt::skip]
const NAMES: &[&str] = &[
    "src", "href", "xlink:href", "style", "_cssText", "onclick", "ONLOAD", "srcset", "srcdoc", "content", "http-equiv", "attributeName", "values", "fill",
    "rr_dataURL", "rr_width", "rr_x", "title", "value", "type", "rel", "sandbox", "method", "class", "a b", "__proto__",
];

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => prop::collection::vec(prop::sample::select(BITS), 0..8).prop_map(|it| it.concat()),
        1 => any::<String>(),
    ]
}

fn scalar() -> impl Strategy<Value = Value> {
    prop_oneof![
        4 => text().prop_map(Value::from),
        1 => any::<f64>().prop_map(Value::from),
        1 => any::<i32>().prop_map(Value::from),
        1 => Just(json!(true)),
        1 => Just(Value::Null),
        1 => Just(json!({})),
        1 => Just(json!([[]])),
    ]
}

fn attributes() -> impl Strategy<Value = Value> {
    let value = prop_oneof![
        5 => scalar(),
        1 => prop::collection::vec(text(), 0..3).prop_map(|it| json!({ "background": it, "--x": it.concat() })),
    ];
    let name = prop_oneof![8 => prop::sample::select(NAMES).prop_map(str::to_owned), 1 => any::<String>()];
    prop::collection::vec((name, value), 0..4).prop_map(|it| Value::Object(it.into_iter().collect()))
}

fn node() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        (text(), 1..30_i64).prop_map(|(text, id)| json!({"type": 3, "textContent": text, "id": id})),
        (text(), 1..30_i64).prop_map(|(text, id)| json!({"type": 3, "textContent": text, "isStyle": true, "id": id})),
        (0..9_i64, scalar(), 1..30_i64)
            .prop_map(|(kind, text, id)| json!({"type": kind, "textContent": text, "id": id})),
        scalar(),
    ];
    leaf.prop_recursive(4, 24, 4, |node| {
        let tag = prop_oneof![8 => prop::sample::select(TAGS).prop_map(str::to_owned), 1 => any::<String>()];
        (tag, attributes(), prop::collection::vec(node, 0..4), 1..30_i64, any::<[bool; 3]>()).prop_map(
            |(tag, attributes, children, id, [is_svg, is_shadow, is_document])| {
                json!({
                    "type": if is_document { 0 } else { 2 }, "tagName": tag, "attributes": attributes, "childNodes": children, "id": id,
                    "isSVG": is_svg, "isShadow": is_shadow, "isShadowHost": is_shadow, "compatMode": "BackCompat",
                })
            },
        )
    })
}

fn mutation() -> impl Strategy<Value = Value> {
    (
        prop::collection::vec((1..30_i64, node()), 0..4),
        prop::collection::vec((1..30_i64, text()), 0..4),
        prop::collection::vec((1..30_i64, attributes()), 0..3),
    )
        .prop_map(|(adds, texts, attributes)| {
            let adds: Vec<_> = adds
                .into_iter()
                .map(|(parent, node)| json!({"parentId": parent, "nextId": null, "node": node}))
                .collect();
            let texts: Vec<_> = texts
                .into_iter()
                .map(|(id, value)| json!({"id": id, "value": value}))
                .collect();
            let attributes: Vec<_> = attributes
                .into_iter()
                .map(|(id, it)| json!({"id": id, "attributes": it}))
                .collect();
            json!({"source": 0, "adds": adds, "texts": texts, "attributes": attributes, "removes": [{"id": 1, "parentId": 2}]})
        })
}

/// Every field that some source has, of any kind.
fn change() -> impl Strategy<Value = Value> {
    (0..18_i64, text(), scalar(), scalar(), node()).prop_map(|(source, text, one, other, node)| {
        json!({
            "source": source, "id": 3, "styleId": 2, "type": 1, "x": one, "y": other, "width": one, "height": other, "text": text, "index": [0],
            "adds": [{"rule": text, "index": one}], "replace": text, "replaceSync": other, "set": {"property": "src", "value": text, "priority": other},
            "styles": [{"styleId": one, "rules": [{"rule": text}]}], "styleIds": [1, one], "family": text, "fontSource": text,
            "descriptors": {"unicodeRange": text}, "payload": other, "trace": one, "ranges": [one, {"start": 1, "node": node}],
            "positions": [{"x": 1, "y": 2, "id": 3, "timeOffset": one}], "property": text, "setter": true, "define": {"name": text},
            "commands": [{"property": "fillStyle", "setter": true, "args": [text]}, {"property": "drawImage", "args": [{"rr_type": "HTMLImageElement", "src": text}, one]}],
            "node": node,
        })
    })
}

fn event() -> impl Strategy<Value = Value> {
    let data = prop_oneof![
        3 => node().prop_map(|it| (2, json!({"node": it, "initialOffset": {"top": 0, "left": 0}}))),
        3 => mutation().prop_map(|it| (3, it)),
        2 => change().prop_map(|it| (3, it)),
        1 => (text(), scalar()).prop_map(|(href, width)| (4, json!({"href": href, "width": width, "height": 5}))),
        1 => (text(), scalar()).prop_map(|(tag, payload)| (5, json!({"tag": tag, "payload": payload}))),
        1 => (0..12_i64, scalar()).prop_map(|(kind, data)| (kind, data)),
    ];
    (data, 0..2_000_000_000_000_i64)
        .prop_map(|((kind, data), timestamp)| json!({"type": kind, "data": data, "timestamp": timestamp}))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn any_recording_is_safe_once_cleaned(events in prop::collection::vec(event(), 1..5)) {
        let json = serde_json::to_vec(&events).unwrap();
        if let Ok(once) = clean(&json) {
            let twice = clean(&once.json).unwrap();
            prop_assert_eq!(String::from_utf8(twice.json), String::from_utf8(once.json.clone()));
            prop_assert_eq!(twice.event_count, once.event_count);
            let events = serde_json::from_slice(&once.json).unwrap();
            prop_assert_eq!(checker::problem(&events), None);
            let masked = mask(&once.json).unwrap();
            prop_assert_eq!(mask(&masked).unwrap(), masked);
            snapshots(&once.json).unwrap();
        }
    }

    /// Styles come in pieces, and each piece may be anything.
    #[test]
    fn pieces_of_a_style_are_safe_together(
        texts in prop::collection::vec(text(), 1..5),
        alone in prop::collection::vec(text(), 1..5),
        sheet in text(),
    ) {
        let children: Vec<_> = texts.iter().zip(10..).map(|(it, id)| json!({"type": 3, "textContent": it, "id": id})).collect();
        let node = json!({"type": 2, "tagName": "style", "attributes": {"_cssText": sheet}, "childNodes": children, "id": 2});
        let texts: Vec<_> = alone.iter().zip(8..).map(|(it, id)| json!({"id": id, "value": it})).collect();
        let events = json!([
            {"type": 2, "data": {"node": node}, "timestamp": 1},
            {"type": 3, "data": {"source": 0, "texts": texts}, "timestamp": 2},
        ]);
        let cleaned: Value = serde_json::from_slice(&clean(&serde_json::to_vec(&events).unwrap()).unwrap().json).unwrap();
        prop_assert_eq!(checker::problem(&cleaned), None);
        let of_nodes = cleaned[0]["data"]["node"]["childNodes"].as_array().unwrap();
        let of_nodes: Vec<_> = of_nodes.iter().filter_map(|it| it["textContent"].as_str()).collect();
        let of_texts = cleaned[1]["data"]["texts"].as_array().unwrap();
        let of_texts: Vec<_> = of_texts.iter().filter_map(|it| it["value"].as_str()).collect();
        for (one, other) in [(&of_nodes, &of_texts), (&of_texts, &of_nodes)] {
            prop_assert_eq!(checker::css(&format!("{}{}", one.concat(), other.concat())), None);
        }
    }

    #[test]
    fn no_bytes_are_too_odd(bytes in prop::collection::vec(any::<u8>(), 0..64), json in "[\\[\\]{}\",:0-9a-z\\\\ -]{0,40}") {
        for odd in [&bytes[..], json.as_bytes()] {
            drop(clean(odd));
            drop(mask(odd));
            drop(snapshots(odd));
        }
    }
}
