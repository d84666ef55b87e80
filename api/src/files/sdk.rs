//! The SDK's files, for pages of any origin: `/sdk.js`, `/sdk.esm.js` and what they load, and `/sdk@VERSION.js` to pin.

use std::sync::LazyLock;

use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::Response;
use rust_embed::RustEmbed;

use super::ONE_YEAR;
use super::ready::File;

/// The plain names follow upgrades within this time.
const SHORT: &str = "public, max-age=300, stale-while-revalidate=86400";

#[derive(RustEmbed)]
#[folder = "../sdk/dist"]
#[allow_missing = true]
struct Files;

static VERSION: LazyLock<String> = LazyLock::new(|| version(include_str!("../../../sdk/package.json")));

pub(super) fn serve(path: &str, request: &HeaderMap) -> Option<Response> {
    let (name, is_pinned) = named(path, &VERSION)?;
    let mut found = File::from(Files::get(&name)?);
    if is_pinned {
        found = found.map(|script| pinned(script, &VERSION));
    }
    let mut response = found.ready().answer(request, if is_pinned { ONE_YEAR } else { SHORT });
    for (name, value) in [
        (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
        (
            header::HeaderName::from_static("cross-origin-resource-policy"),
            "cross-origin",
        ),
        (header::HeaderName::from_static("timing-allow-origin"), "*"),
    ] {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    Some(response)
}

/// The file a path means, and whether it was asked for by version. Another version's files are not ours to give.
fn named(path: &str, version: &str) -> Option<(String, bool)> {
    if path.contains('/') || !(path.ends_with(".js") || path.ends_with(".js.map")) {
        return None;
    }
    match path.split_once('@') {
        None => Some((path.to_owned(), false)),
        Some((stem, rest)) => Some((format!("{stem}{}", rest.strip_prefix(version)?), true)),
    }
}

/// What a file of ours loads later.
const LOADED_LATER: [&str; 2] = ["sdk.more", "recorder"];

/// A pinned file loads the files it needs later by the same version.
fn pinned(script: &[u8], version: &str) -> Vec<u8> {
    let mut script = String::from_utf8_lossy(script).into_owned();
    for name in LOADED_LATER {
        script = script.replace(&format!("./{name}.js"), &format!("./{name}@{version}.js"));
    }
    script.into_bytes()
}

fn version(package: &str) -> String {
    let package: serde_json::Value = serde_json::from_str(package).unwrap_or_default();
    package["version"].as_str().unwrap_or("0").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_in_the_name_pins_that_version() {
        assert_eq!(named("sdk.js", "0.1.0"), Some(("sdk.js".into(), false)));
        assert_eq!(named("sdk@0.1.0.js", "0.1.0"), Some(("sdk.js".into(), true)));
        assert_eq!(named("sdk@0.1.0.esm.js", "0.1.0"), Some(("sdk.esm.js".into(), true)));
        for path in ["sdk@0.2.0.js", "a/sdk.js", "index.html"] {
            assert_eq!(named(path, "0.1.0"), None, "{path}");
        }
    }

    #[test]
    fn a_pinned_file_loads_its_own_version_later() {
        assert_eq!(
            pinned(b"import('./sdk.more.js')", "0.1.0"),
            b"import('./sdk.more@0.1.0.js')"
        );
        assert_eq!(
            pinned(b"import('./recorder.js')", "0.1.0"),
            b"import('./recorder@0.1.0.js')"
        );
        assert_eq!(named("sdk.more@0.1.0.js", "0.1.0"), Some(("sdk.more.js".into(), true)));
        assert_eq!(named("recorder@0.1.0.js", "0.1.0"), Some(("recorder.js".into(), true)));
    }

    #[test]
    fn the_version_is_the_packages() {
        assert!(VERSION.split('.').count() >= 3, "{}", *VERSION);
    }
}
