//! What names, addresses and domains must look like.

use chrono_tz::Tz;
use gosight_store::meta::Settings;
use uuid::Uuid;

use crate::ApiError;

const NAME_CHARS_MAX: usize = 100;
const EMAIL_BYTES_MAX: usize = 254;
const SLUG_BYTES_MAX: usize = 63;
const DOMAINS_MAX: usize = 100;
const DOMAIN_BYTES_MAX: usize = 253;
/// First segments of paths that are not projects.
const RESERVED_SLUGS: [&str; 11] = [
    "404", "api", "docs", "health", "index", "login", "metrics", "new", "ready", "register", "v1",
];

/// A name for people, trimmed.
pub(crate) fn name(field: &str, text: &str) -> Result<String, ApiError> {
    let text = text.trim();
    let fits = (1..=NAME_CHARS_MAX).contains(&text.chars().count()) && !text.chars().any(char::is_control);
    if fits {
        Ok(text.to_owned())
    } else {
        Err(ApiError::invalid(field, "must have 1 to 100 printable characters"))
    }
}

/// An e-mail address, in the one form it is stored in. Whether it exists only a message to it can tell.
pub(crate) fn email(text: &str) -> Result<String, ApiError> {
    let text = text.trim().to_lowercase();
    let has_parts = text
        .split_once('@')
        .is_some_and(|(local, domain)| !local.is_empty() && !domain.is_empty() && !domain.contains('@'));
    let is_plain = !text.chars().any(|c| c.is_whitespace() || c.is_control());
    if has_parts && is_plain && text.len() <= EMAIL_BYTES_MAX {
        Ok(text)
    } else {
        Err(ApiError::invalid("email", "must be an e-mail address"))
    }
}

/// A slug: what stands in the dashboard's addresses, so no other page's name and nothing that reads as an id.
pub(crate) fn slug(text: &str) -> Result<(), ApiError> {
    let is_word = text
        .bytes()
        .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    let fits = (1..=SLUG_BYTES_MAX).contains(&text.len()) && !text.starts_with('-') && !text.ends_with('-');
    if !is_word || !fits {
        return Err(ApiError::invalid(
            "slug",
            "must have 1 to 63 lower-case letters, digits and inner hyphens",
        ));
    }
    if RESERVED_SLUGS.contains(&text) || Uuid::try_parse(text).is_ok() {
        return Err(ApiError::invalid("slug", "is reserved"));
    }
    Ok(())
}

/// A slug made from a name; a suffix keeps it unique when asked to.
pub(crate) fn slug_of(name: &str, suffix: &str) -> String {
    let mut slug = String::new();
    for c in name.to_lowercase().chars() {
        if c.is_ascii_alphanumeric() {
            slug.push(c);
        } else if !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
    }
    slug.truncate(SLUG_BYTES_MAX - 10);
    let slug = slug.trim_end_matches('-');
    let slug = if slug.is_empty() || self::slug(slug).is_err() {
        format!("project-{slug}")
    } else {
        slug.to_owned()
    };
    let slug = slug.trim_end_matches('-');
    if suffix.is_empty() {
        slug.to_owned()
    } else {
        format!("{slug}-{suffix}")
    }
}

/// Hosts pages may send from: `example.com`, `*.example.com`, with a port if need be; in lower case.
pub(crate) fn allowed_domains(domains: &[String]) -> Result<Vec<String>, ApiError> {
    let refuse = |reason: &str| ApiError::invalid("allowed_domains", reason);
    if domains.len() > DOMAINS_MAX {
        return Err(refuse("has more than 100 entries"));
    }
    let host = |domain: &String| {
        let domain = domain.trim().to_lowercase();
        let bare = domain.strip_prefix("*.").unwrap_or(&domain);
        let is_host = bare
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b':' | b'[' | b']'));
        (is_host && !bare.is_empty() && domain.len() <= DOMAIN_BYTES_MAX).then_some(domain)
    };
    let checked: Option<Vec<String>> = domains.iter().map(host).collect();
    checked.ok_or_else(|| refuse("entries must be hosts like example.com, *.example.com or localhost:3000"))
}

/// The project's zone must be one we know the days of.
pub(crate) fn timezone(settings: &Settings) -> Result<(), ApiError> {
    match settings.timezone.0.parse::<Tz>() {
        Ok(_) => Ok(()),
        Err(_) => Err(ApiError::invalid(
            "settings.timezone",
            "must be an IANA time zone, like Asia/Ho_Chi_Minh",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slug_made_from_any_name_is_a_slug() {
        for name in [
            "My Shop",
            "  ---  ",
            "Cửa hàng №1",
            "api",
            "0190163d-8694-739b-aea5-966c26f8ad91",
            &"x".repeat(100),
            "日本",
        ] {
            for suffix in ["", "a1b2"] {
                let made = slug_of(name, suffix);
                assert!(slug(&made).is_ok(), "{name} -> {made}");
            }
        }
        assert_eq!(slug_of("My  Shop!", ""), "my-shop");
    }

    #[test]
    fn pages_of_the_dashboard_and_ids_are_no_slugs() {
        for text in [
            "login",
            "api",
            "0190163d-8694-739b-aea5-966c26f8ad91",
            "Shop",
            "a b",
            "-a",
            "",
            "_",
        ] {
            assert!(slug(text).is_err(), "{text}");
        }
    }

    #[test]
    fn an_address_is_stored_in_one_form() {
        assert_eq!(email(" Ann@Example.COM ").unwrap(), "ann@example.com");
        for text in ["", "ann", "@x", "ann@", "a b@c", "a@b@c"] {
            assert!(email(text).is_err(), "{text}");
        }
    }

    #[test]
    fn domains_are_hosts() {
        let domains = ["Example.com", "*.example.com", "localhost:3000"].map(str::to_owned);
        assert_eq!(
            allowed_domains(&domains).unwrap(),
            ["example.com", "*.example.com", "localhost:3000"]
        );
        for domain in ["", "https://example.com", "a/b", "*"] {
            assert!(allowed_domains(&[domain.to_owned()]).is_err(), "{domain}");
        }
    }
}
