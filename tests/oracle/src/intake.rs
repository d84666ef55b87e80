//! From batches in log order to the set of events that the views are functions of.

use std::collections::{BTreeMap, BTreeSet};

use crate::{Day, OracleEvent};

/// Clocks that are off by less than this are taken to be right.
const SKEW_IGNORED_BELOW_MS: i64 = 60 * 1000;
const HOUR_MS: i64 = 60 * 60 * 1000;

/// One record of the log: a batch, with its events' times as the client's clock had them.
#[derive(Clone, Debug, Default)]
pub struct RawBatch {
    pub received_at_ms: i64,
    pub sent_at_ms: i64,
    /// The tick it is bound to.
    pub tick: i64,
    /// All of one project, visitor and session.
    pub events: Vec<OracleEvent>,
}

/// The events of these batches, which are in log order, with corrected time, day and tick.
///
/// offset = receive time − `sent_at_ms` of the *first* batch of the session in the log, fixed for that session; |offset| < 60 s
/// counts as 0. Batches without a session id: of the visitor. `day_of` knows the projects' zones.
pub fn corrected(batches: &[RawBatch], day_of: impl Fn(&str, i64) -> Day) -> Vec<OracleEvent> {
    let mut offsets_ms = BTreeMap::new();
    let mut events = Vec::new();
    for batch in batches {
        let Some(first) = batch.events.first() else { continue };
        let whose = (
            first.project.clone(),
            first.session.clone().ok_or(first.visitor.clone()),
        );
        let offset_ms = *offsets_ms
            .entry(whose)
            .or_insert(batch.received_at_ms - batch.sent_at_ms);
        let offset_ms = if offset_ms.abs() < SKEW_IGNORED_BELOW_MS {
            0
        } else {
            offset_ms
        };
        for event in &batch.events {
            let time_ms = event.time_ms + offset_ms;
            let day = day_of(&event.project, time_ms);
            let (received_at_ms, tick) = (batch.received_at_ms, batch.tick);
            events.push(OracleEvent {
                time_ms,
                day,
                received_at_ms,
                tick,
                ..event.clone()
            });
        }
    }
    events
}

/// (In time, late). Late: an event's corrected time is further than the horizon from the tick it is bound to, before it or after it.
pub fn split_late(events: Vec<OracleEvent>, horizon_ms: i64) -> (Vec<OracleEvent>, Vec<OracleEvent>) {
    events
        .into_iter()
        .partition(|event| (event.tick - horizon_ms..=event.tick + horizon_ms).contains(&event.time_ms))
}

/// (First seen, duplicates) of events in log order: identity is (project, event id).
pub fn first_seen(events: Vec<OracleEvent>) -> (Vec<OracleEvent>, Vec<OracleEvent>) {
    let mut seen = BTreeSet::new();
    events
        .into_iter()
        .partition(|event| seen.insert((event.project.clone(), event.id.clone())))
}

/// How many events of each (project, first instant of the hour they were received in, outcome), `events` being all of them, in log
/// order: each ends in exactly one of `counted`, `duplicate` and `late`. A late event stays late however often it comes.
pub fn outcomes(events: Vec<OracleEvent>, horizon_ms: i64) -> BTreeMap<(String, i64, &'static str), usize> {
    let (in_time, late) = split_late(events, horizon_ms);
    let (counted, duplicates) = first_seen(in_time);
    let mut outcomes = BTreeMap::new();
    for (outcome, events) in [("counted", counted), ("duplicate", duplicates), ("late", late)] {
        for event in events {
            let hour_ms = event.received_at_ms.div_euclid(HOUR_MS) * HOUR_MS;
            *outcomes.entry((event.project, hour_ms, outcome)).or_default() += 1;
        }
    }
    outcomes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::fixture::*;

    fn batch(received_at_ms: i64, sent_at_ms: i64, events: &[OracleEvent]) -> RawBatch {
        RawBatch {
            received_at_ms,
            sent_at_ms,
            tick: received_at_ms,
            events: events.to_vec(),
        }
    }

    fn times(batches: &[RawBatch]) -> Vec<i64> {
        corrected(batches, |_, _| Day::default())
            .iter()
            .map(|event| event.time_ms)
            .collect()
    }

    #[test]
    fn it_leaves_a_clock_alone_that_is_off_by_less_than_a_minute() {
        assert_eq!(times(&[batch(59_999, 0, &[event("a", 5, "click")])]), [5]);
        assert_eq!(times(&[batch(60_000, 0, &[event("a", 5, "click")])]), [60_005]);
        assert_eq!(times(&[batch(0, 60_000, &[event("a", 5, "click")])]), [-59_995]);
    }

    #[test]
    fn it_fixes_the_offset_with_the_first_batch_of_a_session() {
        let first = batch(100_000, 0, &[event("a", 1, "click")]);
        let second = batch(900_000, 0, &[event("b", 2, "click")]);
        let other = OracleEvent {
            session: Some("other".to_owned()),
            ..event("c", 3, "click")
        };
        let third = batch(900_000, 0, &[other]);
        assert_eq!(times(&[first, second, third]), [100_001, 100_002, 900_003]);
    }

    #[test]
    fn it_judges_late_by_the_tick_and_the_corrected_time() {
        let bound_at = |tick| OracleEvent {
            tick,
            ..event("a", 1000, "click")
        };
        assert_eq!(
            split_late(vec![bound_at(1100)], 100).1.len(),
            0,
            "the horizon itself is in time"
        );
        assert_eq!(split_late(vec![bound_at(1101)], 100).1.len(), 1);
        assert_eq!(split_late(vec![bound_at(900)], 100).1.len(), 0, "ahead as well");
        assert_eq!(split_late(vec![bound_at(899)], 100).1.len(), 1);
    }

    #[test]
    fn it_takes_the_first_of_an_id_per_project() {
        let elsewhere = OracleEvent {
            project: "q".to_owned(),
            ..event("a", 3, "click")
        };
        let (first, again) = first_seen(vec![event("a", 2, "click"), event("a", 1, "click"), elsewhere]);
        assert_eq!(first.iter().map(|event| event.time_ms).collect::<Vec<_>>(), [2, 3]);
        assert_eq!(again.iter().map(|event| event.time_ms).collect::<Vec<_>>(), [1]);
    }

    #[test]
    fn it_gives_every_event_one_outcome() {
        let at = |id, received_at_ms| OracleEvent {
            received_at_ms,
            tick: received_at_ms,
            ..event(id, 1000, "click")
        };
        let events = vec![
            at("a", 2000),
            at("a", 3000),
            at("b", HOUR_MS + 1),
            at("b", HOUR_MS + 1001),
        ];
        let outcomes = outcomes(events, HOUR_MS);
        let counts: Vec<_> = outcomes
            .iter()
            .map(|((_, hour_ms, outcome), count)| (*hour_ms, *outcome, *count))
            .collect();
        assert_eq!(
            counts,
            [
                (0, "counted", 1),
                (0, "duplicate", 1),
                (HOUR_MS, "counted", 1),
                (HOUR_MS, "late", 1)
            ]
        );
    }
}
