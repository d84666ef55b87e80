//! The API: everything people and programs ask of an installation, and the files of the dashboard and the SDK.
//!
//! It answers from the store and from the live bus; it holds no SQL and derives no number of its own. All routes stand on this page,
//! in `all_routes`; each handler sits in `routes/`, one file per noun. Before every route stands [`access::guard`] (who is it,
//! and not too often); a handler gets a project only through [`access::ProjectScope`], which is where tenants are kept apart.
//! Answers share one envelope (`answer.rs`), errors one mapping (`error.rs`). Start with `routes/keys.rs`.

pub mod access;
mod answer;
mod bootstrap;
mod error;
mod extract;
mod files;
mod live;
pub mod notifications;
mod observe;
mod openapi;
mod page;
mod routes;
mod state;
mod views;
mod work;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::{from_fn, from_fn_with_state};
use tower_http::compression::CompressionLayer;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub use answer::{Answer, AnswerMeta, Envelope, Iso, parse_time_ms};
pub use bootstrap::{Bootstrap, BootstrapError, bootstrap};
pub use error::{ApiError, ErrorBody, ErrorEnvelope};
pub use extract::{Body, InPath, Params};
pub use page::PageParams;
pub use state::{Api, Config};

use access::{Group, guard};
use routes::{
    alerts, audit, auth, backdrops, heatmaps, insights, invitations, keys, members, overview, projects, replay,
    sessions,
};

/// Bytes of a request body: the largest is a project's settings.
const BODY_BYTES_MAX: usize = 256 * 1024;

/// Everything under `/api/v1`, the files of the SDK, and the dashboard for whatever is left.
pub fn router(api: Api) -> Router {
    observe::describe();
    let (document, routes) = document_and_router(api.clone());
    let unknown = || async { ApiError::NotFound("this route") };
    let routes = routes
        .merge(openapi::router(document))
        .fallback(unknown)
        .method_not_allowed_fallback(unknown)
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .layer(CompressionLayer::new());
    Router::new()
        .nest("/api/v1", routes)
        .fallback(files::serve)
        .layer(from_fn(observe::observe))
        .with_state(api)
}

/// The OpenAPI document of the routes: what `api/openapi.json` holds.
pub fn document() -> OpenApi {
    openapi::finish(all_routes(|_, routes| routes).split_for_parts().1)
}

fn document_and_router(api: Api) -> (OpenApi, Router<Api>) {
    let guarded =
        |group, routes: OpenApiRouter<Api>| routes.route_layer(from_fn_with_state((api.clone(), group), guard));
    let (router, document) = all_routes(guarded).split_for_parts();
    (openapi::finish(document), router)
}

/// All routes, by the group that shares a rate limit. Paths stand at the handlers, below `/api/v1`.
fn all_routes(guarded: impl Fn(Group, OpenApiRouter<Api>) -> OpenApiRouter<Api>) -> OpenApiRouter<Api> {
    OpenApiRouter::default()
        .merge(guarded(
            Group::Auth,
            OpenApiRouter::new()
                .routes(routes!(auth::setup))
                .routes(routes!(auth::register))
                .routes(routes!(auth::login))
                .routes(routes!(auth::refresh))
                .routes(routes!(auth::logout))
                .routes(routes!(auth::me))
                .routes(routes!(auth::change_password)),
        ))
        .merge(guarded(
            Group::Manage,
            OpenApiRouter::new()
                .routes(routes!(projects::list, projects::create))
                .routes(routes!(projects::get, projects::update, projects::delete))
                .routes(routes!(keys::list, keys::create))
                .routes(routes!(keys::revoke))
                .routes(routes!(members::list))
                .routes(routes!(members::set_role, members::remove))
                .routes(routes!(invitations::list, invitations::create))
                .routes(routes!(invitations::withdraw))
                .routes(routes!(invitations::accept))
                .routes(routes!(audit::list)),
        ))
        .merge(guarded(
            Group::Analytics,
            OpenApiRouter::new()
                .routes(routes!(overview::get))
                .routes(routes!(sessions::list))
                .routes(routes!(sessions::get))
                .routes(routes!(sessions::events))
                .routes(routes!(insights::list))
                .routes(routes!(heatmaps::get))
                .routes(routes!(heatmaps::pages))
                .routes(routes!(backdrops::get))
                .routes(routes!(replay::get)),
        ))
        .merge(guarded(
            Group::Replay,
            OpenApiRouter::new()
                .routes(routes!(replay::run))
                .routes(routes!(replay::asset)),
        ))
        .merge(guarded(
            Group::Alerts,
            OpenApiRouter::new()
                .routes(routes!(alerts::list, alerts::create))
                .routes(routes!(alerts::get, alerts::replace, alerts::change, alerts::delete))
                .routes(routes!(alerts::test))
                .routes(routes!(alerts::history))
                .routes(routes!(alerts::link))
                .routes(routes!(alerts::chats))
                .routes(routes!(alerts::unlink)),
        ))
        .merge(guarded(Group::Live, OpenApiRouter::new().routes(routes!(live::live))))
}
