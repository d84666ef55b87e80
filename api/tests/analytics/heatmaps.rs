use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::samples::*;
use crate::world::world;

#[tokio::test]
async fn heatmaps_have_the_shapes_clients_rely_on() {
    let world = world().await;
    world.furnish().await;
    // A range of an hour widens to its day.
    let range = "start=2026-03-02T10:00:00Z&end=2026-03-02T11:00:00Z&path=/shop";
    let spot = json!({ "x": -20, "y": 4, "clicks": 6, "rage": 6, "dead": 1, "error": 0 });
    let element = json!({ "selector": "#buy", "name": "Buy", "text": "Buy now", "clicks": 6, "rage": 6, "dead": 1, "error": 0, "spots": [spot] });
    let click = world
        .get(&format!("mine/heatmaps?{range}&type=click&device=desktop"))
        .await;
    let expected = json!({ "cells": [{ "x": 10, "y": 20, "count": 6, "rage": 6, "dead": 1 }], "cell_px": 10, "views": 4, "elements": [element] });
    assert_eq!(click["data"], expected);
    let scroll = world.get(&format!("mine/heatmaps?{range}&type=scroll")).await;
    assert_eq!(scroll["data"], json!({ "views": 4, "reached": depths(&[4, 3]) }));
    let pages = world.get(&format!("mine/heatmaps/pages?{range}")).await;
    assert_eq!(pages["data"], json!([{ "path": "/shop", "views": 4, "clicks": 6 }]));
}

/// Every twentieth of the page: what was reached so far, and then nothing.
fn depths(views: &[u32]) -> Value {
    (0..=20)
        .map(|step| json!({ "percent": step * 5, "views": views.get(step).copied().unwrap_or(0) }))
        .collect()
}

#[tokio::test]
async fn a_backdrop_has_the_shape_heatmaps_rely_on() {
    let world = world().await;
    world.furnish_replay().await;
    let answer = world.get("mine/heatmaps/backdrop?path=/shop&device=desktop").await;
    let [version] = &answer["data"]["versions"].as_array().unwrap()[..] else {
        panic!("{answer}")
    };
    assert_eq!(version["taken_at"], "2026-03-02T01:00:00.000Z");
    assert_eq!(
        (&version["width"], &version["session_id"]),
        (&json!(1280), &json!(SESSION.to_string()))
    );
    let backdrop = &answer["data"]["backdrop"];
    assert_eq!(
        (&backdrop["version"], &backdrop["href"]),
        (&version["version"], &json!("https://shop.example/shop"))
    );
    assert_eq!(
        (&backdrop["height"], &backdrop["node"]["childNodes"][0]["tagName"]),
        (&json!(800), &json!("html"))
    );
    let named = format!(
        "mine/heatmaps/backdrop?path=/shop&version={}",
        version["version"].as_str().unwrap()
    );
    assert_eq!(world.get(&named).await["data"]["backdrop"], *backdrop);
    for nowhere in ["path=/nowhere", "path=/shop&device=mobile"] {
        let answer = world.get(&format!("mine/heatmaps/backdrop?{nowhere}")).await;
        assert_eq!(answer["data"], json!({ "versions": [], "backdrop": null }));
    }
    assert_eq!(
        world.ask("mine/heatmaps/backdrop?path=/shop&version=new").await.0,
        StatusCode::BAD_REQUEST
    );
}
