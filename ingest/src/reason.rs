//! Why something was not taken: a [`Reason`] concerns one event, a [`Refusal`] a whole batch.

use std::time::Duration;

/// Why one event was rejected; the rest of its batch goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Reason {
    MissingId,
    MissingPayload,
    UnknownType,
    BadPageIndex,
    BadSessionId,
    TimeOutOfRange,
    RawValue,
    BlockedUrl,
    EventTooLarge,
    Malformed,
}

impl Reason {
    /// The word in the answer and in the metrics.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::MissingId => "missing_id",
            Self::MissingPayload => "missing_payload",
            Self::UnknownType => "unknown_type",
            Self::BadPageIndex => "bad_page_index",
            Self::BadSessionId => "bad_session_id",
            Self::TimeOutOfRange => "time_out_of_range",
            Self::RawValue => "raw_value",
            Self::BlockedUrl => "blocked_url",
            Self::EventTooLarge => "event_too_large",
            Self::Malformed => "malformed",
        }
    }
}

/// Why a whole batch was refused. The text is for people and never repeats what the client sent.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refusal {
    #[error("{0}")]
    Malformed(&'static str),
    #[error("the project key is unknown or revoked")]
    Unauthenticated,
    #[error("this origin is not among the project's allowed domains")]
    ForbiddenOrigin,
    #[error("nothing more of the body came for {} s", gosight_proto::limits::BODY_CHUNK_TIME_MS_MAX / 1000)]
    Timeout,
    #[error("{0}")]
    TooLarge(&'static str),
    #[error("more than {max} {what} at once")]
    TooMany { what: &'static str, max: usize },
    #[error("this key sends more events per second than it may")]
    RateLimited { retry_after: Duration },
    #[error("{reason}; try again later")]
    Unavailable { reason: String, retry_after: Duration },
}

impl Refusal {
    /// The word in the answer and in the metrics.
    pub(crate) const fn code(&self) -> &'static str {
        match self {
            Self::Malformed(_) => "malformed",
            Self::Unauthenticated => "unauthenticated",
            Self::ForbiddenOrigin => "forbidden_origin",
            Self::Timeout => "timeout",
            Self::TooLarge(_) => "too_large",
            Self::TooMany { .. } => "too_many",
            Self::RateLimited { .. } => "rate_limited",
            Self::Unavailable { .. } => "unavailable",
        }
    }

    pub(crate) const fn http_status(&self) -> u16 {
        match self {
            Self::Malformed(_) | Self::TooMany { .. } => 400,
            Self::Unauthenticated => 401,
            Self::ForbiddenOrigin => 403,
            Self::Timeout => 408,
            Self::TooLarge(_) => 413,
            Self::RateLimited { .. } => 429,
            Self::Unavailable { .. } => 503,
        }
    }

    pub(crate) const fn grpc_code(&self) -> tonic::Code {
        match self {
            Self::Malformed(_) | Self::TooMany { .. } | Self::TooLarge(_) => tonic::Code::InvalidArgument,
            Self::Unauthenticated => tonic::Code::Unauthenticated,
            Self::ForbiddenOrigin => tonic::Code::PermissionDenied,
            Self::Timeout => tonic::Code::DeadlineExceeded,
            Self::RateLimited { .. } => tonic::Code::ResourceExhausted,
            Self::Unavailable { .. } => tonic::Code::Unavailable,
        }
    }

    /// Whole seconds, at least one, when another try makes sense.
    pub(crate) fn retry_after_s(&self) -> Option<u64> {
        match self {
            Self::RateLimited { retry_after } | Self::Unavailable { retry_after, .. } => {
                Some((retry_after.as_secs() + u64::from(retry_after.subsec_nanos() > 0)).max(1))
            }
            _ => None,
        }
    }
}
