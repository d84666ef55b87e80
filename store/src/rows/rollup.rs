use super::TableRow;
use clickhouse::Row;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::ops::AddAssign;
use uuid::Uuid;

/// Table `rollups`: differences of a project's counts in one bucket of time, in total or of one page.
///
/// Page views, events, clicks, errors and times on page fall into the bucket of their own time; sessions, bounces and durations into that of the
/// session's start; insights into that of their timestamp.
#[derive(Clone, Debug, PartialEq, Row, Serialize, Deserialize)]
pub struct RollupRow {
    #[serde(with = "clickhouse::serde::uuid")]
    pub project_id: Uuid,
    pub resolution: Resolution,
    pub dimension: Dimension,
    /// The bucket's first instant; days begin at midnight of the project's zone.
    pub bucket: i64,
    /// The dimension's value; of [`Dimension::Total`], empty.
    pub value: String,
    pub events: i64,
    pub page_views: i64,
    pub sessions: i64,
    pub bounces: i64,
    pub duration_ms: i64,
    pub errors: i64,
    pub clicks: i64,
    pub rage_clicks: i64,
    pub dead_clicks: i64,
    pub error_clicks: i64,
    pub time_on_page_ms: i64,
    /// How many page exits told their time on page.
    pub page_exits: i64,
}

/// The counts of a [`RollupRow`], by themselves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub events: i64,
    pub page_views: i64,
    pub sessions: i64,
    pub bounces: i64,
    pub duration_ms: i64,
    pub errors: i64,
    pub clicks: i64,
    pub rage_clicks: i64,
    pub dead_clicks: i64,
    pub error_clicks: i64,
    pub time_on_page_ms: i64,
    pub page_exits: i64,
}

impl RollupRow {
    /// The row of a key and its counts.
    pub fn new(
        project_id: Uuid,
        resolution: Resolution,
        dimension: Dimension,
        bucket: i64,
        value: String,
        c: Counts,
    ) -> Self {
        Self {
            project_id,
            resolution,
            dimension,
            bucket,
            value,
            events: c.events,
            page_views: c.page_views,
            sessions: c.sessions,
            bounces: c.bounces,
            duration_ms: c.duration_ms,
            errors: c.errors,
            clicks: c.clicks,
            rage_clicks: c.rage_clicks,
            dead_clicks: c.dead_clicks,
            error_clicks: c.error_clicks,
            time_on_page_ms: c.time_on_page_ms,
            page_exits: c.page_exits,
        }
    }
}

impl AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        self.events += other.events;
        self.page_views += other.page_views;
        self.sessions += other.sessions;
        self.bounces += other.bounces;
        self.duration_ms += other.duration_ms;
        self.errors += other.errors;
        self.clicks += other.clicks;
        self.rage_clicks += other.rage_clicks;
        self.dead_clicks += other.dead_clicks;
        self.error_clicks += other.error_clicks;
        self.time_on_page_ms += other.time_on_page_ms;
        self.page_exits += other.page_exits;
    }
}

impl TableRow for RollupRow {
    const TABLE: &'static str = "rollups";
}

/// A column type that is one of a few words.
macro_rules! words {
    ($(#[$meta:meta])* $name:ident { $($(#[$variant_meta:meta])* $variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $($(#[$variant_meta])* $variant),+ }

        impl $name {
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// As the column holds it.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let word = String::deserialize(deserializer)?;
                Self::ALL.iter().copied().find(|known| known.as_str() == word)
                    .ok_or_else(|| de::Error::custom(format!("no such {}: {word}", stringify!($name))))
            }
        }
    };
}
pub(super) use words;

words! {
    /// How wide a rollup's buckets are.
    Resolution { Minute = "minute", Hour = "hour", Day = "day" }
}

words! {
    /// What a rollup is broken down by.
    Dimension {
        /// Not at all: one row per bucket, with an empty value, in every resolution.
        Total = "total",
        /// By page: what happened on it, in hours.
        Path = "path",
    }
}
