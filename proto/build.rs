//! Compiles the `.proto` files with `protox`, so that building needs no `protoc`, and keeps their descriptors for the JSON mapping.

use std::{env, error::Error, fs, path::PathBuf};

const FILES: [&str; 3] = [
    "proto/gosight/v1/events.proto",
    "proto/gosight/v1/ingest.proto",
    "proto/gosight/log/v1/record.proto",
];

/// Maps of `google.protobuf.Value`: serialised as plain JSON values.
const VALUE_MAPS: [&str; 3] = [
    ".gosight.v1.CustomEvent.properties",
    ".gosight.v1.Identify.traits",
    ".gosight.v1.Group.traits",
];

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed=proto");
    let descriptors = protox::compile(FILES, ["proto"])?;
    let out = PathBuf::from(env::var("OUT_DIR")?);
    fs::write(out.join("descriptors.bin"), prost::Message::encode_to_vec(&descriptors))?;

    let mut builder = tonic_prost_build::configure()
        .build_server(false)
        .btree_map(".gosight")
        .bytes(".gosight")
        .type_attribute(".gosight", "#[derive(serde::Serialize)]")
        .type_attribute(".gosight.v1.Event.payload", "#[serde(rename_all = \"snake_case\")]")
        // By suffix: the full path would also name the variants.
        .field_attribute("Event.payload", "#[serde(flatten)]")
        .field_attribute(
            ".gosight.v1.ReplayChunk.data",
            "#[serde(serialize_with = \"crate::json::base64\")]",
        )
        .field_attribute(
            ".gosight.v1.SendAnswer.settings",
            "#[serde(skip_serializing_if = \"Option::is_none\")]",
        );
    for field in VALUE_MAPS {
        builder = builder.field_attribute(field, "#[serde(serialize_with = \"crate::json::values\")]");
    }
    builder.compile_fds(descriptors)?;
    Ok(())
}
