use std::collections::{BTreeMap, BTreeSet};

use crate::{OracleEvent, Payload, Session, Thresholds, dead_clicks, error_clicks, rage_clicks, sessions};

/// A threshold rule of one project.
#[derive(Clone, Debug, PartialEq)]
pub struct AlertRule {
    pub project: String,
    pub metric: Metric,
    pub comparison: Comparison,
    pub threshold: f64,
    pub window_ms: i64,
    pub group_by: Option<Facet>,
    /// Each must hold.
    pub filters: Vec<(Facet, String)>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Metric {
    Sessions,
    Pageviews,
    Errors,
    /// Percent of the sessions with an error.
    ErrorRate,
    RageClicks,
    DeadClicks,
    ErrorClicks,
    AvgLcp,
    AvgTtfb,
    /// Percent of the sessions that bounced.
    BounceRate,
    /// How many custom events of this name.
    CustomEvent(String),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    Greater,
    GreaterOrEqual,
    Less,
    LessOrEqual,
    Equal,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Facet {
    Path,
    Browser,
    Country,
    Device,
}

/// A rule's condition began or ceased to hold for a group.
#[derive(Clone, Debug, PartialEq)]
pub struct GroupTransition {
    pub tick: i64,
    /// Empty without `group_by`.
    pub group: String,
    pub state: TransitionState,
    /// None: the group has no value any more.
    pub value: Option<f64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TransitionState {
    Fired,
    Resolved,
}

impl Comparison {
    fn holds(self, value: f64, threshold: f64) -> bool {
        match self {
            Self::Greater => value > threshold,
            Self::GreaterOrEqual => value >= threshold,
            Self::Less => value < threshold,
            Self::LessOrEqual => value <= threshold,
            Self::Equal => value == threshold,
        }
    }
}

/// Something that a metric counts, sums or averages.
struct Fact {
    time_ms: i64,
    /// In the order of [`Facet`].
    facets: [String; 4],
    /// What a mean is of; a count counts 1.
    amount: f64,
}

impl Fact {
    fn of_event(event: &OracleEvent, amount: f64) -> Self {
        let facets = [&event.path, &event.browser, &event.country, &event.device_type].map(Clone::clone);
        Self {
            time_ms: event.time_ms,
            facets,
            amount,
        }
    }

    /// A session is where it began: its path is the one it was entered by.
    fn of_session(session: &Session, amount: f64) -> Self {
        let facets = [
            &session.entry_path,
            &session.browser,
            &session.country,
            &session.device_type,
        ]
        .map(Clone::clone);
        Self {
            time_ms: session.started_at_ms,
            facets,
            amount,
        }
    }

    fn facet(&self, facet: Facet) -> &str {
        &self.facets[facet as usize]
    }
}

/// The rule's value of every group that has one, at tick T: what has corrected event time in (T − window, T] and is known at T.
///
/// A count without groups always has a value, 0 at least; a group has one while something in the window belongs to it; a mean or a
/// percentage over nothing is no value.
pub fn values_at(
    events: &[OracleEvent],
    rule: &AlertRule,
    thresholds: &Thresholds,
    tick: i64,
) -> BTreeMap<String, f64> {
    let known: Vec<_> = events
        .iter()
        .filter(|event| event.tick <= tick && event.project == rule.project)
        .cloned()
        .collect();
    let is_in = |fact: &Fact| {
        fact.time_ms > tick - rule.window_ms
            && fact.time_ms <= tick
            && rule.filters.iter().all(|(facet, value)| fact.facet(*facet) == value)
    };
    let mut groups: BTreeMap<String, Vec<f64>> = BTreeMap::new();
    if rule.group_by.is_none() {
        groups.insert(String::new(), Vec::new());
    }
    for fact in facts(&known, &rule.metric, thresholds, tick).into_iter().filter(is_in) {
        let group = rule.group_by.map_or("", |facet| fact.facet(facet));
        groups.entry(group.to_owned()).or_default().push(fact.amount);
    }
    let value = |amounts: Vec<f64>| match rule.metric {
        Metric::ErrorRate | Metric::BounceRate => mean(&amounts).map(|share| share * 100.0),
        Metric::AvgLcp | Metric::AvgTtfb => mean(&amounts),
        _ => Some(amounts.len() as f64),
    };
    groups
        .into_iter()
        .filter_map(|(group, amounts)| Some((group, value(amounts)?)))
        .collect()
}

/// The value of a rule without groups.
pub fn value_at(events: &[OracleEvent], rule: &AlertRule, thresholds: &Thresholds, tick: i64) -> Option<f64> {
    values_at(events, rule, thresholds, tick).get("").copied()
}

fn mean(amounts: &[f64]) -> Option<f64> {
    (!amounts.is_empty()).then(|| amounts.iter().sum::<f64>() / amounts.len() as f64)
}

fn facts(known: &[OracleEvent], metric: &Metric, thresholds: &Thresholds, tick: i64) -> Vec<Fact> {
    let events = |counts: &dyn Fn(&OracleEvent) -> bool| {
        known
            .iter()
            .filter(|event| counts(event))
            .map(|event| Fact::of_event(event, 1.0))
            .collect()
    };
    let session_facts = |amount: fn(&Session) -> bool| {
        let sessions = sessions(known, thresholds, tick);
        sessions
            .iter()
            .map(|session| Fact::of_session(session, f64::from(u8::from(amount(session)))))
            .collect()
    };
    let insights = |insights: Vec<crate::Insight>| {
        insights
            .iter()
            .map(|insight| Fact::of_event(insight.first(), 1.0))
            .collect()
    };
    let reported = |ms: fn(&Payload) -> i64| {
        let reports = known.iter().filter(|event| ms(&event.payload) > 0);
        reports
            .map(|event| Fact::of_event(event, ms(&event.payload) as f64))
            .collect()
    };
    match metric {
        Metric::Sessions => session_facts(|_| true),
        Metric::ErrorRate => session_facts(|session| session.error_count > 0),
        Metric::BounceRate => session_facts(|session| session.is_bounce),
        Metric::Pageviews => events(&|event| event.event_type == "page_view"),
        Metric::Errors => events(&OracleEvent::is_error),
        Metric::CustomEvent(of_name) => {
            events(&|event| matches!(&event.payload, Payload::Custom { name } if name == of_name))
        }
        Metric::RageClicks => insights(rage_clicks(known, thresholds)),
        Metric::DeadClicks => insights(dead_clicks(known, thresholds, tick)),
        Metric::ErrorClicks => insights(error_clicks(known, thresholds)),
        Metric::AvgLcp => reported(|payload| match payload {
            Payload::Loaded { lcp_ms, .. } => *lcp_ms,
            _ => 0,
        }),
        Metric::AvgTtfb => reported(|payload| match payload {
            Payload::Loaded { ttfb_ms, .. } => *ttfb_ms,
            _ => 0,
        }),
    }
}

/// The transitions over these ticks, which ascend; the rule is there from the first one on, and takes effect on what is known
/// then. Each is a fact of its tick: what comes later never rewrites it.
pub fn transitions(
    events: &[OracleEvent],
    rule: &AlertRule,
    thresholds: &Thresholds,
    ticks: &[i64],
) -> Vec<GroupTransition> {
    let mut firing: BTreeSet<String> = BTreeSet::new();
    let mut transitions = Vec::new();
    for &tick in ticks {
        let values = values_at(events, rule, thresholds, tick);
        let holds = |group: &String| {
            values
                .get(group)
                .is_some_and(|&value| rule.comparison.holds(value, rule.threshold))
        };
        let groups: BTreeSet<_> = values.keys().chain(&firing).cloned().collect();
        for group in groups {
            let state = match (firing.contains(&group), holds(&group)) {
                (false, true) => TransitionState::Fired,
                (true, false) => TransitionState::Resolved,
                _ => continue,
            };
            match state {
                TransitionState::Fired => firing.insert(group.clone()),
                TransitionState::Resolved => firing.remove(&group),
            };
            let value = values.get(&group).copied();
            transitions.push(GroupTransition {
                tick,
                group,
                state,
                value,
            });
        }
    }
    transitions
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::fixture::*;

    const MINUTE_MS: i64 = 60_000;

    fn rule(metric: Metric, comparison: Comparison, threshold: f64) -> AlertRule {
        let project = "p".to_owned();
        AlertRule {
            project,
            metric,
            comparison,
            threshold,
            window_ms: MINUTE_MS,
            group_by: None,
            filters: Vec::new(),
        }
    }

    fn value(events: &[OracleEvent], metric: Metric, tick: i64) -> Option<f64> {
        value_at(
            events,
            &rule(metric, Comparison::Greater, 0.0),
            &Thresholds::default(),
            tick,
        )
    }

    #[test]
    fn it_counts_what_is_in_the_window_without_its_old_edge() {
        let events = [event("1", 1000, "page_view"), event("2", 2000, "page_view")];
        assert_eq!(
            value(&events, Metric::Pageviews, 1000),
            Some(1.0),
            "what is ahead does not count yet"
        );
        assert_eq!(value(&events, Metric::Pageviews, 2000), Some(2.0));
        assert_eq!(value(&events, Metric::Pageviews, 1000 + MINUTE_MS), Some(1.0));
        assert_eq!(value(&events, Metric::Pageviews, 2000 + MINUTE_MS), Some(0.0));
    }

    #[test]
    fn it_counts_what_is_known() {
        let events = [OracleEvent {
            tick: 5000,
            ..event("1", 1000, "page_view")
        }];
        assert_eq!(value(&events, Metric::Pageviews, 4999), Some(0.0));
        assert_eq!(value(&events, Metric::Pageviews, 5000), Some(1.0));
    }

    #[test]
    fn it_has_no_mean_over_nothing_and_never_fires_on_it() {
        let loaded = |id, lcp_ms| OracleEvent {
            payload: Payload::Loaded { lcp_ms, ttfb_ms: 0 },
            ..event(id, 1000, "web_vitals")
        };
        let events = [loaded("1", 100), loaded("2", 300), loaded("3", 0)];
        assert_eq!(value(&events, Metric::AvgLcp, 1000), Some(200.0));
        assert_eq!(value(&events, Metric::AvgTtfb, 1000), None);
        assert_eq!(value(&[], Metric::BounceRate, 1000), None);
        let below = rule(Metric::AvgLcp, Comparison::Less, 1000.0);
        assert_eq!(transitions(&[], &below, &Thresholds::default(), &[1000, 2000]), []);
    }

    #[test]
    fn it_takes_percentages_of_the_sessions_that_began_in_the_window() {
        let of = |session: &str, event: OracleEvent| OracleEvent {
            session: Some(session.to_owned()),
            ..event
        };
        let events = [
            of("s1", event("1", 1000, "page_view")),
            of("s1", event("2", 1001, "js_error")),
            of("s2", event("3", 1000, "page_view")),
            of("s2", click("4", 1001, 0)),
        ];
        assert_eq!(value(&events, Metric::Sessions, 2000), Some(2.0));
        assert_eq!(value(&events, Metric::ErrorRate, 2000), Some(50.0));
        assert_eq!(value(&events, Metric::BounceRate, 2000), Some(50.0));
        assert_eq!(value(&events, Metric::Errors, 2000), Some(1.0));
    }

    #[test]
    fn it_fires_once_and_resolves_once() {
        let events = [event("1", 1000, "page_view"), event("2", 2000, "page_view")];
        let more_than_one = rule(Metric::Pageviews, Comparison::Greater, 1.0);
        let ticks: Vec<_> = (0..100).map(|second| second * 1000).collect();
        let found = transitions(&events, &more_than_one, &Thresholds::default(), &ticks);
        let expected = [
            (2000, TransitionState::Fired, Some(2.0)),
            (61_000, TransitionState::Resolved, Some(1.0)),
        ];
        assert_eq!(
            found.iter().map(|it| (it.tick, it.state, it.value)).collect::<Vec<_>>(),
            expected
        );
    }

    #[test]
    fn it_lets_a_new_rule_take_effect_on_the_window_that_is_there() {
        let rule = rule(Metric::Pageviews, Comparison::GreaterOrEqual, 1.0);
        let found = transitions(
            &[event("1", 1000, "page_view")],
            &rule,
            &Thresholds::default(),
            &[30_000],
        );
        assert_eq!(found.len(), 1);
    }

    #[test]
    fn it_counts_a_dead_click_from_when_it_is_said() {
        let events = [click("1", 1000, 0)];
        assert_eq!(value(&events, Metric::DeadClicks, 2499), Some(0.0));
        assert_eq!(value(&events, Metric::DeadClicks, 2500), Some(1.0));
        let late = OracleEvent {
            tick: 9000,
            ..event("2", 1500, "dom_mutation")
        };
        let both = [events[0].clone(), late];
        assert_eq!(value(&both, Metric::DeadClicks, 8999), Some(1.0));
        assert_eq!(value(&both, Metric::DeadClicks, 9000), Some(0.0));
    }

    #[test]
    fn it_groups_and_filters() {
        let by_path = AlertRule {
            group_by: Some(Facet::Path),
            filters: vec![(Facet::Country, "DE".to_owned())],
            ..rule(Metric::Pageviews, Comparison::Less, 2.0)
        };
        let view = |id, path, country: &str| OracleEvent {
            country: country.to_owned(),
            ..on(path, event(id, 1000, "page_view"))
        };
        let events = [
            view("1", "/a", "DE"),
            view("2", "/a", "DE"),
            view("3", "/b", "DE"),
            view("4", "/c", "FR"),
        ];
        let values = values_at(&events, &by_path, &Thresholds::default(), 1000);
        assert_eq!(
            values.into_iter().collect::<Vec<_>>(),
            [("/a".to_owned(), 2.0), ("/b".to_owned(), 1.0)]
        );
        let found = transitions(&events, &by_path, &Thresholds::default(), &[1000, 70_000]);
        let of_b = GroupTransition {
            tick: 1000,
            group: "/b".to_owned(),
            state: TransitionState::Fired,
            value: Some(1.0),
        };
        let gone = GroupTransition {
            tick: 70_000,
            state: TransitionState::Resolved,
            value: None,
            ..of_b.clone()
        };
        assert_eq!(found, [of_b, gone]);
    }
}
