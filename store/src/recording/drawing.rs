//! Drawings (SVG) that are kept as pictures: judged whole, never changed.
//!
//! A drawing is a document that could hold anything. As a picture a browser runs nothing in it and loads nothing for it, and the player shows
//! it in no other way. All the same none is kept that holds a script, a handler, an address that leads out of it, or HTML. One with
//! words is not kept either: words are masked where the page has them as text, and here nobody could. What it is called (`title`, `desc`)
//! stays: a picture does not show it.

use std::borrow::Cow;

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use percent_encoding::percent_decode_str;
use quick_xml::events::{BytesStart, Event};
use quick_xml::{Reader, XmlVersion};

use super::attributes::{Meaning, meaning};
use super::{address, css, tags};

pub(super) const TYPE: &str = "image/svg+xml";
const PREFIX: &str = "data:image/svg+xml";
/// What its elements mean is up to a browser.
const NAMESPACES: [&str; 3] = [
    "http://www.w3.org/2000/svg",
    "http://www.w3.org/1999/xhtml",
    "http://www.w3.org/1998/Math/MathML",
];
/// As forgiving as browsers are.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// Whether the address has a drawing in it, harmless or not.
pub(super) fn is_address(address: &str) -> bool {
    address::strip_prefix(address, PREFIX).is_some()
}

/// Whether the drawing in this address is one that may be kept.
pub(super) fn is_harmless_address(address: &str) -> bool {
    bytes_in(address).is_some_and(|it| is_harmless(&it))
}

/// The drawing in an address. Of its parameters only `base64` counts: the player says itself that it is UTF-8.
fn bytes_in(address: &str) -> Option<Vec<u8>> {
    let (parameters, body) = address::strip_prefix(address, PREFIX)?.split_once(',')?;
    let parameters = parameters.trim_end();
    if !(parameters.is_empty() || parameters.starts_with(';')) {
        return None;
    }
    let body = body.split('#').next().unwrap_or_default();
    let body: String = body.chars().filter(|it| !"\t\r\n".contains(*it)).collect();
    let body: Vec<u8> = percent_decode_str(&body).collect();
    let last = parameters.rsplit(';').next().unwrap_or_default();
    if last.trim().eq_ignore_ascii_case("base64") {
        BASE64.decode(body.trim_ascii()).ok()
    } else {
        Some(body)
    }
}

/// Whether the document is a drawing and nothing else.
pub(super) fn is_harmless(document: &[u8]) -> bool {
    std::str::from_utf8(document).is_ok_and(|it| judge(it.trim_start_matches('\u{feff}')).is_some())
}

/// `None` as soon as something is found that may not be.
fn judge(document: &str) -> Option<()> {
    let mut reader = Reader::from_str(document);
    let mut has_root = false;
    let mut depth = 0_usize;
    // The text of a style comes in pieces, and means what they mean together.
    let mut style: Option<String> = None;
    loop {
        match reader.read_event().ok()? {
            Event::Start(_) | Event::Empty(_) if style.is_some() => return None,
            Event::Start(element) => {
                let name = judge_element(&element, has_root)?;
                has_root = true;
                depth += 1;
                style = (name == "style").then(String::new);
            }
            Event::Empty(element) => {
                judge_element(&element, has_root)?;
                has_root = true;
            }
            Event::End(_) => {
                depth -= 1;
                style.take().is_none_or(|it| is_quiet(&it)).then_some(())?;
            }
            Event::Text(text) => push(&mut style, &text),
            Event::CData(text) => push(&mut style, &text),
            Event::Comment(_) => {}
            Event::Decl(declared) => {
                let is_utf8 = |name: Cow<'_, [u8]>| name.eq_ignore_ascii_case(b"utf-8");
                declared
                    .encoding()
                    .is_none_or(|it| it.is_ok_and(is_utf8))
                    .then_some(())?;
            }
            // With a subset it could declare what the names in it stand for.
            Event::DocType(declared) => (!declared.contains(&b'[')).then_some(())?,
            Event::GeneralRef(_) => style.is_none().then_some(())?,
            Event::PI(note) => (!note.target().eq_ignore_ascii_case(b"xml-stylesheet")).then_some(())?,
            Event::Eof => return (has_root && depth == 0).then_some(()),
        }
    }
}

fn push(style: &mut Option<String>, text: &[u8]) {
    if let Some(style) = style {
        style.push_str(&String::from_utf8_lossy(text));
    }
}

