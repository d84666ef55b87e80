//! A recording as a tree, read within limits.
//!
//! Not `serde_json::Value`: its objects forget their order, which a page's attributes and styles have, and take ten times the memory.
//! A key that comes twice counts once, the last, as in a browser.

use std::borrow::Cow;
use std::cell::Cell;
use std::collections::HashSet;
use std::fmt;

use serde::de::{DeserializeSeed, MapAccess, SeqAccess, Visitor};
use serde::ser::{Serialize, Serializer};
use serde_json::Number;

use super::RecordingError;

/// Objects and arrays within each other: an element is two of them, and no page that people use comes near 300 elements. Reading so deep takes
/// 0.3 MB of a thread's stack, unoptimised 1.1 MB.
pub const DEPTH_MAX: usize = 640;
/// Values of one chunk, keys not counted: bounds the tree at some 60 MB, and at three times that if it is built to be large.
pub const VALUES_MAX: usize = 1_000_000;
/// Up to so many keys, a key that comes twice is found by looking.
const FEW_KEYS: usize = 12;

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Json<'a> {
    Null,
    Bool(bool),
    Number(Number),
    Text(Cow<'a, str>),
    List(Vec<Json<'a>>),
    Object(Object<'a>),
}

/// Keys and values in the order they came in.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Object<'a>(Vec<(Cow<'a, str>, Json<'a>)>);

impl<'a> Json<'a> {
    /// Of bytes that [`mended`] has seen.
    pub(super) fn read(bytes: &'a [u8]) -> Result<Self, RecordingError> {
        let limits = Limits {
            values_left: Cell::new(VALUES_MAX),
            exceeded: Cell::new(None),
        };
        let mut reader = serde_json::Deserializer::from_slice(bytes);
        reader.disable_recursion_limit();
        Seed {
            limits: &limits,
            depth: 0,
        }
        .deserialize(&mut reader)
        .and_then(|json| reader.end().map(|()| json))
        .map_err(|error| {
            let exceeded = limits.exceeded.take();
            exceeded.unwrap_or_else(|| RecordingError::NotJson(error.to_string()))
        })
    }

    pub(super) fn write(&self) -> Vec<u8> {
        // Our own Serialize has no error, and a vector takes every byte.
        serde_json::to_vec(self).unwrap_or_default()
    }

    pub(super) fn text(text: impl Into<Cow<'a, str>>) -> Self {
        Self::Text(text.into())
    }

    pub(super) fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    pub(super) fn as_object(&self) -> Option<&Object<'a>> {
        match self {
            Self::Object(object) => Some(object),
            _ => None,
        }
    }

    pub(super) fn as_object_mut(&mut self) -> Option<&mut Object<'a>> {
        match self {
            Self::Object(object) => Some(object),
            _ => None,
        }
    }

    pub(super) fn as_list_mut(&mut self) -> Option<&mut Vec<Json<'a>>> {
        match self {
            Self::List(list) => Some(list),
            _ => None,
        }
    }

    /// A whole number, however it is written: to a browser `2.0` is `2`.
    pub(super) fn as_int(&self) -> Option<i64> {
        let Self::Number(number) = self else { return None };
        number
            .as_i64()
            .or_else(|| number.as_f64().filter(|it| it.fract() == 0.0).and_then(whole))
    }

    pub(super) fn as_f64(&self) -> Option<f64> {
        match self {
            Self::Number(number) => number.as_f64(),
            _ => None,
        }
    }
}

