use std::collections::BTreeMap;

use crate::evidence::evidence;
use crate::{Insight, OracleEvent, Thresholds, sessions_of};

/// For each js_error or unhandled_rejection: the latest click of the same session and page from 0 to `window_ms` before it, both
/// ends included, ties by event id. One insight per such click, with its errors.
pub fn error_clicks(events: &[OracleEvent], thresholds: &Thresholds) -> Vec<Insight> {
    let mut insights = Vec::new();
    for ((project, session), events) in sessions_of(events) {
        let events = evidence(events);
        let mut errors_by_click: BTreeMap<usize, Vec<OracleEvent>> = BTreeMap::new();
        for error in events.iter().filter(|event| event.is_error()) {
            let precedes = |event: &OracleEvent| {
                event.click().is_some()
                    && event.path == error.path
                    && (0..=thresholds.error_window_ms).contains(&(error.time_ms - event.time_ms))
            };
            // Events are in the order of (time, id), so the last one is the latest.
            if let Some(click) = events.iter().rposition(precedes) {
                errors_by_click.entry(click).or_default().push(error.clone());
            }
        }
        for (click, errors) in errors_by_click {
            let (project, session) = (project.clone(), session.clone());
            insights.push(Insight {
                project,
                session,
                clicks: vec![events[click].clone()],
                errors,
            });
        }
    }
    insights.sort();
    insights
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::fixture::*;

    fn found(events: &[OracleEvent]) -> Vec<Vec<String>> {
        let insights = error_clicks(events, &Thresholds::default());
        ids(&insights)
            .into_iter()
            .map(|ids| ids.into_iter().map(str::to_owned).collect())
            .collect()
    }

    #[test]
    fn it_blames_a_click_from_0_to_1000_ms_before_both_ends_included() {
        let error_at = |time_ms| [click("click", 0, 0), event("error", time_ms, "js_error")];
        assert_eq!(found(&error_at(-1)).len(), 0);
        assert_eq!(found(&error_at(0)), [["click", "error"]]);
        assert_eq!(found(&error_at(1000)), [["click", "error"]]);
        assert_eq!(found(&error_at(1001)).len(), 0);
    }

    #[test]
    fn it_blames_the_latest_click_ties_by_id() {
        let error = event("error", 900, "unhandled_rejection");
        assert_eq!(
            found(&[click("a", 0, 0), click("b", 800, 0), error.clone()]),
            [["b", "error"]]
        );
        assert_eq!(
            found(&[click("y", 800, 0), click("x", 800, 0), error]),
            [["y", "error"]]
        );
    }

    #[test]
    fn it_gathers_a_clicks_errors_in_time_order() {
        let events = [
            event("late", 20, "js_error"),
            click("a", 0, 0),
            event("early", 10, "unhandled_rejection"),
        ];
        assert_eq!(found(&events), [["a", "early", "late"]]);
    }

    #[test]
    fn it_does_not_blame_a_click_on_another_page_or_in_another_session() {
        let error = event("error", 10, "js_error");
        assert_eq!(found(&[on("/other", click("a", 0, 0)), error.clone()]).len(), 0);
        let elsewhere = OracleEvent {
            session: Some("another".to_owned()),
            ..click("a", 0, 0)
        };
        assert_eq!(found(&[elsewhere, error.clone()]).len(), 0);
        // The click on this page, though one on another came later.
        assert_eq!(
            found(&[click("a", 0, 0), on("/other", click("b", 5, 0)), error]),
            [["a", "error"]]
        );
    }

    #[test]
    fn it_takes_neither_resource_nor_console_errors() {
        assert_eq!(
            found(&[
                click("a", 0, 0),
                event("e", 1, "console_error"),
                event("f", 1, "resource_error")
            ])
            .len(),
            0
        );
    }
}
