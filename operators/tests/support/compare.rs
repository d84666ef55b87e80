//! Both sides of every view, as the same plain rows.

use super::generate::id;
use super::{Outputs, at};
use gosight_operators::ids::*;
use gosight_oracle::{self as oracle, OracleEvent, SessionKey, Thresholds};
use std::fmt::Debug;

/// A view as sorted lines.
type Lines = Vec<String>;

fn lines<D: Debug>(rows: impl IntoIterator<Item = D>) -> Lines {
    let mut lines: Vec<_> = rows.into_iter().map(|row| format!("{row:?}")).collect();
    lines.sort();
    lines
}

/// Compares every view at a tick with what the oracle says of the events known by then.
pub(crate) fn assert_views(outputs: &Outputs, known: &[OracleEvent], thresholds: &Thresholds, tick: i64) {
    let now = tick as Tick;
    let same = |view: &str, ours: Lines, theirs: Lines| assert_eq!(ours, theirs, "{view} at {tick}");
    same(
        "sessions",
        our_sessions(outputs, now),
        their_sessions(known, thresholds, tick),
    );
    same(
        "insights",
        our_insights(outputs, now),
        their_insights(known, thresholds, tick),
    );
    same("cells", our_cells(outputs, now), their_cells(known, thresholds, tick));
    same(
        "elements",
        our_elements(outputs, now),
        their_elements(known, thresholds, tick),
    );
    same("scroll", our_steps(outputs, now), their_steps(known));
    same(
        "rollups",
        our_rollups(outputs, now),
        their_rollups(known, thresholds, tick),
    );
    if known.iter().all(|event| event.time_ms <= tick) {
        same("live", our_live(outputs, now), their_live(known, tick));
    }
}

/// The id that a session goes by.
fn session_id(project: &str, key: &SessionKey) -> SessionId {
    match key {
        SessionKey::Given(session) => SessionId(id(session)),
        SessionKey::Derived { visitor, first_event } => {
            let (visitor, first) = (stable_hash(visitor.as_str()), EventId(id(first_event)));
            SessionId(stable_hash((ProjectId(id(project)), visitor, first)))
        }
    }
}

fn our_sessions(outputs: &Outputs, tick: Tick) -> Lines {
    lines(at(&outputs.sessions, tick).into_iter().map(|(session, count)| {
        let counts = session.counts;
        assert_eq!(count, 1);
        (
            (
                session.project,
                session.id,
                session.visitor.clone(),
                session.user.clone(),
            ),
            (
                session.started_at_ms,
                session.ended_at_ms,
                session.duration_ms(),
                session.day.number,
            ),
            (
                session.entry.path.clone(),
                session.entry.url.clone(),
                session.exit.path.clone(),
                session.exit.url.clone(),
            ),
            (counts.pages, counts.events, counts.clicks, counts.errors),
            (counts.rage_clicks, counts.dead_clicks, counts.error_clicks),
            (session.max_scroll_percent, session.is_bounce, session.has_replay),
            (
                session.device.device_type.clone(),
                session.device.browser.clone(),
                session.device.os.clone(),
            ),
            (
                session.place.country.clone(),
                session.place.region.clone(),
                session.place.city.clone(),
            ),
            (
                session.utm.source.clone(),
                session.utm.medium.clone(),
                session.utm.campaign.clone(),
            ),
            session.referrer_domain.clone(),
        )
    }))
}

fn their_sessions(known: &[OracleEvent], thresholds: &Thresholds, tick: i64) -> Lines {
    lines(oracle::sessions(known, thresholds, tick).into_iter().map(|session| {
        let duration_ms = session.duration_ms();
        (
            (
                ProjectId(id(&session.project)),
                session_id(&session.project, &session.key),
                session.visitor,
                session.user,
            ),
            (
                session.started_at_ms,
                session.ended_at_ms,
                duration_ms,
                session.day.number,
            ),
            (
                session.entry_path,
                session.entry_url,
                session.exit_path,
                session.exit_url,
            ),
            (
                session.page_count,
                session.event_count,
                session.click_count,
                session.error_count,
            ),
            (
                session.rage_click_count,
                session.dead_click_count,
                session.error_click_count,
            ),
            (session.max_scroll_percent, session.is_bounce, session.has_replay),
            (session.device_type, session.browser, session.os),
            (session.country, session.region, session.city),
            (session.utm_source, session.utm_medium, session.utm_campaign),
            session.referrer_domain,
        )
    }))
}

fn our_insights(outputs: &Outputs, tick: Tick) -> Lines {
    lines(at(&outputs.insights, tick).into_iter().map(|(insight, count)| {
        assert_eq!(count, 1);
        let ids: Vec<_> = insight.event_ids().collect();
        (
            insight.insight_type().name(),
            insight.session,
            ids,
            insight.page.path.clone(),
            insight.first().element.selector.clone(),
        )
    }))
}

fn their_insights(known: &[OracleEvent], thresholds: &Thresholds, tick: i64) -> Lines {
    let all = [
        ("rage_click", oracle::rage_clicks(known, thresholds)),
        ("dead_click", oracle::dead_clicks(known, thresholds, tick)),
        ("error_click", oracle::error_clicks(known, thresholds)),
    ];
    lines(all.into_iter().flat_map(|(name, insights)| {
        insights.into_iter().map(move |insight| {
            let ids: Vec<_> = insight
                .event_ids()
                .into_iter()
                .map(|event| EventId(id(event)))
                .collect();
            let selector = insight.first().click().unwrap().selector.clone();
            (
                name,
                session_id(&insight.project, &insight.session),
                ids,
                insight.first().path.clone(),
                selector,
            )
        })
    }))
}

