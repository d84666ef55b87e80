//! Bodies, queries and paths whose rejections speak the API's own language.

use std::time::Duration;

use axum::Json;
use axum::extract::rejection::{JsonRejection, QueryRejection};
use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request};
use axum::http::request::Parts;
use gosight_proto::limits::BODY_CHUNK_TIME_MS_MAX;
use serde::de::DeserializeOwned;

use crate::ApiError;

/// Bodies are small here: a whole one has the time that ingest gives to the next piece of one.
const BODY_TIME_MAX: Duration = Duration::from_millis(BODY_CHUNK_TIME_MS_MAX);

/// A JSON body, soon. Anything else is a `VALIDATION_ERROR`.
pub struct Body<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        let read = tokio::time::timeout(BODY_TIME_MAX, Json::<T>::from_request(request, state));
        let Ok(read) = read.await else {
            return Err(refused(format!(
                "the body did not come within {} s",
                BODY_TIME_MAX.as_secs()
            )));
        };
        match read {
            Ok(Json(body)) => Ok(Self(body)),
            Err(JsonRejection::MissingJsonContentType(_)) => Err(refused(
                "send JSON with the header Content-Type: application/json".into(),
            )),
            Err(rejection) => Err(refused(rejection.body_text())),
        }
    }
}

/// Query parameters.
pub struct Params<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Params<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let query = Query::<T>::from_request_parts(parts, state).await;
        let Query(params) = query.map_err(|rejection: QueryRejection| refused(rejection.body_text()))?;
        Ok(Self(params))
    }
}

/// Parameters of the path besides the project. One that cannot be an id names nothing.
pub struct InPath<T>(pub T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for InPath<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let path = Path::<T>::from_request_parts(parts, state).await;
        path.map(|Path(params)| Self(params))
            .map_err(|_| ApiError::NotFound("what this path names"))
    }
}

fn refused(message: String) -> ApiError {
    ApiError::Validation { message, details: None }
}