/// Browsers write half of a pair of `\u` escapes where a text was cut within an emoji; to every other reader that is no text. Such a half becomes U+FFFD.
pub(super) fn mended(json: &[u8]) -> Cow<'_, [u8]> {
    let mut out = Cow::Borrowed(json);
    let mut at = 0;
    while let Some(found) = json[at..].iter().position(|it| *it == b'\\') {
        at += found;
        let unit = escaped_unit(&json[at..]);
        let is_first = unit.is_some_and(|it| (0xd800..0xdc00).contains(&it));
        let is_second = |unit: Option<u16>| unit.is_some_and(|it| (0xdc00..0xe000).contains(&it));
        at += match unit {
            None => 2,
            Some(_) if is_first && is_second(json.get(at + 6..).and_then(escaped_unit)) => 12,
            Some(_) => {
                if is_first || is_second(unit) {
                    out.to_mut()[at + 2..at + 6].copy_from_slice(b"fffd");
                }
                6
            }
        };
        at = at.min(json.len());
    }
    out
}

/// What `\uXXXX` at the start of these bytes stands for.
fn escaped_unit(json: &[u8]) -> Option<u16> {
    let digits = json.strip_prefix(b"\\u")?.get(..4)?;
    let digits = std::str::from_utf8(digits)
        .ok()
        .filter(|it| it.bytes().all(|it| it.is_ascii_hexdigit()))?;
    u16::from_str_radix(digits, 16).ok()
}

/// The whole part, of what a browser's numbers hold exactly.
pub(super) fn whole(number: f64) -> Option<i64> {
    const EXACT_MAX: f64 = 9_007_199_254_740_992.0;
    #[expect(clippy::cast_possible_truncation, reason = "in range, and the fraction is to go")]
    (number.abs() <= EXACT_MAX).then_some(number as i64)
}

impl<'a> Object<'a> {
    pub(super) fn get(&self, key: &str) -> Option<&Json<'a>> {
        self.0.iter().find(|(name, _)| name == key).map(|(_, value)| value)
    }

    pub(super) fn get_mut(&mut self, key: &str) -> Option<&mut Json<'a>> {
        self.0.iter_mut().find(|(name, _)| name == key).map(|(_, value)| value)
    }

    pub(super) fn text(&self, key: &str) -> Option<&str> {
        self.get(key).and_then(Json::as_text)
    }

    pub(super) fn int(&self, key: &str) -> Option<i64> {
        self.get(key).and_then(Json::as_int)
    }

    pub(super) fn object_mut(&mut self, key: &str) -> Option<&mut Object<'a>> {
        self.get_mut(key).and_then(Json::as_object_mut)
    }

    pub(super) fn list_mut(&mut self, key: &str) -> Option<&mut Vec<Json<'a>>> {
        self.get_mut(key).and_then(Json::as_list_mut)
    }

    /// The list under this key; an empty one when there is none.
    pub(super) fn items(&self, key: &str) -> &[Json<'a>] {
        match self.get(key) {
            Some(Json::List(list)) => list,
            _ => &[],
        }
    }

    pub(super) fn set(&mut self, key: &'static str, value: Json<'a>) {
        match self.get_mut(key) {
            Some(old) => *old = value,
            None => self.0.push((Cow::Borrowed(key), value)),
        }
    }

    /// Sets what is not there.
    pub(super) fn or_set(&mut self, key: &'static str, value: Json<'a>) {
        if self.get(key).is_none() {
            self.0.push((Cow::Borrowed(key), value));
        }
    }

    pub(super) fn take(&mut self, key: &str) -> Option<Json<'a>> {
        let at = self.0.iter().position(|(name, _)| name == key)?;
        Some(self.0.remove(at).1)
    }

    pub(super) fn retain(&mut self, mut keep: impl FnMut(&str, &mut Json<'a>) -> bool) {
        self.0.retain_mut(|(name, value)| keep(name, value));
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &Json<'a>)> {
        self.0.iter().map(|(name, value)| (&**name, value))
    }

    /// Keeps the fields that are named here and are what they should be.
    pub(super) fn keep(&mut self, fields: &[(&str, Kind)]) {
        self.retain(|name, value| fields.iter().any(|(field, kind)| *field == name && kind.fits(value)));
    }
}

