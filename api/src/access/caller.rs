//! The caller behind the bearer token.

use axum::extract::{FromRequestParts, OptionalFromRequestParts};
use axum::http::{HeaderMap, header, request::Parts};
use gosight_store::meta::{Login, ReadKey};

use super::tokens::Secret;
use crate::{Api, ApiError};

/// Who is asking. Found once per request by [`super::guard`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Caller {
    Person(Login),
    /// A program with a read key of one project.
    Key(ReadKey),
    Nobody,
}

impl Caller {
    /// A missing or wrong token is nobody; only a failing database is an error.
    pub async fn of(api: &Api, headers: &HeaderMap) -> Result<Self, ApiError> {
        match bearer(headers) {
            Some(token) => Self::of_token(api, token).await,
            None => Ok(Self::Nobody),
        }
    }

    pub async fn of_token(api: &Api, token: &str) -> Result<Self, ApiError> {
        // The lookup is by digest, so its timing says nothing about the token.
        let sha256 = Secret::sha256_of(token);
        if let Some(login) = api.meta().login(&sha256, api.now_ms()).await? {
            return Ok(Self::Person(login));
        }
        Ok(api.meta().read_key(&sha256).await?.map_or(Self::Nobody, Self::Key))
    }
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
}

/// A person with a valid access token.
#[derive(Clone, Copy, Debug)]
pub struct SignedIn(pub Login);

impl FromRequestParts<Api> for SignedIn {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _api: &Api) -> Result<Self, ApiError> {
        match parts.extensions.get::<Caller>() {
            Some(Caller::Person(login)) => Ok(Self(*login)),
            _ => Err(ApiError::Unauthorized("sign in first")),
        }
    }
}

impl OptionalFromRequestParts<Api> for SignedIn {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Option<Self>, Self::Rejection> {
        Ok(<Self as FromRequestParts<Api>>::from_request_parts(parts, api)
            .await
            .ok())
    }
}
