//! Elements by name: what stays, what becomes inert, what nobody knows.

/// What becomes of an element.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tag {
    Kept,
    /// Runs, loads or embeds something, or holds what is only parsed later.
    Inert,
    /// Not a name that a browser would build, or one that means nothing to it.
    Unknown,
}

/// Judges a name; in SVG the case of a name counts, here it does not.
pub(super) fn judge(name: &str) -> Tag {
    let name = name.to_ascii_lowercase();
    if INERT.contains(&&*name) {
        Tag::Inert
    } else if HTML.contains(&&*name) || SVG.contains(&&*name) || is_custom(&name) {
        Tag::Kept
    } else {
        Tag::Unknown
    }
}

/// An element of a drawing, in lower case, that shows no words and holds no HTML.
pub(super) fn is_drawn(name: &str) -> bool {
    SVG.contains(&name) && !WORDED.contains(&name) || matches!(name, "a" | "style" | "title")
}

/// The name of a custom element, as far as it is written in ASCII.
pub(super) fn is_custom(name: &str) -> bool {
    name.starts_with(|it: char| it.is_ascii_lowercase())
        && name.contains('-')
        && name
            .bytes()
            .all(|it| it.is_ascii_lowercase() || it.is_ascii_digit() || b"-._".contains(&it))
        && !RESERVED.contains(&name)
}

/// Elements that may have a shadow root; with any other the player would stop.
pub(super) fn may_host_shadow(name: &str) -> bool {
    is_custom(name) || SHADOW_HOSTS.contains(&name)
}

const INERT: [&str; 14] = [
    "applet",
    "discard",
    "embed",
    "fencedframe",
    "frame",
    "frameset",
    "handler",
    "listener",
    "noscript",
    "object",
    "param",
    "portal",
    "script",
    "template",
];

/// Look like custom elements, and are not.
const RESERVED: [&str; 8] = [
    "annotation-xml",
    "color-profile",
    "font-face",
    "font-face-format",
    "font-face-name",
    "font-face-src",
    "font-face-uri",
    "missing-glyph",
];

const SHADOW_HOSTS: [&str; 18] = [
    "article",
    "aside",
    "blockquote",
    "body",
    "div",
    "footer",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "header",
    "main",
    "nav",
    "p",
    "section",
    "span",
];

#[rustfmt::skip]
const HTML: &[&str] = &[
    "a", "abbr", "acronym", "address", "area", "article", "aside", "audio", "b", "base", "basefont", "bdi", "bdo", "bgsound",
    "big", "blink", "blockquote", "body", "br", "button", "canvas", "caption", "center", "cite", "code", "col", "colgroup",
    "command", "content", "data", "datalist", "dd", "del", "details", "dfn", "dialog", "dir", "div", "dl", "dt", "element",
    "em", "fieldset", "figcaption", "figure", "font", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "head", "header",
    "hgroup", "hr", "html", "i", "iframe", "image", "img", "input", "ins", "isindex", "kbd", "keygen", "label", "legend",
    "li", "link", "main", "map", "mark", "marquee", "menu", "menuitem", "meta", "meter", "multicol", "nav", "nextid", "nobr",
    "ol", "optgroup", "option", "output", "p", "picture", "pre", "progress", "q", "rb", "rbc", "rp", "rt", "rtc", "ruby",
    "s", "samp", "search", "section", "select", "selectedcontent", "shadow", "slot", "small", "source", "spacer", "span",
    "strike", "strong", "style", "sub", "summary", "sup", "table", "tbody", "td", "textarea", "tfoot", "th", "thead", "time",
    "title", "tr", "track", "tt", "u", "ul", "var", "video", "wbr",
];

#[rustfmt::skip]
const SVG: &[&str] = &[
    "altglyph", "altglyphdef", "altglyphitem", "animate", "animatecolor", "animatemotion", "animatetransform", "circle",
    "clippath", "color-profile", "cursor", "defs", "desc", "ellipse", "feblend", "fecolormatrix", "fecomponenttransfer",
    "fecomposite", "feconvolvematrix", "fediffuselighting", "fedisplacementmap", "fedistantlight", "fedropshadow", "feflood",
    "fefunca", "fefuncb", "fefuncg", "fefuncr", "fegaussianblur", "feimage", "femerge", "femergenode", "femorphology",
    "feoffset", "fepointlight", "fespecularlighting", "fespotlight", "fetile", "feturbulence", "filter", "font", "font-face",
    "foreignobject", "g", "glyph", "glyphref", "hkern", "image", "line", "lineargradient", "marker", "mask", "metadata",
    "mpath", "path", "pattern", "polygon", "polyline", "radialgradient", "rect", "set", "solidcolor", "stop", "svg", "switch",
    "symbol", "text", "textpath", "tref", "tspan", "use", "view", "vkern",
];

/// Those of `SVG` in which words are shown.
const WORDED: [&str; 6] = ["altglyph", "foreignobject", "text", "textpath", "tref", "tspan"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_that_are_known_stay() {
        for name in ["div", "SVG", "linearGradient", "my-element", "x-a.b_c"] {
            assert_eq!(judge(name), Tag::Kept, "{name}");
        }
        for name in ["script", "SCRIPT", "object", "template"] {
            assert_eq!(judge(name), Tag::Inert, "{name}");
        }
        for name in [
            "",
            "svg:script",
            "script x",
            "constructor",
            "-a",
            "math",
            "xmp",
            "d\u{0}iv",
            "my-élément",
        ] {
            assert_eq!(judge(name), Tag::Unknown, "{name}");
        }
    }
}
