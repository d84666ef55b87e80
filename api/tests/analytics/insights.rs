use gosight_store::rows::InsightRow;
use serde_json::json;

use crate::samples::*;
use crate::world::world;

#[tokio::test]
async fn insights_have_details_by_type_and_a_summary_of_the_whole_range() {
    let world = world().await;
    let dead = InsightRow {
        expected: vec!["page_view".into()],
        ..world.insight(2, "dead_click", MONDAY + 2)
    };
    let error = InsightRow {
        thrown: vec!["boom".into()],
        ..world.insight(3, "error_click", MONDAY + 3)
    };
    world
        .write(&[world.insight(1, "rage_click", MONDAY), dead, error])
        .await;
    let answer = world.get(&format!("mine/insights?{MONDAY_RANGE}&per_page=3")).await;
    let data = &answer["data"];
    assert_eq!(
        data["hotspots"],
        json!([{ "path": "/shop", "selector": "#buy", "rage_click": 1, "dead_click": 1, "error_click": 1 }])
    );
    assert_eq!(data["summary"]["dead_click"], 1);
    let [error, dead, rage] = [0, 1, 2].map(|n| &data["insights"][n]["details"]);
    assert_eq!(rage["click_count"], 6);
    assert_eq!(rage["started_at"], "2026-03-02T00:00:00.000Z");
    assert_eq!(rage["ended_at"], "2026-03-02T00:00:00.900Z");
    assert_eq!(
        (&rage["x"], &rage["event_ids"].as_array().unwrap().len()),
        (&json!(5), &2)
    );
    assert_eq!(
        (&dead["tag"], &dead["expected"]),
        (&json!("button"), &json!(["page_view"]))
    );
    assert_eq!(error["thrown"], json!(["boom"]));
    let one = world
        .get(&format!(
            "mine/insights?{MONDAY_RANGE}&type=dead_click&session_id={SESSION}"
        ))
        .await;
    assert_eq!(one["data"]["insights"].as_array().unwrap().len(), 1);
}
