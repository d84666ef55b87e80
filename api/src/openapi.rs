//! The OpenAPI document, finished from what the handlers say, and a page of it that needs no script.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use sha2::{Digest, Sha256};
use utoipa::openapi::path::{Operation, Parameter, ParameterBuilder, ParameterIn, PathItem};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{
    Content, InfoBuilder, ObjectBuilder, OpenApi, Ref, RefOr, Required, ResponseBuilder, Server, Type,
};
use utoipa::{PartialSchema, ToSchema};

use crate::{Api, ErrorEnvelope};

const STYLE: &str = "body{font:15px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1d1b19;background:#fdfcfa}
h2{margin-top:2.5rem;border-bottom:1px solid #ddd}summary{cursor:pointer;padding:.3rem 0}code,pre{font:13px/1.45 ui-monospace,monospace}
pre{overflow:auto;background:#f3f0eb;padding:.8rem}.m{display:inline-block;width:4.5rem;font-weight:600}
@media(prefers-color-scheme:dark){body{color:#ece9e4;background:#191715}pre{background:#24211e}h2{border-color:#3a3631}a{color:#9cc4ff}}";

/// Adds what holds for every operation: the server, the token, path parameters, and the shape of errors.
pub(crate) fn finish(mut document: OpenApi) -> OpenApi {
    document.info = InfoBuilder::new()
        .title("GoSight")
        .version("1")
        .description(Some(
            "Answers are `{success, data, meta}`, errors `{success: false, error: {code, message, details}}`. Times are ISO 8601 in UTC \
             with milliseconds. `{project}` is a project's id or slug.",
        ))
        .build();
    document.servers = Some(vec![Server::new("/api/v1")]);
    let components = document.components.get_or_insert_default();
    let bearer = SecurityScheme::Http(HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build());
    components.add_security_scheme("token", bearer);
    let mut schemas = vec![(ErrorEnvelope::name().into_owned(), ErrorEnvelope::schema())];
    ErrorEnvelope::schemas(&mut schemas);
    components.schemas.extend(schemas);
    document.security = Some(vec![SecurityRequirement::new("token", Vec::<String>::new())]);
    for (path, item) in &mut document.paths.paths {
        for operation in operations(item) {
            add_path_parameters(path, operation);
            operation
                .responses
                .responses
                .insert("default".into(), error_response().into());
        }
    }
    document
}

/// The document and its page.
pub(crate) fn router(document: OpenApi) -> Router<Api> {
    let json = document.to_json().unwrap_or_default();
    let page = page(&document);
    Router::new()
        .route(
            "/openapi.json",
            get(serve).with_state(Arc::new(Served::new("application/json", json, None))),
        )
        .route(
            "/docs",
            get(serve).with_state(Arc::new(Served::new(
                "text/html; charset=utf-8",
                page,
                Some(page_policy()),
            ))),
        )
}

struct Served {
    body: String,
    content_type: &'static str,
    policy: Option<String>,
    etag: String,
}

impl Served {
    fn new(content_type: &'static str, body: String, policy: Option<String>) -> Self {
        let etag = format!("\"{}\"", hex::encode(&Sha256::digest(&body)[..16]));
        Self {
            body,
            content_type,
            policy,
            etag,
        }
    }
}

async fn serve(State(served): State<Arc<Served>>, headers: HeaderMap) -> Response {
    let mut response = if headers
        .get(header::IF_NONE_MATCH)
        .is_some_and(|etag| etag == served.etag.as_str())
    {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        ([(header::CONTENT_TYPE, served.content_type)], served.body.clone()).into_response()
    };
    let mut set = |name, value: &str| {
        if let Ok(value) = HeaderValue::from_str(value) {
            response.headers_mut().insert(name, value);
        }
    };
    set(header::ETAG, &served.etag);
    set(header::CACHE_CONTROL, "no-cache");
    if let Some(policy) = &served.policy {
        set(header::CONTENT_SECURITY_POLICY, policy);
    }
    response
}

fn page_policy() -> String {
    use base64::Engine;
    let hash = base64::engine::general_purpose::STANDARD.encode(Sha256::digest(STYLE));
    format!("default-src 'none'; style-src 'sha256-{hash}'; frame-ancestors 'none'; base-uri 'none'")
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    [
        &mut item.get,
        &mut item.post,
        &mut item.put,
        &mut item.patch,
        &mut item.delete,
    ]
    .into_iter()
    .flatten()
}

/// Every `{name}` of a path is a parameter, whether or not the handler says so itself.
fn add_path_parameters(path: &str, operation: &mut Operation) {
    let names = path
        .split('/')
        .filter_map(|segment| segment.strip_prefix('{')?.strip_suffix('}'));
    let parameters = operation.parameters.get_or_insert_default();
    for name in names {
        let is_named =
            |parameter: &RefOr<Parameter>| matches!(parameter, RefOr::T(parameter) if parameter.name == name);
        if !parameters.iter().any(is_named) {
            let description = if name == "project" {
                "The project's id or slug."
            } else {
                "An id."
            };
            let text = ObjectBuilder::new().schema_type(Type::String);
            let parameter = ParameterBuilder::new()
                .name(name)
                .parameter_in(ParameterIn::Path)
                .required(Required::True);
            parameters.push(
                parameter
                    .description(Some(description))
                    .schema(Some(text))
                    .build()
                    .into(),
            );
        }
    }
}

fn error_response() -> utoipa::openapi::Response {
    let body = Content::new(Some(Ref::from_schema_name(ErrorEnvelope::name())));
    ResponseBuilder::new()
        .description("What went wrong.")
        .content("application/json", body)
        .build()
}

/// The document as a page: operations by tag, each with its parameters, body and answer.
fn page(document: &OpenApi) -> String {
    let json = serde_json::to_value(document).unwrap_or_default();
    let mut by_tag: std::collections::BTreeMap<String, String> = Default::default();
    for (path, item) in json["paths"].as_object().into_iter().flatten() {
        for (method, operation) in item.as_object().into_iter().flatten() {
            let tag = operation["tags"][0].as_str().unwrap_or("other").to_owned();
            let details = serde_json::to_string_pretty(operation).unwrap_or_default();
            let summary = operation["summary"].as_str().unwrap_or_default();
            by_tag.entry(tag).or_default().push_str(&format!(
                "<details><summary><span class=m>{}</span> <code>{}</code> {}</summary><pre>{}</pre></details>",
                escape(&method.to_uppercase()),
                escape(path),
                escape(summary),
                escape(&details)
            ));
        }
    }
    let mut sections = String::new();
    for (tag, operations) in by_tag {
        sections.push_str(&format!("<h2>{}</h2>{operations}", escape(&tag)));
    }
    let schemas = serde_json::to_string_pretty(&json["components"]["schemas"]).unwrap_or_default();
    format!(
        "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content='width=device-width'><title>GoSight API</title>\
         <style>{STYLE}</style><h1>GoSight API</h1><p>{} <a href=openapi.json>openapi.json</a></p>{sections}\
         <h2>Schemas</h2><details><summary>all of them</summary><pre>{}</pre></details></html>",
        escape(document.info.description.as_deref().unwrap_or_default()),
        escape(&schemas)
    )
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}
