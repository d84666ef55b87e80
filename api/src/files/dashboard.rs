//! The dashboard: a static export whose pages with parameters stand under the placeholder `_`.
//!
//! `/shop/sessions/123` is the exported page `_/sessions/_.html`; so are the payloads beside it (`.txt`). A segment that is exported
//! under its own name wins over the placeholder.

use axum::http::{HeaderMap, StatusCode};
use axum::response::{Html, IntoResponse, Response};
use rust_embed::{EmbeddedFile, RustEmbed};

use super::ONE_YEAR;
use super::ready::File;

/// Deeper paths are no pages of ours; it also bounds the names tried.
const SEGMENTS_MAX: usize = 6;
/// Asked again each time, answered with "you have it already".
const REVALIDATE: &str = "no-cache";

const MISSING: &str = "<!doctype html><meta charset=utf-8><title>GoSight</title>\
<p>This build of GoSight has no dashboard in it. Build it with <code>make build</code> (or <code>npm --prefix dashboard run build</code>) and start again.</p>\
<p>The API is at <a href=/api/v1/docs>/api/v1/docs</a>.</p>";

#[derive(RustEmbed)]
#[folder = "../dashboard/out"]
#[allow_missing = true]
struct Files;

pub(super) fn serve(path: &str, request: &HeaderMap) -> Response {
    match resolve(path, Files::get) {
        Some((name, found)) => page(&name, found, request),
        None => match Files::get("404.html") {
            Some(found) => (StatusCode::NOT_FOUND, page("404.html", found, &HeaderMap::new())).into_response(),
            None => (StatusCode::SERVICE_UNAVAILABLE, Html(MISSING)).into_response(),
        },
    }
}

fn page(name: &str, found: EmbeddedFile, request: &HeaderMap) -> Response {
    let cache_control = if name.starts_with("_next/static/") {
        ONE_YEAR
    } else {
        REVALIDATE
    };
    File::from(found).ready().answer(request, cache_control)
}

/// The exported file a path means.
fn resolve<F>(path: &str, get: impl Fn(&str) -> Option<F>) -> Option<(String, F)> {
    let segments: Vec<&str> = path.split('/').filter(|segment| !segment.is_empty()).collect();
    if segments.len() > SEGMENTS_MAX {
        // Files of the build itself may lie deeper, but have no parameters.
        return get(path).map(|found| (path.to_owned(), found));
    }
    (0..1_u32 << segments.len()).find_map(|placeholders| {
        let name = |(at, segment): (usize, &&'_ str)| match placeholders >> at & 1 {
            0 => Some((*segment).to_owned()),
            _ => placeholder(segment),
        };
        let stem = segments
            .iter()
            .enumerate()
            .map(name)
            .collect::<Option<Vec<_>>>()?
            .join("/");
        let names = if stem.is_empty() {
            vec!["index.html".to_owned()]
        } else {
            vec![stem.clone(), format!("{stem}.html"), format!("{stem}/index.html")]
        };
        names.into_iter().find_map(|name| get(&name).map(|found| (name, found)))
    })
}

/// `123` is `_`, and its payload `123.txt` is `_.txt`; other files are no parameters.
fn placeholder(segment: &str) -> Option<String> {
    match segment.split_once('.') {
        None => Some("_".to_owned()),
        Some((_, "txt")) => Some("_.txt".to_owned()),
        Some(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EXPORTED: [&str; 10] = [
        "index.html",
        "login.html",
        "theme.js",
        "_.html",
        "_.txt",
        "_/overview.html",
        "_/sessions.html",
        "_/sessions/_.html",
        "_/sessions/_.txt",
        "_/sessions/_/__next.$d$project.sessions.$d$id.__PAGE__.txt",
    ];

    fn resolved(path: &str) -> Option<String> {
        resolve(path, |name| EXPORTED.contains(&name).then_some(())).map(|(name, ())| name)
    }

    #[test]
    fn a_path_with_parameters_is_the_page_under_the_placeholder() {
        for (path, name) in [
            ("", "index.html"),
            ("login", "login.html"),
            ("theme.js", "theme.js"),
            ("shop", "_.html"),
            ("shop.txt", "_.txt"),
            ("shop/overview", "_/overview.html"),
            ("shop/sessions", "_/sessions.html"),
            (
                "shop/sessions/0190163d-8694-739b-aea5-966c26f8ad91",
                "_/sessions/_.html",
            ),
            ("shop/sessions/0190163d.txt", "_/sessions/_.txt"),
            (
                "shop/sessions/1/__next.$d$project.sessions.$d$id.__PAGE__.txt",
                EXPORTED[9],
            ),
        ] {
            assert_eq!(resolved(path).as_deref(), Some(name), "{path}");
        }
    }

    #[test]
    fn what_is_not_exported_is_not_there() {
        for path in ["shop/nothing", "shop/overview/deeper", "a/b/c/d/e/f/g/h", "favicon.ico"] {
            assert_eq!(resolved(path), None, "{path}");
        }
    }
}
