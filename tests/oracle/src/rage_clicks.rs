use crate::evidence::evidence;
use crate::{Click, Insight, OracleEvent, Thresholds, sessions_of};

/// A session's clicks on one page in time order. A *rage window* is `min_clicks` consecutive clicks of which the last is at most
/// `window_ms` after the first, each at most `radius_px` from the centroid of them all. Rage windows that share a click are one
/// insight: its clicks are their union.
///
/// Left out before windows are formed: clicks on or inside `data-gosight-ignore-rage`, and the second tap of a double-tap zoom.
pub fn rage_clicks(events: &[OracleEvent], thresholds: &Thresholds) -> Vec<Insight> {
    let mut insights = Vec::new();
    for ((project, session), events) in sessions_of(events) {
        for clicks in clicks_by_page(&evidence(events)) {
            for union in unions(&rage_windows(&clicks, thresholds)) {
                let clicks = clicks[union.0..union.1].to_vec();
                let (project, session) = (project.clone(), session.clone());
                insights.push(Insight {
                    project,
                    session,
                    clicks,
                    errors: Vec::new(),
                });
            }
        }
    }
    insights.sort();
    insights
}

fn clicks_by_page(events: &[OracleEvent]) -> Vec<Vec<OracleEvent>> {
    let counts = |event: &&OracleEvent| {
        event
            .click()
            .is_some_and(|click| !click.ignore_rage && !click.double_tap)
    };
    let mut clicks: Vec<_> = events.iter().filter(counts).cloned().collect();
    // Stable: within a page they stay in time order.
    clicks.sort_by(|one, other| one.path.cmp(&other.path));
    clicks
        .chunk_by(|one, other| one.path == other.path)
        .map(<[_]>::to_vec)
        .collect()
}

/// Every rage window, as [first, last + 1).
fn rage_windows(clicks: &[OracleEvent], thresholds: &Thresholds) -> Vec<(usize, usize)> {
    let n = thresholds.rage_min_clicks;
    (0..clicks.len().saturating_sub(n - 1))
        .map(|first| (first, first + n))
        .filter(|&(first, end)| is_rage_window(&clicks[first..end], thresholds))
        .collect()
}

fn is_rage_window(window: &[OracleEvent], thresholds: &Thresholds) -> bool {
    let points: Vec<&Click> = window.iter().filter_map(OracleEvent::click).collect();
    let n = points.len() as i128;
    let sum = |axis: fn(&Click) -> i64| points.iter().map(|point| i128::from(axis(point))).sum::<i128>();
    let (sum_x, sum_y) = (sum(|click| click.x), sum(|click| click.y));
    let reach = n * i128::from(thresholds.rage_radius_px);
    let is_near = |point: &&Click| {
        let (x, y) = (n * i128::from(point.x) - sum_x, n * i128::from(point.y) - sum_y);
        x * x + y * y <= reach * reach
    };
    window[window.len() - 1].time_ms - window[0].time_ms <= thresholds.rage_window_ms && points.iter().all(is_near)
}

