use clickhouse::query::Query;

/// Which sessions. What is not set does not matter; what is set must all hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SessionFilter {
    pub country: Option<String>,
    pub device: Option<String>,
    pub browser: Option<String>,
    pub os: Option<String>,
    pub referrer: Option<String>,
    pub utm_source: Option<String>,
    pub utm_medium: Option<String>,
    pub utm_campaign: Option<String>,
    /// A user id or a visitor id.
    pub user: Option<String>,
    /// A page the session was on.
    pub path: Option<String>,
    pub has_error: Option<bool>,
    pub has_rage_click: Option<bool>,
    pub has_dead_click: Option<bool>,
    pub has_error_click: Option<bool>,
    pub has_replay: Option<HasReplay>,
    pub duration_min_ms: Option<u64>,
    pub duration_max_ms: Option<u64>,
    /// A custom attribute's name and value.
    pub attribute: Option<(String, String)>,
}

/// Whether there is a recording that is still kept: see [`crate::keeping::kept_from_ms`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HasReplay {
    pub wanted: bool,
    pub kept_from_ms: i64,
}

/// A condition and the parameters it names.
struct Condition {
    sql: &'static str,
    params: Vec<(&'static str, String)>,
}

impl SessionFilter {
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// ` AND …` for each condition.
    pub(super) fn sql(&self) -> String {
        self.conditions()
            .iter()
            .map(|condition| format!(" AND {}", condition.sql))
            .collect()
    }

    /// Binds what [`sql`](Self::sql) names.
    pub(super) fn bind(&self, query: Query) -> Query {
        let params = self.conditions().into_iter().flat_map(|condition| condition.params);
        params.fold(query, |query, (name, value)| query.param(name, value))
    }

    fn conditions(&self) -> Vec<Condition> {
        let text = |value: &Option<String>, name, sql| {
            value.as_ref().map(|value| Condition {
                sql,
                params: vec![(name, value.clone())],
            })
        };
        let flag = |value: Option<bool>, name, sql| {
            value.map(|value| Condition {
                sql,
                params: vec![(name, u8::from(value).to_string())],
            })
        };
        let number = |value: Option<u64>, name, sql| {
            value.map(|value| Condition {
                sql,
                params: vec![(name, value.to_string())],
            })
        };
        [
            text(&self.country, "country", "country = {country:String}"),
            text(&self.device, "device", "device_type = {device:String}"),
            text(&self.browser, "browser", "browser = {browser:String}"),
            text(&self.os, "os", "os = {os:String}"),
            text(&self.referrer, "referrer", "referrer_domain = {referrer:String}"),
            text(&self.utm_source, "utm_source", "utm_source = {utm_source:String}"),
            text(&self.utm_medium, "utm_medium", "utm_medium = {utm_medium:String}"),
            text(&self.utm_campaign, "utm_campaign", "utm_campaign = {utm_campaign:String}"),
            text(&self.user, "user", "(user_id = {user:String} OR visitor_id = {user:String})"),
            text(
                &self.path,
                "path",
                "(entry_path = {path:String} OR exit_path = {path:String} OR has(tupleElement(pages, 2), {path:String}))",
            ),
            flag(self.has_error, "has_error", "(error_count > 0) = {has_error:UInt8}"),
            flag(self.has_rage_click, "has_rage", "(rage_click_count > 0) = {has_rage:UInt8}"),
            flag(self.has_dead_click, "has_dead", "(dead_click_count > 0) = {has_dead:UInt8}"),
            flag(self.has_error_click, "has_error_click", "(error_click_count > 0) = {has_error_click:UInt8}"),
            self.has_replay.map(|HasReplay { wanted, kept_from_ms }| Condition {
                sql: "(has_replay AND toUnixTimestamp64Milli(ended_at) >= {replay_kept_from:Int64}) = {has_replay_flag:UInt8}",
                params: vec![
                    ("replay_kept_from", kept_from_ms.to_string()),
                    ("has_replay_flag", u8::from(wanted).to_string()),
                ],
            }),
            number(self.duration_min_ms, "duration_min", "duration_ms >= {duration_min:UInt64}"),
            number(self.duration_max_ms, "duration_max", "duration_ms <= {duration_max:UInt64}"),
            self.attribute.as_ref().map(|(name, value)| Condition {
                sql: "(mapContains(attributes, {attribute:String}) AND attributes[{attribute:String}] = {attribute_value:String})",
                params: vec![("attribute", name.clone()), ("attribute_value", value.clone())],
            }),
        ]
        .into_iter()
        .flatten()
        .collect()
    }
}
