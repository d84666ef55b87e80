//! JSON batches: taken apart without building them, so that one bad event is only one bad event, and then encoded as the same
//! protobuf messages, so that everything after has one form to judge.

use bytes::Bytes;
use gosight_proto::{EventType, json, limits};
use prost::Message;
use prost_reflect::{DeserializeOptions, DynamicMessage};
use serde_json::{Value, value::RawValue};

use crate::{
    envelope::{Envelope, page_fits},
    few::{Elements, Members},
    reason::{Reason, Refusal},
    schema::is_about_input,
};

const MALFORMED: Refusal = Refusal::Malformed("the body is not the JSON of a gosight.v1.EventBatch");
const BATCH: &str = "gosight.v1.EventBatch";

/// Members of one JSON object that is taken apart here; a batch has 12, an event 4. The rest must be few to be ignored.
const MEMBERS_MAX: usize = 64;

/// Names under which a raw input value would stand: in events about inputs anywhere, in any event in its target.
/// Compared in lower case without `_` and `-`.
const RAW_VALUE_NAMES: [&str; 10] = [
    "value",
    "values",
    "rawvalue",
    "oldvalue",
    "newvalue",
    "previousvalue",
    "currentvalue",
    "inputvalue",
    "textvalue",
    "defaultvalue",
];

/// Splits the JSON of a `gosight.v1.EventBatch`. Broken UTF-8 must have been repaired.
pub(crate) fn from_json(body: &str) -> Result<Envelope, Refusal> {
    let batch: Members<'_, MEMBERS_MAX> = serde_json::from_str(body).map_err(|_| MALFORMED)?;
    if batch.len > MEMBERS_MAX {
        return Err(MALFORMED);
    }
    let mut envelope = Envelope::default();
    let mut header = String::from("{");
    for (name, raw) in batch.items {
        match name.as_str() {
            "events" => envelope.events = events(raw)?,
            "pages" => envelope.pages = pages(raw)?,
            _ if is_field_of_batch(&name) => {
                if name == "attributes" {
                    limit_attributes(raw)?;
                }
                if header.len() > 1 {
                    header.push(',');
                }
                header.extend(["\"", &name, "\":", raw.get()]);
            }
            _ => {}
        }
    }
    header.push('}');
    if header.len() > limits::EVENT_BYTES_MAX {
        return Err(Refusal::TooLarge("what the events share is over 64 KiB"));
    }
    envelope.header = encode(BATCH, &header).ok_or(MALFORMED)?.into();
    Ok(envelope)
}

/// The key, when a JSON batch begins with it.
pub(crate) fn leading_key(body: &[u8]) -> Option<&str> {
    let rest = body.trim_ascii_start().strip_prefix(b"{")?.trim_ascii_start();
    let rest = rest
        .strip_prefix(b"\"project_key\"")
        .or_else(|| rest.strip_prefix(b"\"projectKey\""))?;
    let rest = rest
        .trim_ascii_start()
        .strip_prefix(b":")?
        .trim_ascii_start()
        .strip_prefix(b"\"")?;
    let end = rest.iter().position(|byte| *byte == b'"')?;
    std::str::from_utf8(&rest[..end]).ok().filter(|key| !key.contains('\\'))
}

/// By its name in the `.proto` file or in lowerCamelCase; so the name needs no escaping.
fn is_field_of_batch(name: &str) -> bool {
    json::descriptor(BATCH).is_some_and(|batch| {
        batch
            .get_field_by_name(name)
            .or_else(|| batch.get_field_by_json_name(name))
            .is_some()
    })
}

fn limit_attributes(raw: &RawValue) -> Result<(), Refusal> {
    let attributes: Option<Members<'_, 0>> = serde_json::from_str(raw.get()).map_err(|_| MALFORMED)?;
    at_most(
        attributes.map_or(0, |all| all.len),
        limits::ATTRIBUTES_PER_BATCH_MAX,
        "attributes",
    )
}

fn pages(raw: &RawValue) -> Result<Vec<Bytes>, Refusal> {
    let page = |raw: &&RawValue| {
        page_fits(raw.get().len())?;
        encode("gosight.v1.Page", raw.get()).ok_or(MALFORMED)
    };
    elements::<{ limits::PAGES_PER_BATCH_MAX }>(raw, "pages")?
        .iter()
        .map(page)
        .collect()
}

fn events(raw: &RawValue) -> Result<Vec<Result<Bytes, Reason>>, Refusal> {
    Ok(elements::<{ limits::EVENTS_PER_BATCH_MAX }>(raw, "events")?
        .iter()
        .map(|raw| event(raw))
        .collect())
}

fn elements<'a, const MAX: usize>(raw: &'a RawValue, what: &'static str) -> Result<Vec<&'a RawValue>, Refusal> {
    let list: Option<Elements<'a, MAX>> = serde_json::from_str(raw.get()).map_err(|_| MALFORMED)?;
    let list = list.unwrap_or_default();
    at_most(list.len, MAX, what)?;
    Ok(list.items)
}

fn at_most(len: usize, max: usize, what: &'static str) -> Result<(), Refusal> {
    if len <= max {
        Ok(())
    } else {
        Err(Refusal::TooMany { what, max })
    }
}

