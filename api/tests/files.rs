//! The document, its page, the SDK and the dashboard, as files.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "what fails here fails the test")]

mod common;

use common::Installation;
use reqwest::{StatusCode, header};

#[tokio::test]
async fn the_document_is_served_with_an_etag_that_saves_sending_it_again() {
    let it = Installation::empty().await;
    let url = format!("{}/api/v1/openapi.json", it.url);
    let first = it.client.get(&url).send().await.unwrap();
    let etag = first.headers()[header::ETAG].clone();
    let document: serde_json::Value = serde_json::from_str(&first.text().await.unwrap()).unwrap();
    assert!(document["paths"]["/projects/{project}/live"].is_object());
    let second = it
        .client
        .get(&url)
        .header(header::IF_NONE_MATCH, etag)
        .send()
        .await
        .unwrap();
    assert_eq!(second.status(), StatusCode::NOT_MODIFIED);
}

#[tokio::test]
async fn the_page_of_the_document_loads_nothing_from_anywhere() {
    let it = Installation::empty().await;
    let page = it.client.get(format!("{}/api/v1/docs", it.url)).send().await.unwrap();
    let policy = page.headers()[header::CONTENT_SECURITY_POLICY]
        .to_str()
        .unwrap()
        .to_owned();
    assert!(
        policy.starts_with("default-src 'none'") && !policy.contains("unsafe"),
        "{policy}"
    );
    let html = page.text().await.unwrap();
    assert!(html.contains("/projects/{project}/keys") && !html.contains("<script") && !html.contains("http://"));
}

#[tokio::test]
async fn unknown_pages_are_html_and_never_files_outside() {
    let it = Installation::empty().await;
    for path in [
        "/shop/nothing/here",
        "/..%2f..%2fCargo.toml",
        "/.stamp",
        "/%2e%2e/Cargo.toml",
    ] {
        let answer = it.client.get(format!("{}{path}", it.url)).send().await.unwrap();
        assert!(!answer.status().is_success(), "{path}");
        assert!(!answer.text().await.unwrap().contains("[package]"), "{path}");
    }
    let posted = it.client.post(format!("{}/shop", it.url)).send().await.unwrap();
    assert_eq!(posted.status(), StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn the_sdk_is_for_pages_of_any_origin_and_can_be_pinned() {
    let it = Installation::empty().await;
    let get = async |path: &str| it.client.get(format!("{}{path}", it.url)).send().await.unwrap();
    let plain = get("/sdk.js").await;
    assert_eq!(
        plain.status(),
        StatusCode::OK,
        "build the SDK first: npm --prefix sdk run build"
    );
    assert_eq!(plain.headers()[header::ACCESS_CONTROL_ALLOW_ORIGIN], "*");
    assert_eq!(plain.headers()["cross-origin-resource-policy"], "cross-origin");
    assert!(
        plain.headers()[header::CONTENT_TYPE]
            .to_str()
            .unwrap()
            .contains("javascript")
    );
    assert!(
        plain.headers()[header::CACHE_CONTROL]
            .to_str()
            .unwrap()
            .contains("max-age=300")
    );
    let again = it
        .client
        .get(format!("{}/sdk.js", it.url))
        .header(header::IF_NONE_MATCH, &plain.headers()[header::ETAG]);
    assert_eq!(again.send().await.unwrap().status(), StatusCode::NOT_MODIFIED);

    let package: serde_json::Value = serde_json::from_str(include_str!("../../sdk/package.json")).unwrap();
    let version = package["version"].as_str().unwrap();
    for name in [format!("/sdk@{version}.js"), format!("/sdk@{version}.esm.js")] {
        let pinned = get(&name).await;
        assert_eq!(pinned.status(), StatusCode::OK, "{name}");
        assert!(
            pinned.headers()[header::CACHE_CONTROL]
                .to_str()
                .unwrap()
                .contains("immutable")
        );
        let more = format!("/sdk.more@{version}.js");
        assert!(pinned.text().await.unwrap().contains(&format!("\".{more}\"")), "{name}");
        assert_eq!(get(&more).await.status(), StatusCode::OK);
    }
    assert_eq!(get("/sdk@0.0.0.js").await.status(), StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn the_builds_files_are_kept_for_good_and_come_compressed() {
    let it = Installation::empty().await;
    let html = it.client.get(format!("{}/login", it.url)).send().await.unwrap();
    let html = html.text().await.unwrap();
    let (_, rest) = html.split_once("/_next/static/chunks/").unwrap();
    let chunk = format!("{}/_next/static/chunks/{}", it.url, rest.split_once('"').unwrap().0);
    let get = async |coding| {
        let request = it.client.get(&chunk).header(header::ACCEPT_ENCODING, coding);
        request.send().await.unwrap()
    };
    let (gzipped, plain) = (get("gzip").await, get("identity").await);
    for answer in [&gzipped, &plain] {
        let cached = answer.headers()[header::CACHE_CONTROL].to_str().unwrap();
        assert!(cached.contains("immutable"), "{cached}");
        assert_eq!(answer.headers()[header::VARY], "accept-encoding");
    }
    assert_eq!(gzipped.headers()[header::CONTENT_ENCODING], "gzip");
    assert_eq!(plain.headers().get(header::CONTENT_ENCODING), None);
    let (gzipped, plain) = (gzipped.bytes().await.unwrap(), plain.bytes().await.unwrap());
    assert!(gzipped.len() * 2 < plain.len(), "{} of {}", gzipped.len(), plain.len());
}

#[tokio::test]
async fn pages_with_parameters_are_served_under_a_policy_for_their_own_scripts() {
    let it = Installation::empty().await;
    for path in [
        "/",
        "/login",
        "/any-project/overview",
        "/any-project/sessions/0190163d-8694-739b-aea5-966c26f8ad91",
    ] {
        let page = it.client.get(format!("{}{path}", it.url)).send().await.unwrap();
        assert_eq!(
            page.status(),
            StatusCode::OK,
            "{path}: build the dashboard first: npm --prefix dashboard run build"
        );
        let policy = page.headers()[header::CONTENT_SECURITY_POLICY]
            .to_str()
            .unwrap()
            .to_owned();
        let scripts = policy
            .split(';')
            .find(|rule| rule.trim().starts_with("script-src"))
            .unwrap()
            .to_owned();
        assert!(
            scripts.contains("'sha256-") && !scripts.contains("unsafe"),
            "{path}: {scripts}"
        );
        assert_eq!(page.headers()[header::X_FRAME_OPTIONS], "DENY");
        assert_eq!(page.headers()[header::CACHE_CONTROL], "no-cache");
        let html = page.text().await.unwrap();
        assert!(html.starts_with("<!DOCTYPE html>"), "{path}");
    }
}
