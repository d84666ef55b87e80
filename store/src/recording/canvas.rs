//! What was drawn on a canvas: calls that the player repeats, with arguments it builds in the dashboard's own window.
//!
//! So a call may only name a method of a drawing context, and an argument only types that hold data. Stock recordings need no others;
//! `{"rr_type": "WebSocket", "args": ["wss://…"]}` would open one.

use super::attributes::replace;
use super::json::{Json, Kind, Object};
use super::{address, css};

/// Types that are built from data alone.
const BUILT: [&str; 19] = [
    "BigInt64Array",
    "BigUint64Array",
    "DOMMatrix",
    "DOMMatrixReadOnly",
    "DOMPoint",
    "DataView",
    "Float32Array",
    "Float64Array",
    "ImageBitmap",
    "ImageData",
    "Int16Array",
    "Int32Array",
    "Int8Array",
    "Path2D",
    "Uint16Array",
    "Uint32Array",
    "Uint8Array",
    "Uint8ClampedArray",
    "DOMRect",
];

/// Properties of a drawing context that can be set.
const SET: [&str; 29] = [
    "direction",
    "drawingBufferColorSpace",
    "fillStyle",
    "filter",
    "font",
    "fontKerning",
    "fontStretch",
    "fontVariantCaps",
    "globalAlpha",
    "globalCompositeOperation",
    "imageSmoothingEnabled",
    "imageSmoothingQuality",
    "lang",
    "letterSpacing",
    "lineCap",
    "lineDashOffset",
    "lineJoin",
    "lineWidth",
    "miterLimit",
    "shadowBlur",
    "shadowColor",
    "shadowOffsetX",
    "shadowOffsetY",
    "strokeStyle",
    "textAlign",
    "textBaseline",
    "textRendering",
    "unpackColorSpace",
    "wordSpacing",
];

/// What every object has, drawing or not.
const OF_EVERY_OBJECT: [&str; 7] = [
    "constructor",
    "hasOwnProperty",
    "isPrototypeOf",
    "propertyIsEnumerable",
    "toLocaleString",
    "toString",
    "valueOf",
];

/// Whether anything is left to draw.
pub(super) fn clean(data: &mut Object<'_>, removed: &mut u32) -> bool {
    data.keep(&[
        ("source", Kind::Number),
        ("id", Kind::Number),
        ("type", Kind::Number),
        ("commands", Kind::List),
        ("property", Kind::Text),
        ("args", Kind::List),
        ("setter", Kind::Flag),
    ]);
    if data.int("id").is_none() || !matches!(data.int("type"), Some(0..=2)) {
        return false;
    }
    let Some(commands) = data.list_mut("commands") else {
        return command(data, removed);
    };
    commands.retain_mut(|it| {
        it.as_object_mut().is_some_and(|it| {
            it.keep(&[("property", Kind::Text), ("args", Kind::List), ("setter", Kind::Flag)]);
            command(it, removed)
        })
    });
    data.retain(|name, _| matches!(name, "source" | "id" | "type" | "commands"));
    true
}

fn command(command: &mut Object<'_>, removed: &mut u32) -> bool {
    let is_set = matches!(command.get("setter"), Some(Json::Bool(true)));
    let is_known = command
        .text("property")
        .is_some_and(|name| if is_set { SET.contains(&name) } else { is_method(name) });
    command.or_set("args", Json::List(Vec::new()));
    let is_kept = is_known
        && command
            .list_mut("args")
            .is_some_and(|args| args.iter_mut().all(|it| argument(it, is_set, removed)));
    *removed += u32::from(!is_kept);
    is_kept
}

fn is_method(name: &str) -> bool {
    name.starts_with(|it: char| it.is_ascii_lowercase())
        && name.bytes().all(|it| it.is_ascii_alphanumeric())
        && !OF_EVERY_OBJECT.contains(&name)
}

/// Whether the argument is data, made harmless; one that is not takes its call along.
fn argument(argument: &mut Json<'_>, is_set: bool, removed: &mut u32) -> bool {
    match argument {
        Json::List(items) => items.iter_mut().all(|it| self::argument(it, is_set, removed)),
        Json::Object(object) if object.get("rr_type").is_some() => typed(object, removed),
        // Options: numbers and words.
        Json::Object(object) => object
            .iter()
            .all(|(_, it)| !matches!(it, Json::Object(_) | Json::List(_))),
        Json::Text(text) if is_set => {
            replace(text, |it| css::sheet(it, removed));
            true
        }
        _ => true,
    }
}

fn typed(argument: &mut Object<'_>, removed: &mut u32) -> bool {
    argument.keep(&[
        ("rr_type", Kind::Text),
        ("index", Kind::Number),
        ("args", Kind::List),
        ("base64", Kind::Text),
        ("src", Kind::Text),
        ("data", Kind::List),
        ("type", Kind::Text),
    ]);
    let name = argument.text("rr_type").unwrap_or_default();
    // As the player reads them, in its order.
    let field = if name == "ImageBitmap" && argument.get("args").is_some() {
        "args"
    } else if argument.get("index").is_some() {
        "index"
    } else if argument.get("args").is_some() {
        "args"
    } else if argument.get("base64").is_some() {
        "base64"
    } else if argument.get("src").is_some() {
        "src"
    } else {
        "data"
    };
    let is_known = match field {
        "args" => BUILT.contains(&name),
        "data" => name == "Blob",
        "index" => name.starts_with("WebGL"),
        "src" => name == "HTMLImageElement" || name == "HTMLCanvasElement",
        _ => name == "ArrayBuffer",
    };
    argument.retain(|name, _| name == "rr_type" || name == field);
    is_known
        && match argument.get_mut(field) {
            Some(Json::List(items)) => items.iter_mut().all(|it| self::argument(it, false, removed)),
            Some(Json::Text(text)) if field == "src" => {
                replace(text, |it| address::inert(it).text);
                true
            }
            Some(_) => true,
            None => false,
        }
}
