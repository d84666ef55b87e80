use super::TableRow;
use clickhouse::Row;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Table `outcomes`: differences of how many accepted events met with an outcome, each event with exactly one.
#[derive(Clone, Debug, PartialEq, Row, Serialize, Deserialize)]
pub struct OutcomeRow {
    #[serde(with = "clickhouse::serde::uuid")]
    pub project_id: Uuid,
    /// First instant of the hour the event was received in.
    pub hour: i64,
    /// `counted`, `duplicate`, `late`, `dead`, …
    pub outcome: String,
    pub events: i64,
}

impl TableRow for OutcomeRow {
    const TABLE: &'static str = "outcomes";
}
