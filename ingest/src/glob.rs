//! Patterns that project owners write: hosts that may send, pages that may not be sent from.

use url::Url;

/// Whether an `Origin` header may send for a project with these allowed domains; an empty list allows all.
/// A domain is a host, a host with a port, or `*.host` for every subdomain; a scheme before it is ignored.
pub(crate) fn allows_origin(allowed_domains: &[String], origin: &str) -> bool {
    if allowed_domains.is_empty() {
        return true;
    }
    let Ok(origin) = Url::parse(origin) else {
        return false;
    };
    let Some(host) = origin.host_str() else {
        return false;
    };
    let host_and_port = origin.port().map(|port| format!("{host}:{port}"));
    allowed_domains.iter().any(|domain| {
        let domain = domain
            .split_once("://")
            .map_or(domain.as_str(), |(_, rest)| rest)
            .trim_end_matches('/');
        is_domain(domain, host) || host_and_port.as_deref().is_some_and(|host| is_domain(domain, host))
    })
}

fn is_domain(domain: &str, host: &str) -> bool {
    match domain.strip_prefix("*.") {
        Some(parent) => {
            host.len() > parent.len() + 1
                && host.as_bytes()[host.len() - parent.len() - 1] == b'.'
                && host[host.len() - parent.len()..].eq_ignore_ascii_case(parent)
        }
        None => domain == "*" || domain.eq_ignore_ascii_case(host),
    }
}

/// Whether a page is blocked. A pattern that begins with `/` is about the path, any other about the whole address, with or
/// without its query and fragment. `*` stands for any run of characters.
pub(crate) fn is_blocked(block_urls: &[String], url: &str, path: &str) -> bool {
    let bare = &url[..url.find(['?', '#']).unwrap_or(url.len())];
    let url_path = || Url::parse(url).map(|url| url.path().to_owned()).unwrap_or_default();
    block_urls.iter().any(|pattern| {
        if pattern.starts_with('/') {
            matches(pattern, path) || matches(pattern, &url_path())
        } else {
            matches(pattern, url) || matches(pattern, bare)
        }
    })
}

/// Glob match in O(pattern × text) at worst: after a mismatch, the last `*` takes one character more.
fn matches(pattern: &str, text: &str) -> bool {
    let (pattern, text) = (pattern.as_bytes(), text.as_bytes());
    let (mut p, mut t) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while t < text.len() {
        if pattern.get(p) == Some(&b'*') {
            star = Some((p, t));
            p += 1;
        } else if pattern.get(p) == Some(&text[t]) {
            p += 1;
            t += 1;
        } else if let Some((star_p, star_t)) = star {
            star = Some((star_p, star_t + 1));
            p = star_p + 1;
            t = star_t + 1;
        } else {
            return false;
        }
    }
    pattern[p..].iter().all(|byte| *byte == b'*')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(items: &[&str]) -> Vec<String> {
        items.iter().map(|item| (*item).to_owned()).collect()
    }

    #[test]
    fn origins_are_compared_by_host() {
        let allowed = list(&["shop.example", "*.example.com", "http://localhost:3000/"]);
        for origin in [
            "https://shop.example",
            "http://SHOP.example:8080",
            "https://a.b.example.com",
            "http://localhost:3000",
        ] {
            assert!(allows_origin(&allowed, origin), "{origin}");
        }
        for origin in [
            "https://example.com",
            "https://evil-example.com",
            "https://shop.example.evil",
            "http://localhost:4000",
            "null",
            "",
        ] {
            assert!(!allows_origin(&allowed, origin), "{origin}");
        }
        assert!(allows_origin(&[], "null"));
    }

    #[test]
    fn pages_are_blocked_by_path_or_by_address() {
        let blocked = |pattern: &str| {
            is_blocked(
                &list(&[pattern]),
                "https://shop.example/admin/users?id=1",
                "/admin/users",
            )
        };
        for pattern in [
            "/admin/*",
            "/admin/users",
            "*admin*",
            "https://shop.example/admin/users",
            "*://*/admin/*id=1",
        ] {
            assert!(blocked(pattern), "{pattern}");
        }
        for pattern in ["/admin", "admin", "*/cart*", "https://other.example/*"] {
            assert!(!blocked(pattern), "{pattern}");
        }
    }

    #[test]
    fn many_stars_stay_cheap() {
        assert!(!matches(&"*a".repeat(200), &"a".repeat(199)));
        assert!(matches("**", ""));
    }
}
