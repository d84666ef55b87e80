//! The words of an alert: what a person reads in Telegram, and what a program reads from a webhook. Pure.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use gosight_proto::control::{Dimension, Metric, Operator};
use serde_json::json;

/// Sessions a message names; the rest is one click away.
const SESSIONS_SHOWN: usize = 3;
/// Groups a folded message names.
const GROUPS_SHOWN: usize = 10;

/// Everything a message says, gathered before it is worded.
#[derive(Clone, Debug)]
pub(super) struct Alert {
    pub(super) transition_id: String,
    pub(super) project_slug: String,
    pub(super) project_name: String,
    pub(super) timezone: Tz,
    pub(super) rule_id: String,
    pub(super) rule_name: String,
    pub(super) metric: Metric,
    pub(super) operator: Operator,
    pub(super) threshold: f64,
    pub(super) window_ms: i64,
    pub(super) group_by: Option<Dimension>,
    /// The value of `group_by`; empty without one.
    pub(super) group: String,
    pub(super) is_fired: bool,
    pub(super) value: Option<f64>,
    pub(super) at_ms: i64,
    /// When the condition began to hold; the same as `at_ms` when it fires.
    pub(super) fired_at_ms: i64,
    pub(super) session_ids: Vec<String>,
    /// Where the dashboard is, without a slash at the end.
    pub(super) public_url: String,
}

/// Telegram's HTML.
pub(super) fn telegram(alert: &Alert) -> String {
    let mut text = String::new();
    let (mark, word) = if alert.is_fired {
        ("🔥", "")
    } else {
        ("✅", " is over")
    };
    line(
        &mut text,
        &format!(
            "{mark} <b>{}</b>{word} · {}",
            escape(&alert.rule_name),
            escape(&alert.project_name)
        ),
    );
    line(&mut text, &escape(&condition(alert)));
    if let Some(group_by) = alert.group_by {
        line(
            &mut text,
            &format!("{}: <code>{}</code>", dimension(group_by), escape(&alert.group)),
        );
    }
    if !alert.is_fired {
        line(
            &mut text,
            &format!("It lasted {}.", duration(alert.at_ms - alert.fired_at_ms)),
        );
    }
    line(&mut text, &moment(alert.at_ms, alert.timezone));
    if alert.is_fired && !alert.session_ids.is_empty() {
        line(&mut text, &sessions(alert));
    }
    line(
        &mut text,
        &format!(
            "<a href=\"{}\">Open the dashboard at that moment</a>",
            escape(&dashboard(alert))
        ),
    );
    text
}

/// The other groups of one rule that changed with the first: one line instead of many messages.
pub(super) fn folded(groups: &[&str]) -> String {
    if groups.is_empty() {
        return String::new();
    }
    let shown: Vec<String> = groups
        .iter()
        .take(GROUPS_SHOWN)
        .map(|group| format!("<code>{}</code>", escape(group)))
        .collect();
    let rest = groups.len().saturating_sub(GROUPS_SHOWN);
    let more = if rest > 0 {
        format!(" and {rest} more")
    } else {
        String::new()
    };
    format!("Also: {}{more}\n", shown.join(", "))
}

/// A webhook's body.
pub(super) fn webhook(alert: &Alert) -> String {
    json!({
        "id": alert.transition_id,
        "state": if alert.is_fired { "fired" } else { "resolved" },
        "at": iso(alert.at_ms),
        "fired_at": iso(alert.fired_at_ms),
        "project": { "slug": alert.project_slug, "name": alert.project_name },
        "rule": {
            "id": alert.rule_id,
            "name": alert.rule_name,
            "metric": alert.metric,
            "operator": alert.operator,
            "threshold": alert.threshold,
            "window_ms": alert.window_ms,
            "group_by": alert.group_by,
        },
        "group": if alert.group_by.is_some() { Some(&alert.group) } else { None },
        "value": alert.value,
        "session_ids": alert.session_ids,
        "url": dashboard(alert),
    })
    .to_string()
}

/// "rage clicks 7 (> 3) in 5 min", the way a person says it.
fn condition(alert: &Alert) -> String {
    let value = alert
        .value
        .map_or_else(|| "no value".to_owned(), |value| number(value) + unit(&alert.metric));
    format!(
        "{} {value} ({} {}{}) in {}",
        metric(&alert.metric),
        operator(alert.operator),
        number(alert.threshold),
        unit(&alert.metric),
        duration(alert.window_ms)
    )
}

pub(super) fn metric(metric: &Metric) -> String {
    match metric {
        Metric::Sessions => "sessions".to_owned(),
        Metric::Pageviews => "page views".to_owned(),
        Metric::Errors => "errors".to_owned(),
        Metric::ErrorRate => "sessions with an error".to_owned(),
        Metric::RageClicks => "rage clicks".to_owned(),
        Metric::DeadClicks => "dead clicks".to_owned(),
        Metric::ErrorClicks => "error clicks".to_owned(),
        Metric::AvgLcp => "mean LCP".to_owned(),
        Metric::AvgTtfb => "mean TTFB".to_owned(),
        Metric::BounceRate => "bounce rate".to_owned(),
        Metric::CustomEvent(name) => format!("event “{name}”"),
    }
}

fn unit(metric: &Metric) -> &'static str {
    match metric {
        Metric::ErrorRate | Metric::BounceRate => " %",
        Metric::AvgLcp | Metric::AvgTtfb => " ms",
        _ => "",
    }
}

fn operator(operator: Operator) -> &'static str {
    match operator {
        Operator::Greater => ">",
        Operator::GreaterOrEqual => "≥",
        Operator::Less => "<",
        Operator::LessOrEqual => "≤",
        Operator::Equal => "=",
    }
}

