//! What may stand in a message, as a table made once from the descriptors: the mender walks bytes with it.

use std::{collections::HashMap, sync::LazyLock};

use gosight_proto::{Category, EventType, json, limits};
use prost_reflect::{FieldDescriptor, Kind, MessageDescriptor};

/// The wire's form of a field, and for texts their limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    Varint,
    Fixed64,
    Fixed32,
    Text(TextLimit),
    Bytes,
    Message(usize),
    Map {
        entry: usize,
        kind: MapKind,
    },
    /// Known, and not allowed here: the event is malformed.
    Forbidden,
}

/// A text is cut to the smaller of the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TextLimit {
    pub(crate) bytes_max: usize,
    pub(crate) chars_max: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MapKind {
    /// Custom attributes of a batch, traits: names a project excludes are taken out.
    Free,
    /// Properties of a custom event: as above, and at most so many.
    Counted,
    /// A target's `data-*` attributes: as `Free`, and never an input's `value`.
    OfTarget,
    /// Query parameters of a page, fields of a value: only mended.
    Plain,
}

/// One message type: its fields by number.
#[derive(Debug, Default)]
pub(crate) struct Message {
    fields: Vec<Option<Shape>>,
    /// A text that must be there and not be empty.
    pub(crate) required: Option<u32>,
}

impl Message {
    pub(crate) fn field(&self, number: u32) -> Option<Shape> {
        *self.fields.get(number as usize)?
    }
}

/// All message types a client can send.
#[derive(Debug)]
pub(crate) struct Schema {
    messages: Vec<Message>,
    pub(crate) batch: usize,
    pub(crate) page: usize,
    pub(crate) event: usize,
}

pub(crate) static SCHEMA: LazyLock<Schema> = LazyLock::new(Schema::build);

impl Schema {
    pub(crate) fn message(&self, index: usize) -> &Message {
        &self.messages[index]
    }

    fn build() -> Self {
        let mut builder = Builder::default();
        let mut index = |name: &str| json::descriptor(name).map_or(0, |message| builder.message(&message, None));
        let (batch, page, event) = (
            index("gosight.v1.EventBatch"),
            index("gosight.v1.Page"),
            index("gosight.v1.Event"),
        );
        Self {
            messages: builder.messages,
            batch,
            page,
            event,
        }
    }
}

/// Whether an event of this type is about an input, so that nothing unknown in it may be a text: it could be a raw value.
pub(crate) fn is_about_input(kind: EventType) -> bool {
    matches!(kind.category(), Category::Input | Category::Form)
}

#[derive(Default)]
struct Builder {
    messages: Vec<Message>,
    /// By full name, and whether values in it must be primitive.
    by_name: HashMap<(String, bool), usize>,
}

/// Properties of a custom event may hold primitive values only.
const PRIMITIVE_PARENT: &str = "gosight.v1.CustomEvent.PropertiesEntry";

impl Builder {
    fn message(&mut self, descriptor: &MessageDescriptor, parent: Option<&str>) -> usize {
        let primitive = parent == Some(PRIMITIVE_PARENT);
        let name = (descriptor.full_name().to_owned(), primitive);
        if let Some(index) = self.by_name.get(&name) {
            return *index;
        }
        let index = self.messages.len();
        self.messages.push(Message::default());
        self.by_name.insert(name, index);
        let mut message = Message::default();
        for field in descriptor.fields() {
            let number = field.number() as usize;
            if message.fields.len() <= number {
                message.fields.resize(number + 1, None);
            }
            let composite = matches!(field.name(), "struct_value" | "list_value");
            let shape = if primitive && composite {
                Shape::Forbidden
            } else {
                self.shape(descriptor, &field)
            };
            message.fields[number] = Some(shape);
        }
        if descriptor.full_name() == "gosight.v1.CustomEvent" {
            message.required = descriptor.get_field_by_name("name").map(|field| field.number());
        }
        self.messages[index] = message;
        index
    }

    fn shape(&mut self, parent: &MessageDescriptor, field: &FieldDescriptor) -> Shape {
        match field.kind() {
            Kind::String => Shape::Text(text_limit(parent.full_name(), field.name())),
            Kind::Bytes => Shape::Bytes,
            Kind::Double | Kind::Fixed64 | Kind::Sfixed64 => Shape::Fixed64,
            Kind::Float | Kind::Fixed32 | Kind::Sfixed32 => Shape::Fixed32,
            Kind::Message(message) => {
                let index = self.message(&message, Some(parent.full_name()));
                if field.is_map() {
                    Shape::Map {
                        entry: index,
                        kind: map_kind(parent.full_name(), field.name()),
                    }
                } else {
                    Shape::Message(index)
                }
            }
            _ => Shape::Varint,
        }
    }
}

fn map_kind(message: &str, field: &str) -> MapKind {
    match (message, field) {
        ("gosight.v1.CustomEvent", _) => MapKind::Counted,
        ("gosight.v1.Target", _) => MapKind::OfTarget,
        (_, "attributes" | "traits") => MapKind::Free,
        _ => MapKind::Plain,
    }
}

fn text_limit(message: &str, field: &str) -> TextLimit {
    let bytes = |bytes_max| TextLimit {
        bytes_max,
        chars_max: usize::MAX,
    };
    let chars = |chars_max| TextLimit {
        bytes_max: limits::STRING_BYTES_MAX,
        chars_max,
    };
    match (message, field) {
        (_, "selector") => bytes(limits::SELECTOR_BYTES_MAX),
        (_, "stack") => bytes(limits::STACK_BYTES_MAX),
        (_, "visitor_id" | "user_id" | "group_id") => chars(limits::FREE_ID_CHARS_MAX),
        ("gosight.v1.Target", "text") => chars(limits::TARGET_TEXT_CHARS_MAX),
        ("gosight.v1.CustomEvent", "name") => chars(limits::CUSTOM_NAME_CHARS_MAX),
        _ => bytes(limits::STRING_BYTES_MAX),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_event_type_is_in_the_table() {
        let event = SCHEMA.message(SCHEMA.event);
        for kind in EventType::ALL {
            assert!(matches!(event.field(kind.number()), Some(Shape::Message(_))), "{kind}");
        }
        assert_eq!(event.field(9), None);
    }

    /// The mender takes a length-delimited scalar for malformed; a packed list would need more.
    #[test]
    fn no_message_has_a_list_of_scalars() {
        for name in ["EventBatch", "Page", "Event", "Target", "MouseMove", "ReplayChunk"] {
            let message = json::descriptor(&format!("gosight.v1.{name}")).unwrap();
            for field in message.fields().filter(|field| field.is_list()) {
                assert!(matches!(field.kind(), Kind::Message(_)), "{}", field.full_name());
            }
        }
    }
}
