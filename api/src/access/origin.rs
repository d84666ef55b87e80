//! Where a request comes from: its address, and whether a page of ours sent it.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use axum::extract::ConnectInfo;
use axum::http::{HeaderMap, Uri, header, request::Parts};

use crate::{Api, ApiError};

/// The client's address. Behind a trusted proxy, the last address that the proxy added to `X-Forwarded-For`.
pub fn peer_of(api: &Api, parts: &Parts) -> IpAddr {
    let direct = parts
        .extensions
        .get::<ConnectInfo<SocketAddr>>()
        .map(|ConnectInfo(peer)| peer.ip());
    let forwarded = || {
        let list = parts.headers.get("x-forwarded-for")?.to_str().ok()?;
        list.rsplit(',').next()?.trim().parse().ok()
    };
    let forwarded = if api.config().trusts_proxy { forwarded() } else { None };
    forwarded.or(direct).unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED))
}

/// Whether the `Origin` (if there is one) is this very server, as the client or as the configured public URL knows it.
pub fn is_same_origin(public_url: &str, headers: &HeaderMap, uri: &Uri) -> bool {
    let Some(origin) = headers.get(header::ORIGIN) else {
        return true;
    };
    let Ok(origin) = origin.to_str() else { return false };
    let host = headers
        .get(header::HOST)
        .and_then(|host| host.to_str().ok())
        .or(uri.authority().map(|a| a.as_str()));
    let is_host = |host: &str| {
        origin
            .split_once("://")
            .is_some_and(|(_, authority)| authority.eq_ignore_ascii_case(host))
    };
    host.is_some_and(is_host) || origin.eq_ignore_ascii_case(public_url.trim_end_matches('/'))
}

/// Refuses what another site's page sent. For requests that act by cookie alone; `SameSite=Strict` stands before it.
pub fn require_same_origin(api: &Api, headers: &HeaderMap, uri: &Uri) -> Result<(), ApiError> {
    let fetched_by_another_site = headers
        .get("sec-fetch-site")
        .is_some_and(|site| site != "same-origin" && site != "none");
    if fetched_by_another_site || !is_same_origin(&api.config().public_url, headers, uri) {
        return Err(ApiError::Forbidden("this request must come from the dashboard itself"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn is_ours(origin: Option<&'static str>) -> bool {
        let mut headers = HeaderMap::from_iter([(header::HOST, HeaderValue::from_static("127.0.0.1:8080"))]);
        headers.extend(origin.map(|origin| (header::ORIGIN, HeaderValue::from_static(origin))));
        is_same_origin("https://stats.example.com/", &headers, &Uri::from_static("/x"))
    }

    #[test]
    fn our_own_pages_and_programs_without_an_origin_are_ours() {
        assert!(is_ours(None));
        assert!(is_ours(Some("http://127.0.0.1:8080")));
        assert!(is_ours(Some("https://stats.example.com")));
    }

    #[test]
    fn other_sites_are_not() {
        for origin in [
            "null",
            "http://127.0.0.1:9090",
            "https://stats.example.com.evil.org",
            "https://evil.org/127.0.0.1:8080",
        ] {
            assert!(!is_ours(Some(origin)), "{origin}");
        }
    }
}
