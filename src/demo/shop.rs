//! The demo shop: a small believable site with the SDK in it, and the struggles one can have there.

use std::time::Duration;

use axum::Router;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use rust_embed::RustEmbed;

use crate::journey::{Answer, Element, Site, SitePage};

/// What the slow page keeps a visitor waiting.
const SLOW: Duration = Duration::from_millis(3_200);
/// Stands in the pages for the project's key.
const KEY_PLACE: &str = "{{PROJECT_KEY}}";

#[derive(RustEmbed)]
#[folder = "src/demo/shop/"]
struct Files;

/// The shop under `/shop/`, its pages sending as `project_key`.
pub(crate) fn router(project_key: &str) -> Router {
    Router::new()
        .route("/shop", get(|| async { Redirect::permanent("/shop/") }))
        .route(
            "/shop/",
            get(|State(key): State<String>| async move { page("", &key).await }),
        )
        .route(
            "/shop/{*path}",
            get(|Path(path): Path<String>, State(key): State<String>| async move { page(&path, &key).await }),
        )
        .with_state(project_key.to_owned())
}

async fn page(path: &str, project_key: &str) -> Response {
    if path.trim_end_matches(".html") == "slow" {
        tokio::time::sleep(SLOW).await;
    }
    let candidates = [
        path.to_owned(),
        format!("{path}.html"),
        format!("{}/index.html", path.trim_end_matches('/')),
        "index.html".to_owned(),
    ];
    let known = if path.is_empty() {
        &candidates[3..]
    } else {
        &candidates[..3]
    };
    match known.iter().find_map(|name| Files::get(name).map(|file| (name, file))) {
        Some((name, file)) => serve(name, &file, project_key),
        None => (StatusCode::NOT_FOUND, "The shop has no such page.\n").into_response(),
    }
}

fn serve(name: &str, file: &rust_embed::EmbeddedFile, project_key: &str) -> Response {
    let content_type = [
        (header::CONTENT_TYPE, file.metadata.mimetype().to_owned()),
        (header::CACHE_CONTROL, "no-cache".to_owned()),
    ];
    if name.ends_with(".html") {
        let html = String::from_utf8_lossy(&file.data).replace(KEY_PLACE, project_key);
        (content_type, html).into_response()
    } else {
        (content_type, file.data.clone().into_owned()).into_response()
    }
}

const fn element(
    selector: &'static str,
    tag: &'static str,
    name: &'static str,
    rect: [i32; 4],
    answer: Answer,
) -> Element {
    Element {
        selector,
        tag,
        name,
        rect,
        answer,
    }
}

/// The shop as its simulated visitors know it.
pub(crate) const SITE: Site = Site {
    origin: "http://127.0.0.1:8080",
    pages: &[
        SitePage {
            path: "/shop/",
            title: "Home",
            height_px: 2400,
            lcp_ms: 900,
            elements: &[
                element("#shop-now", "a", "Shop now", [120, 420, 180, 48], Answer::Goes(1)),
                element(
                    "nav > a:nth-of-type(2)",
                    "a",
                    "Catalogue",
                    [900, 24, 96, 32],
                    Answer::Goes(1),
                ),
                element(
                    "#newsletter",
                    "button",
                    "Subscribe",
                    [980, 2140, 140, 44],
                    Answer::Changes,
                ),
            ],
        },
        SitePage {
            path: "/shop/catalogue",
            title: "Catalogue",
            height_px: 3200,
            lcp_ms: 1_400,
            elements: &[
                element(
                    ".product:nth-of-type(1) > a",
                    "a",
                    "First product",
                    [120, 380, 280, 340],
                    Answer::Goes(2),
                ),
                element(
                    ".product:nth-of-type(2) > a",
                    "a",
                    "Second product",
                    [440, 380, 280, 340],
                    Answer::Goes(2),
                ),
                element(
                    "#sort",
                    "button",
                    "Sort by price",
                    [1080, 260, 140, 40],
                    Answer::Changes,
                ),
            ],
        },
        SitePage {
            path: "/shop/product",
            title: "Product",
            height_px: 1800,
            lcp_ms: 1_100,
            elements: &[
                element(
                    "#add-to-cart",
                    "button",
                    "Add to cart",
                    [820, 560, 220, 52],
                    Answer::Changes,
                ),
                element(
                    "#wishlist",
                    "button",
                    "Add to wishlist",
                    [820, 630, 220, 52],
                    Answer::Nothing,
                ),
                element(
                    "nav > a:nth-of-type(4)",
                    "a",
                    "Cart",
                    [1180, 24, 64, 32],
                    Answer::Goes(3),
                ),
            ],
        },
        SitePage {
            path: "/shop/cart",
            title: "Cart",
            height_px: 1300,
            lcp_ms: 800,
            elements: &[
                element(
                    "#voucher",
                    "button",
                    "Apply voucher",
                    [620, 540, 150, 44],
                    Answer::Throws("Cannot read properties of undefined (reading 'discount')"),
                ),
                element(
                    "#quantity-plus",
                    "button",
                    "One more",
                    [540, 330, 36, 36],
                    Answer::Changes,
                ),
                element("#checkout", "a", "Checkout", [900, 620, 220, 52], Answer::Goes(4)),
            ],
        },
        SitePage {
            path: "/shop/checkout",
            title: "Checkout",
            height_px: 1700,
            lcp_ms: 1_000,
            elements: &[
                element("#pay", "button", "Pay", [760, 1180, 260, 56], Answer::Changes),
                element("#gift", "button", "Gift wrap", [420, 940, 180, 44], Answer::Nothing),
            ],
        },
        SitePage {
            path: "/shop/slow",
            title: "Our story",
            height_px: 2000,
            lcp_ms: 3_600,
            elements: &[element(
                "nav > a:nth-of-type(1)",
                "a",
                "Home",
                [780, 24, 80, 32],
                Answer::Goes(0),
            )],
        },
    ],
};
