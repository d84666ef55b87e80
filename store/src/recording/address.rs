//! Addresses. What a browser could fetch or follow becomes `asset:ADDRESS`: a scheme that no browser knows.

use std::borrow::Cow;

use super::drawing;

/// Before every address that was one.
pub(super) const ASSET: &str = "asset:";

/// The types whose bytes may stand in a page: pictures and fonts that can hold no code. A drawing is a document.
const BYTES_OF: [&str; 18] = [
    "application/font-woff",
    "application/font-woff2",
    "application/x-font-otf",
    "application/x-font-ttf",
    "application/x-font-woff",
    "font/collection",
    "font/otf",
    "font/sfnt",
    "font/ttf",
    "font/woff",
    "font/woff2",
    "image/avif",
    "image/bmp",
    "image/gif",
    "image/jpeg",
    "image/jpg",
    "image/png",
    "image/webp",
];

/// Schemes whose rest is code or a document, not a place: the rest goes.
const CODE: [&str; 4] = ["data", "javascript", "livescript", "vbscript"];
const CODE_CHARS_MAX: usize = "javascript".len();

/// The address as inert text. `is_code` says whether it held code or a document.
pub(super) struct Inert<'a> {
    pub(super) text: Cow<'a, str>,
    pub(super) is_code: bool,
}

pub(super) fn inert(address: &str) -> Inert<'_> {
    let kept = |text| Inert { text, is_code: false };
    let code = |scheme| Inert {
        text: format!("{ASSET}{scheme}:").into(),
        is_code: true,
    };
    // As browsers do before they read a scheme.
    let trimmed = address.trim_matches(|it: char| it <= ' ');
    if trimmed.is_empty() || trimmed.starts_with('#') || is_bytes(trimmed) {
        return kept(trimmed.into());
    }
    let (bare, is_inert) = match trimmed.strip_prefix(ASSET) {
        Some(bare) => (bare, true),
        None => (trimmed, false),
    };
    // Kept as text, for the player to show as a picture and only so.
    let is_drawing = drawing::is_address(bare);
    if is_drawing && !drawing::is_harmless_address(bare) {
        code("data")
    } else if is_inert {
        kept(trimmed.into())
    } else if let Some(scheme) = code_scheme(trimmed).filter(|_| !is_drawing) {
        code(scheme)
    } else {
        kept(format!("{ASSET}{trimmed}").into())
    }
}

/// `data:` with the bytes of a picture or font and nothing else. Base64 alone: such an address means the same in HTML, CSS and JSON.
pub(super) fn is_bytes(address: &str) -> bool {
    let Some((head, body)) = strip_prefix(address, "data:").and_then(|it| it.split_once(',')) else {
        return false;
    };
    let mut parts = head.split(';');
    let is_known = parts.next().is_some_and(is_bytes_type);
    let mut parts = parts.rev();
    let is_base64 = parts.next().is_some_and(|it| it.eq_ignore_ascii_case("base64"));
    let is_plain = |it: &str| it.bytes().all(|it| it.is_ascii_alphanumeric() || b"=-_.".contains(&it));
    is_known
        && is_base64
        && parts.all(is_plain)
        && body
            .bytes()
            .all(|it| it.is_ascii_alphanumeric() || b"+/=%".contains(&it))
}

pub(super) fn is_bytes_type(mime: &str) -> bool {
    BYTES_OF.iter().any(|it| it.eq_ignore_ascii_case(mime))
}

/// Browsers skip tabs and line ends within a scheme; more is skipped here, to be on the safe side.
fn code_scheme(address: &str) -> Option<&'static str> {
    let scheme: String = address
        .chars()
        .filter(|it| !it.is_control() && !it.is_whitespace())
        .take_while(|it| *it != ':')
        .take(CODE_CHARS_MAX + 1)
        .collect();
    CODE.into_iter()
        .find(|it| it.eq_ignore_ascii_case(&scheme) && address.contains(':'))
}

pub(super) fn strip_prefix<'a>(text: &'a str, prefix: &str) -> Option<&'a str> {
    let (head, rest) = text.split_at_checked(prefix.len())?;
    head.eq_ignore_ascii_case(prefix).then_some(rest)
}

