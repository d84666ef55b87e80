//! From the operators' views to the rows of their tables.

use gosight_operators::event::Page;
use gosight_operators::ids::{Tick, stable_hash};
use gosight_operators::views;
use gosight_store::live::LiveNow;
use gosight_store::rows::{
    ClickCellRow, Counts, Dimension, ElementRow, HiddenGap, InsightRow, Mark, PageEventRow, PageStep, Resolution,
    RollupRow, ScrollDepthRow, SessionRow, TransitionRow, TransitionState,
};
use std::sync::Arc;
use uuid::Uuid;

/// What answers a click on anything.
const PAGE_RESPONSES: &[&str] = &["page_view", "page_exit", "dom_mutation"];

/// What else answers a click on a control.
const CONTROL_RESPONSES: &[&str] = &[
    "input_focus",
    "input_blur",
    "input_change",
    "form_start",
    "form_submit",
    "form_abandon",
    "form_error",
    "xhr_request",
    "fetch_request",
    "network_activity",
    "scroll",
    "custom_event",
    "js_error",
    "unhandled_rejection",
];

pub(crate) fn session(view: &views::SessionView, version: Tick) -> SessionRow {
    let counts = &view.counts;
    SessionRow {
        project_id: Uuid::from_u128(view.project.0),
        id: Uuid::from_u128(view.id.0),
        is_derived: u8::from(view.derived_span_ms.is_some()),
        first_event_at: view.derived_span_ms.map_or(0, |(first_ms, _)| first_ms),
        last_event_at: view.derived_span_ms.map_or(0, |(_, last_ms)| last_ms),
        visitor_id: owned(&view.visitor),
        user_id: owned(&view.user),
        started_at: view.started_at_ms,
        ended_at: view.ended_at_ms,
        duration_ms: u64::try_from(view.duration_ms()).unwrap_or_default(),
        entry_url: owned(&view.entry.url),
        entry_path: owned(&view.entry.path),
        exit_url: owned(&view.exit.url),
        exit_path: owned(&view.exit.path),
        page_count: counts.pages,
        event_count: counts.events,
        click_count: counts.clicks,
        error_count: counts.errors,
        rage_click_count: counts.rage_clicks,
        dead_click_count: counts.dead_clicks,
        error_click_count: counts.error_clicks,
        max_scroll_percent: view.max_scroll_percent,
        is_bounce: u8::from(view.is_bounce),
        has_replay: u8::from(view.has_replay),
        device_type: owned(&view.device.device_type),
        browser: owned(&view.device.browser),
        os: owned(&view.device.os),
        country: owned(&view.place.country),
        region: owned(&view.place.region),
        city: owned(&view.place.city),
        utm_source: owned(&view.utm.source),
        utm_medium: owned(&view.utm.medium),
        utm_campaign: owned(&view.utm.campaign),
        referrer_domain: owned(&view.referrer_domain),
        attributes: view
            .attributes
            .iter()
            .map(|(name, value)| (owned(name), owned(value)))
            .collect(),
        pages: view.ribbon.pages.iter().map(page_step).collect(),
        marks: view.ribbon.marks.iter().map(mark).collect(),
        hidden: view.ribbon.hidden.iter().map(hidden_gap).collect(),
        version,
        is_deleted: 0,
    }
}

fn page_step(page: &views::RibbonPage) -> PageStep {
    PageStep {
        offset_ms: clamp(page.offset_ms),
        path: owned(&page.path),
    }
}

fn mark(mark: &views::RibbonMark) -> Mark {
    Mark {
        offset_ms: clamp(mark.offset_ms),
        r#type: mark.insight.name().into(),
    }
}

fn hidden_gap(gap: &views::RibbonGap) -> HiddenGap {
    HiddenGap {
        offset_ms: clamp(gap.offset_ms),
        duration_ms: clamp(gap.duration_ms),
    }
}

pub(crate) fn insight(view: &views::Insight, version: Tick) -> InsightRow {
    let first = view.first();
    let (x, y) = view.xy();
    let Page { path, url, .. } = view.page.as_ref();
    InsightRow {
        project_id: Uuid::from_u128(view.project.0),
        id: Uuid::from_u128(view.id.0),
        r#type: view.insight_type().name().into(),
        severity: view.insight_type().severity().into(),
        session_id: Uuid::from_u128(view.session.0),
        visitor_id: owned(&first.context.visitor),
        path: owned(path),
        url: owned(url),
        selector: owned(&first.element.selector),
        name: owned(&first.element.name),
        text: owned(&first.element.text),
        tag: owned(&first.element.tag),
        timestamp: first.time_ms,
        ended_at: view.ended_at_ms(),
        x,
        y,
        click_count: u32::try_from(view.clicks.len()).unwrap_or(u32::MAX),
        event_ids: view.event_ids().map(|id| Uuid::from_u128(id.0)).collect(),
        expected: expected(&view.details),
        thrown: thrown(&view.details),
        device_type: owned(&first.context.device.device_type),
        version,
        is_deleted: 0,
    }
}

fn expected(details: &views::Details) -> Vec<String> {
    let names = match details {
        views::Details::DeadClick {
            expected: views::Expected::Page,
        } => PAGE_RESPONSES.to_vec(),
        views::Details::DeadClick {
            expected: views::Expected::Anything,
        } => [PAGE_RESPONSES, CONTROL_RESPONSES].concat(),
        _ => Vec::new(),
    };
    names.into_iter().map(str::to_owned).collect()
}