fn our_cells(outputs: &Outputs, tick: Tick) -> Lines {
    lines(at(&outputs.cells, tick).into_iter().map(|(cell, counts)| {
        let place = (
            cell.project,
            cell.path,
            cell.device_type,
            cell.viewport_bucket,
            cell.day,
            cell.x,
            cell.y,
        );
        (place, counts.clicks, counts.rage, counts.dead, counts.error)
    }))
}

fn their_cells(known: &[OracleEvent], thresholds: &Thresholds, tick: i64) -> Lines {
    lines(
        oracle::click_cells(known, thresholds, tick)
            .into_iter()
            .map(|(cell, counts)| {
                let project = ProjectId(id(&cell.project));
                let place = (
                    project,
                    cell.path,
                    cell.device_type,
                    cell.viewport_bucket,
                    cell.day,
                    cell.x,
                    cell.y,
                );
                (place, counts.clicks, counts.rage, counts.dead, counts.error)
            }),
    )
}

fn our_elements(outputs: &Outputs, tick: Tick) -> Lines {
    lines(at(&outputs.elements, tick).into_iter().map(|(element, counts)| {
        let place = (
            element.project,
            element.path,
            element.selector,
            element.device_type,
            element.day,
        );
        (
            place,
            element.name,
            element.text,
            (i64::from(element.spot.x), i64::from(element.spot.y)),
            counts.clicks,
            counts.rage,
            counts.dead,
            counts.error,
        )
    }))
}

fn their_elements(known: &[OracleEvent], thresholds: &Thresholds, tick: i64) -> Lines {
    lines(
        oracle::elements(known, thresholds, tick)
            .into_iter()
            .map(|(element, counts)| {
                let project = ProjectId(id(&element.project));
                let place = (
                    project,
                    element.path,
                    element.selector,
                    element.device_type,
                    element.day,
                );
                (
                    place,
                    element.name,
                    element.text,
                    element.spot,
                    counts.clicks,
                    counts.rage,
                    counts.dead,
                    counts.error,
                )
            }),
    )
}

fn our_steps(outputs: &Outputs, tick: Tick) -> Lines {
    lines(
        at(&outputs.steps, tick)
            .into_iter()
            .map(|(step, views)| (step.project, step.path, step.device_type, step.day, step.percent, views)),
    )
}

fn their_steps(known: &[OracleEvent]) -> Lines {
    lines(oracle::scroll_depth(known).into_iter().map(|(depth, views)| {
        (
            ProjectId(id(&depth.project)),
            depth.path,
            depth.device_type,
            depth.day,
            depth.percent,
            views,
        )
    }))
}

fn our_rollups(outputs: &Outputs, tick: Tick) -> Lines {
    lines(at(&outputs.rollups, tick).into_iter().map(|(rollup, c)| {
        let resolution = format!("{:?}", rollup.resolution).to_lowercase();
        let dimension = word(&format!("{:?}", rollup.dimension));
        let bucket = (rollup.project, resolution, rollup.bucket_ms, dimension, rollup.value);
        let of_events = (
            c.events,
            c.page_views,
            c.errors,
            c.clicks,
            c.time_on_page_ms,
            c.page_exits,
        );
        (
            bucket,
            of_events,
            (c.sessions, c.bounces, c.duration_ms),
            (c.rage_clicks, c.dead_clicks, c.error_clicks),
        )
    }))
}

fn their_rollups(known: &[OracleEvent], thresholds: &Thresholds, tick: i64) -> Lines {
    lines(oracle::rollups(known, thresholds, tick).into_iter().map(|(bucket, c)| {
        let project = ProjectId(id(&bucket.project));
        let bucket = (
            project,
            bucket.resolution,
            bucket.bucket_ms,
            bucket.dimension,
            bucket.value,
        );
        let of_events = (
            c.events,
            c.page_views,
            c.errors,
            c.clicks,
            c.time_on_page_ms,
            c.page_exits,
        );
        (
            bucket,
            of_events,
            (c.sessions, c.bounces, c.duration_ms),
            (c.rage_clicks, c.dead_clicks, c.error_clicks),
        )
    }))
}

/// `UtmSource` as `utm_source`.
fn word(name: &str) -> String {
    let mut word = String::new();
    for letter in name.chars() {
        if letter.is_uppercase() && !word.is_empty() {
            word.push('_');
        }
        word.extend(letter.to_lowercase());
    }
    word
}

fn our_live(outputs: &Outputs, tick: Tick) -> Lines {
    lines(at(&outputs.live, tick).into_iter().map(|((project, live), count)| {
        assert_eq!(count, 1);
        let pages: Vec<_> = live
            .current_pages
            .iter()
            .map(|(path, count)| (path.to_string(), *count))
            .collect();
        (
            project,
            live.active_sessions,
            live.active_visitors,
            live.events_per_minute,
            pages,
        )
    }))
}

fn their_live(known: &[OracleEvent], tick: i64) -> Lines {
    let Some(project) = known.first().map(|event| event.project.clone()) else {
        return Lines::new();
    };
    let live = oracle::live_now(known, &project, tick);
    let is_nothing = live == oracle::LiveNow::default();
    let row = (
        ProjectId(id(&project)),
        live.active_sessions,
        live.active_visitors,
        live.events_per_minute,
        live.current_pages,
    );
    lines((!is_nothing).then_some(row))
}
