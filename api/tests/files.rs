//! The document, its page, the SDK and the dashboard, as files.

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
    let second = it.client.get(&url).header(header::IF_NONE_MATCH, etag).send().await.unwrap();
    assert_eq!(second.status(), StatusCode::NOT_MODIFIED);
}

#[tokio::test]
async fn the_page_of_the_document_loads_nothing_from_anywhere() {
    let it = Installation::empty().await;
    let page = it.client.get(format!("{}/api/v1/docs", it.url)).send().await.unwrap();
    let policy = page.headers()[header::CONTENT_SECURITY_POLICY].to_str().unwrap().to_owned();
    assert!(policy.starts_with("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
    let html = page.text().await.unwrap();
    assert!(html.contains("/projects/{project}/keys") && !html.contains("<script") && !html.contains("http://"));
}

#[tokio::test]
async fn unknown_pages_are_html_and_never_files_outside() {
    let it = Installation::empty().await;
    for path in ["/shop/nothing/here", "/..%2f..%2fCargo.toml", "/.stamp", "/%2e%2e/Cargo.toml"] {
        let answer = it.client.get(format!("{}{path}", it.url)).send().await.unwrap();
        assert!(!answer.status().is_success(), "{path}");
        assert!(!answer.text().await.unwrap().contains("[package]"), "{path}");
    }
    let posted = it.client.post(format!("{}/shop", it.url)).send().await.unwrap();
    assert_eq!(posted.status(), StatusCode::NOT_FOUND);
}
