use serde_json::json;

use crate::samples::*;
use crate::world::world;

#[tokio::test]
async fn the_overview_has_the_shape_clients_rely_on() {
    let world = world().await;
    world.furnish().await;
    world.bus.set_complete_to_ms(MONDAY);
    let answer = world.get(&format!("mine/overview?{MONDAY_RANGE}&timezone=UTC")).await;
    assert_eq!(answer["meta"]["complete_to"], "2026-03-02T00:00:00.000Z");
    let data = &answer["data"];
    assert_eq!(
        data["summary"],
        json!({
            "sessions": 1, "visitors": 1, "pageviews": 4, "bounce_rate": 0.0, "avg_duration_ms": 1500, "struggling_sessions": 1,
            "sessions_change": null, "visitors_change": null, "pageviews_change": null, "bounce_rate_change": null,
            "avg_duration_ms_change": null, "struggling_sessions_change": null,
        })
    );
    assert_eq!(
        data["series"][1],
        json!({ "time": "2026-03-02T01:00:00.000Z", "sessions": 1, "visitors": 1, "pageviews": 4, "struggling_sessions": 1 })
    );
    assert_eq!(
        data["top_pages"],
        json!([{ "path": "/shop", "views": 4, "avg_time_ms": 1500 }])
    );
    assert_eq!(
        data["countries"],
        json!([{ "value": "DE", "sessions": 1, "struggling_sessions": 1 }])
    );
    let insights = json!({ "rage_click": 1, "dead_click": 0, "error_click": 0, "thrashed_cursor": 0, "u_turn": 0, "slow_page": 0 });
    assert_eq!(data["insights"], insights);
    for list in ["top_referrers", "devices", "browsers", "entry_pages", "exit_pages"] {
        assert!(data[list].is_array(), "{list}");
    }
}
