//! Attributes: what each may hold.
//!
//! Judged by name alone, never by the element: a mutation names a node by its id, and its element may be in an earlier chunk.

use std::borrow::Cow;

use super::json::{Json, Object};
use super::{address, css};

/// What an attribute's value is to a browser.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Meaning {
    /// Nothing that could do harm.
    Plain,
    /// Where something is.
    Address,
    /// A `srcset`.
    Addresses,
    /// Declarations, or one value of CSS.
    Style,
    /// A whole style sheet, in rrweb's own attribute.
    Sheet,
    /// The name of the attribute that an animation sets.
    Animated,
    /// What an animation may never set and a page never keep: code, or a switch with consequences.
    Harmful,
    /// A name that no page can have.
    Unknown,
}

pub(super) fn meaning(name: &str) -> Meaning {
    if !is_name(name) {
        return Meaning::Unknown;
    }
    if let Some(own) = name.strip_prefix("rr_") {
        return meaning_to_rrweb(own);
    }
    if name == "_cssText" {
        return Meaning::Sheet;
    }
    let name = name.to_ascii_lowercase();
    // `xlink:href`, or any other prefix a parser may take.
    let local = name.rsplit(':').next().unwrap_or(&name);
    if name.starts_with("on") || local.starts_with("on") {
        return Meaning::Harmful;
    }
    match local {
        "action" | "archive" | "attributionsrc" | "background" | "cite" | "classid" | "code" | "codebase" | "data"
        | "dynsrc" | "formaction" | "href" | "icon" | "longdesc" | "lowsrc" | "manifest" | "object" | "poster"
        | "profile" | "src" | "usemap" => Meaning::Address,
        "imagesrcset" | "srcset" => Meaning::Addresses,
        "by" | "clip-path" | "cursor" | "fill" | "filter" | "from" | "marker" | "marker-end" | "marker-mid"
        | "marker-start" | "mask" | "stroke" | "style" | "to" | "values" => Meaning::Style,
        "attributename" => Meaning::Animated,
        "allow" | "as" | "autofocus" | "base" | "csp" | "download" | "formmethod" | "formtarget" | "http-equiv"
        | "is" | "method" | "nonce" | "ping" | "sandbox" | "shadowrootmode" | "srcdoc" | "target" => Meaning::Harmful,
        _ => Meaning::Plain,
    }
}

/// After `rr_`: rrweb's player gives these a meaning of its own, whatever the case of a page's names.
fn meaning_to_rrweb(name: &str) -> Meaning {
    match name {
        "dataURL" | "src" => Meaning::Address,
        "height" | "width" => Meaning::Style,
        "mediaCurrentTime" | "mediaLoop" | "mediaMuted" | "mediaPlaybackRate" | "mediaState" | "mediaVolume"
        | "open_mode" | "scrollLeft" | "scrollTop" => Meaning::Plain,
        _ => Meaning::Unknown,
    }
}

fn is_name(name: &str) -> bool {
    name.starts_with(|it: char| it.is_ascii_alphabetic() || it == '_')
        && name
            .bytes()
            .all(|it| it.is_ascii_alphanumeric() || b"_-.:".contains(&it))
        && name != "__proto__"
}

/// Makes the attributes of a node or a mutation harmless. Adds to `removed` what it took out.
pub(super) fn clean(attributes: &mut Object<'_>, removed: &mut u32) {
    attributes.retain(|name, value| clean_value(meaning(name), value, removed));
}

/// Whether the attribute stays. `null` takes an attribute off, which no meaning but a harmful one forbids.
fn clean_value(meaning: Meaning, value: &mut Json<'_>, removed: &mut u32) -> bool {
    match (meaning, &mut *value) {
        (Meaning::Unknown, _) => false,
        (Meaning::Harmful, _) => {
            *removed += 1;
            false
        }
        (_, Json::Null) => true,
        (Meaning::Plain, it) => !matches!(it, Json::List(_) | Json::Object(_)),
        (Meaning::Style, Json::Number(_) | Json::Bool(_)) => true,
        (Meaning::Style, Json::Object(styles)) => {
            styles.retain(|_, style| clean_style(style, removed));
            true
        }
        (Meaning::Animated, Json::Text(name)) => {
            let is_harmless = matches!(self::meaning(name.trim()), Meaning::Plain | Meaning::Style);
            *removed += u32::from(!is_harmless);
            is_harmless
        }
        (Meaning::Style, Json::Text(text)) => {
            replace(text, |it| css::sheet(it, removed));
            true
        }
        (Meaning::Sheet, Json::Text(text)) => {
            replace(text, |it| css::pieces(it, removed));
            true
        }
        (Meaning::Address, Json::Text(text)) => {
            replace(text, |it| {
                let inert = address::inert(it);
                *removed += u32::from(inert.is_code);
                inert.text
            });
            true
        }
        (Meaning::Addresses, Json::Text(text)) => {
            let mut is_code = false;
            *text = Cow::Owned(address::inert_set(text, &mut is_code));
            *removed += u32::from(is_code);
            true
        }
        _ => false,
    }
}

/// One property of a style that changed: its value, the value and its priority, or false.
fn clean_style(style: &mut Json<'_>, removed: &mut u32) -> bool {
    match style {
        Json::Text(text) => replace(text, |it| css::sheet(it, removed)),
        Json::List(parts) => {
            parts.retain(|it| matches!(it, Json::Text(_)));
            for part in parts {
                if let Json::Text(text) = part {
                    replace(text, |it| css::sheet(it, removed));
                }
            }
        }
        Json::Bool(false) => {}
        _ => return false,
    }
    true
}

/// Changes a text in place, and keeps what was borrowed when nothing changed.
pub(super) fn replace<'a>(text: &mut Cow<'a, str>, change: impl for<'t> FnOnce(&'t str) -> Cow<'t, str>) {
    if let Some(changed) = match change(text) {
        Cow::Borrowed(same) if same.len() == text.len() => None,
        changed => Some(changed.into_owned()),
    } {
        *text = Cow::Owned(changed);
    }
}
