//! The content security policy of a page: no script runs but our files and the inline scripts that the build itself wrote.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

/// Styles may be inline (charts size their bars); nothing is loaded from anywhere else; nobody frames us.
const REST: &str = "style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data: blob:; connect-src 'self'; \
worker-src 'self' blob:; frame-src 'self' blob:; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/// The policy of this page.
pub(super) fn of(page: &[u8]) -> String {
    let mut policy = String::from("default-src 'self'; script-src 'self'");
    for script in inline_scripts(&String::from_utf8_lossy(page)) {
        policy.push_str(&format!(" 'sha256-{}'", STANDARD.encode(Sha256::digest(script))));
    }
    policy + "; " + REST
}

/// The bodies of a page's `<script>` elements that have no `src`. The pages are our own build's, so a scan is enough.
fn inline_scripts(page: &str) -> impl Iterator<Item = &str> {
    page.split("<script").skip(1).filter_map(|element| {
        let (attributes, rest) = element.split_once('>')?;
        let (body, _) = rest.split_once("</script>")?;
        (!attributes.contains(" src=") && !body.is_empty()).then_some(body)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_inline_script_and_no_other_is_allowed() {
        let page = r#"<head><script src="/a.js" async=""></script><script>one()</script></head><script id="x">two("</b>")</script>"#;
        assert_eq!(inline_scripts(page).collect::<Vec<_>>(), ["one()", r#"two("</b>")"#]);
        let policy = of(page.as_bytes());
        assert_eq!(policy.matches("'sha256-").count(), 2);
        assert!(
            !policy
                .split(';')
                .any(|rule| rule.contains("script-src") && rule.contains("unsafe")),
            "{policy}"
        );
    }
}
