//! Facts: the things that alert metrics count and average, each with its time and with what it can be grouped and filtered by.
//!
//! An event's fact is where the event happened; an insight's, where its first click did; a session's fact is at its start, on the page it was
//! entered by. Facts of sessions and insights are corrected like those.

use crate::event::{Event, EventType, Payload};
use crate::ids::{ProjectId, SessionId};
use crate::rules::{Facet, Metric, Query};
use crate::views::{Insight, InsightType, SessionView};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Fact {
    pub project: ProjectId,
    pub time_ms: i64,
    /// None: an event without a session id. It stands before the texts because it tells two facts of one time apart at once.
    pub session: Option<SessionId>,
    pub kind: FactKind,
    pub path: Arc<str>,
    pub browser: Arc<str>,
    pub country: Arc<str>,
    pub device: Arc<str>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum FactKind {
    PageView,
    Error,
    Lcp { ms: u32 },
    Ttfb { ms: u32 },
    Custom { name: Arc<str> },
    Session { has_error: bool, is_bounce: bool },
    Insight(InsightType),
}

impl Fact {
    /// The facts that an event is, two at most.
    pub fn of_event(event: &Event) -> impl Iterator<Item = Self> {
        let kinds = match &event.payload {
            Payload::Custom { name } => [Some(FactKind::Custom { name: Arc::clone(name) }), None],
            Payload::Loaded { lcp_ms, ttfb_ms, .. } => [
                lcp_ms.map(|ms| FactKind::Lcp { ms }),
                ttfb_ms.map(|ms| FactKind::Ttfb { ms }),
            ],
            _ if event.event_type == EventType::PageView => [Some(FactKind::PageView), None],
            _ if event.event_type.is_thrown() => [Some(FactKind::Error), None],
            _ => [None, None],
        };
        let context = &event.context;
        kinds.into_iter().flatten().map(move |kind| Self {
            project: event.project,
            time_ms: event.time_ms,
            kind,
            path: Arc::clone(&event.page.path),
            browser: Arc::clone(&context.device.browser),
            country: Arc::clone(&context.place.country),
            device: Arc::clone(&context.device.device_type),
            session: event.session,
        })
    }

    pub fn of_session(session: &SessionView) -> Self {
        Self {
            project: session.project,
            time_ms: session.started_at_ms,
            kind: FactKind::Session {
                has_error: session.counts.errors > 0,
                is_bounce: session.is_bounce,
            },
            path: Arc::clone(&session.entry.path),
            browser: Arc::clone(&session.device.browser),
            country: Arc::clone(&session.place.country),
            device: Arc::clone(&session.device.device_type),
            session: Some(session.id),
        }
    }

    pub fn of_insight(insight: &Insight) -> Self {
        let context = &insight.first().context;
        Self {
            project: insight.project,
            time_ms: insight.first().time_ms,
            kind: FactKind::Insight(insight.insight_type()),
            path: Arc::clone(&insight.page.path),
            browser: Arc::clone(&context.device.browser),
            country: Arc::clone(&context.place.country),
            device: Arc::clone(&context.device.device_type),
            session: Some(insight.session),
        }
    }

    pub fn facet(&self, facet: Facet) -> &Arc<str> {
        match facet {
            Facet::Path => &self.path,
            Facet::Browser => &self.browser,
            Facet::Country => &self.country,
            Facet::Device => &self.device,
        }
    }
}

impl Query {
    /// What a fact adds to the query's value, and in which group; none when it is nothing to the query.
    pub fn measure(&self, fact: &Fact) -> Option<(Arc<str>, i64)> {
        let amount = self.metric.amount(&fact.kind)?;
        let passes = self.filters.iter().all(|(facet, value)| fact.facet(*facet) == value);
        passes.then(|| {
            (
                self.group_by
                    .map_or_else(Arc::default, |facet| Arc::clone(fact.facet(facet))),
                amount,
            )
        })
    }
}

impl Metric {
    /// What a fact is to the metric: 1 for what is counted, the value for what is averaged, 1 or 0 for a share.
    fn amount(&self, kind: &FactKind) -> Option<i64> {
        match (self, kind) {
            (Self::Sessions, FactKind::Session { .. }) => Some(1),
            (Self::Pageviews, FactKind::PageView) => Some(1),
            (Self::Errors, FactKind::Error) => Some(1),
            (Self::ErrorRate, FactKind::Session { has_error, .. }) => Some(i64::from(*has_error)),
            (Self::BounceRate, FactKind::Session { is_bounce, .. }) => Some(i64::from(*is_bounce)),
            (Self::RageClicks, FactKind::Insight(InsightType::RageClick)) => Some(1),
            (Self::DeadClicks, FactKind::Insight(InsightType::DeadClick)) => Some(1),
            (Self::ErrorClicks, FactKind::Insight(InsightType::ErrorClick)) => Some(1),
            (Self::AvgLcp, FactKind::Lcp { ms }) | (Self::AvgTtfb, FactKind::Ttfb { ms }) => Some(i64::from(*ms)),
            (Self::CustomEvent(wanted), FactKind::Custom { name }) => (wanted == name).then_some(1),
            _ => None,
        }
    }

    /// The value of facts that add up to `sum` and are `count` many; a mean over nothing is none.
    pub fn value(&self, sum: i64, count: i64) -> Option<f64> {
        let mean = || (count != 0).then(|| sum as f64 / count as f64);
        match self {
            Self::ErrorRate | Self::BounceRate => mean().map(|share| share * 100.0),
            Self::AvgLcp | Self::AvgTtfb => mean(),
            _ => Some(count as f64),
        }
    }

    /// Whether it counts, and so has a value where there is nothing: 0.
    pub fn is_count(&self) -> bool {
        self.value(0, 0).is_some()
    }
}
