//! The demo shop: a small believable site with the SDK in it, and the struggles one can have there.

use std::time::Duration;

use axum::Router;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use rust_embed::RustEmbed;

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
