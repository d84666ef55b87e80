//! One error enum, one mapping to an answer.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use gosight_store::analytics::{AnalyticsError, RangeError};
use gosight_store::meta::MetaError;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

/// Why a request was not answered with success. The text of a variant is for people.
#[derive(Debug, thiserror::Error)]
pub enum ApiError {
    #[error("{0}")]
    Unauthorized(&'static str),
    #[error("{0}")]
    Forbidden(&'static str),
    /// Also for what the caller may not know to exist.
    #[error("{0} not found")]
    NotFound(&'static str),
    /// `details` names the fields, where that is known.
    #[error("{message}")]
    Validation { message: String, details: Option<Value> },
    #[error("{0}")]
    Conflict(&'static str),
    #[error("too many requests; try again in {retry_after_s} s")]
    RateLimited { retry_after_s: u64 },
    /// What went wrong is logged; the client only learns that something did.
    #[error("something went wrong on our side")]
    Internal(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl ApiError {
    /// A field and what is wrong with it.
    pub fn invalid(field: &str, reason: impl Into<String>) -> Self {
        let reason = reason.into();
        let message = format!("{field}: {reason}");
        Self::Validation {
            message,
            details: Some(serde_json::json!({ "field": field, "reason": reason })),
        }
    }

    pub fn internal(error: impl std::error::Error + Send + Sync + 'static) -> Self {
        Self::Internal(Box::new(error))
    }

    pub fn code(&self) -> &'static str {
        self.parts().1
    }

    fn parts(&self) -> (StatusCode, &'static str) {
        match self {
            Self::Unauthorized(_) => (StatusCode::UNAUTHORIZED, "UNAUTHORIZED"),
            Self::Forbidden(_) => (StatusCode::FORBIDDEN, "FORBIDDEN"),
            Self::NotFound(_) => (StatusCode::NOT_FOUND, "NOT_FOUND"),
            Self::Validation { .. } => (StatusCode::BAD_REQUEST, "VALIDATION_ERROR"),
            Self::Conflict(_) => (StatusCode::CONFLICT, "CONFLICT"),
            Self::RateLimited { .. } => (StatusCode::TOO_MANY_REQUESTS, "RATE_LIMITED"),
            Self::Internal(_) => (StatusCode::INTERNAL_SERVER_ERROR, "INTERNAL_ERROR"),
        }
    }
}

/// The body of every answer that is not a success.
#[derive(Serialize, ToSchema)]
pub struct ErrorEnvelope {
    /// Always `false`.
    pub success: bool,
    pub error: ErrorBody,
}

#[derive(Serialize, ToSchema)]
pub struct ErrorBody {
    /// `UNAUTHORIZED`, `FORBIDDEN`, `NOT_FOUND`, `VALIDATION_ERROR`, `CONFLICT`, `RATE_LIMITED` or `INTERNAL_ERROR`.
    pub code: &'static str,
    /// For people.
    pub message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub details: Option<Value>,
}

impl From<ApiError> for ErrorBody {
    fn from(error: ApiError) -> Self {
        let (code, message) = (error.code(), error.to_string());
        let details = match error {
            ApiError::Validation { details, .. } => details,
            _ => None,
        };
        Self { code, message, details }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let (status, _) = self.parts();
        if let Self::Internal(source) = &self {
            tracing::error!(error = %source, "a request failed");
        }
        let retry_after_s = match self {
            Self::RateLimited { retry_after_s } => Some(retry_after_s),
            _ => None,
        };
        let mut response = (
            status,
            Json(ErrorEnvelope {
                success: false,
                error: self.into(),
            }),
        )
            .into_response();
        if let Some(seconds) = retry_after_s {
            response
                .headers_mut()
                .insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

impl From<MetaError> for ApiError {
    fn from(error: MetaError) -> Self {
        match error {
            MetaError::NotFound(what) => Self::NotFound(what),
            MetaError::Conflict(why) => Self::Conflict(why),
            other => Self::internal(other),
        }
    }
}

impl From<AnalyticsError> for ApiError {
    fn from(error: AnalyticsError) -> Self {
        match error {
            AnalyticsError::TooExpensive(_) => Self::invalid(
                "start",
                "this range is too much for one question; ask for a shorter one",
            ),
            other => Self::internal(other),
        }
    }
}

impl From<RangeError> for ApiError {
    fn from(error: RangeError) -> Self {
        Self::invalid("end", error.to_string())
    }
}
