//! What the metadata side tells the dataflow: project settings, thresholds, alert rules, deletions.
//!
//! A change is written to the metadata database together with an outbox row, in one transaction; the binary relays the
//! outbox to the log's topic `control` as the JSON of [`Control`]. The dataflow reads it as a collection: the newest
//! record about a thing wins, and takes effect at the tick it is bound to.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// One frame of the topic `control`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "control", rename_all = "snake_case")]
pub enum Control {
    Project(ProjectControl),
    ProjectDeleted { project_id: Uuid },
    AlertRule(AlertRule),
    AlertRuleDeleted { project_id: Uuid, rule_id: Uuid },
}

/// The part of a project's settings that the dataflow obeys.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ProjectControl {
    pub project_id: Uuid,
    /// IANA name; days of this zone are the days of daily views. Unknown names count as UTC.
    pub timezone: String,
    #[serde(default)]
    pub thresholds: Thresholds,
}

/// Thresholds of the insights; the field names are those of `settings.insights.<type>.<name>`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(default)]
pub struct Thresholds {
    pub rage_click: RageClickThresholds,
    pub dead_click: ClickWindow,
    pub error_click: ClickWindow,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(default)]
pub struct RageClickThresholds {
    pub min_clicks: u32,
    pub window_ms: i64,
    pub radius_px: i64,
}

impl Default for RageClickThresholds {
    fn default() -> Self {
        Self {
            min_clicks: 5,
            window_ms: 2000,
            radius_px: 50,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(default)]
pub struct ClickWindow {
    pub window_ms: i64,
}

impl Default for ClickWindow {
    fn default() -> Self {
        Self { window_ms: 1000 }
    }
}

/// A rule as the dataflow needs it: no name, no channels, no cooldown (those concern messages, not transitions).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AlertRule {
    pub rule_id: Uuid,
    pub project_id: Uuid,
    pub metric: Metric,
    pub operator: Operator,
    pub threshold: f64,
    pub window_ms: i64,
    #[serde(default)]
    pub group_by: Option<Dimension>,
    /// Every filter must hold: dimension equals value.
    #[serde(default)]
    pub filters: Vec<Filter>,
    /// An inactive rule has no condition: what it had fired resolves.
    pub is_active: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Filter {
    pub dimension: Dimension,
    pub value: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Dimension {
    Path,
    Browser,
    Country,
    Device,
}

/// What a rule watches. `CustomEvent` counts the custom events of that name.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Metric {
    Sessions,
    Pageviews,
    Errors,
    /// Percent of sessions with an error.
    ErrorRate,
    RageClicks,
    DeadClicks,
    ErrorClicks,
    /// Mean, in ms; no value when nothing was reported.
    AvgLcp,
    /// Mean, in ms; no value when nothing was reported.
    AvgTtfb,
    /// Percent of sessions that bounced.
    BounceRate,
    CustomEvent(String),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Operator {
    #[serde(rename = ">")]
    Greater,
    #[serde(rename = ">=")]
    GreaterOrEqual,
    #[serde(rename = "<")]
    Less,
    #[serde(rename = "<=")]
    LessOrEqual,
    #[serde(rename = "==")]
    Equal,
}
