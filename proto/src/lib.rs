//! The wire contract: what travels from a browser to the log, and from the log to the dataflow.
//!
//! The `.proto` files under `proto/` are the definitions; this crate is their Rust form and holds no logic of its own.
//! Read `proto/gosight/v1/events.proto` first, then [`event_type`] for the names of event types.
//!
//! - [`v1`]: what clients send (`gosight.v1`), and a gRPC client for `IngestService` (load generators and tests speak it).
//!   Its structs serialise to JSON with snake_case names and plain numbers.
//! - [`record`]: what stands in the event log (`gosight.log.v1`).
//! - [`control`]: what the metadata side tells the dataflow.
//! - [`ids`]: the one text form of a 128-bit id.
//! - [`limits`]: every number a client must keep to.
//! - [`json`]: descriptors for reading the proto3 JSON mapping, and how values are written as JSON.

pub mod control;
pub mod event_type;
pub mod ids;
pub mod json;
pub mod limits;

pub use event_type::{Category, EventType};

/// Laid out as the packages are, because the generated code refers to itself by relative paths.
#[expect(
    unreachable_pub,
    reason = "generated from the .proto files, which carry the comments"
)]
mod gosight {
    pub mod v1 {
        tonic::include_proto!("gosight.v1");
    }
    pub mod log {
        pub mod v1 {
            tonic::include_proto!("gosight.log.v1");
        }
    }
}

/// Package `gosight.v1`: batches, events, answers, and `ingest_service_client`.
pub use gosight::v1;

/// Package `gosight.log.v1`: the log's records.
pub use gosight::log::v1 as record;
