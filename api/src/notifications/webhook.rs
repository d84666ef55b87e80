//! Signed webhooks: one POST per transition, refused for addresses that are nobody's business.
//!
//! The body is JSON; `x-gosight-timestamp` is the time of sending in seconds; `x-gosight-signature` is
//! `sha256=` + hex of HMAC-SHA256 with the channel's secret over `timestamp.body`; `x-gosight-delivery` is the delivery's id, the same
//! on every retry. Any 2xx is a success. Redirects are not followed.
//!
//! The address is resolved and judged at *send* time and the request goes to exactly that address, so that a name
//! which changes its mind between check and use (DNS rebinding) gains nothing.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use hmac::{Hmac, Mac};
use reqwest::redirect::Policy;
use sha2::Sha256;
use thiserror::Error;
use url::{Host, Url};

/// A receiver that has not answered by then is tried again later.
const TIMEOUT: Duration = Duration::from_secs(10);
/// How much of a refusal is kept for the delivery log.
const REFUSAL_CHARS_MAX: usize = 200;

#[derive(Debug, Error)]
pub enum WebhookError {
    #[error("the url is not one a webhook can go to: {0}")]
    Url(String),
    #[error("{0} is a private or reserved address; webhooks go to public ones only")]
    PrivateAddress(IpAddr),
    #[error("{host} could not be resolved: {reason}")]
    Unresolved { host: String, reason: String },
    #[error("the receiver answered {status}: {text}")]
    Refused { status: u16, text: String },
    #[error("the receiver could not be reached: {0}")]
    Unreachable(#[from] reqwest::Error),
}

impl WebhookError {
    /// Whether trying again later can help.
    pub fn is_retriable(&self) -> bool {
        match self {
            Self::Url(_) | Self::PrivateAddress(_) => false,
            Self::Refused { status, .. } => *status >= 500 || matches!(status, 408 | 425 | 429),
            Self::Unresolved { .. } | Self::Unreachable(_) => true,
        }
    }
}

/// Where webhooks may go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    Public,
    /// For a network one trusts, and for tests.
    Anywhere,
}

/// One webhook to send.
#[derive(Clone, Copy, Debug)]
pub struct Webhook<'a> {
    pub url: &'a str,
    pub secret: &'a str,
    pub delivery_id: &'a str,
    /// JSON text.
    pub body: &'a str,
    pub now_s: i64,
}

pub async fn send(webhook: Webhook<'_>, reach: Reach) -> Result<(), WebhookError> {
    let url = parse(webhook.url)?;
    let address = resolve(&url, reach).await?;
    let host = url.host_str().unwrap_or_default();
    let client = reqwest::Client::builder()
        .redirect(Policy::none())
        .no_proxy()
        .timeout(TIMEOUT)
        .resolve(host, address)
        .build()?;
    let answer = client
        .post(url.clone())
        .header("content-type", "application/json")
        .header("x-gosight-timestamp", webhook.now_s)
        .header(
            "x-gosight-signature",
            signature(webhook.secret, webhook.now_s, webhook.body),
        )
        .header("x-gosight-delivery", webhook.delivery_id)
        .body(webhook.body.to_owned())
        .send()
        .await?;
    if answer.status().is_success() {
        return Ok(());
    }
    let status = answer.status().as_u16();
    Err(WebhookError::Refused {
        status,
        text: first_words(answer).await,
    })
}

/// A url that a webhook can go to, judged when it is saved and again when it is used.
pub fn parse(text: &str) -> Result<Url, WebhookError> {
    let url = Url::parse(text).map_err(|error| WebhookError::Url(error.to_string()))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(WebhookError::Url(format!(
            "its scheme is {}, not http or https",
            url.scheme()
        )));
    }
    if url.host().is_none() || !url.username().is_empty() || url.password().is_some() {
        return Err(WebhookError::Url(
            "it needs a host and no user name or password".to_owned(),
        ));
    }
    Ok(url)
}

/// `sha256=` and the hex of the signature over `timestamp.body`.
pub fn signature(secret: &str, timestamp_s: i64, body: &str) -> String {
    // HMAC takes keys of any length, so this cannot fail; an empty signature would be refused by the receiver.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) else {
        return String::new();
    };
    mac.update(format!("{timestamp_s}.{body}").as_bytes());
    format!("sha256={}", hex::encode(mac.finalize().into_bytes()))
}

async fn resolve(url: &Url, reach: Reach) -> Result<SocketAddr, WebhookError> {
    let port = url.port_or_known_default().unwrap_or(443);
    let addresses: Vec<SocketAddr> = match url.host() {
        Some(Host::Ipv4(ip)) => vec![(ip, port).into()],
        Some(Host::Ipv6(ip)) => vec![(ip, port).into()],
        Some(Host::Domain(name)) => lookup(name, port).await?,
        None => return Err(WebhookError::Url("it has no host".to_owned())),
    };
    // One private address among public ones is an attack, not an accident.
    if reach == Reach::Public
        && let Some(private) = addresses.iter().map(SocketAddr::ip).find(|ip| !is_public(*ip))
    {
        return Err(WebhookError::PrivateAddress(private));
    }
    addresses.first().copied().ok_or_else(|| WebhookError::Unresolved {
        host: url.host_str().unwrap_or_default().to_owned(),
        reason: "it has no address".to_owned(),
    })
}