fn dimension(dimension: Dimension) -> &'static str {
    match dimension {
        Dimension::Path => "page",
        Dimension::Browser => "browser",
        Dimension::Country => "country",
        Dimension::Device => "device",
    }
}

/// At most one decimal, and none when it says nothing.
fn number(value: f64) -> String {
    let rounded = (value * 10.0).round() / 10.0;
    if rounded.fract() == 0.0 {
        format!("{rounded:.0}")
    } else {
        format!("{rounded:.1}")
    }
}

/// The two largest units: "5 min", "1 h 20 min", "45 s".
pub(super) fn duration(duration_ms: i64) -> String {
    let seconds = duration_ms.max(0) / 1_000;
    let parts = [
        (seconds / 86_400, "d"),
        (seconds / 3_600 % 24, "h"),
        (seconds / 60 % 60, "min"),
        (seconds % 60, "s"),
    ];
    let said: Vec<String> = parts
        .iter()
        .filter(|(count, _)| *count > 0)
        .take(2)
        .map(|(count, unit)| format!("{count} {unit}"))
        .collect();
    if said.is_empty() {
        "less than a second".to_owned()
    } else {
        said.join(" ")
    }
}

fn moment(at_ms: i64, timezone: Tz) -> String {
    time(at_ms)
        .with_timezone(&timezone)
        .format("%Y-%m-%d %H:%M:%S %Z")
        .to_string()
}

fn iso(at_ms: i64) -> String {
    time(at_ms).to_rfc3339_opts(chrono::SecondsFormat::Millis, true)
}

fn time(at_ms: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(at_ms).unwrap_or_default()
}

fn sessions(alert: &Alert) -> String {
    let shown = alert
        .session_ids
        .iter()
        .take(SESSIONS_SHOWN)
        .enumerate()
        .map(|(index, id)| {
            let url = format!("{}/{}/sessions/{id}", alert.public_url, alert.project_slug);
            format!("<a href=\"{}\">session {}</a>", escape(&url), index + 1)
        });
    format!("Affected: {}", shown.collect::<Vec<_>>().join(", "))
}

/// The insights of the window that fired.
fn dashboard(alert: &Alert) -> String {
    let (start, end) = (iso(alert.fired_at_ms - alert.window_ms), iso(alert.at_ms + 1));
    format!(
        "{}/{}/insights?range={start}~{end}",
        alert.public_url, alert.project_slug
    )
}

fn line(text: &mut String, line: &str) {
    text.push_str(line);
    text.push('\n');
}

/// What Telegram's HTML asks to be escaped.
pub(super) fn escape(text: &str) -> String {
    text.chars().fold(String::with_capacity(text.len()), |mut escaped, c| {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            c if c.is_control() && c != '\n' => escaped.push(char::REPLACEMENT_CHARACTER),
            c => escaped.push(c),
        }
        escaped
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn alert() -> Alert {
        Alert {
            transition_id: "t1".to_owned(),
            project_slug: "shop".to_owned(),
            project_name: "Shop & Co".to_owned(),
            timezone: chrono_tz::Asia::Ho_Chi_Minh,
            rule_id: "r1".to_owned(),
            rule_name: "Rage <now>".to_owned(),
            metric: Metric::RageClicks,
            operator: Operator::Greater,
            threshold: 3.0,
            window_ms: 300_000,
            group_by: Some(Dimension::Path),
            group: "/checkout".to_owned(),
            is_fired: true,
            value: Some(4.0),
            at_ms: 1_732_330_000_000,
            fired_at_ms: 1_732_330_000_000,
            session_ids: vec!["s1".to_owned()],
            public_url: "http://127.0.0.1:8080".to_owned(),
        }
    }

    #[test]
    fn a_fired_alert_says_rule_value_threshold_window_group_time_and_sessions() {
        assert_eq!(
            telegram(&alert()),
            "🔥 <b>Rage &lt;now&gt;</b> · Shop &amp; Co\n\
             rage clicks 4 (&gt; 3) in 5 min\n\
             page: <code>/checkout</code>\n\
             2024-11-23 09:46:40 +07\n\
             Affected: <a href=\"http://127.0.0.1:8080/shop/sessions/s1\">session 1</a>\n\
             <a href=\"http://127.0.0.1:8080/shop/insights?range=2024-11-23T02:41:40.000Z~2024-11-23T02:46:40.001Z\">Open the dashboard at that moment</a>\n"
        );
    }

    #[test]
    fn a_resolved_alert_says_how_long_it_lasted() {
        let resolved = Alert {
            is_fired: false,
            value: None,
            at_ms: 1_732_330_000_000 + 4_800_000,
            group_by: None,
            ..alert()
        };
        let text = telegram(&resolved);
        assert!(text.starts_with(
            "✅ <b>Rage &lt;now&gt;</b> is over · Shop &amp; Co\nrage clicks no value (&gt; 3) in 5 min\n"
        ));
        assert!(text.contains("It lasted 1 h 20 min."), "{text}");
    }

    #[test]
    fn a_webhook_carries_the_same_facts_as_json() {
        let body: serde_json::Value = serde_json::from_str(&webhook(&alert())).unwrap();
        assert_eq!(body["state"], "fired");
        assert_eq!(body["rule"]["metric"], "rage_clicks");
        assert_eq!(body["rule"]["operator"], ">");
        assert_eq!(body["at"], "2024-11-23T02:46:40.000Z");
        assert_eq!(body["group"], "/checkout");
    }

    #[test]
    fn durations_are_said_in_their_two_largest_units() {
        let said = [0, 45_000, 300_000, 4_800_000, 90_061_000].map(duration);
        assert_eq!(said, ["less than a second", "45 s", "5 min", "1 h 20 min", "1 d 1 h"]);
    }
}
