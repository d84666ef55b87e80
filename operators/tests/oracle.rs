//! One golden, many schedules: whatever the order, the ticks, the repetitions and the number of workers, the views are what the oracle computes
//! from scratch from the set of events.

#[cfg(test)]
mod support;

use gosight_operators::ids::*;
use gosight_operators::rules::{self, Facet, Metric, Number, Operator, Query, Rule};
use gosight_operators::views::TransitionState;
use gosight_oracle::{self as oracle, Thresholds};
use proptest::prelude::*;
use support::compare::assert_views;
use support::generate::{Story, id, story};
use support::run;

fn config(cases: u32) -> ProptestConfig {
    ProptestConfig {
        cases,
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

proptest! {
    #![proptest_config(config(48))]

    #[test]
    fn at_every_tick_every_view_is_what_the_oracle_says(story in story(50), workers in 1..=3_usize) {
        let outputs = run(&story.schedule(), workers);
        for &tick in &story.ticks {
            assert_views(&outputs, &story.known_at(tick), &Thresholds::default(), tick);
        }
        assert_eq!(outputs.duplicates.len(), story.duplicates());
    }

    #[test]
    fn thresholds_take_effect_at_their_tick_on_what_is_there(story in story(50), workers in 1..=3_usize, at in any::<prop::sample::Index>()) {
        let (theirs, ours) = impatient();
        let changed_at = *at.get(&story.ticks);
        let mut schedule = story.schedule();
        let bound = schedule.entry(changed_at as Tick).or_default();
        bound.thresholds.push(((ProjectId(7), ours), 1));
        let outputs = run(&schedule, workers);
        for &tick in &story.ticks {
            let thresholds = if tick < changed_at { Thresholds::default() } else { theirs };
            assert_views(&outputs, &story.known_at(tick), &thresholds, tick);
        }
    }

    #[test]
    fn rules_turn_when_the_oracle_says(story in story(50), workers in 1..=3_usize, rule in rule(), at in any::<prop::sample::Index>()) {
        let (theirs, ours) = rule;
        let ruled_at = *at.get(&story.ticks);
        let mut schedule = story.schedule();
        schedule.entry(ruled_at as Tick).or_default().rules.push((ours, 1));
        let outputs = run(&schedule, workers);
        let ticks: Vec<_> = story.ticks.iter().copied().filter(|tick| *tick >= ruled_at).collect();
        assert_eq!(turned(&outputs.transitions), expected(&story, &theirs, &ticks));
    }
}

/// Long after the horizon of everything in a story, ms after its last tick.
const SILENCE_MS: i64 = 27 * 60 * 60 * 1000;

proptest! {
    #![proptest_config(config(24))]

    #[test]
    fn sealing_forgets_the_state_and_retracts_nothing(story in story(50), workers in 1..=3_usize) {
        let mut schedule = story.schedule();
        let last = story.ticks[story.ticks.len() - 1];
        let sealed = last + SILENCE_MS;
        schedule.insert(sealed as Tick, Default::default());
        let outputs = run(&schedule, workers);
        assert_views(&outputs, &story.known_at(last), &Thresholds::default(), sealed);
        for meters in &outputs.meters {
            for name in ["sessions", "live", "windows", "alerts"] {
                let (_, meter) = meters.each().into_iter().find(|(other, _)| *other == name).unwrap();
                assert_eq!((name, meter.entries(), meter.next_deadline()), (name, 0, None));
            }
        }
    }

    #[test]
    fn an_event_without_a_session_id_is_told_its_session_once(story in story(50), workers in 1..=3_usize) {
        let outputs = run(&story.schedule(), workers);
        let mut named: Vec<_> = outputs.named.iter().map(|(position, _)| position.offset).collect();
        named.sort_unstable();
        let first = story.first_arrivals();
        let unnamed = first.iter().filter(|arrival| arrival.event.session.is_none()).map(|arrival| arrival.offset);
        let mut unnamed: Vec<_> = unnamed.collect();
        unnamed.sort_unstable();
        assert_eq!(named, unnamed);
    }
}

#[test]
fn every_worker_holds_a_share_of_the_sessions() {
    let mut schedule = support::Schedule::new();
    let events = &mut schedule.entry(1_700_000_000_000).or_default().events;
    for session in 0..300 {
        let event = gosight_oracle::OracleEvent {
            project: format!("{:032x}", 7),
            session: Some(format!("{session:032x}")),
            id: format!("{session:032x}"),
            time_ms: 1_700_000_000_000,
            event_type: "page_view".to_owned(),
            ..Default::default()
        };
        events.push((
            Default::default(),
            std::sync::Arc::new(support::generate::convert(&event)),
        ));
    }
    let outputs = run(&schedule, 3);
    for meters in &outputs.meters {
        assert!((60..140).contains(&meters.sessions.entries()), "{meters:?}");
        assert!((60..140).contains(&meters.distinct.entries()), "{meters:?}");
    }
}

type Turn = (i64, String, bool, Option<String>);

fn turned(transitions: &[gosight_operators::views::Transition]) -> Vec<Turn> {
    let turn = |it: &gosight_operators::views::Transition| {
        let value = it.value.map(|value| format!("{:.9}", value.0));
        (
            it.tick as i64,
            it.group.to_string(),
            it.state == TransitionState::Fired,
            value,
        )
    };
    let mut turns: Vec<_> = transitions.iter().map(turn).collect();
    turns.sort();
    turns
}

fn expected(story: &Story, rule: &oracle::AlertRule, ticks: &[i64]) -> Vec<Turn> {
    let transitions = oracle::transitions(&story.events(), rule, &Thresholds::default(), ticks);
    let turn = |it: oracle::GroupTransition| {
        let value = it.value.map(|value| format!("{value:.9}"));
        (it.tick, it.group, it.state == oracle::TransitionState::Fired, value)
    };
    let mut turns: Vec<_> = transitions.into_iter().map(turn).collect();
    turns.sort();
    turns
}

fn impatient() -> (Thresholds, rules::Thresholds) {
    let theirs = Thresholds {
        rage_min_clicks: 2,
        rage_window_ms: 2500,
        rage_radius_px: 20,
        dead_window_ms: 400,
        error_window_ms: 2500,
    };
    let ours = rules::Thresholds {
        rage_click: rules::RageClickThresholds {
            min_clicks: 2,
            window_ms: 2500,
            radius_px: 20,
        },
        dead_click: rules::ClickWindow { window_ms: 400 },
        error_click: rules::ClickWindow { window_ms: 2500 },
    };
    (theirs, ours)
}

fn rule() -> impl Strategy<Value = (oracle::AlertRule, Rule)> {
    use prop::sample::select;
    let metric = select(vec![
        (oracle::Metric::Sessions, Metric::Sessions),
        (oracle::Metric::Pageviews, Metric::Pageviews),
        (oracle::Metric::Errors, Metric::Errors),
        (oracle::Metric::ErrorRate, Metric::ErrorRate),
        (oracle::Metric::RageClicks, Metric::RageClicks),
        (oracle::Metric::DeadClicks, Metric::DeadClicks),
        (oracle::Metric::ErrorClicks, Metric::ErrorClicks),
        (oracle::Metric::AvgLcp, Metric::AvgLcp),
        (oracle::Metric::AvgTtfb, Metric::AvgTtfb),
        (oracle::Metric::BounceRate, Metric::BounceRate),
        (
            oracle::Metric::CustomEvent("bought".to_owned()),
            Metric::CustomEvent("bought".into()),
        ),
    ]);
    let comparison = select(vec![
        (oracle::Comparison::Greater, Operator::Greater),
        (oracle::Comparison::GreaterOrEqual, Operator::GreaterOrEqual),
        (oracle::Comparison::Less, Operator::Less),
        (oracle::Comparison::LessOrEqual, Operator::LessOrEqual),
        (oracle::Comparison::Equal, Operator::Equal),
    ]);
    let facet = select(vec![
        None,
        None,
        Some((oracle::Facet::Path, Facet::Path)),
        Some((oracle::Facet::Device, Facet::Device)),
    ]);
    let filter = select(vec![
        None,
        None,
        Some((oracle::Facet::Browser, Facet::Browser, "Firefox")),
    ]);
    let threshold = select(vec![0.0, 1.0, 2.0, 50.0, 1500.0]);
    let window_ms = select(vec![60_000, 300_000, 900_000, 3_600_000]);
    (metric, comparison, facet, filter, threshold, window_ms).prop_map(
        |(metric, comparison, facet, filter, threshold, window_ms)| {
            let project = format!("{:032x}", 7);
            let query = Query {
                metric: metric.1,
                window_ms,
                group_by: facet.map(|facet| facet.1),
                filters: filter
                    .iter()
                    .map(|(_, facet, value)| (*facet, (*value).into()))
                    .collect(),
            };
            let (id, project_id) = (RuleId(1), ProjectId(id(&project)));
            let threshold_row = Number(threshold);
            let ours = Rule {
                id,
                project: project_id,
                query,
                operator: comparison.1,
                threshold: threshold_row,
                is_active: true,
            };
            let filters = filter
                .iter()
                .map(|(facet, _, value)| (*facet, (*value).to_owned()))
                .collect();
            let group_by = facet.map(|facet| facet.0);
            let (metric, comparison) = (metric.0, comparison.0);
            (
                oracle::AlertRule {
                    project,
                    metric,
                    comparison,
                    threshold,
                    window_ms,
                    group_by,
                    filters,
                },
                ours,
            )
        },
    )
}
