use super::rollup::words;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use uuid::Uuid;

/// An alert rule's condition began or ceased to hold: a fact of its tick, never rewritten. It goes to the metadata outbox, not to ClickHouse.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TransitionRow {
    /// A hash of (rule, group, tick): written twice, it is there once.
    pub id: Uuid,
    pub project_id: Uuid,
    pub rule_id: Uuid,
    /// The value of the rule's `group_by`; empty without one.
    pub group: String,
    pub state: TransitionState,
    /// The metric's value at the tick; none when it has none any more (a mean over nothing) or the rule went away.
    pub value: Option<f64>,
    /// What the value was judged by at the tick; the rule may have another one since.
    pub threshold: f64,
    pub tick: u64,
    /// Some of the sessions that made it hold, newest first, at most [`SESSIONS_MAX`].
    #[serde(default)]
    pub session_ids: Vec<Uuid>,
}

/// Sessions a transition names.
pub const SESSIONS_MAX: usize = 5;

words! {
    /// Which way a condition changed.
    TransitionState { Fired = "fired", Resolved = "resolved" }
}
