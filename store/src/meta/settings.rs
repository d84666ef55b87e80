//! What a project can set, typed. Stored as one JSON document; absent fields have their defaults.

use gosight_proto::Category;
use gosight_proto::control::Thresholds;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::columns::words;

/// Entries of any list in the settings.
const LIST_ENTRIES_MAX: usize = 100;
/// Characters of one entry of a list, or of one name.
const ENTRY_CHARS_MAX: usize = 512;
/// A longer recording than a day is two sessions.
const REPLAY_DURATION_MS_MAX: i64 = 24 * 60 * 60 * 1000;
/// The tables keep recordings for no longer, whatever a project says.
const REPLAY_DAYS_MAX: u16 = 365;
/// What older versions stored and nothing obeyed.
const DROPPED: [&str; 1] = ["retention"];

/// A project's settings. `PATCH` merges into the stored document (RFC 7396) and what comes out must still be this.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// IANA name of the project's zone: its days are the days of daily views.
    pub timezone: Timezone,
    /// Thresholds of the insights, `insights.<type>.<name>`.
    pub insights: Thresholds,
    pub privacy: PrivacySettings,
    pub sdk: SdkSettings,
    pub storage: StorageSettings,
}

/// An IANA zone name; UTC unless set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timezone(pub String);

impl Default for Timezone {
    fn default() -> Self {
        Self("UTC".into())
    }
}

words! {
    /// What becomes of a visitor's address at ingest.
    IpMode { Keep = "keep", Truncate = "truncate", Hash = "hash", Drop = "drop" }
}

/// Obeyed at the door, whatever the SDK sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PrivacySettings {
    pub ip: IpMode,
    /// Globs; an event on a matching page is refused.
    pub block_urls: Vec<String>,
    /// Names of custom properties, traits and attributes that are removed.
    pub excluded_fields: Vec<String>,
}

impl Default for PrivacySettings {
    fn default() -> Self {
        Self {
            ip: IpMode::Truncate,
            block_urls: Vec::new(),
            excluded_fields: Vec::new(),
        }
    }
}

/// What the project's SDKs are told; it wins where it is stricter than the page's own configuration.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SdkSettings {
    /// Percent, 0 to 100.
    pub session_sample_rate: f64,
    /// Percent, 0 to 100.
    pub replay_sample_rate: f64,
    pub disabled_categories: Vec<String>,
    pub mask_selectors: Vec<String>,
    pub block_selectors: Vec<String>,
    pub mask_all_text: bool,
    pub replay: ReplaySettings,
}

words! {
    /// Which sessions are recorded.
    ReplayMode {
        Full = "full",
        /// Only around something that went wrong.
        Trigger = "trigger",
        Off = "off",
    }
}

words! {
    /// What a recording keeps of pictures.
    ImagePolicy {
        /// Each once, by its digest.
        Keep = "keep",
        /// Their size.
        Placeholder = "placeholder",
    }
}

/// What is recorded of which sessions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ReplaySettings {
    pub mode: ReplayMode,
    /// Globs; empty: every page may be recorded.
    pub include_urls: Vec<String>,
    /// Globs, stronger than the above.
    pub exclude_urls: Vec<String>,
    /// Of one recording; 0: no end.
    pub duration_max_ms: i64,
    /// Whether canvas elements are recorded, which nothing on them masks. Null: where the page asks for it.
    pub canvas: Option<bool>,
    pub images: ImagePolicy,
}

impl Default for ReplaySettings {
    fn default() -> Self {
        Self {
            mode: ReplayMode::Full,
            include_urls: Vec::new(),
            exclude_urls: Vec::new(),
            duration_max_ms: 0,
            canvas: None,
            images: ImagePolicy::Keep,
        }
    }
}

/// How long things are kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct StorageSettings {
    /// Recordings, and the page snapshots and pictures that came with them. 1 to 365.
    pub replay_days: u16,
}

impl Default for StorageSettings {
    fn default() -> Self {
        Self { replay_days: 30 }
    }
}

impl Default for SdkSettings {
    fn default() -> Self {
        Self {
            session_sample_rate: 100.0,
            replay_sample_rate: 100.0,
            disabled_categories: Vec::new(),
            mask_selectors: Vec::new(),
            block_selectors: Vec::new(),
            mask_all_text: false,
            replay: ReplaySettings::default(),
        }
    }
}