fn event(raw: &RawValue) -> Result<Bytes, Reason> {
    let text = raw.get();
    if text.len() > limits::REPLAY_EVENT_BYTES_MAX {
        return Err(Reason::EventTooLarge);
    }
    let members: Members<'_, MEMBERS_MAX> = serde_json::from_str(text).map_err(|_| Reason::Malformed)?;
    if members.len > MEMBERS_MAX {
        return Err(Reason::Malformed);
    }
    let mut payload = None;
    let mut is_unknown = false;
    for (name, value) in &members.items {
        if value.get() == "null" {
            continue;
        }
        if let Some(kind) = event_type(name) {
            if payload.replace((kind, value.get())).is_some() {
                return Err(Reason::Malformed);
            }
        } else {
            is_unknown |= value.get().starts_with('{');
        }
    }
    if text.len() > limits::EVENT_BYTES_MAX && !matches!(payload, Some((EventType::ReplayChunk, _))) {
        return Err(Reason::EventTooLarge);
    }
    match payload {
        Some((kind, value)) if holds_raw_value(kind, value) => Err(Reason::RawValue),
        None if is_unknown => Err(Reason::UnknownType),
        _ => encode("gosight.v1.Event", text).ok_or(Reason::Malformed),
    }
}

fn event_type(name: &str) -> Option<EventType> {
    EventType::from_name(name).or_else(|| EventType::from_name(&snake_case(name)?))
}

/// None for a name that is not lowerCamelCase.
fn snake_case(name: &str) -> Option<String> {
    if name.contains('_') || !name.bytes().any(|byte| byte.is_ascii_uppercase()) {
        return None;
    }
    let mut snake = String::with_capacity(name.len() + 2);
    for letter in name.chars() {
        if letter.is_ascii_uppercase() {
            snake.push('_');
        }
        snake.push(letter.to_ascii_lowercase());
    }
    Some(snake)
}

/// Unknown JSON fields are ignored and so never stored; one that is named like a raw value is a client that must be told.
fn holds_raw_value(kind: EventType, payload: &str) -> bool {
    let names_value = || {
        payload
            .as_bytes()
            .windows(5)
            .any(|part| part.eq_ignore_ascii_case(b"value"))
    };
    if kind == EventType::ReplayChunk || !names_value() {
        return false;
    }
    let Ok(payload) = serde_json::from_str::<Value>(payload) else {
        return false;
    };
    if is_about_input(kind) {
        has_raw_name(&payload)
    } else {
        payload.get("target").is_some_and(has_raw_name)
    }
}

fn has_raw_name(value: &Value) -> bool {
    let Value::Object(members) = value else {
        return false;
    };
    members
        .iter()
        .any(|(name, value)| !value.is_null() && is_raw_name(name) || has_raw_name(value))
}

fn is_raw_name(name: &str) -> bool {
    let plain: String = name.chars().filter(|letter| !matches!(letter, '_' | '-')).collect();
    RAW_VALUE_NAMES.contains(&plain.to_ascii_lowercase().as_str())
}

/// One JSON object as the protobuf message it maps to. Callers bound the text.
fn encode(message: &str, text: &str) -> Option<Bytes> {
    let descriptor = json::descriptor(message)?;
    let options = DeserializeOptions::new().deny_unknown_fields(false);
    let mut json = serde_json::Deserializer::from_str(text);
    let message = DynamicMessage::deserialize_with_options(descriptor, &mut json, &options).ok()?;
    Some(message.encode_to_vec().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(event: &str) -> Result<Bytes, Reason> {
        let batch = format!(r#"{{"events":[{event}]}}"#);
        from_json(&batch).unwrap().events.remove(0)
    }

    #[test]
    fn a_raw_value_is_found_by_its_name_wherever_it_hides() {
        for event in [
            r#"{"id":"a","input_change":{"value":"secret","value_length":6}}"#,
            r#"{"id":"a","inputChange":{"target":{"oldValue":"secret"}}}"#,
            r#"{"id":"a","form_submit":{"form":"f","fields":{"raw-value":"x"}}}"#,
            r#"{"id":"a","click":{"target":{"tag":"input","value":"secret"}}}"#,
            r#"{"id":"a","click":{"target":{"attributes":{"Value":"secret"}}}}"#,
        ] {
            assert_eq!(read(event), Err(Reason::RawValue), "{event}");
        }
    }

    #[test]
    fn a_length_or_a_custom_property_is_not_a_raw_value() {
        for event in [
            r#"{"id":"a","input_change":{"value_length":6,"target":{"tag":"input"}}}"#,
            r#"{"id":"a","custom_event":{"name":"x","properties":{"value":3}}}"#,
            r#"{"id":"a","click":{"target":{"attributes":{"data-value":"3"}}}}"#,
        ] {
            assert!(read(event).is_ok(), "{event}");
        }
    }

    #[test]
    fn the_leading_key_is_found_without_parsing() {
        assert_eq!(leading_key(b" { \"projectKey\" : \"abc\", \"events\": [{"), Some("abc"));
        assert_eq!(leading_key(b"{\"events\":[]"), None);
        assert_eq!(leading_key(b"{\"project_key\":\"ab"), None);
    }

    #[test]
    fn too_many_of_anything_is_refused_before_it_is_built() {
        let list = |len: usize, item: &str| vec![item; len].join(",");
        let attributes: Vec<_> = (0..51).map(|n| format!("\"a{n}\":\"\"")).collect();
        for (body, what) in [
            (format!(r#"{{"events":[{}]}}"#, list(1001, "1")), "events"),
            (format!(r#"{{"pages":[{}]}}"#, list(101, "{}")), "pages"),
            (
                format!(r#"{{"attributes":{{{}}}}}"#, attributes.join(",")),
                "attributes",
            ),
        ] {
            assert!(matches!(from_json(&body), Err(Refusal::TooMany { what: found, .. }) if found == what));
        }
        let at_limit = from_json(&format!(r#"{{"events":[{}]}}"#, list(1000, "1"))).unwrap();
        assert_eq!(at_limit.events, vec![Err(Reason::Malformed); 1000]);
    }
}