async fn lookup(name: &str, port: u16) -> Result<Vec<SocketAddr>, WebhookError> {
    match tokio::net::lookup_host((name, port)).await {
        Ok(addresses) => Ok(addresses.collect()),
        Err(error) => Err(WebhookError::Unresolved {
            host: name.to_owned(),
            reason: error.to_string(),
        }),
    }
}

async fn first_words(answer: reqwest::Response) -> String {
    // One chunk is enough for a person to see what is wrong, and bounds what a hostile receiver can make us read.
    let mut answer = answer;
    match answer.chunk().await {
        Ok(Some(chunk)) => String::from_utf8_lossy(&chunk)
            .chars()
            .take(REFUSAL_CHARS_MAX)
            .collect(),
        Ok(None) | Err(_) => String::new(),
    }
}

/// Whether an address belongs to the public internet (IANA's special-purpose registries left out).
pub fn is_public(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => is_public_v4(ip),
        IpAddr::V6(ip) => is_public_v6(ip),
    }
}

fn is_public_v4(ip: Ipv4Addr) -> bool {
    let [a, b, c, _] = ip.octets();
    let special = ip.is_private()
        || ip.is_loopback()
        || ip.is_link_local()
        || ip.is_multicast()
        || ip.is_documentation()
        || a == 0
        || a >= 240
        || (a == 100 && (64..128).contains(&b))
        || (a == 192 && b == 0 && c == 0)
        || (a == 192 && b == 88 && c == 99)
        || (a == 198 && (18..20).contains(&b));
    !special
}

fn is_public_v6(ip: Ipv6Addr) -> bool {
    if let Some(v4) = ip.to_ipv4_mapped() {
        return is_public_v4(v4);
    }
    // Global unicast is 2000::/3; inside it, tunnels and documentation are not anybody's host.
    let [a, b, ..] = ip.segments();
    let is_global_unicast = a & 0xe000 == 0x2000;
    let is_special = matches!((a, b), (0x2001, 0..0x0200 | 0x0db8) | (0x2002 | 0x3fff, _));
    is_global_unicast && !is_special
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn private_and_reserved_addresses_are_not_public() {
        let private = "0.0.0.0 10.1.2.3 100.64.0.1 127.0.0.1 169.254.169.254 172.16.0.1 192.168.1.1 192.0.0.8 198.18.0.1 224.0.0.1 \
                       240.0.0.1 255.255.255.255 ::1 :: fc00::1 fe80::1 ff02::1 ::ffff:127.0.0.1 ::ffff:10.0.0.1 64:ff9b::a00:1 \
                       2001:db8::1 2001::1 2002:7f00:1::";
        for ip in private.split_whitespace() {
            assert!(!is_public(ip.parse().unwrap()), "{ip}");
        }
        for ip in ["1.1.1.1", "93.184.216.34", "2606:4700::1111", "::ffff:1.1.1.1"] {
            assert!(is_public(ip.parse().unwrap()), "{ip}");
        }
    }

    #[test]
    fn a_url_with_another_scheme_or_a_password_is_refused() {
        for url in [
            "ftp://example.com/",
            "file:///etc/passwd",
            "http://user:secret@example.com/",
            "nonsense",
        ] {
            assert!(matches!(parse(url), Err(WebhookError::Url(_))), "{url}");
        }
        assert!(parse("https://example.com/hook?x=1").is_ok());
    }

    /// The expected value was computed with `openssl dgst -sha256 -hmac`.
    #[test]
    fn the_signature_is_hmac_sha256_over_timestamp_and_body() {
        assert_eq!(
            signature("secret", 1_732_330_000, r#"{"a":1}"#),
            "sha256=4755cda3ec7bba668fb785d11b75fb44d16cc03496aa266f4c631d2373300fab"
        );
    }

    #[tokio::test]
    async fn it_refuses_a_private_address_when_it_sends() {
        for url in [
            "http://127.0.0.1:9/",
            "http://localhost:9/",
            "http://[::1]:9/",
            "http://2130706433/",
        ] {
            let webhook = Webhook {
                url,
                secret: "s",
                delivery_id: "d",
                body: "{}",
                now_s: 0,
            };
            let error = send(webhook, Reach::Public).await.unwrap_err();
            assert!(
                matches!(error, WebhookError::PrivateAddress(_)) && !error.is_retriable(),
                "{url}: {error}"
            );
        }
    }
}