/// Why settings were refused: the field and the reason, for people.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {reason}")]
pub struct SettingsError {
    pub field: String,
    pub reason: String,
}

impl Settings {
    /// Settings as stored, maybe by an older version: what has been dropped since is passed over.
    pub(super) fn stored(mut document: Value) -> serde_json::Result<Self> {
        if let Value::Object(fields) = &mut document {
            fields.retain(|name, _| !DROPPED.contains(&name.as_str()));
        }
        serde_json::from_value(document)
    }

    /// These settings with a JSON merge patch applied: objects merge, `null` restores the default, everything else replaces.
    pub fn patched(&self, patch: &Value) -> Result<Self, SettingsError> {
        let refused = |reason: String| SettingsError {
            field: "settings".into(),
            reason,
        };
        if !patch.is_object() {
            return Err(refused("must be an object".into()));
        }
        let mut document = serde_json::to_value(self).map_err(|error| refused(error.to_string()))?;
        merge(&mut document, patch);
        let settings: Self = serde_json::from_value(document).map_err(|error| refused(error.to_string()))?;
        settings.check()?;
        Ok(settings)
    }

    /// A name for the part that SDKs see; changes with its content.
    pub fn sdk_version(&self) -> String {
        let seen = serde_json::json!([self.sdk, self.timezone, self.privacy.block_urls]);
        hex::encode(&Sha256::digest(seen.to_string())[..8])
    }

    fn check(&self) -> Result<(), SettingsError> {
        check_list("privacy.block_urls", &self.privacy.block_urls)?;
        check_list("privacy.excluded_fields", &self.privacy.excluded_fields)?;
        check_list("sdk.mask_selectors", &self.sdk.mask_selectors)?;
        check_list("sdk.block_selectors", &self.sdk.block_selectors)?;
        check_list("sdk.disabled_categories", &self.sdk.disabled_categories)?;
        let known = |category: &String| Category::from_name(category).is_some();
        require(
            self.sdk.disabled_categories.iter().all(known),
            "sdk.disabled_categories",
            "names an unknown category",
        )?;
        let percent = |rate: f64| (0.0..=100.0).contains(&rate);
        require(
            percent(self.sdk.session_sample_rate),
            "sdk.session_sample_rate",
            "must be between 0 and 100",
        )?;
        require(
            percent(self.sdk.replay_sample_rate),
            "sdk.replay_sample_rate",
            "must be between 0 and 100",
        )?;
        self.check_replay()?;
        self.check_thresholds()
    }

    fn check_replay(&self) -> Result<(), SettingsError> {
        let replay = &self.sdk.replay;
        check_list("sdk.replay.include_urls", &replay.include_urls)?;
        check_list("sdk.replay.exclude_urls", &replay.exclude_urls)?;
        require(
            (0..=REPLAY_DURATION_MS_MAX).contains(&replay.duration_max_ms),
            "sdk.replay.duration_max_ms",
            "must be between 0 (no end) and 86400000 (a day)",
        )?;
        require(
            (1..=REPLAY_DAYS_MAX).contains(&self.storage.replay_days),
            "storage.replay_days",
            "must be between 1 and 365",
        )
    }

    fn check_thresholds(&self) -> Result<(), SettingsError> {
        let rage = &self.insights.rage_click;
        require(
            (2..=100).contains(&rage.min_clicks),
            "insights.rage_click.min_clicks",
            "must be between 2 and 100",
        )?;
        require(
            (1..=1000).contains(&rage.radius_px),
            "insights.rage_click.radius_px",
            "must be between 1 and 1000",
        )?;
        let window = |ms: i64| (1..=60_000).contains(&ms);
        let reason = "must be between 1 and 60000";
        require(window(rage.window_ms), "insights.rage_click.window_ms", reason)?;
        require(
            window(self.insights.dead_click.window_ms),
            "insights.dead_click.window_ms",
            reason,
        )?;
        require(
            window(self.insights.error_click.window_ms),
            "insights.error_click.window_ms",
            reason,
        )
    }
}

fn merge(document: &mut Value, patch: &Value) {
    let (Value::Object(fields), Value::Object(changes)) = (&mut *document, patch) else {
        *document = patch.clone();
        return;
    };
    for (name, change) in changes {
        if change.is_null() {
            fields.remove(name);
        } else {
            merge(fields.entry(name.clone()).or_insert(Value::Null), change);
        }
    }
}