/// The element's name, without a prefix.
fn judge_element(element: &BytesStart<'_>, has_root: bool) -> Option<String> {
    let name = std::str::from_utf8(element.name().into_inner())
        .ok()?
        .to_ascii_lowercase();
    let (prefix, local) = name.split_once(':').unwrap_or(("", &name));
    // Programs that draw leave notes to themselves in namespaces of their own.
    let is_note = has_root && !matches!(prefix, "" | "svg");
    let is_drawn = tags::is_drawn(local) && (has_root || local == "svg");
    (is_note || is_drawn).then_some(())?;
    for attribute in element.attributes() {
        let attribute = attribute.ok()?;
        let name = std::str::from_utf8(attribute.key.as_ref()).ok()?;
        let value = attribute.normalized_value(XmlVersion::Implicit1_0).ok()?;
        let is_harmless = match name.strip_prefix("xmlns:") {
            Some("svg") => true,
            Some(_) => !NAMESPACES.contains(&value.trim()),
            None => is_note || is_harmless_attribute(name, &value),
        };
        is_harmless.then_some(())?;
    }
    Some(local.to_owned())
}

fn is_harmless_attribute(name: &str, value: &str) -> bool {
    match meaning(name) {
        Meaning::Plain => true,
        Meaning::Style => is_quiet(value),
        Meaning::Animated => matches!(meaning(value.trim()), Meaning::Plain | Meaning::Style),
        // Programs break the lines of what they embed.
        Meaning::Address => value.starts_with('#') || address::is_bytes(&value.replace([' ', '\t', '\r', '\n'], "")),
        Meaning::Addresses | Meaning::Sheet | Meaning::Harmful | Meaning::Unknown => false,
    }
}

/// Whether the style asks for nothing outside of the drawing. A drawing within is refused before it is looked at: it could hold another,
/// and so on. Without a backslash nothing is spelled another way.
fn is_quiet(style: &str) -> bool {
    if style.contains('\\') || style.to_ascii_lowercase().contains(PREFIX) {
        return false;
    }
    let mut removed = 0;
    let cleaned = css::sheet(style, &mut removed);
    removed == 0 && !cleaned.contains(address::ASSET) && !cleaned.contains(css::GUARD)
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    /// The player's judge is tested by the same ones.
    const DRAWINGS: &str = include_str!("../../../tests/fixtures/drawings.json");

    #[derive(Deserialize)]
    struct Case {
        drawing: String,
        is_kept: bool,
    }

    #[test]
    fn a_drawing_is_kept_when_it_draws_and_does_nothing_else() {
        let cases: Vec<Case> = serde_json::from_str(DRAWINGS).unwrap();
        assert!(cases.len() > 50);
        for Case { drawing, is_kept } in cases {
            assert_eq!(is_harmless(drawing.as_bytes()), is_kept, "{drawing}");
        }
        assert!(!is_harmless(b"<svg>\xff</svg>"));
    }

    #[test]
    fn drawings_within_drawings_are_not_followed() {
        let (mut opening, mut closing) = (String::new(), String::new());
        let (mut outer, mut inner) = ("'".to_owned(), "\"".to_owned());
        for level in 0..400 {
            opening.push_str(&format!("<svg by={outer}url({inner}data:image/svg+xml,"));
            closing.insert_str(0, &format!("{inner}){outer}/>"));
            (outer, inner) = match level {
                0 => ("%27".to_owned(), "%22".to_owned()),
                _ => (outer.replace('%', "%25"), inner.replace('%', "%25")),
            };
        }
        // Following them would need more than this stack has.
        let small = std::thread::Builder::new().stack_size(128 * 1024);
        let judged = small.spawn(move || is_harmless(format!("{opening}{closing}").as_bytes()));
        assert!(!judged.unwrap().join().unwrap());
    }

    #[test]
    fn a_drawing_is_found_in_its_address() {
        for address in [
            "data:image/svg+xml,<svg/>",
            "data:image/svg+xml;charset=utf8,%3csvg width='100%' fill='%23fff'/%3e",
            "DATA:image/svg+xml;utf8,<svg\n/>#a",
            "data:image/svg+xml;base64,PHN2Zy8+",
            "data:image/svg+xml; BASE64,PHN2Zz48L3N2Zz4",
        ] {
            assert!(is_harmless_address(address), "{address}");
        }
        for address in [
            "data:image/svg+xml",
            "data:image/svg+xmlx,<svg/>",
            "data:image/svg+xmlx;base64,PHN2Zy8+",
            "data:image/svg+xmlbase64,PHN2Zy8+",
            "data:image/svg+xml,<svg%20onload='x()'/>",
            "data:image/svg+xml;base64,PHN2ZyBvbmxvYWQ9IngoKSIvPg==",
            "data:image/svg+xml;base64,*",
        ] {
            assert!(!is_harmless_address(address), "{address}");
        }
    }
}
