//! Mending: texts over their limit are cut, broken UTF-8 is replaced, unknown and excluded fields are left out.
//!
//! The bytes are walked with the [`SCHEMA`], not decoded. What needs no mending is not copied: [`Mender::message`] gives
//! its input back, or a new message with the mended fields in place of the old ones.

use std::borrow::Cow;

use gosight_proto::{EventType, limits};

use crate::{
    reason::Reason,
    schema::{MapKind, SCHEMA, Shape, TextLimit, is_about_input},
    wire::{self, Field, Malformed, Value},
};

/// Messages within messages: a target's rect is 4 deep, a trait's value may nest a little.
const DEPTH_MAX: u32 = 16;

impl From<Malformed> for Reason {
    fn from(_: Malformed) -> Self {
        Self::Malformed
    }
}

/// Walks messages of one batch, and counts what it changed.
pub(crate) struct Mender<'a> {
    /// Names of attributes, properties and traits that must not reach the log.
    excluded: &'a [String],
    /// Texts cut or repaired so far.
    pub(crate) texts_mended: u32,
    /// Named values left out because the project excludes them.
    pub(crate) fields_excluded: u32,
}

/// How the walk treats what it meets.
#[derive(Clone, Copy)]
struct Scope {
    depth: u32,
    /// Inside an event about an input: an unknown text may be a raw value.
    about_input: bool,
}

impl<'a> Mender<'a> {
    pub(crate) fn new(excluded: &'a [String]) -> Self {
        Self {
            excluded,
            texts_mended: 0,
            fields_excluded: 0,
        }
    }

    /// A message of the type with this index in the [`SCHEMA`].
    pub(crate) fn message<'b>(&mut self, index: usize, bytes: &'b [u8]) -> Result<Cow<'b, [u8]>, Reason> {
        self.walk(
            index,
            bytes,
            Scope {
                depth: 0,
                about_input: false,
            },
        )
    }

    fn walk<'b>(&mut self, index: usize, bytes: &'b [u8], scope: Scope) -> Result<Cow<'b, [u8]>, Reason> {
        if scope.depth > DEPTH_MAX {
            return Err(Reason::Malformed);
        }
        let message = SCHEMA.message(index);
        let mut patched = Patched {
            source: bytes,
            copied_to: 0,
            out: Vec::new(),
        };
        let mut counted = 0;
        let mut has_required = message.required.is_none();
        for field in wire::fields(bytes) {
            let field = field?;
            let kept = match message.field(field.number) {
                None => self.unknown(&field, scope)?,
                Some(Shape::Map { entry, kind }) => {
                    counted += usize::from(kind == MapKind::Counted);
                    self.entry(entry, kind, &field, scope)?
                }
                Some(shape) => self.known(index, shape, &field, scope)?,
            };
            if message.required == Some(field.number) {
                has_required = matches!(field.value, Value::Bytes([_, ..]));
            }
            patched.apply(&field, kept);
        }
        if !has_required || counted > limits::CUSTOM_PROPERTIES_MAX {
            return Err(Reason::Malformed);
        }
        Ok(patched.finish())
    }

    /// A later version's field is left out: what nobody here can read, nobody here can vouch for.
    fn unknown(&self, field: &Field<'_>, scope: Scope) -> Result<Kept<'static>, Reason> {
        match field.value {
            Value::Bytes(_) if scope.about_input => Err(Reason::RawValue),
            _ => Ok(Kept::Dropped),
        }
    }

    fn known<'b>(&mut self, parent: usize, shape: Shape, field: &Field<'b>, scope: Scope) -> Result<Kept<'b>, Reason> {
        match (shape, field.value) {
            (Shape::Varint, Value::Varint(_))
            | (Shape::Fixed64, Value::Fixed64)
            | (Shape::Fixed32, Value::Fixed32)
            | (Shape::Bytes, Value::Bytes(_)) => Ok(Kept::Whole),
            (Shape::Text(limit), Value::Bytes(text)) => Ok(self.text(limit, text)),
            (Shape::Message(index), Value::Bytes(bytes)) => {
                let enters_input =
                    parent == SCHEMA.event && EventType::from_number(field.number).is_some_and(is_about_input);
                let scope = Scope {
                    depth: scope.depth + 1,
                    about_input: scope.about_input || enters_input,
                };
                self.walk(index, bytes, scope).map(Kept::of)
            }
            _ => Err(Reason::Malformed),
        }
    }

    fn entry<'b>(&mut self, index: usize, kind: MapKind, field: &Field<'b>, scope: Scope) -> Result<Kept<'b>, Reason> {
        let Value::Bytes(bytes) = field.value else {
            return Err(Reason::Malformed);
        };
        let key = key(bytes)?;
        if kind == MapKind::OfTarget && key.eq_ignore_ascii_case(b"value") {
            return Err(Reason::RawValue);
        }
        if kind != MapKind::Plain && self.excluded.iter().any(|name| name.as_bytes() == key) {
            self.fields_excluded += 1;
            return Ok(Kept::Dropped);
        }
        let scope = Scope {
            depth: scope.depth + 1,
            about_input: scope.about_input,
        };
        self.walk(index, bytes, scope).map(Kept::of)
    }

    fn text<'b>(&mut self, limit: TextLimit, bytes: &'b [u8]) -> Kept<'b> {
        let kept = match std::str::from_utf8(bytes) {
            Ok(text) if text.len() <= limit.bytes_max.min(limit.chars_max) => return Kept::Whole,
            Ok(text) => match cut(text, limit) {
                cut if cut.len() == text.len() => return Kept::Whole,
                cut => Cow::Borrowed(cut.as_bytes()),
            },
            // Repairing can only lengthen: three bytes for each broken one. Cut first, and again after.
            Err(_) => {
                let head = &bytes[..bytes.len().min(limit.bytes_max.min(limit.chars_max.saturating_mul(4)))];
                Cow::Owned(cut(&String::from_utf8_lossy(head), limit).as_bytes().to_vec())
            }
        };
        self.texts_mended += 1;
        Kept::Instead(kept)
    }
}

