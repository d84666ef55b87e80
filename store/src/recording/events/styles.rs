//! Styles that a script changed, and fonts that it loaded.

use super::{Chunk, each};
use crate::recording::attributes::replace;
use crate::recording::css;
use crate::recording::json::{Json, Kind, Object};

impl Chunk {
    pub(super) fn style_rules(&mut self, data: &mut Object<'_>) {
        data.keep(&[
            ("source", Kind::Number),
            ("id", Kind::Number),
            ("styleId", Kind::Number),
            ("removes", Kind::List),
            ("adds", Kind::List),
            ("replace", Kind::Text),
            ("replaceSync", Kind::Text),
        ]);
        each(data, "removes", |it| {
            it.keep(&[("index", Kind::Numbers)]);
            !it.is_empty()
        });
        each(data, "adds", |it| self.rule(it));
        self.style(data, "replace");
        self.style(data, "replaceSync");
    }

    fn rule(&mut self, rule: &mut Object<'_>) -> bool {
        rule.keep(&[("rule", Kind::Text), ("index", Kind::Numbers)]);
        self.style(rule, "rule");
        rule.text("rule").is_some()
    }

    fn style(&mut self, object: &mut Object<'_>, field: &str) {
        if let Some(Json::Text(css)) = object.get_mut(field) {
            replace(css, |it| css::sheet(it, &mut self.nodes.removed));
        }
    }

    pub(super) fn style_declaration(&mut self, data: &mut Object<'_>) {
        data.keep(&[
            ("source", Kind::Number),
            ("id", Kind::Number),
            ("styleId", Kind::Number),
            ("index", Kind::List),
            ("set", Kind::Object),
            ("remove", Kind::Object),
        ]);
        if let Some(index) = data.list_mut("index") {
            index.retain(|it| it.as_int().is_some());
        }
        if let Some(set) = data.object_mut("set") {
            set.retain(|name, it| {
                matches!(name, "property" | "value" | "priority") && matches!(it, Json::Text(_) | Json::Null)
            });
            self.style(set, "value");
        }
        if let Some(remove) = data.object_mut("remove") {
            remove.keep(&[("property", Kind::Text)]);
        }
    }

    pub(super) fn adopted_styles(&mut self, data: &mut Object<'_>) {
        data.keep(&[
            ("source", Kind::Number),
            ("id", Kind::Number),
            ("styles", Kind::List),
            ("styleIds", Kind::List),
        ]);
        data.or_set("styleIds", Json::List(Vec::new()));
        if let Some(ids) = data.list_mut("styleIds") {
            ids.retain(|it| it.as_int().is_some());
        }
        each(data, "styles", |style| {
            style.keep(&[("styleId", Kind::Number), ("rules", Kind::List)]);
            each(style, "rules", |it| self.rule(it));
            true
        });
    }

    pub(super) fn font(&mut self, data: &mut Object<'_>) -> bool {
        data.keep(&[
            ("source", Kind::Number),
            ("family", Kind::Text),
            ("fontSource", Kind::Text),
            ("buffer", Kind::Flag),
            ("descriptors", Kind::Object),
        ]);
        self.style(data, "family");
        self.style(data, "fontSource");
        if let Some(descriptors) = data.object_mut("descriptors") {
            descriptors.retain(|_, it| match it {
                Json::Text(css) => {
                    replace(css, |it| css::sheet(it, &mut self.nodes.removed));
                    true
                }
                _ => false,
            });
        }
        data.text("family").is_some() && data.text("fontSource").is_some()
    }
}
