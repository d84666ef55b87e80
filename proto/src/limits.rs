//! What a client must keep to, in one place. The front door enforces these numbers; load generators and tests read them.

const KIB: usize = 1024;
const MIB: usize = 1024 * KIB;

/// A body as it comes over the wire; over it: `too_large`.
pub const BODY_WIRE_BYTES_MAX: usize = MIB;
/// A body after inflating, bounded while inflating; over it: `too_large`.
pub const BODY_INFLATED_BYTES_MAX: usize = 8 * MIB;
/// As [`BODY_WIRE_BYTES_MAX`], of a batch that carries a replay chunk.
pub const REPLAY_BODY_WIRE_BYTES_MAX: usize = 2 * MIB;
/// As [`BODY_INFLATED_BYTES_MAX`], of a batch that carries a replay chunk.
pub const REPLAY_BODY_INFLATED_BYTES_MAX: usize = 10 * MIB;
/// Inflated bytes per byte, of a body and of a replay chunk's data; over it: `too_large`, `event_too_large`.
pub const INFLATION_RATIO_MAX: usize = 100;

/// Events of one batch; over it: `too_many`.
pub const EVENTS_PER_BATCH_MAX: usize = 1000;
/// Pages of one batch; over it: `too_many`.
pub const PAGES_PER_BATCH_MAX: usize = 100;
/// Custom attributes of one batch; over it: `too_many`.
pub const ATTRIBUTES_PER_BATCH_MAX: usize = 50;

/// One encoded event; over it: `event_too_large`.
pub const EVENT_BYTES_MAX: usize = 64 * KIB;
/// One encoded event that is a replay chunk, and its data after inflating; over it: `event_too_large`.
pub const REPLAY_EVENT_BYTES_MAX: usize = 10 * MIB;
/// The data of all replay chunks of a batch after inflating; those over it: `event_too_large`.
pub const REPLAY_DATA_PER_BATCH_BYTES_MAX: usize = 4 * REPLAY_EVENT_BYTES_MAX;
/// Any string that has no limit of its own below; longer ones are cut.
pub const STRING_BYTES_MAX: usize = KIB;
/// A CSS selector; longer ones are cut.
pub const SELECTOR_BYTES_MAX: usize = 512;
/// An error's stack; longer ones are cut.
pub const STACK_BYTES_MAX: usize = 8 * KIB;
/// Visitor and user ids, free text; longer ones are cut.
pub const FREE_ID_CHARS_MAX: usize = 200;
/// The visible text of a target; longer ones are cut.
pub const TARGET_TEXT_CHARS_MAX: usize = 50;
/// The name of a custom event: 1 up to this; longer ones are cut.
pub const CUSTOM_NAME_CHARS_MAX: usize = 100;
/// Properties of a custom event, all of primitive values; over it the event is `malformed`.
pub const CUSTOM_PROPERTIES_MAX: usize = 50;

/// Events per second of one key, unless the key says otherwise; over it: `rate_limited`.
pub const RATE_EVENTS_PER_S_DEFAULT: u32 = 50_000;

/// Event times before 2020-01-01T00:00:00Z are `time_out_of_range`.
pub const EVENT_TIME_MS_MIN: i64 = 1_577_836_800_000;
/// Event times this far ahead of the server's clock are `time_out_of_range`.
pub const EVENT_AHEAD_MS_MAX: i64 = 24 * 60 * 60 * 1000;

/// A project key: this many characters of `[A-Za-z0-9_-]`.
pub const KEY_CHARS: std::ops::RangeInclusive<usize> = 16..=128;

/// A connection that has not sent its header by then is closed.
pub const HEADER_TIME_MS_MAX: u64 = 5_000;
/// A body that sends nothing for so long is given up.
pub const BODY_CHUNK_TIME_MS_MAX: u64 = 10_000;
/// Connections at once; further ones get 503.
pub const CONNECTIONS_MAX: usize = 10_000;
