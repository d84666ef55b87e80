//! What is kept of each kind of event.

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
    assert_eq!(told_before_its_text(style(2)), "a{b:url(\"asset:x\")}");
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
