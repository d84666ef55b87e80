//! A session's row, from what its events add up to.

use crate::event::{Page, Utm};
use crate::ids::{ProjectId, SessionId};
use crate::summary::Summary;
use crate::views::*;
use std::sync::Arc;

/// None before the session has an event that counts.
pub(crate) fn session_view(
    project: ProjectId,
    id: SessionId,
    derived_span_ms: Option<(i64, i64)>,
    summary: &Summary,
    insights: &[Arc<Insight>],
) -> Option<SessionView> {
    let (started_at_ms, _) = summary.start.moment()?;
    let (ended_at_ms, _) = summary.end.moment()?;
    let text = |text: Option<&Arc<str>>| text.cloned().unwrap_or_default();
    let page = |view: Option<&Arc<Page>>, any: Option<&Arc<Page>>| view.or(any).cloned().unwrap_or_default();
    Some(SessionView {
        project,
        id,
        derived_span_ms,
        visitor: text(summary.visitor.get().map(|it| &it.visitor)),
        user: text(summary.identified.get().or(summary.user.get().map(|it| &it.user))),
        started_at_ms,
        ended_at_ms,
        day: summary.start.get().copied().unwrap_or_default(),
        entry: page(summary.first_view.get(), summary.entry.get()),
        exit: page(summary.last_view.get(), summary.exit.get()),
        last_path: text(summary.end.get().map(|it| &it.path)),
        counts: counts(summary, insights),
        max_scroll_percent: summary.max_scroll_percent,
        is_bounce: summary.is_bounce(),
        has_replay: summary.has_replay,
        device: summary.device.get().map(|it| it.device.clone()).unwrap_or_default(),
        place: summary.place.get().map(|it| it.place.clone()).unwrap_or_default(),
        utm: summary.utm.get().map_or_else(Utm::default, |it| it.utm.clone()),
        referrer_domain: text(summary.referrer.get().map(|it| &it.referrer_domain)),
        attributes: summary
            .attributes
            .get()
            .map(|it| Arc::clone(&it.attributes))
            .unwrap_or_default(),
        ribbon: ribbon(started_at_ms, summary, insights),
    })
}

fn counts(summary: &Summary, insights: &[Arc<Insight>]) -> SessionCounts {
    let of_type = |wanted| {
        insights
            .iter()
            .filter(|insight| insight.insight_type() == wanted)
            .count() as u32
    };
    SessionCounts {
        events: summary.events,
        pages: summary.pages,
        clicks: summary.clicks,
        errors: summary.errors,
        rage_clicks: of_type(InsightType::RageClick),
        dead_clicks: of_type(InsightType::DeadClick),
        error_clicks: of_type(InsightType::ErrorClick),
    }
}

fn ribbon(started_at_ms: i64, summary: &Summary, insights: &[Arc<Insight>]) -> Ribbon {
    let page = |(time_ms, page): (i64, &Arc<Page>)| RibbonPage {
        offset_ms: time_ms - started_at_ms,
        path: Arc::clone(&page.path),
    };
    let gap = |(time_ms, hidden_ms): (i64, &i64)| RibbonGap {
        offset_ms: time_ms - hidden_ms - started_at_ms,
        duration_ms: *hidden_ms,
    };
    let mark = |insight: &Arc<Insight>| RibbonMark {
        offset_ms: insight.first().time_ms - started_at_ms,
        insight: insight.insight_type(),
    };
    Ribbon {
        pages: summary.page_starts.iter().map(page).collect(),
        marks: insights.iter().take(RIBBON_PARTS_MAX).map(mark).collect(),
        hidden: summary.hidden.iter().map(gap).collect(),
    }
}
