//! The live socket: what each tick changed in one project, pushed as it happens, without a query.
//!
//! A connection authenticates with its first message, subscribes to topics, and gets every tick of the live bus that touches its project; of a
//! session that it follows it is told when there is more of its recording;
//! at least every 1.5 seconds it gets a heartbeat that says how far the views are complete. Each connection reads the bus on its own: one
//! that is slow is told how many ticks it lost (`lagged`) and holds up nobody. It ends when the sign-in or the membership ends.

mod connection;
mod message;

use axum::extract::ws::WebSocketUpgrade;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::{FromRequestParts, Request, State};
use axum::response::Response;
use serde::Deserialize;

use crate::access::{AsViewer, ProjectScope, is_same_origin};
use crate::{Api, ApiError, InPath};

/// Bytes of a message from a client: a token or a list of topics.
const MESSAGE_BYTES_MAX: usize = 4096;

#[derive(Deserialize)]
struct LivePath {
    project: String,
}

/// Live updates over a WebSocket: send `{"type": "authenticate", "token": …}`, then `{"type": "subscribe", "topics": […]}`; `{"type": "follow", "session_id": …}` tells of its recording
#[utoipa::path(get, path = "/projects/{project}/live", operation_id = "open_live", tag = "live", responses((status = 101, description = "A WebSocket.")))]
pub(crate) async fn live(State(api): State<Api>, request: Request) -> Result<Response, ApiError> {
    let (mut parts, _) = request.into_parts();
    let upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection> =
        WebSocketUpgrade::from_request_parts(&mut parts, &api).await;
    let Ok(upgrade) = upgrade else {
        // Whoever may not see the project does not even learn how to ask.
        ProjectScope::<AsViewer>::from_request_parts(&mut parts, &api).await?;
        return Err(ApiError::Validation {
            message: "this route is a WebSocket".into(),
            details: None,
        });
    };
    if !is_same_origin(&api.config().public_url, &parts.headers, &parts.uri) {
        return Err(ApiError::Forbidden(
            "a live connection must come from the dashboard itself",
        ));
    }
    let permit = api
        .live_connections()
        .try_acquire_owned()
        .map_err(|_| ApiError::RateLimited { retry_after_s: 5 })?;
    let InPath(LivePath { project }) = InPath::from_request_parts(&mut parts, &api).await?;
    Ok(upgrade
        .max_message_size(MESSAGE_BYTES_MAX)
        .max_frame_size(MESSAGE_BYTES_MAX)
        .on_upgrade(move |socket| async move {
            connection::run(api, project, socket).await;
            drop(permit);
        }))
}
