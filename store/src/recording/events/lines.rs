//! Lines of the console and the network.

use super::each;
use crate::recording::json::{Json, Kind, Object};

/// The rrweb plugins whose lines are kept.
const CONSOLE: &str = "rrweb/console@1";
const NETWORK: &str = "rrweb/network@1";

/// Lines of the console and the network, without the headers and bodies that a stock recorder may add.
pub(super) fn plugin(data: &mut Object<'_>) -> bool {
    data.keep(&[("plugin", Kind::Text), ("payload", Kind::Object)]);
    let plugin = data.text("plugin").unwrap_or_default().to_owned();
    let Some(payload) = data.object_mut("payload") else {
        return false;
    };
    match &*plugin {
        CONSOLE => {
            payload.keep(&[("level", Kind::Text), ("trace", Kind::Any), ("payload", Kind::Any)]);
            console(payload);
            true
        }
        NETWORK => {
            payload.keep(&[("requests", Kind::List)]);
            each(payload, "requests", |it| {
                it.keep(&[
                    ("method", Kind::Text),
                    ("url", Kind::Text),
                    ("name", Kind::Text),
                    ("initiatorType", Kind::Text),
                    ("status", Kind::Number),
                    ("failed", Kind::Flag),
                    ("startTime", Kind::Number),
                    ("endTime", Kind::Number),
                    ("duration", Kind::Number),
                    ("requestBytes", Kind::Number),
                    ("responseBytes", Kind::Number),
                ]);
                true
            });
            true
        }
        _ => false,
    }
}

/// A line's words and where it was written: texts, one or a list.
pub(super) fn console(line: &mut Object<'_>) {
    for field in ["trace", "payload"] {
        match line.get_mut(field) {
            Some(Json::List(items)) => items.retain(|it| matches!(it, Json::Text(_))),
            Some(Json::Text(_)) | None => {}
            Some(_) => {
                line.take(field);
            }
        }
    }
}