fn require(holds: bool, field: &str, reason: &str) -> Result<(), SettingsError> {
    if holds {
        Ok(())
    } else {
        Err(SettingsError {
            field: field.into(),
            reason: reason.into(),
        })
    }
}

fn check_list(field: &str, list: &[String]) -> Result<(), SettingsError> {
    require(list.len() <= LIST_ENTRIES_MAX, field, "has more than 100 entries")?;
    let fits = |entry: &String| !entry.is_empty() && entry.chars().count() <= ENTRY_CHARS_MAX;
    require(list.iter().all(fits), field, "entries must have 1 to 512 characters")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn it_merges_a_patch_and_keeps_the_rest() {
        let before = Settings::default()
            .patched(&json!({"insights": {"rage_click": {"min_clicks": 3}}}))
            .unwrap();
        let after = before
            .patched(&json!({"insights": {"rage_click": {"radius_px": 80}}}))
            .unwrap();
        assert_eq!(
            (
                after.insights.rage_click.min_clicks,
                after.insights.rage_click.radius_px
            ),
            (3, 80)
        );
        assert_eq!(after.insights.rage_click.window_ms, 2000);
    }

    #[test]
    fn null_restores_the_default() {
        let before = Settings::default()
            .patched(&json!({"sdk": {"mask_all_text": true}}))
            .unwrap();
        assert_eq!(before.patched(&json!({"sdk": null})).unwrap(), Settings::default());
    }

    #[test]
    fn it_refuses_what_nobody_would_obey() {
        for patch in [
            json!([]),
            json!({"surprise": 1}),
            json!({"retention": {"events_days": 30}}),
            json!({"insights": {"rage_click": {"min_clicks": 0}}}),
            json!({"insights": {"dead_click": {"window_ms": -1}}}),
            json!({"sdk": {"session_sample_rate": 101}}),
            json!({"sdk": {"disabled_categories": ["mice"]}}),
            json!({"sdk": {"disabled_categories": ["memory"]}}),
            json!({"privacy": {"ip": "sell"}}),
            json!({"sdk": {"replay": {"mode": "sometimes"}}}),
            json!({"sdk": {"replay": {"images": "all"}}}),
            json!({"sdk": {"replay": {"duration_max_ms": -1}}}),
            json!({"sdk": {"replay": {"include_urls": [""]}}}),
            json!({"storage": {"replay_days": 0}}),
            json!({"storage": {"replay_days": 366}}),
        ] {
            assert!(Settings::default().patched(&patch).is_err(), "{patch}");
        }
    }

    #[test]
    fn settings_of_an_older_version_are_read_without_what_is_no_more() {
        let document = json!({"timezone": "Asia/Tokyo", "retention": {"events_days": 90}});
        assert_eq!(Settings::stored(document).unwrap().timezone.0, "Asia/Tokyo");
        assert!(Settings::stored(json!({"surprise": 1})).is_err());
    }

    #[test]
    fn every_category_of_the_wire_may_be_switched_off() {
        let names: Vec<_> = Category::ALL.iter().map(|category| category.name()).collect();
        let patch = json!({"sdk": {"disabled_categories": names}});
        assert_eq!(
            Settings::default().patched(&patch).unwrap().sdk.disabled_categories,
            names
        );
    }

    #[test]
    fn the_sdk_version_changes_with_what_sdks_see_only() {
        let settings = Settings::default();
        let thresholds = settings
            .patched(&json!({"insights": {"rage_click": {"min_clicks": 3}}}))
            .unwrap();
        let masked = settings.patched(&json!({"sdk": {"mask_all_text": true}})).unwrap();
        let kept_longer = settings.patched(&json!({"storage": {"replay_days": 90}})).unwrap();
        let triggered = settings
            .patched(&json!({"sdk": {"replay": {"mode": "trigger"}}}))
            .unwrap();
        assert_eq!(settings.sdk_version(), thresholds.sdk_version());
        assert_eq!(settings.sdk_version(), kept_longer.sdk_version());
        assert_ne!(settings.sdk_version(), masked.sdk_version());
        assert_ne!(settings.sdk_version(), triggered.sdk_version());
    }
}
