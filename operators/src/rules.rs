//! What people set: the thresholds of the insights and the alert rules, as records of collections.

use crate::ids::{ProjectId, RuleId};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// The thresholds of a project's insights. A project that has set none has the defaults.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Thresholds {
    pub rage_click: RageClickThresholds,
    pub dead_click: ClickWindow,
    pub error_click: ClickWindow,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
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

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ClickWindow {
    pub window_ms: i64,
}

impl Default for ClickWindow {
    fn default() -> Self {
        Self { window_ms: 1000 }
    }
}

/// An alert rule: it fires while its query's value compares so with the threshold.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Rule {
    pub id: RuleId,
    pub project: ProjectId,
    pub query: Query,
    pub operator: Operator,
    pub threshold: Number,
    /// An inactive rule has no condition: what it had fired resolves.
    pub is_active: bool,
}

/// What a rule watches: a metric over the last `window_ms`, of the facts that pass every filter, one value per group.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Query {
    pub metric: Metric,
    pub window_ms: i64,
    pub group_by: Option<Facet>,
    pub filters: Vec<(Facet, Arc<str>)>,
}

/// What facts are grouped and filtered by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Facet {
    Path,
    Browser,
    Country,
    Device,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Metric {
    /// Sessions that began in the window.
    Sessions,
    Pageviews,
    Errors,
    /// Percent of the sessions that had an error.
    ErrorRate,
    RageClicks,
    DeadClicks,
    ErrorClicks,
    /// Mean, ms.
    AvgLcp,
    /// Mean, ms.
    AvgTtfb,
    /// Percent of the sessions that bounced.
    BounceRate,
    /// How many custom events of this name.
    CustomEvent(Arc<str>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Operator {
    Greater,
    GreaterOrEqual,
    Less,
    LessOrEqual,
    Equal,
}

impl Operator {
    pub fn holds(self, value: f64, threshold: f64) -> bool {
        match self {
            Self::Greater => value > threshold,
            Self::GreaterOrEqual => value >= threshold,
            Self::Less => value < threshold,
            Self::LessOrEqual => value <= threshold,
            Self::Equal => value == threshold,
        }
    }
}

/// A number that rows can be sorted by; it is never NaN.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub struct Number(pub f64);

impl PartialEq for Number {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Number {}

impl PartialOrd for Number {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Number {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.total_cmp(&other.0)
    }
}

impl std::hash::Hash for Number {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.0.to_bits().hash(state);
    }
}