fn thrown(details: &views::Details) -> Vec<String> {
    match details {
        views::Details::ErrorClick { errors } => errors.iter().map(|error| owned(&error.message)).collect(),
        _ => Vec::new(),
    }
}

pub(crate) fn click_cell(cell: &views::ClickCell, counts: &views::ClickCounts) -> ClickCellRow {
    ClickCellRow {
        project_id: Uuid::from_u128(cell.project.0),
        path: owned(&cell.path),
        device_type: owned(&cell.device_type),
        viewport_bucket: cell.viewport_bucket,
        day: day(cell.day),
        cell_x: cell.x,
        cell_y: cell.y,
        clicks: counts.clicks,
        rage: counts.rage,
        dead: counts.dead,
    }
}

pub(crate) fn element(cell: &views::ElementCell, counts: &views::ClickCounts) -> ElementRow {
    ElementRow {
        project_id: Uuid::from_u128(cell.project.0),
        path: owned(&cell.path),
        selector: owned(&cell.selector),
        device_type: owned(&cell.device_type),
        day: day(cell.day),
        name: owned(&cell.name),
        text: owned(&cell.text),
        spot_x: cell.spot.x,
        spot_y: cell.spot.y,
        clicks: counts.clicks,
        rage: counts.rage,
        dead: counts.dead,
        error: counts.error,
    }
}

pub(crate) fn scroll_depth(step: &views::ScrollStep, views: isize) -> ScrollDepthRow {
    ScrollDepthRow {
        project_id: Uuid::from_u128(step.project.0),
        path: owned(&step.path),
        device_type: owned(&step.device_type),
        day: day(step.day),
        percent: step.percent,
        views: views as i64,
    }
}

pub(crate) fn page_event(event: views::PageEvent) -> PageEventRow {
    PageEventRow {
        project_id: Uuid::from_u128(event.project.0),
        time: event.time_ms,
        session_id: event.session.map_or(Uuid::nil(), |session| Uuid::from_u128(session.0)),
        visitor_id: match event.session {
            Some(_) => Arc::default(),
            None => event.visitor,
        },
        path: event.path,
        page_views: i8::from(event.time_on_page_ms.is_none()),
        page_exits: i8::from(event.time_on_page_ms.is_some()),
        time_on_page_ms: event.time_on_page_ms.unwrap_or_default(),
    }
}

pub(crate) fn rollup(view: &views::Rollup, counts: &views::RollupCounts) -> RollupRow {
    let counts = Counts {
        events: counts.events,
        page_views: counts.page_views,
        sessions: counts.sessions,
        bounces: counts.bounces,
        duration_ms: counts.duration_ms,
        errors: counts.errors,
        clicks: counts.clicks,
        rage_clicks: counts.rage_clicks,
        dead_clicks: counts.dead_clicks,
        error_clicks: counts.error_clicks,
        time_on_page_ms: counts.time_on_page_ms,
        page_exits: counts.page_exits,
    };
    let project = Uuid::from_u128(view.project.0);
    let value = owned(&view.value);
    RollupRow::new(
        project,
        resolution(view.resolution),
        dimension(view.dimension),
        view.bucket_ms,
        value,
        counts,
    )
}

fn resolution(resolution: views::Resolution) -> Resolution {
    match resolution {
        views::Resolution::Minute => Resolution::Minute,
        views::Resolution::Hour => Resolution::Hour,
        views::Resolution::Day => Resolution::Day,
    }
}

fn dimension(dimension: views::Dimension) -> Dimension {
    match dimension {
        views::Dimension::Total => Dimension::Total,
        views::Dimension::Path => Dimension::Path,
    }
}

pub(crate) fn live(view: &views::LiveNow) -> LiveNow {
    LiveNow {
        active_sessions: view.active_sessions,
        active_visitors: view.active_visitors,
        events_per_minute: view.events_per_minute,
        current_pages: view
            .current_pages
            .iter()
            .map(|(path, sessions)| (owned(path), *sessions))
            .collect(),
    }
}

pub(crate) fn transition(view: &views::Transition) -> TransitionRow {
    TransitionRow {
        id: Uuid::from_u128(stable_hash((view.rule, &view.group, view.tick, view.state))),
        project_id: Uuid::from_u128(view.project.0),
        rule_id: Uuid::from_u128(view.rule.0),
        group: owned(&view.group),
        state: match view.state {
            views::TransitionState::Fired => TransitionState::Fired,
            views::TransitionState::Resolved => TransitionState::Resolved,
        },
        value: view.value.map(|value| value.0),
        threshold: view.threshold.0,
        tick: view.tick,
        session_ids: view.sessions.iter().map(|session| Uuid::from_u128(session.0)).collect(),
    }
}

fn owned(text: &Arc<str>) -> String {
    text.as_ref().to_owned()
}

/// A column's days begin at 1970-01-01 and last until 2149.
fn day(day: i32) -> u16 {
    day.clamp(0, i32::from(u16::MAX)) as u16
}

/// A column's ms last for 49 days.
fn clamp(ms: i64) -> u32 {
    ms.clamp(0, i64::from(u32::MAX)) as u32
}
