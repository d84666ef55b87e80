//! JSON on the wire is the proto3 JSON mapping of the same messages.
//!
//! Reading goes through the descriptors ([`descriptor`]) and `prost_reflect::DynamicMessage`: snake_case and lowerCamelCase
//! names, 64-bit integers as numbers or strings. Writing goes through `serde` on the generated structs, which keeps the
//! snake_case names and plain numbers; the functions here write the two types that have no plain form of their own.

use std::{collections::BTreeMap, sync::LazyLock};

use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use prost_reflect::{DescriptorPool, MessageDescriptor};
use prost_types::{Value, value::Kind};
use serde::{
    Serialize, Serializer,
    ser::{SerializeMap, SerializeSeq},
};

static POOL: LazyLock<DescriptorPool> = LazyLock::new(|| {
    DescriptorPool::decode(include_bytes!(concat!(env!("OUT_DIR"), "/descriptors.bin")).as_slice()).unwrap_or_default()
});

/// The descriptor of a message of ours by its full name, as in `gosight.v1.Event`; none when there is no such message.
pub fn descriptor(full_name: &str) -> Option<MessageDescriptor> {
    POOL.get_message_by_name(full_name)
}

/// Any `google.protobuf.Value` as the plain JSON value it stands for. A number JSON cannot write becomes `null`.
pub struct PlainValue<'a>(pub &'a Value);

impl Serialize for PlainValue<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.0.kind {
            None | Some(Kind::NullValue(_)) => serializer.serialize_unit(),
            Some(Kind::NumberValue(number)) if number.is_finite() => serialize_number(*number, serializer),
            Some(Kind::NumberValue(_)) => serializer.serialize_unit(),
            Some(Kind::StringValue(text)) => serializer.serialize_str(text),
            Some(Kind::BoolValue(flag)) => serializer.serialize_bool(*flag),
            Some(Kind::StructValue(fields)) => values(&fields.fields, serializer),
            Some(Kind::ListValue(list)) => {
                let mut sequence = serializer.serialize_seq(Some(list.values.len()))?;
                for value in &list.values {
                    sequence.serialize_element(&PlainValue(value))?;
                }
                sequence.end()
            }
        }
    }
}

/// A whole number is written as one: `3`, not `3.0`, as JSON.stringify does.
fn serialize_number<S: Serializer>(number: f64, serializer: S) -> Result<S::Ok, S::Error> {
    /// Integers up to here are exact in an f64.
    const EXACT_MAX: f64 = 9_007_199_254_740_992.0;
    if number.fract() == 0.0 && number.abs() <= EXACT_MAX {
        serializer.serialize_i64(number as i64)
    } else {
        serializer.serialize_f64(number)
    }
}

/// A map of values as a plain JSON object.
pub(crate) fn values<S: Serializer>(fields: &BTreeMap<String, Value>, serializer: S) -> Result<S::Ok, S::Error> {
    let mut map = serializer.serialize_map(Some(fields.len()))?;
    for (name, value) in fields {
        map.serialize_entry(name, &PlainValue(value))?;
    }
    map.end()
}

/// Bytes as base64 text, as in the proto3 JSON mapping.
pub(crate) fn base64<S: Serializer>(bytes: &Bytes, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&STANDARD.encode(bytes))
}

#[cfg(test)]
mod tests {
    use prost::Message;
    use prost_reflect::DynamicMessage;
    use serde_json::json;

    use crate::v1::Event;

    use super::*;

    fn read(text: &str) -> Event {
        let descriptor = descriptor("gosight.v1.Event").unwrap();
        let mut json = serde_json::Deserializer::from_str(text);
        let options = prost_reflect::DeserializeOptions::new().deny_unknown_fields(false);
        let message = DynamicMessage::deserialize_with_options(descriptor, &mut json, &options).unwrap();
        Event::decode(message.encode_to_vec().as_slice()).unwrap()
    }

    #[test]
    fn both_spellings_and_both_forms_of_a_long_number_read_as_the_same_event() {
        let snake = read(
            r#"{"id":"a","timestamp_ms":1732330000000,"page":1,"click":{"page_x":3,"target":{"tag":"a"}},"new":{}}"#,
        );
        let camel =
            read(r#"{"id":"a","timestampMs":"1732330000000","page":1,"click":{"pageX":3,"target":{"tag":"a"}}}"#);
        assert_eq!(snake, camel);
        assert_eq!(snake.timestamp_ms, 1_732_330_000_000);
    }

    #[test]
    fn an_event_is_written_with_snake_case_names_and_plain_values() {
        let properties = r#"{"price":3,"rate":0.5,"big":1e300,"ok":true,"none":null,"plan":"pro"}"#;
        let text =
            format!(r#"{{"id":"a","timestamp_ms":"7","custom_event":{{"name":"buy","properties":{properties}}}}}"#);
        assert_eq!(
            serde_json::to_value(read(&text)).unwrap(),
            json!({
                "id": "a", "timestamp_ms": 7, "page": 0,
                "custom_event": {
                    "name": "buy", "category": "",
                    "properties": {"price": 3, "rate": 0.5, "big": 1e300, "ok": true, "none": null, "plan": "pro"},
                },
            })
        );
    }

    #[test]
    fn bytes_are_written_as_base64() {
        let event = read(r#"{"id":"a","replay_chunk":{"index":1,"data":"AAEC"}}"#);
        assert_eq!(serde_json::to_value(event).unwrap()["replay_chunk"]["data"], "AAEC");
    }
}