/// What a field may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Number,
    NumberOrNull,
    Flag,
    Text,
    /// A number, or a list of them: where in nested style rules.
    Numbers,
    List,
    Object,
    Any,
}

impl Kind {
    fn fits(self, value: &Json<'_>) -> bool {
        match (self, value) {
            (Self::Any, _)
            | (Self::Number | Self::NumberOrNull | Self::Numbers, Json::Number(_))
            | (Self::NumberOrNull, Json::Null)
            | (Self::Flag, Json::Bool(_))
            | (Self::Text, Json::Text(_))
            | (Self::List, Json::List(_))
            | (Self::Object, Json::Object(_)) => true,
            (Self::Numbers, Json::List(list)) => list.iter().all(|it| matches!(it, Json::Number(_))),
            _ => false,
        }
    }
}

impl<'a> FromIterator<(&'static str, Json<'a>)> for Object<'a> {
    fn from_iter<T: IntoIterator<Item = (&'static str, Json<'a>)>>(fields: T) -> Self {
        Self(
            fields
                .into_iter()
                .map(|(name, value)| (Cow::Borrowed(name), value))
                .collect(),
        )
    }
}

struct Limits {
    values_left: Cell<usize>,
    exceeded: Cell<Option<RecordingError>>,
}

#[derive(Clone, Copy)]
struct Seed<'l> {
    limits: &'l Limits,
    depth: usize,
}

impl Seed<'_> {
    fn deeper(self) -> Self {
        Self {
            depth: self.depth + 1,
            ..self
        }
    }

    fn exceeds<E: serde::de::Error>(self, limit: RecordingError) -> E {
        let error = E::custom(&limit);
        self.limits.exceeded.set(Some(limit));
        error
    }
}

