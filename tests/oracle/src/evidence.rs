use crate::OracleEvent;
use crate::dead_clicks::is_response;

/// More of a session than this nobody judges.
const CLICKS_MAX: usize = 10_000;
const ERRORS_MAX: usize = 10_000;
const RESPONSES_MAX: usize = 50_000;

/// Where a session's evidence ends, if it does: at the time of the first click, error or response that is one too many of its kind.
pub(crate) fn end_of_evidence(events: &[OracleEvent]) -> Option<i64> {
    let first_too_many = |is_of_kind: fn(&OracleEvent) -> bool, max: usize| {
        let mut times_ms: Vec<_> = events.iter().filter(|it| is_of_kind(it)).map(|it| it.time_ms).collect();
        times_ms.sort_unstable();
        times_ms.get(max).copied()
    };
    [
        first_too_many(|it| it.click().is_some(), CLICKS_MAX),
        first_too_many(OracleEvent::is_error, ERRORS_MAX),
        first_too_many(is_response, RESPONSES_MAX),
    ]
    .into_iter()
    .flatten()
    .min()
}

/// What the clicks of a session are judged by: what is before the end of the evidence.
pub(crate) fn evidence(mut events: Vec<OracleEvent>) -> Vec<OracleEvent> {
    if let Some(end_ms) = end_of_evidence(&events) {
        events.retain(|event| event.time_ms < end_ms);
    }
    events
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::fixture::*;
    use crate::{Thresholds, dead_clicks, error_clicks, rage_clicks};

    fn many(count: usize, of: impl Fn(&str, i64) -> OracleEvent) -> Vec<OracleEvent> {
        (0..count).map(|n| of(&format!("{n:06}"), n as i64)).collect()
    }

    #[test]
    fn it_ends_at_the_time_of_the_first_that_is_too_many() {
        let clicks = |count| many(count, |id, n| click(id, n / 2, 0));
        assert_eq!(end_of_evidence(&clicks(CLICKS_MAX)), None);
        assert_eq!(end_of_evidence(&clicks(CLICKS_MAX + 3)), Some(5000));
        let mut backwards = clicks(CLICKS_MAX + 2);
        backwards.reverse();
        assert_eq!(end_of_evidence(&backwards), Some(5000));
        assert_eq!(evidence(backwards).len(), CLICKS_MAX);
    }

    #[test]
    fn a_click_of_too_many_is_in_no_rage_click() {
        let found = rage_clicks(&many(CLICKS_MAX + 2, |id, n| click(id, n, 0)), &Thresholds::default());
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].clicks.len(), CLICKS_MAX);
    }

    #[test]
    fn an_error_of_too_many_is_no_clicks_fault() {
        let mut events = many(ERRORS_MAX + 1, |id, n| event(id, n / 20, "js_error"));
        events.push(click("click", 0, 0));
        let found = error_clicks(&events, &Thresholds::default());
        assert_eq!((found.len(), found[0].errors.len()), (1, ERRORS_MAX));
    }

    #[test]
    fn a_click_is_not_dead_whose_window_is_not_all_before_the_end() {
        let mut events = many(RESPONSES_MAX + 1, |id, n| event(id, 5000 + n, "fetch_request"));
        for time_ms in [0, 53_999, 54_000, 60_000] {
            let on_link = with_click(click(&format!("click {time_ms}"), time_ms, 0), |click| {
                click.tag = "a".to_owned();
            });
            events.push(on_link);
        }
        let found = dead_clicks(&events, &Thresholds::default(), 100_000);
        let times: Vec<_> = found.iter().map(crate::Insight::timestamp_ms).collect();
        assert_eq!(times, [0, 53_999]);
    }
}
