//! Nodes that came, went or changed.

use super::{Chunk, each};
use crate::recording::attributes::{self, replace};
use crate::recording::css;
use crate::recording::json::{Json, Kind, Object};
use crate::recording::nodes::{ELEMENT, Parent, hide_value};

impl Chunk {
    pub(super) fn mutation(&mut self, data: &mut Object<'_>) -> bool {
        data.keep(&[
            ("source", Kind::Number),
            ("texts", Kind::List),
            ("attributes", Kind::List),
            ("removes", Kind::List),
            ("adds", Kind::List),
            ("isAttachIframe", Kind::Flag),
        ]);
        for part in ["texts", "attributes", "removes", "adds"] {
            data.or_set(part, Json::List(Vec::new()));
        }
        each(data, "removes", |it| {
            it.keep(&[
                ("parentId", Kind::Number),
                ("id", Kind::Number),
                ("isShadow", Kind::Flag),
            ]);
            it.int("id").is_some()
        });
        // A text may come before the style it is in.
        for add in data.items("adds") {
            self.note_style(add);
        }
        each(data, "adds", |it| self.add(it));
        each(data, "texts", |it| self.text(it));
        each(data, "attributes", |it| {
            it.keep(&[("id", Kind::Number), ("attributes", Kind::Object)]);
            let Some(id) = it.int("id") else { return false };
            let Some(attributes) = it.object_mut("attributes") else {
                return false;
            };
            attributes::clean(attributes, &mut self.nodes.removed);
            // Of an element in an earlier chunk it is not known what it is: it may be a field.
            if !self.nodes.valued.contains(&id) {
                hide_value(attributes);
            }
            true
        });
        true
    }

    fn note_style(&mut self, add: &Json<'_>) {
        let node = add.as_object().and_then(|it| it.get("node")).and_then(Json::as_object);
        if let Some(node) = node
            && node.int("type") == Some(ELEMENT)
            && let Some(id) = node.int("id")
            && node
                .text("tagName")
                .is_some_and(|it| it.eq_ignore_ascii_case("style") || it.eq_ignore_ascii_case("link"))
        {
            self.nodes.styles.insert(id);
        }
    }

    fn add(&mut self, add: &mut Object<'_>) -> bool {
        add.keep(&[
            ("parentId", Kind::Number),
            ("previousId", Kind::NumberOrNull),
            ("nextId", Kind::NumberOrNull),
            ("node", Kind::Object),
        ]);
        let Some(parent) = add.int("parentId") else {
            return false;
        };
        let parent = if self.nodes.styles.contains(&parent) {
            Parent::Style
        } else {
            Parent::Elsewhere
        };
        add.get_mut("node").is_some_and(|it| self.nodes.clean(it, parent))
    }

    fn text(&mut self, text: &mut Object<'_>) -> bool {
        text.retain(|name, it| {
            matches!(
                (name, it),
                ("id", Json::Number(_)) | ("value", Json::Text(_) | Json::Null)
            )
        });
        let Some(id) = text.int("id") else { return false };
        if let Some(Json::Text(value)) = text.get_mut("value") {
            if self.nodes.style_texts.contains(&id) {
                replace(value, |it| css::piece(it, &mut self.nodes.removed));
            } else {
                replace(value, css::text);
            }
        }
        text.get("value").is_some()
    }
}