impl<'de> DeserializeSeed<'de> for Seed<'_> {
    type Value = Json<'de>;

    fn deserialize<D: serde::Deserializer<'de>>(self, reader: D) -> Result<Json<'de>, D::Error> {
        if self.depth > DEPTH_MAX {
            return Err(self.exceeds(RecordingError::TooDeep));
        }
        match self.limits.values_left.get().checked_sub(1) {
            Some(left) => self.limits.values_left.set(left),
            None => return Err(self.exceeds(RecordingError::TooManyValues)),
        }
        reader.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Seed<'_> {
    type Value = Json<'de>;

    fn expecting(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Json<'de>, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Json<'de>, E> {
        Ok(Json::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Json<'de>, E> {
        Ok(Json::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Json<'de>, E> {
        Ok(Json::Number(value.into()))
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Json<'de>, E> {
        Number::from_f64(value)
            .map(Json::Number)
            .ok_or_else(|| E::custom("a number out of range"))
    }

    fn visit_borrowed_str<E>(self, value: &'de str) -> Result<Json<'de>, E> {
        Ok(Json::Text(Cow::Borrowed(value)))
    }

    fn visit_str<E>(self, value: &str) -> Result<Json<'de>, E> {
        Ok(Json::Text(Cow::Owned(value.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Json<'de>, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(self.deeper())? {
            list.push(item);
        }
        Ok(Json::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Json<'de>, A::Error> {
        let mut object = Vec::new();
        while let Some(Key(name)) = fields.next_key()? {
            let value = fields.next_value_seed(self.deeper())?;
            object.push((name, value));
        }
        Ok(Json::Object(Object(last_of_each(object))))
    }
}

struct Key<'a>(Cow<'a, str>);

impl<'de> serde::Deserialize<'de> for Key<'de> {
    fn deserialize<D: serde::Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = Key<'de>;

            fn expecting(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
                to.write_str("a key")
            }

            fn visit_borrowed_str<E>(self, key: &'de str) -> Result<Key<'de>, E> {
                Ok(Key(Cow::Borrowed(key)))
            }

            fn visit_str<E>(self, key: &str) -> Result<Key<'de>, E> {
                Ok(Key(Cow::Owned(key.to_owned())))
            }
        }
        reader.deserialize_str(Reader)
    }
}

/// As a browser reads it: of a key that comes twice the last counts.
fn last_of_each<'a>(mut fields: Vec<(Cow<'a, str>, Json<'a>)>) -> Vec<(Cow<'a, str>, Json<'a>)> {
    let is_unique = if fields.len() <= FEW_KEYS {
        fields
            .iter()
            .enumerate()
            .all(|(at, (key, _))| fields[..at].iter().all(|(other, _)| other != key))
    } else {
        let mut seen = HashSet::with_capacity(fields.len());
        fields.iter().all(|(key, _)| seen.insert(&**key))
    };
    if !is_unique {
        let mut seen = HashSet::with_capacity(fields.len());
        fields.reverse();
        fields.retain(|(key, _)| seen.insert(key.clone()));
        fields.reverse();
    }
    fields
}

impl Serialize for Json<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => to.serialize_unit(),
            Self::Bool(value) => to.serialize_bool(*value),
            Self::Number(value) => value.serialize(to),
            Self::Text(value) => to.serialize_str(value),
            Self::List(items) => to.collect_seq(items),
            Self::Object(object) => to.collect_map(object.iter()),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn round(json: &str) -> String {
        String::from_utf8(Json::read(json.as_bytes()).unwrap().write()).unwrap()
    }

    #[test]
    fn it_keeps_order_and_digits() {
        let json = r#"{"z":1,"a":[0.1,-7,18446744073709551615,1700000000000.125,true,null,"é\n"]}"#;
        assert_eq!(round(json), json);
    }

    #[test]
    fn of_a_key_that_comes_twice_the_last_counts() {
        assert_eq!(round(r#"{"a":1,"b":2,"a":3}"#), r#"{"b":2,"a":3}"#);
        let many: String = (0..20).map(|at| format!(r#""k{at}":0,"#)).collect();
        assert!(round(&format!(r#"{{{many}"k3":"last"}}"#)).ends_with(r#""k3":"last"}"#));
    }

    #[test]
    fn it_stops_at_its_limits() {
        let deep = "[".repeat(100_000);
        assert_eq!(Json::read(deep.as_bytes()), Err(RecordingError::TooDeep));
        let allowed = "[".repeat(DEPTH_MAX) + &"]".repeat(DEPTH_MAX);
        assert!(Json::read(allowed.as_bytes()).is_ok());
        let many = format!("[{}0]", "0,".repeat(VALUES_MAX));
        assert_eq!(Json::read(many.as_bytes()), Err(RecordingError::TooManyValues));
    }

    #[test]
    fn half_an_emoji_is_mended_and_a_whole_one_kept() {
        let read = |json: &str| {
            let mended = mended(json.as_bytes());
            Json::read(&mended).unwrap().as_text().map(str::to_owned)
        };
        assert_eq!(read(r#""a\ud83db""#).as_deref(), Some("a\u{fffd}b"));
        assert_eq!(
            read(r#""\udc00\ud83d\ude00\ud83d""#).as_deref(),
            Some("\u{fffd}😀\u{fffd}")
        );
        assert_eq!(read(r#""\\ud83d\n\u00e9""#).as_deref(), Some("\\ud83d\né"));
        assert!(matches!(mended(br#""\\ud83d\ud83d\ude00""#), Cow::Borrowed(_)));
        assert_eq!(&*mended(b"\\"), b"\\");
    }

    #[test]
    fn what_follows_the_json_is_not_overlooked() {
        assert!(matches!(Json::read(b"[] x"), Err(RecordingError::NotJson(_))));
    }

    proptest! {
        #[test]
        fn every_float_stays_itself(number in any::<f64>().prop_filter("JSON has no others", |it| it.is_finite())) {
            let json = serde_json::to_string(&number).unwrap();
            prop_assert_eq!(round(&json), json);
        }
    }
}
