use crate::samples::*;
use chrono_tz::Tz;
use gosight_store::analytics::{Cell, HeatmapFilter, HeatmapPage, ScrollReach};
use gosight_store::rows::{ClickCellRow, ElementRow, ScrollDepthRow};
use gosight_store::testing;

fn shop(device: Option<&str>) -> HeatmapFilter {
    HeatmapFilter {
        path: "/shop".into(),
        device: device.map(str::to_owned),
        days: monday().days(Tz::UTC),
    }
}

#[tokio::test]
async fn differences_add_up_and_what_is_taken_away_is_gone() {
    let analytics = testing::analytics().await;
    let dead = ClickCellRow {
        clicks: 0,
        dead: 1,
        ..cell(10, 20, 0)
    };
    write(&analytics, &[cell(10, 20, 3), cell(30, 40, 1), dead.clone()]).await;
    write(
        &analytics,
        &[
            cell(30, 40, -1),
            ClickCellRow {
                dead: -1,
                rage: 2,
                ..dead
            },
        ],
    )
    .await;
    let map = analytics.scope(PROJECT).click_heatmap(&shop(None)).await.unwrap();
    assert_eq!(
        map.cells.rows,
        [Cell {
            x: 10,
            y: 20,
            count: 3,
            rage: 2,
            dead: 0
        }]
    );
}

#[tokio::test]
async fn a_heatmap_is_of_one_path_its_days_and_its_device() {
    let analytics = testing::analytics().await;
    let mobile = ClickCellRow {
        device_type: "mobile".into(),
        viewport_bucket: 300,
        ..cell(10, 20, 5)
    };
    let tomorrow = ClickCellRow {
        day: MONDAY_NUMBER + 1,
        ..cell(10, 20, 100)
    };
    let elsewhere = ClickCellRow {
        path: "/pay".into(),
        ..cell(10, 20, 1000)
    };
    write(&analytics, &[cell(10, 20, 1), mobile, tomorrow, elsewhere]).await;
    let count = async |device| {
        analytics
            .scope(PROJECT)
            .click_heatmap(&shop(device))
            .await
            .unwrap()
            .cells
            .rows[0]
            .count
    };
    assert_eq!(count(None).await, 6);
    assert_eq!(count(Some("mobile")).await, 5);
    assert_eq!(count(Some("desktop")).await, 1);
}

#[tokio::test]
async fn an_element_has_the_name_most_of_its_clicks_had_and_the_page_s_views_are_beside_it() {
    let analytics = testing::analytics().await;
    let renamed = ElementRow {
        name: "Order".into(),
        text: "Order".into(),
        rage: 1,
        error: 2,
        ..element("#buy", 5)
    };
    write(&analytics, &[element("#buy", 2), renamed, element("#gone", 1)]).await;
    write(&analytics, &[element("#gone", -1)]).await;
    write(&analytics, &[scroll(0, 9), scroll(5, 4)]).await;
    let map = analytics.scope(PROJECT).click_heatmap(&shop(None)).await.unwrap();
    let [buy] = &map.elements.rows[..] else {
        panic!("{:?}", map.elements)
    };
    assert_eq!(
        (
            buy.selector.as_str(),
            buy.name.as_str(),
            buy.clicks,
            buy.rage,
            buy.error
        ),
        ("#buy", "Order", 7, 1, 2)
    );
    assert_eq!(map.views, 9);
}

#[tokio::test]
async fn clicks_on_an_element_are_where_in_it_they_were() {
    let analytics = testing::analytics().await;
    let at = |spot_x, spot_y, clicks| ElementRow {
        spot_x,
        spot_y,
        ..element("#buy", clicks)
    };
    let renamed = ElementRow {
        name: "Order".into(),
        rage: 1,
        ..at(-50, 48, 5)
    };
    write(&analytics, &[at(-50, 48, 2), renamed, at(0, 0, 1), at(2, 0, 1)]).await;
    write(&analytics, &[at(2, 0, -1)]).await;
    let map = analytics.scope(PROJECT).click_heatmap(&shop(None)).await.unwrap();
    let spots: Vec<_> = map
        .spots
        .rows
        .iter()
        .map(|spot| (spot.x, spot.y, spot.clicks, spot.rage))
        .collect();
    assert_eq!(spots, [(-50, 48, 7, 1), (0, 0, 1, 0)]);
}

#[tokio::test]
async fn scroll_tells_how_many_views_reached_each_depth() {
    let analytics = testing::analytics().await;
    write(
        &analytics,
        &[
            scroll(0, 3),
            scroll(5, 2),
            ScrollDepthRow {
                device_type: "mobile".into(),
                ..scroll(5, 1)
            },
        ],
    )
    .await;
    let reached = analytics.scope(PROJECT).scroll_heatmap(&shop(None)).await.unwrap();
    assert_eq!(
        reached,
        [
            ScrollReach { percent: 0, views: 3 },
            ScrollReach { percent: 5, views: 3 }
        ]
    );
}

#[tokio::test]
async fn pages_with_data_are_listed_by_views() {
    let analytics = testing::analytics().await;
    write(
        &analytics,
        &[
            scroll(0, 3),
            ScrollDepthRow {
                path: "/pay".into(),
                ..scroll(0, 5)
            },
        ],
    )
    .await;
    write(&analytics, &[cell(0, 0, 2)]).await;
    let pages = analytics
        .scope(PROJECT)
        .heatmap_pages(monday().days(Tz::UTC))
        .await
        .unwrap();
    let page = |path: &str, views, clicks| HeatmapPage {
        path: path.into(),
        views,
        clicks,
    };
    assert_eq!(pages.rows, [page("/pay", 5, 0), page("/shop", 3, 2)]);
}

#[tokio::test]
async fn a_page_without_data_is_empty() {
    let analytics = testing::analytics().await;
    let map = analytics.scope(PROJECT).click_heatmap(&shop(None)).await.unwrap();
    assert_eq!((map.cells.rows.len(), map.elements.rows.len(), map.views), (0, 0, 0));
}

#[tokio::test]
async fn a_map_that_is_not_all_of_it_says_so() {
    let analytics = testing::analytics().await;
    let of = async || {
        let map = analytics.scope(PROJECT).click_heatmap(&shop(None)).await.unwrap();
        let cells = (map.cells.rows.len(), map.cells.is_truncated);
        (cells, map.elements.rows.len(), map.elements.is_truncated)
    };
    let elements: Vec<_> = (0..1000).map(|n| element(&format!("#e{n}"), 1)).collect();
    write(&analytics, &elements).await;
    write(&analytics, &[cell(0, 0, 1)]).await;
    assert_eq!(of().await, ((1, false), 1000, false));
    write(&analytics, &[element("#one-more", 1)]).await;
    assert_eq!(of().await, ((1, false), 1000, true));
}