/// The candidates of a `srcset`, each made inert.
pub(super) fn inert_set(candidates: &str, is_code: &mut bool) -> String {
    let mut out = String::with_capacity(candidates.len() + 16);
    let mut rest = candidates;
    loop {
        rest = rest.trim_start_matches(|it: char| it.is_ascii_whitespace() || it == ',');
        if rest.is_empty() {
            return out;
        }
        let end = rest.find(|it: char| it.is_ascii_whitespace()).unwrap_or(rest.len());
        let (address, after) = rest.split_at(end);
        let alone = address.trim_end_matches(',');
        // A comma right after the address ends the candidate; otherwise a descriptor follows up to the next comma.
        let (descriptor, after) = if alone.len() < address.len() {
            ("", after)
        } else {
            after.split_once(',').unwrap_or((after, ""))
        };
        let inert = inert(alone);
        *is_code |= inert.is_code;
        rest = after;
        // What stood behind a comma may have been no character.
        let inert = inert.text.trim_end_matches(',');
        if inert.is_empty() {
            continue;
        }
        if !out.is_empty() {
            out.push_str(", ");
        }
        out.push_str(inert);
        let descriptor = descriptor.trim_ascii();
        if !descriptor.is_empty()
            && descriptor
                .bytes()
                .all(|it| it.is_ascii_alphanumeric() || b" .".contains(&it))
        {
            out.push(' ');
            out.push_str(descriptor);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(address: &str) -> String {
        inert(address).text.into_owned()
    }

    #[test]
    fn what_a_browser_could_fetch_becomes_text() {
        assert_eq!(text(" https://a.example/x y "), "asset:https://a.example/x y");
        assert_eq!(text("//a.example"), "asset://a.example");
        assert_eq!(text("x.png"), "asset:x.png");
        assert_eq!(text("mailto:a@a.example"), "asset:mailto:a@a.example");
        assert_eq!(text("blob:https://a.example/1"), "asset:blob:https://a.example/1");
        assert_eq!(text("data:image/svg+xml,<svg/>"), "asset:data:image/svg+xml,<svg/>");
    }

    #[test]
    fn what_leads_nowhere_stays() {
        assert_eq!(text("#top"), "#top");
        assert_eq!(text("asset:https://a.example"), "asset:https://a.example");
        assert_eq!(text("data:image/png;base64,AAAA="), "data:image/png;base64,AAAA=");
        assert_eq!(
            text("DATA:font/woff2;charset=utf-8;BASE64,AA+/"),
            "DATA:font/woff2;charset=utf-8;BASE64,AA+/"
        );
    }

    #[test]
    fn code_and_documents_go() {
        assert_eq!(text("java\tscript:alert(1)"), "asset:javascript:");
        assert_eq!(text("\u{1}JavaScript&colon;"), "asset:JavaScript&colon;");
        assert_eq!(text("data:text/html,<script>"), "asset:data:");
        assert_eq!(text("data:image/svg,<svg/>"), "asset:data:");
        assert_eq!(text("data:image/png,\");x:url(//a)"), "asset:data:");
        assert_eq!(text("data:image/svg+xml,<svg onload='x()'/>"), "asset:data:");
        assert_eq!(text("asset:data:image/svg+xml,<svg onload='x()'/>"), "asset:data:");
        assert!(inert(" vbscript:x").is_code);
        assert!(!inert("https://a.example/javascript:").is_code);
    }

    #[test]
    fn every_candidate_of_a_set_is_made_inert() {
        let mut is_code = false;
        let once = inert_set("a.png, //b 2x,c.png 100w , javascript:x", &mut is_code);
        assert_eq!(once, "asset:a.png, asset://b 2x, asset:c.png 100w, asset:javascript:");
        assert!(is_code);
        assert_eq!(inert_set(&once, &mut false), once);
    }

    #[test]
    fn a_comma_before_what_is_no_character_ends_a_candidate() {
        assert_eq!(inert_set("a.png,\0", &mut false), "asset:a.png");
    }
}
