use std::collections::BTreeMap;

use gosight_store::rows::{HiddenGap, Mark, PageStep, SessionRow};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::some;
use crate::Iso;

/// A session: what one visitor did in one visit.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct SessionView {
    pub(crate) id: Uuid,
    pub(crate) visitor_id: String,
    pub(crate) user_id: Option<String>,
    pub(crate) started_at: Iso,
    pub(crate) ended_at: Iso,
    pub(crate) duration_ms: u64,
    pub(crate) entry_path: String,
    pub(crate) exit_path: String,
    pub(crate) entry_url: String,
    pub(crate) exit_url: String,
    pub(crate) page_count: u32,
    pub(crate) event_count: u32,
    pub(crate) click_count: u32,
    pub(crate) error_count: u32,
    pub(crate) rage_click_count: u32,
    pub(crate) dead_click_count: u32,
    pub(crate) error_click_count: u32,
    pub(crate) max_scroll_percent: u8,
    pub(crate) is_bounce: bool,
    pub(crate) has_replay: bool,
    /// It was recorded, and the recording is older than the project keeps them: it has no replay any more.
    pub(crate) is_replay_expired: bool,
    pub(crate) device_type: String,
    pub(crate) browser: String,
    pub(crate) os: String,
    pub(crate) country: String,
    pub(crate) region: String,
    pub(crate) city: String,
    pub(crate) utm_source: String,
    pub(crate) utm_medium: String,
    pub(crate) utm_campaign: String,
    pub(crate) referrer_domain: String,
    /// Custom attributes, by name.
    pub(crate) attributes: BTreeMap<String, String>,
    /// The ribbon: the session's pages, in time order.
    pub(crate) pages: Vec<PageStepView>,
    /// The ribbon: where it hurt, in time order.
    pub(crate) marks: Vec<MarkView>,
    /// The ribbon: when the page was hidden, in time order.
    pub(crate) hidden: Vec<HiddenGapView>,
    /// On the live socket only: there is no such session any more.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(crate) removed: bool,
}

/// On `path` from `offset_ms` after the session's start.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct PageStepView {
    pub(crate) offset_ms: u32,
    pub(crate) path: String,
}

/// An insight, `offset_ms` after the session's start. Errors that were no insight are among the session's events.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct MarkView {
    pub(crate) offset_ms: u32,
    /// `rage_click`, `dead_click` or `error_click`.
    pub(crate) r#type: String,
}

/// The page was hidden for `duration_ms`, from `offset_ms` after the session's start.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct HiddenGapView {
    pub(crate) offset_ms: u32,
    pub(crate) duration_ms: u32,
}

impl SessionView {
    /// What was recorded in a session that ended before is gone.
    pub(crate) fn with_replays_from(mut self, kept_from_ms: i64) -> Self {
        self.is_replay_expired = self.has_replay && self.ended_at.0 < kept_from_ms;
        self.has_replay &= !self.is_replay_expired;
        self
    }
}

impl From<SessionRow> for SessionView {
    fn from(row: SessionRow) -> Self {
        Self {
            id: row.id,
            visitor_id: row.visitor_id,
            user_id: some(row.user_id),
            started_at: Iso(row.started_at),
            ended_at: Iso(row.ended_at),
            duration_ms: row.duration_ms,
            entry_path: row.entry_path,
            exit_path: row.exit_path,
            entry_url: row.entry_url,
            exit_url: row.exit_url,
            page_count: row.page_count,
            event_count: row.event_count,
            click_count: row.click_count,
            error_count: row.error_count,
            rage_click_count: row.rage_click_count,
            dead_click_count: row.dead_click_count,
            error_click_count: row.error_click_count,
            max_scroll_percent: row.max_scroll_percent,
            is_bounce: row.is_bounce != 0,
            has_replay: row.has_replay != 0,
            is_replay_expired: false,
            device_type: row.device_type,
            browser: row.browser,
            os: row.os,
            country: row.country,
            region: row.region,
            city: row.city,
            utm_source: row.utm_source,
            utm_medium: row.utm_medium,
            utm_campaign: row.utm_campaign,
            referrer_domain: row.referrer_domain,
            attributes: row.attributes.into_iter().collect(),
            pages: row
                .pages
                .into_iter()
                .map(|PageStep { offset_ms, path }| PageStepView { offset_ms, path })
                .collect(),
            marks: row
                .marks
                .into_iter()
                .map(|Mark { offset_ms, r#type }| MarkView { offset_ms, r#type })
                .collect(),
            hidden: row
                .hidden
                .into_iter()
                .map(|HiddenGap { offset_ms, duration_ms }| HiddenGapView { offset_ms, duration_ms })
                .collect(),
            removed: row.is_deleted != 0,
        }
    }
}
