//! Drawings (SVG) that are kept as pictures: judged whole, never changed.
//!
//! A drawing is a document that could hold anything. As a picture a browser runs nothing in it and loads nothing for it, and the player shows
//! it in no other way. All the same none is kept that holds a script, a handler, an address that leads out of it, or HTML. One with
//! words is not kept either: words are masked where the page has them as text, and here nobody could.

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

/// The drawing in an address, as a browser reads it.
fn bytes_in(address: &str) -> Option<Vec<u8>> {
    let (parameters, body) = address::strip_prefix(address, PREFIX)?.split_once(',')?;
    let body = body.split('#').next().unwrap_or_default();
    let body: String = body.chars().filter(|it| !"\t\r\n".contains(*it)).collect();
    let body: Vec<u8> = percent_decode_str(&body).collect();
    let parameters = parameters.trim_end();
    match parameters.rsplit(';').next() {
        Some(last) if last.trim().eq_ignore_ascii_case("base64") => BASE64.decode(body.trim_ascii()).ok(),
        _ if parameters.is_empty() || parameters.starts_with(';') => Some(body),
        _ => None,
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
            Event::PI(_) => return None,
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
    for attribute in element.attributes() {
        let attribute = attribute.ok()?;
        let name = std::str::from_utf8(attribute.key.as_ref()).ok()?;
        let value = attribute.normalized_value(XmlVersion::Implicit1_0).ok()?;
        is_harmless_attribute(name, &value).then_some(())?;
    }
    let name = std::str::from_utf8(element.name().into_inner())
        .ok()?
        .to_ascii_lowercase();
    let (prefix, local) = name.split_once(':').unwrap_or(("", &name));
    // Programs that draw leave notes to themselves in namespaces of their own.
    let is_note = has_root && !matches!(prefix, "" | "svg");
    let is_kept = is_note || tags::is_drawn(local) && (has_root || local == "svg");
    is_kept.then(|| local.to_owned())
}

fn is_harmless_attribute(name: &str, value: &str) -> bool {
    if let Some(prefix) = name.strip_prefix("xmlns:")
        && prefix != "svg"
    {
        return !NAMESPACES.contains(&value.trim());
    }
    match meaning(name) {
        Meaning::Plain => true,
        Meaning::Style => is_quiet(value),
        Meaning::Animated => matches!(meaning(value.trim()), Meaning::Plain | Meaning::Style),
        Meaning::Address => value.starts_with('#') || address::is_bytes(value),
        Meaning::Addresses | Meaning::Sheet | Meaning::Harmful | Meaning::Unknown => false,
    }
}

/// Whether the style asks for nothing outside of the drawing.
fn is_quiet(style: &str) -> bool {
    let mut removed = 0;
    let cleaned = css::sheet(style, &mut removed);
    removed == 0 && !cleaned.contains(address::ASSET) && !cleaned.contains(css::GUARD)
}

#[cfg(test)]
mod tests {
    use super::*;

    const OPEN: &str = r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 8 8">"#;

    fn drawn(inside: &str) -> bool {
        is_harmless(format!("{OPEN}{inside}</svg>").as_bytes())
    }

    #[test]
    fn a_drawing_is_kept() {
        assert!(drawn(
            r##"<defs><path id="a" d="M0 0h8"/></defs><use xlink:href="#a" fill="url(#b)"/>"##
        ));
        assert!(drawn(
            "<style>.a{fill:#123}</style><style><![CDATA[.b{clip-path:url(#c)}]]></style>"
        ));
        assert!(drawn(
            r##"<image href="data:image/png;base64,AAAA"/><a href="#a"><title>A &amp; B</title></a>"##
        ));
        assert!(drawn(r#"<animate attributeName="fill" from="red" to="blue"/>"#));
        assert!(is_harmless(
            "\u{feff}<?xml version=\"1.0\" encoding=\"UTF-8\"?><!-- Made by hand -->\n<!DOCTYPE svg PUBLIC \"-//W3C//DTD SVG 1.1//EN\" \
             \"http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd\"><svg/>"
                .as_bytes()
        ));
    }

    #[test]
    fn what_a_drawing_program_notes_for_itself_does_no_harm() {
        assert!(is_harmless(
            br#"<svg:svg xmlns:svg="http://www.w3.org/2000/svg" xmlns:sodipodi="http://sodipodi.example/dtd" xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
            <sodipodi:namedview pagecolor="white"/><svg:metadata><rdf:RDF><rdf:li rdf:resource="http://purl.example/"/></rdf:RDF></svg:metadata></svg:svg>"#
        ));
    }

    #[test]
    fn what_could_run_or_load_something_is_not_kept() {
        for inside in [
            "<script>x()</script>",
            "<SCRIPT/>",
            r#"<svg:script href="x"/>"#,
            r#"<x:script xmlns:x="http://www.w3.org/2000/svg"/>"#,
            r#"<g xmlns:x=" http://www.w3.org/1999/xhtml "><x:iframe/></g>"#,
            r#"<g xmlns:x="http://www.w3.org/1999/x&#104;tml"><x:iframe/></g>"#,
            "<foreignObject><p>Hi</p></foreignObject>",
            "<iframe/>",
            r#"<path onload="x()"/>"#,
            r#"<path ev:onload="x()"/>"#,
            r#"<a href="javascript:x()"/>"#,
            r#"<a href="java&#115;cript:x()"/>"#,
            r#"<use xlink:href="https://a.example/b.svg#c"/>"#,
            r#"<image href="//a.example/b.png"/>"#,
            r#"<image href="data:image/svg+xml,&lt;svg/>"/>"#,
            r#"<animate attributeName="href" to="x"/>"#,
            r#"<set attributeName="onclick" to="x"/>"#,
            r#"<path fill="url(https://a.example/b#c)"/>"#,
            r#"<path style="fill:u\72l(//a.example)"/>"#,
            r#"<g xml:base="https://a.example/"/>"#,
            "<style>@import '//a.example';</style>",
            "<style>a{background:u<!-- -->rl(//a.example)}</style>",
            "<style>a{background:u<![CDATA[rl(//a.example)]]>}</style>",
            "<style>a{background:image-set('//a.example' 1x)}</style>",
            "<style>a{background:ur&#108;(//a.example)}</style>",
            "<style><g/></style>",
            "<?xml-stylesheet href='//a.example'?>",
        ] {
            assert!(!drawn(inside), "{inside}");
        }
    }

    #[test]
    fn what_is_no_drawing_is_not_kept() {
        for document in [
            "",
            "Not found",
            "<!doctype html><html><body>Ann</body></html>",
            "<g/>",
            "<svg>",
            "<svg></g>",
            r#"<!DOCTYPE svg [<!ENTITY a "b">]><svg/>"#,
            r#"<?xml version="1.0" encoding="utf-16"?><svg/>"#,
        ] {
            assert!(!is_harmless(document.as_bytes()), "{document}");
        }
        assert!(!is_harmless(b"<svg>\xff</svg>"));
    }

    #[test]
    fn a_drawing_with_words_is_not_kept() {
        assert!(!drawn("<text>Ann</text>"));
        assert!(!drawn("<g><svg:tspan>Ann</svg:tspan></g>"));
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
            "data:image/svg+xml,<svg%20onload='x()'/>",
            "data:image/svg+xml;base64,PHN2ZyBvbmxvYWQ9IngoKSIvPg==",
            "data:image/svg+xml;base64,*",
        ] {
            assert!(!is_harmless_address(address), "{address}");
        }
    }
}