/// Windows that share a click, joined. They come in order.
fn unions(windows: &[(usize, usize)]) -> Vec<(usize, usize)> {
    let mut unions: Vec<(usize, usize)> = Vec::new();
    for &(first, end) in windows {
        match unions.last_mut() {
            Some(union) if first < union.1 => union.1 = end,
            _ => unions.push((first, end)),
        }
    }
    unions
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::fixture::*;

    /// Clicks `a`, `b`, … at these times, all at one point.
    fn clicks(times_ms: &[i64]) -> Vec<OracleEvent> {
        let name = |index| char::from(b'a' + index as u8).to_string();
        times_ms
            .iter()
            .enumerate()
            .map(|(index, &time_ms)| click(&name(index), time_ms, 0))
            .collect()
    }

    fn found(events: &[OracleEvent]) -> Vec<Vec<String>> {
        let insights = rage_clicks(events, &Thresholds::default());
        ids(&insights)
            .into_iter()
            .map(|ids| ids.into_iter().map(str::to_owned).collect())
            .collect()
    }

    #[test]
    fn it_needs_five_clicks_within_two_seconds_both_ends_included() {
        assert_eq!(found(&clicks(&[0, 500, 1000, 1500])), [[""; 0]; 0]);
        assert_eq!(found(&clicks(&[0, 500, 1000, 1500, 2000])), [["a", "b", "c", "d", "e"]]);
        assert_eq!(found(&clicks(&[0, 500, 1000, 1500, 2001])), [[""; 0]; 0]);
    }

    #[test]
    fn it_measures_from_the_centroid_exactly_in_integers() {
        // Four at 0 and one at x: the centroid is x/5, and the last click is 4x/5 away from it.
        let with_last_at = |x| {
            [0, 0, 0, 0, x]
                .iter()
                .enumerate()
                .map(|(i, &x)| click(&i.to_string(), i as i64, x))
                .collect::<Vec<_>>()
        };
        assert_eq!(found(&with_last_at(62)).len(), 1, "49.6 px");
        assert_eq!(found(&with_last_at(63)).len(), 0, "50.4 px");
        // Two at −50 and two at 50 around one at 0: exactly on the radius.
        let around: Vec<_> = [-50, 50, 0, -50, 50]
            .iter()
            .enumerate()
            .map(|(i, &x)| click(&i.to_string(), 0, x))
            .collect();
        assert_eq!(found(&around).len(), 1);
        let beyond: Vec<_> = [-51, 51, 0, -51, 51]
            .iter()
            .enumerate()
            .map(|(i, &x)| click(&i.to_string(), 0, x))
            .collect();
        assert_eq!(found(&beyond).len(), 0);
    }

    #[test]
    fn it_joins_windows_that_share_a_click() {
        let chained = clicks(&[0, 500, 1000, 1500, 2000, 2500, 3000]);
        assert_eq!(found(&chained), [["a", "b", "c", "d", "e", "f", "g"]]);
        assert_eq!(rage_clicks(&chained, &Thresholds::default())[0].ended_at_ms(), 3000);
        // a–e and e–i share only e.
        assert_eq!(found(&clicks(&[0, 0, 0, 0, 2000, 4000, 4000, 4000, 4000])).len(), 1);
        // Two bursts that share none are two.
        let two = found(&clicks(&[0, 1, 2, 3, 4, 9000, 9001, 9002, 9003, 9004]));
        assert_eq!(two, [["a", "b", "c", "d", "e"], ["f", "g", "h", "i", "j"]]);
    }

    #[test]
    fn it_orders_ties_in_time_by_event_id() {
        let mut events = clicks(&[0, 0, 0, 0, 0]);
        events.reverse();
        assert_eq!(found(&events), [["a", "b", "c", "d", "e"]]);
    }

    #[test]
    fn it_keeps_pages_and_sessions_apart() {
        let mut events = clicks(&[0, 1, 2, 3, 4]);
        events[2] = on("/other", events[2].clone());
        assert_eq!(found(&events).len(), 0);
        let mut events = clicks(&[0, 1, 2, 3, 4]);
        events[2].session = Some("another".to_owned());
        assert_eq!(found(&events).len(), 0);
        // A click on another page in between does not interrupt: it is not among this page's clicks.
        let mut events = clicks(&[0, 1, 2, 3, 4, 5]);
        events[2] = on("/other", events[2].clone());
        assert_eq!(found(&events), [["a", "b", "d", "e", "f"]]);
    }

    #[test]
    fn it_leaves_out_ignored_clicks_and_second_taps_before_windows_are_formed() {
        let mut events = clicks(&[0, 1, 2, 3, 4, 5]);
        events[1] = with_click(events[1].clone(), |click| click.double_tap = true);
        assert_eq!(found(&events), [["a", "c", "d", "e", "f"]]);
        events[2] = with_click(events[2].clone(), |click| click.ignore_rage = true);
        assert_eq!(found(&events).len(), 0);
    }

    #[test]
    fn it_takes_only_clicks() {
        let mut events = clicks(&[0, 1, 2, 3, 4]);
        events[0].event_type = "dblclick".to_owned();
        assert_eq!(found(&events).len(), 0);
    }
}
