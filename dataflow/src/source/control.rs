//! What people set, read from the topic `control` up to where a tick binds it. Every worker reads all of it.

use super::zone::Zone;
use crate::DataflowError;
use gosight_log::{Log, Reader, Record, Topic};
use gosight_operators::ids::{ProjectId, RuleId};
use gosight_operators::rules::{self, Rule, Thresholds};
use gosight_proto::control::{self, Control};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

const PARTITION: u32 = 0;

const READ_BYTES_MAX: usize = 256 << 10;

/// What a change means to the graph.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Change {
    /// The project has these thresholds from now on, or no longer.
    Thresholds(ProjectId, Thresholds, isize),
    /// The rule is there once more, or once less.
    Rule(Rule, isize),
}

/// A record that is no [`Control`].
pub(crate) struct Unreadable {
    pub(crate) record: Record,
    pub(crate) reason: String,
}

pub(crate) struct Settings {
    reader: Box<dyn Reader>,
    state: State,
}

impl Settings {
    pub(crate) fn open(log: &dyn Log) -> Result<Self, DataflowError> {
        let reader = log.reader(Topic::Control, PARTITION, log.start(Topic::Control, PARTITION))?;
        Ok(Self {
            reader,
            state: State::default(),
        })
    }

    /// Brings the settings to where a tick binds them.
    pub(crate) fn read_to(&mut self, end: u64) -> Result<(Vec<Change>, Vec<Unreadable>), DataflowError> {
        let (mut changes, mut unreadable, mut records) = (Vec::new(), Vec::new(), Vec::new());
        while self.reader.next_offset() < end {
            self.reader.read(end, READ_BYTES_MAX, &mut records)?;
            if records.is_empty() {
                let reason = format!(
                    "it ends at {}, but {end} records of it were bound",
                    self.reader.next_offset()
                );
                return Err(DataflowError::Corrupt {
                    topic: "control",
                    reason,
                });
            }
            for record in records.drain(..) {
                match serde_json::from_slice(&record.payload) {
                    Ok(control) => self.state.apply(control, &mut changes),
                    Err(error) => unreadable.push(Unreadable {
                        record,
                        reason: format!("control: {error}"),
                    }),
                }
            }
        }
        Ok((changes, unreadable))
    }

    /// The project's zone; none when the project was deleted, and so has no views.
    pub(crate) fn zone(&mut self, project: ProjectId) -> Option<&mut Zone> {
        if self.state.deleted.contains(&project) {
            return None;
        }
        Some(self.state.zones.entry(project).or_default())
    }
}

/// The newest word about each thing.
#[derive(Default)]
struct State {
    zones: HashMap<ProjectId, Zone>,
    thresholds: HashMap<ProjectId, Thresholds>,
    rules: HashMap<RuleId, Rule>,
    deleted: HashSet<ProjectId>,
}

impl State {
    fn apply(&mut self, control: Control, changes: &mut Vec<Change>) {
        match control {
            Control::Project(project) => {
                let id = ProjectId(project.project_id.as_u128());
                self.zones.insert(id, Zone::new(&project.timezone));
                self.set_thresholds(id, thresholds(&project.thresholds), changes);
            }
            Control::ProjectDeleted { project_id } => {
                let id = ProjectId(project_id.as_u128());
                self.deleted.insert(id);
                self.zones.remove(&id);
                let gone: Vec<_> = self.rules.extract_if(|_, rule| rule.project == id).collect();
                changes.extend(gone.into_iter().map(|(_, rule)| Change::Rule(rule, -1)));
            }
            Control::AlertRule(rule) => {
                let rule = self::rule(rule);
                if self.deleted.contains(&rule.project) {
                    return;
                }
                let before = self.rules.insert(rule.id, rule.clone());
                changes.extend(before.map(|before| Change::Rule(before, -1)));
                changes.push(Change::Rule(rule, 1));
            }
            Control::AlertRuleDeleted { rule_id, .. } => {
                let gone = self.rules.remove(&RuleId(rule_id.as_u128()));
                changes.extend(gone.map(|rule| Change::Rule(rule, -1)));
            }
        }
    }

    /// To set what holds already changes nothing: no view has to be looked at again.
    fn set_thresholds(&mut self, project: ProjectId, thresholds: Thresholds, changes: &mut Vec<Change>) {
        let before = self.thresholds.insert(project, thresholds);
        if before != Some(thresholds) {
            changes.extend(before.map(|before| Change::Thresholds(project, before, -1)));
            changes.push(Change::Thresholds(project, thresholds, 1));
        }
    }
}

