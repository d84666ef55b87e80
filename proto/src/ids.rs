//! Ids of events, sessions, page views and projects: 128 bits inside, a UUID in lower-case text on every surface.

use uuid::Uuid;

/// Length of the one accepted text form: 32 hexadecimal digits and 4 hyphens.
pub const TEXT_LEN: usize = 36;

/// Reads the hyphenated form, in any case; anything else (braces, no hyphens, `urn:uuid:`) is not an id.
/// The number is big-endian, so that number order is text order.
pub fn parse(text: &str) -> Option<u128> {
    if text.len() != TEXT_LEN {
        return None;
    }
    Uuid::try_parse(text).ok().map(|id| id.as_u128())
}

/// The canonical form: hyphenated, lower case.
pub fn text(id: u128) -> String {
    Uuid::from_u128(id).hyphenated().to_string()
}

/// From the 16 bytes of a log record; none when there are not exactly 16.
pub fn from_bytes(bytes: &[u8]) -> Option<u128> {
    bytes.try_into().ok().map(u128::from_be_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOWER: &str = "0190163d-8694-739b-aea5-966c26f8ad91";

    #[test]
    fn text_of_any_case_is_one_id() {
        let id = parse(LOWER).unwrap();
        assert_eq!(parse(&LOWER.to_uppercase()), Some(id));
        assert_eq!(text(id), LOWER);
        assert_eq!(from_bytes(&id.to_be_bytes()), Some(id));
    }

    #[test]
    fn other_forms_are_not_ids() {
        for text in [
            "",
            "0190163d8694739baea5966c26f8ad91",
            "{0190163d-8694-739b-aea5-966c26f8ad9}",
            &LOWER.replace('9', "g"),
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn number_order_is_text_order() {
        let (low, high) = (
            "00000000-0000-0000-0000-0000000000ff",
            "01000000-0000-0000-0000-000000000000",
        );
        assert!(parse(low) < parse(high));
    }
}
