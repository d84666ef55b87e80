//! Serialised nodes: a page, or a part of one.
//!
//! A node keeps its id whatever becomes of it; what may not stay becomes an empty comment, or `noscript` when it has children.

use std::borrow::Cow;
use std::collections::HashSet;

use super::attributes::{self, replace};
use super::css;
use super::json::{Json, Kind, Object};
use super::mask::stars;
use super::tags::{self, Tag};

const DOCUMENT: i64 = 0;
const DOCTYPE: i64 = 1;
pub(super) const ELEMENT: i64 = 2;
pub(super) const TEXT: i64 = 3;
const COMMENT: i64 = 5;

/// Elements whose `value` a visitor does not type.
const VALUED: [&str; 7] = ["button", "data", "li", "meter", "option", "param", "progress"];

/// The element that a text or element stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Parent {
    /// An ordinary one.
    Page,
    Style,
    /// One that a visitor types into.
    Field,
    /// One that became inert: nothing in it is shown.
    Inert,
    /// Not known: it may be in an earlier chunk.
    Elsewhere,
}

/// Cleans nodes, and remembers which of them are styles.
#[derive(Debug, Default)]
pub(super) struct Nodes {
    pub(super) removed: u32,
    /// The ids of `<style>` elements, and of `<link>` elements, which the player turns into such.
    pub(super) styles: HashSet<i64>,
    /// The ids of their texts.
    pub(super) style_texts: HashSet<i64>,
    /// The ids of elements whose `value` is the page's own word, not a visitor's.
    pub(super) valued: HashSet<i64>,
}

impl Nodes {
    /// Whether the node has an id and so stays, as itself or as something else.
    pub(super) fn clean(&mut self, node: &mut Json<'_>, parent: Parent) -> bool {
        let Some((node, id)) = node.as_object_mut().and_then(|it| it.int("id").map(|id| (it, id))) else {
            self.removed += 1;
            return false;
        };
        match node.int("type") {
            Some(DOCUMENT) if parent == Parent::Elsewhere => self.document(node),
            Some(DOCTYPE) => doctype(node),
            Some(ELEMENT) => self.element(node, id, parent),
            Some(TEXT) => self.text(node, id, parent),
            _ => comment(node),
        }
        true
    }

    fn document(&mut self, node: &mut Object<'_>) {
        node.keep(&[
            ("type", Kind::Number),
            ("childNodes", Kind::List),
            ("compatMode", Kind::Text),
            ("rootId", Kind::Number),
            ("id", Kind::Number),
        ]);
        self.children(node, Parent::Page);
        // Without a child to look at, the player would stop at a quirks page.
        if node.items("childNodes").is_empty() {
            node.take("compatMode");
        }
    }

    fn children(&mut self, node: &mut Object<'_>, parent: Parent) {
        node.or_set("childNodes", Json::List(Vec::new()));
        if let Some(children) = node.list_mut("childNodes") {
            children.retain_mut(|child| self.clean(child, parent));
        }
    }

    fn element(&mut self, node: &mut Object<'_>, id: i64, parent: Parent) {
        node.keep(&[
            ("type", Kind::Number),
            ("tagName", Kind::Text),
            ("attributes", Kind::Object),
            ("childNodes", Kind::List),
            ("isSVG", Kind::Flag),
            ("needBlock", Kind::Flag),
            ("isCustom", Kind::Flag),
            ("rootId", Kind::Number),
            ("isShadowHost", Kind::Flag),
            ("isShadow", Kind::Flag),
            ("id", Kind::Number),
        ]);
        node.or_set("attributes", Json::Object(Object::default()));
        let name = self.name(node);
        let within = match &*name {
            "noscript" => Parent::Inert,
            "style" | "link" if parent != Parent::Inert => {
                self.styles.insert(id);
                Parent::Style
            }
            _ if parent == Parent::Inert => Parent::Inert,
            "textarea" => Parent::Field,
            _ => Parent::Page,
        };
        if VALUED.contains(&&*name) {
            self.valued.insert(id);
        }
        if let Some(attributes) = node.object_mut("attributes") {
            if within == Parent::Inert {
                attributes.clear();
            }
            self.attributes(attributes, &name);
        }
        self.children(node, within);
    }