fn thresholds(thresholds: &control::Thresholds) -> Thresholds {
    let control::RageClickThresholds {
        min_clicks,
        window_ms,
        radius_px,
    } = thresholds.rage_click;
    let window = |window: control::ClickWindow| rules::ClickWindow {
        window_ms: window.window_ms,
    };
    Thresholds {
        rage_click: rules::RageClickThresholds {
            min_clicks,
            window_ms,
            radius_px,
        },
        dead_click: window(thresholds.dead_click),
        error_click: window(thresholds.error_click),
    }
}

fn rule(rule: control::AlertRule) -> Rule {
    let filters = rule
        .filters
        .into_iter()
        .map(|filter| (facet(filter.dimension), Arc::from(filter.value)))
        .collect();
    Rule {
        id: RuleId(rule.rule_id.as_u128()),
        project: ProjectId(rule.project_id.as_u128()),
        query: rules::Query {
            metric: metric(rule.metric),
            window_ms: rule.window_ms,
            group_by: rule.group_by.map(facet),
            filters,
        },
        operator: operator(rule.operator),
        threshold: rules::Number(rule.threshold),
        is_active: rule.is_active,
    }
}

fn facet(dimension: control::Dimension) -> rules::Facet {
    match dimension {
        control::Dimension::Path => rules::Facet::Path,
        control::Dimension::Browser => rules::Facet::Browser,
        control::Dimension::Country => rules::Facet::Country,
        control::Dimension::Device => rules::Facet::Device,
    }
}

fn metric(metric: control::Metric) -> rules::Metric {
    match metric {
        control::Metric::Sessions => rules::Metric::Sessions,
        control::Metric::Pageviews => rules::Metric::Pageviews,
        control::Metric::Errors => rules::Metric::Errors,
        control::Metric::ErrorRate => rules::Metric::ErrorRate,
        control::Metric::RageClicks => rules::Metric::RageClicks,
        control::Metric::DeadClicks => rules::Metric::DeadClicks,
        control::Metric::ErrorClicks => rules::Metric::ErrorClicks,
        control::Metric::AvgLcp => rules::Metric::AvgLcp,
        control::Metric::AvgTtfb => rules::Metric::AvgTtfb,
        control::Metric::BounceRate => rules::Metric::BounceRate,
        control::Metric::CustomEvent(name) => rules::Metric::CustomEvent(Arc::from(name)),
    }
}

fn operator(operator: control::Operator) -> rules::Operator {
    match operator {
        control::Operator::Greater => rules::Operator::Greater,
        control::Operator::GreaterOrEqual => rules::Operator::GreaterOrEqual,
        control::Operator::Less => rules::Operator::Less,
        control::Operator::LessOrEqual => rules::Operator::LessOrEqual,
        control::Operator::Equal => rules::Operator::Equal,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    const PROJECT: Uuid = Uuid::from_u128(7);

    fn alert_rule(threshold: f64) -> control::AlertRule {
        control::AlertRule {
            rule_id: Uuid::from_u128(1),
            project_id: PROJECT,
            metric: control::Metric::RageClicks,
            operator: control::Operator::Greater,
            threshold,
            window_ms: 300_000,
            group_by: None,
            filters: Vec::new(),
            is_active: true,
        }
    }

    fn apply(state: &mut State, control: Control) -> Vec<(f64, isize)> {
        let mut changes = Vec::new();
        state.apply(control, &mut changes);
        let rule = |change| match change {
            Change::Rule(rule, diff) => Some((rule.threshold.0, diff)),
            Change::Thresholds(..) => None,
        };
        changes.into_iter().filter_map(rule).collect()
    }

    #[test]
    fn a_changed_rule_takes_the_place_of_the_one_before() {
        let mut state = State::default();
        assert_eq!(apply(&mut state, Control::AlertRule(alert_rule(3.0))), [(3.0, 1)]);
        assert_eq!(
            apply(&mut state, Control::AlertRule(alert_rule(4.0))),
            [(3.0, -1), (4.0, 1)]
        );
        let deleted = Control::AlertRuleDeleted {
            project_id: PROJECT,
            rule_id: Uuid::from_u128(1),
        };
        assert_eq!(apply(&mut state, deleted.clone()), [(4.0, -1)]);
        assert_eq!(apply(&mut state, deleted), []);
    }

    #[test]
    fn a_deleted_project_takes_its_rules_along_and_gets_no_new_ones() {
        let mut state = State::default();
        apply(&mut state, Control::AlertRule(alert_rule(3.0)));
        assert_eq!(
            apply(&mut state, Control::ProjectDeleted { project_id: PROJECT }),
            [(3.0, -1)]
        );
        assert_eq!(apply(&mut state, Control::AlertRule(alert_rule(3.0))), []);
    }
}
