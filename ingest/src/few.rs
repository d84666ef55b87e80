//! JSON lists and objects of which only the first few are kept, as they stand, and the rest counted: memory is bounded
//! before anything is known about the sender.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{IgnoredAny, MapAccess, SeqAccess, Visitor},
};
use serde_json::value::RawValue;

/// The first `MAX` elements of a list, and how many there are in all.
#[derive(Default)]
pub(crate) struct Elements<'a, const MAX: usize> {
    pub(crate) items: Vec<&'a RawValue>,
    pub(crate) len: usize,
}

/// The first `MAX` members of an object, and how many there are in all.
#[derive(Default)]
pub(crate) struct Members<'a, const MAX: usize> {
    pub(crate) items: Vec<(String, &'a RawValue)>,
    pub(crate) len: usize,
}

impl<'de: 'a, 'a, const MAX: usize> Deserialize<'de> for Elements<'a, MAX> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct List<const MAX: usize>;
        impl<'de, const MAX: usize> Visitor<'de> for List<MAX> {
            type Value = Elements<'de, MAX>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
                let mut kept = Elements::default();
                while kept.len < MAX {
                    let Some(item) = list.next_element()? else {
                        return Ok(kept);
                    };
                    kept.items.push(item);
                    kept.len += 1;
                }
                while list.next_element::<IgnoredAny>()?.is_some() {
                    kept.len += 1;
                }
                Ok(kept)
            }
        }
        deserializer.deserialize_seq(List::<MAX>)
    }
}

impl<'de: 'a, 'a, const MAX: usize> Deserialize<'de> for Members<'a, MAX> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object<const MAX: usize>;
        impl<'de, const MAX: usize> Visitor<'de> for Object<MAX> {
            type Value = Members<'de, MAX>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Self::Value, A::Error> {
                let mut kept = Members::default();
                while kept.len < MAX {
                    let Some(member) = object.next_entry()? else {
                        return Ok(kept);
                    };
                    kept.items.push(member);
                    kept.len += 1;
                }
                while object.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {
                    kept.len += 1;
                }
                Ok(kept)
            }
        }
        deserializer.deserialize_map(Object::<MAX>)
    }
}
