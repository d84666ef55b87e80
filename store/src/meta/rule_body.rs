//! An alert rule as people write it: the JSON of the API, and its translation to what the dataflow obeys.

use gosight_proto::control::{AlertRule as ControlRule, Dimension, Filter, Metric, Operator};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use uuid::Uuid;

use super::columns::words;

/// Minutes between two messages about one rule and group, unless the rule says otherwise.
pub const COOLDOWN_MINUTES_DEFAULT: u32 = 15;

words! {
    /// How a rule judges its metric.
    RuleKind { Threshold = "threshold" }
}

words! {
    /// How far back a rule looks, sliding.
    RuleWindow { OneMinute = "1m", FiveMinutes = "5m", FifteenMinutes = "15m", OneHour = "1h" }
}

impl RuleWindow {
    pub const fn ms(self) -> i64 {
        match self {
            Self::OneMinute => 60_000,
            Self::FiveMinutes => 300_000,
            Self::FifteenMinutes => 900_000,
            Self::OneHour => 3_600_000,
        }
    }
}

/// Where a rule's messages go.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum Channel {
    /// One linked chat, or every subscribed chat linked to the project.
    Telegram {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        chat_id: Option<i64>,
    },
    /// A signed POST.
    Webhook {
        url: String,
        /// Key of the signature.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        secret: Option<String>,
    },
}

/// The body of a rule.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RuleBody {
    pub name: String,
    #[serde(default = "threshold_kind")]
    pub kind: RuleKind,
    #[serde(with = "metric_word")]
    pub metric: Metric,
    pub operator: Operator,
    pub threshold: f64,
    pub window: RuleWindow,
    #[serde(default)]
    pub group_by: Option<Dimension>,
    /// Written as a list of `{dimension, value}` or as an object of dimension to value; answered as the list.
    #[serde(default, deserialize_with = "filters")]
    pub filters: Vec<Filter>,
    #[serde(default)]
    pub channels: Vec<Channel>,
    #[serde(default = "default_cooldown")]
    pub cooldown_minutes: u32,
    #[serde(default = "active")]
    pub is_active: bool,
}

impl RuleBody {
    /// The rule as the dataflow needs it.
    pub fn control(&self, project_id: Uuid, rule_id: Uuid) -> ControlRule {
        ControlRule {
            rule_id,
            project_id,
            metric: self.metric.clone(),
            operator: self.operator,
            threshold: self.threshold,
            window_ms: self.window.ms(),
            group_by: self.group_by,
            filters: self.filters.clone(),
            is_active: self.is_active,
        }
    }
}

fn threshold_kind() -> RuleKind {
    RuleKind::Threshold
}

fn default_cooldown() -> u32 {
    COOLDOWN_MINUTES_DEFAULT
}

fn active() -> bool {
    true
}

fn filters<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Vec<Filter>, D::Error> {
    use serde::de::Error;
    /// What a filter is written as: nothing else is read.
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Written {
        dimension: Dimension,
        value: String,
    }
    let filter = |(dimension, value)| Filter { dimension, value };
    Ok(match serde_json::Value::deserialize(deserializer)? {
        serde_json::Value::Null => Vec::new(),
        list @ serde_json::Value::Array(_) => {
            let written: Vec<Written> = serde_json::from_value(list).map_err(Error::custom)?;
            written.into_iter().map(|it| filter((it.dimension, it.value))).collect()
        }
        object => {
            let by_dimension: HashMap<Dimension, String> = serde_json::from_value(object).map_err(Error::custom)?;
            let mut filters: Vec<Filter> = by_dimension.into_iter().map(filter).collect();
            filters.sort();
            filters
        }
    })
}

/// A metric is one word; a custom event's count is `custom_event:NAME`.
mod metric_word {
    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serializer};

    use super::Metric;

    const CUSTOM_EVENT: &str = "custom_event:";
    const WORDS: [(&str, Metric); 10] = [
        ("sessions", Metric::Sessions),
        ("pageviews", Metric::Pageviews),
        ("errors", Metric::Errors),
        ("error_rate", Metric::ErrorRate),
        ("rage_clicks", Metric::RageClicks),
        ("dead_clicks", Metric::DeadClicks),
        ("error_clicks", Metric::ErrorClicks),
        ("avg_lcp", Metric::AvgLcp),
        ("avg_ttfb", Metric::AvgTtfb),
        ("bounce_rate", Metric::BounceRate),
    ];

    pub(super) fn serialize<S: Serializer>(metric: &Metric, serializer: S) -> Result<S::Ok, S::Error> {
        match (metric, WORDS.iter().find(|(_, known)| known == metric)) {
            (Metric::CustomEvent(name), _) => serializer.serialize_str(&format!("{CUSTOM_EVENT}{name}")),
            (_, Some((word, _))) => serializer.serialize_str(word),
            (_, None) => Err(serde::ser::Error::custom("a metric without a word")),
        }
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Metric, D::Error> {
        let written = String::deserialize(deserializer)?;
        if let Some((_, metric)) = WORDS.iter().find(|(word, _)| *word == written) {
            return Ok(metric.clone());
        }
        match written.strip_prefix(CUSTOM_EVENT) {
            Some(name) if !name.is_empty() => Ok(Metric::CustomEvent(name.to_owned())),
            _ => Err(D::Error::custom(format!(
                "{written:?} is not a metric; a custom event is custom_event:NAME"
            ))),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_short_body_gets_the_defaults() {
        let body: RuleBody = serde_json::from_value(json!({
            "name": "Rage", "kind": "threshold", "metric": "rage_clicks", "operator": ">", "threshold": 3, "window": "5m",
            "group_by": null, "filters": {}, "channels": [{"type": "telegram"}]
        }))
        .unwrap();
        assert_eq!(
            (body.cooldown_minutes, body.is_active, body.window.ms()),
            (15, true, 300_000)
        );
        assert_eq!(body.channels, [Channel::Telegram { chat_id: None }]);
    }

    #[test]
    fn filters_are_read_as_an_object_or_a_list() {
        let written = |filters: serde_json::Value| {
            let body = json!({"name": "x", "metric": "custom_event:signup", "operator": "<=", "threshold": 1.5, "window": "1m", "filters": filters});
            serde_json::from_value::<RuleBody>(body).unwrap()
        };
        let object = written(json!({"path": "/a", "device": "mobile"}));
        let list = written(json!([{"dimension": "path", "value": "/a"}, {"dimension": "device", "value": "mobile"}]));
        assert_eq!(object, list);
        assert_eq!(object.metric, Metric::CustomEvent("signup".into()));
        assert_eq!(
            serde_json::from_value::<RuleBody>(serde_json::to_value(&list).unwrap()).unwrap(),
            list
        );
    }

    #[test]
    fn it_refuses_unknown_words() {
        for (field, value) in [
            ("metric", "sales"),
            ("operator", "!="),
            ("window", "2m"),
            ("kind", "mood"),
            ("group_by", "os"),
        ] {
            let mut body = json!({"name": "x", "metric": "errors", "operator": ">", "threshold": 1, "window": "1m"});
            body[field] = json!(value);
            assert!(serde_json::from_value::<RuleBody>(body).is_err(), "{field}");
        }
    }
}
