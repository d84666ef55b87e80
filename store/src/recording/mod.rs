//! What a recording's data is: [rrweb](https://github.com/rrweb-io/rrweb) events, made safe.
//!
//! Anyone who knows a project's key can send a recording: our recorder, a stock one of rrweb 1 or 2, an attacker. [`clean`] makes any of them
//! safe to keep and to build into a page again. It copies only what is known: event by event, field by field. What comes out has
//! - no script, handler, `javascript:` or `srcdoc`, and no element that runs or embeds something: such an element becomes `noscript`,
//! - **no address that a browser could fetch or follow**: each becomes `asset:ADDRESS`, inert text. Only `#fragment` and the bytes of
//!   pictures and fonts (`data:image/png;base64,…`) stay as they are. In styles this is `url("asset:ADDRESS")`, with CSS's escapes. A drawing is a
//!   document: a harmless one becomes `asset:data:image/svg+xml,…`; of other code and documents only the scheme is left,
//! - every node id that came in: a node that may not stay is replaced, because later events speak of it,
//! - the same numbers, in the same order. Cleaning what is clean changes nothing.
//!
//! [`mask()`] makes of it what a member may see, [`snapshots()`] takes out whole pages for heatmaps, [`compress`] is the form on disk.
//! All are functions of their bytes: no IO, no clock, no memory of the chunk before. That is why a text that comes alone, whose
//! parent may be a `<style>` of an earlier chunk, is made inert as CSS as well.
//!
//! Secrets in query strings are the SDK's to leave out, before anything is sent; nothing here looks for them.
//!
//! Start with `events.rs`, then `nodes.rs` and `attributes.rs`; `css.rs` is where the care is.

mod address;
mod assets;
mod attributes;
mod canvas;
mod css;
mod drawing;
mod error;
mod events;
mod json;
mod mask;
mod nodes;
mod packing;
mod snapshots;
mod tags;

pub use assets::{ASSET_BYTES_MAX, ASSETS_MAX, Asset};
pub use error::RecordingError;
pub use events::{Cleaned, EVENTS_MAX, clean};
pub use json::{DEPTH_MAX, VALUES_MAX};
pub use mask::mask;
pub use packing::{LEVEL, compress, decompress, is_frame};
pub use snapshots::{PageSnapshot, snapshots};