    /// Gives the element a name that is safe to build, and takes off what does not go with it.
    fn name(&mut self, node: &mut Object<'_>) -> String {
        let given = node.text("tagName").unwrap_or_default();
        let name = match tags::judge(given) {
            Tag::Kept => given.to_ascii_lowercase(),
            Tag::Inert => "noscript".to_owned(),
            Tag::Unknown => "span".to_owned(),
        };
        let is_svg = matches!(node.get("isSVG"), Some(Json::Bool(true))) && name != "noscript";
        if given.eq_ignore_ascii_case(&name) {
            // In SVG the case of a name counts.
            if !is_svg && given != name {
                node.set("tagName", Json::text(name.clone()));
            }
        } else {
            self.removed += 1;
            node.set("tagName", Json::text(name.clone()));
        }
        if !is_svg {
            node.take("isSVG");
        }
        if !tags::is_custom(&name) {
            node.take("isCustom");
        }
        if is_svg || !tags::may_host_shadow(&name) {
            node.take("isShadowHost");
        }
        name
    }

    fn attributes(&mut self, attributes: &mut Object<'_>, name: &str) {
        let refreshes = attributes
            .iter()
            .any(|(name, _)| name.eq_ignore_ascii_case("http-equiv"));
        attributes::clean(attributes, &mut self.removed);
        match name {
            // Scripts never run in a frame with this, not even if the player's own frame had no sandbox.
            "iframe" => {
                attributes.retain(|name, _| !name.eq_ignore_ascii_case("src"));
                attributes.set("sandbox", Json::text("allow-same-origin"));
            }
            // Submitting a form to a dialog that is not there does nothing.
            "form" => attributes.set("method", Json::text("dialog")),
            "base" => attributes.clear(),
            "meta" if refreshes => attributes.clear(),
            // The player waits for style sheets that are linked; these never come.
            "link" => attributes.retain(|name, _| !name.eq_ignore_ascii_case("rel")),
            "input" if !is_button(attributes) => hide_value(attributes),
            "textarea" | "select" => hide_value(attributes),
            "option" => {
                attributes.take("selected");
            }
            _ => {}
        }
        if !matches!(name, "style" | "link") {
            attributes.take("_cssText");
        }
    }

    fn text(&mut self, node: &mut Object<'_>, id: i64, parent: Parent) {
        node.keep(&[
            ("type", Kind::Number),
            ("textContent", Kind::Text),
            ("isStyle", Kind::Flag),
            ("rootId", Kind::Number),
            ("isShadow", Kind::Flag),
            ("id", Kind::Number),
        ]);
        node.or_set("textContent", Json::text(""));
        let is_style = parent == Parent::Style || matches!(node.get("isStyle"), Some(Json::Bool(true)));
        if is_style {
            self.style_texts.insert(id);
        }
        let Some(Json::Text(text)) = node.get_mut("textContent") else {
            return;
        };
        match parent {
            Parent::Inert => *text = Cow::Borrowed(""),
            _ if is_style => replace(text, |it| css::piece(it, &mut self.removed)),
            Parent::Elsewhere => replace(text, css::text),
            Parent::Field => replace(text, |it| stars(it).into()),
            Parent::Page | Parent::Style => {}
        }
    }
}

/// Whether the input shows its value as a button's face, or holds it for a choice: nobody typed it.
fn is_button(attributes: &Object<'_>) -> bool {
    const FACES: [&str; 6] = ["button", "checkbox", "image", "radio", "reset", "submit"];
    attributes
        .text("type")
        .is_some_and(|it| FACES.iter().any(|face| it.eq_ignore_ascii_case(face)))
}

/// What a field holds is nobody's to see, whatever recorded it and however it was told to.
pub(super) fn hide_value(attributes: &mut Object<'_>) {
    attributes.retain(|name, value| {
        match value {
            _ if !name.eq_ignore_ascii_case("value") => {}
            Json::Text(text) => replace(text, |it| stars(it).into()),
            Json::Number(number) => *value = Json::text(stars(&number.to_string())),
            _ => {}
        }
        true
    });
}

/// The names that were ever in use: the player would stop at one that is none.
fn doctype(node: &mut Object<'_>) {
    node.keep(&[
        ("type", Kind::Number),
        ("name", Kind::Text),
        ("publicId", Kind::Text),
        ("systemId", Kind::Text),
        ("rootId", Kind::Number),
        ("id", Kind::Number),
    ]);
    if !node.text("name").is_some_and(|it| tags::judge(it) == Tag::Kept) {
        node.set("name", Json::text("html"));
    }
    node.or_set("publicId", Json::text(""));
    node.or_set("systemId", Json::text(""));
}

/// An empty comment: nothing, with an id. Comments of the page as well: nobody sees what they say.
fn comment(node: &mut Object<'_>) {
    node.keep(&[
        ("type", Kind::Number),
        ("rootId", Kind::Number),
        ("isShadow", Kind::Flag),
        ("id", Kind::Number),
    ]);
    node.set("type", Json::Number(COMMENT.into()));
    node.set("textContent", Json::text(""));
}
