//! What stands before every route: who is it, and not too often.

use std::net::IpAddr;
use std::time::Instant;

use axum::extract::{Request, State};
use axum::http::HeaderValue;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use uuid::Uuid;

use super::caller::Caller;
use super::limits::Taken;
use super::origin::peer_of;
use crate::{Api, ApiError};

/// Routes that share a rate limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Group {
    Auth,
    Manage,
    Analytics,
    /// A recording's runs of chunks and pictures: many small reads, which must not use up what the pages beside the player ask for.
    Replay,
    Alerts,
    Live,
}

/// Whose bucket it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Payer {
    User(Uuid),
    Key(Uuid),
    Address(IpAddr),
}

/// Finds the caller, keeps the limit of the group, and tells both to whom it concerns.
pub async fn guard(State((api, group)): State<(Api, Group)>, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    let caller = match Caller::of(&api, &parts.headers).await {
        Ok(caller) => caller,
        Err(error) => return error.into_response(),
    };
    let payer = match caller {
        Caller::Person(login) => Payer::User(login.user_id),
        Caller::Key(key) => Payer::Key(key.key_id),
        Caller::Nobody => Payer::Address(peer_of(&api, &parts)),
    };
    let taken = api.request_limits(group).take(&(group, payer), Instant::now());
    let mut response = if taken.is_allowed {
        parts.extensions.insert(caller);
        next.run(Request::from_parts(parts, body)).await
    } else {
        ApiError::RateLimited {
            retry_after_s: taken.retry_after_s,
        }
        .into_response()
    };
    tell(&mut response, taken);
    response
}

fn tell(response: &mut Response, taken: Taken) {
    let headers = response.headers_mut();
    headers.insert("x-ratelimit-limit", HeaderValue::from(taken.limit));
    headers.insert("x-ratelimit-remaining", HeaderValue::from(taken.remaining));
    headers.insert("x-ratelimit-reset", HeaderValue::from(taken.reset_s));
}