/// The longest beginning within the limit that ends between characters.
fn cut(text: &str, limit: TextLimit) -> &str {
    let mut end = text.floor_char_boundary(limit.bytes_max);
    if limit.chars_max < end {
        end = text[..end]
            .char_indices()
            .nth(limit.chars_max)
            .map_or(end, |(at, _)| at);
    }
    &text[..end]
}

fn key(entry: &[u8]) -> Result<&[u8], Malformed> {
    let mut key: &[u8] = &[];
    for field in wire::fields(entry) {
        if let Field {
            number: 1,
            value: Value::Bytes(bytes),
            ..
        } = field?
        {
            key = bytes;
        }
    }
    Ok(key)
}

/// What becomes of a field.
enum Kept<'b> {
    Whole,
    Instead(Cow<'b, [u8]>),
    Dropped,
}

impl<'b> Kept<'b> {
    fn of(mended: Cow<'b, [u8]>) -> Self {
        match mended {
            Cow::Borrowed(_) => Self::Whole,
            Cow::Owned(_) => Self::Instead(mended),
        }
    }
}

/// A message under copy: nothing is copied until something changes.
struct Patched<'b> {
    source: &'b [u8],
    copied_to: usize,
    out: Vec<u8>,
}

impl<'b> Patched<'b> {
    fn apply(&mut self, field: &Field<'_>, kept: Kept<'_>) {
        if matches!(kept, Kept::Whole) {
            return;
        }
        self.out.extend_from_slice(&self.source[self.copied_to..field.start]);
        self.copied_to = field.end;
        if let Kept::Instead(bytes) = kept {
            wire::put_bytes(field.number, &bytes, &mut self.out);
        }
    }

    fn finish(mut self) -> Cow<'b, [u8]> {
        if self.copied_to == 0 {
            return Cow::Borrowed(self.source);
        }
        self.out.extend_from_slice(&self.source[self.copied_to..]);
        Cow::Owned(self.out)
    }
}
