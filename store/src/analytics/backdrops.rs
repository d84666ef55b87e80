//! Backdrops of heatmaps: what a page looked like, by device and version of its layout.

use super::{AnalyticsError, PackedJson, Scope};
use clickhouse::Row;
use clickhouse::query::Query;
use serde::Deserialize;
use uuid::Uuid;

/// Versions of a page to choose from.
const VERSIONS_MAX: u32 = 50;

/// Which page, and optionally on which device type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BackdropFilter {
    pub path: String,
    pub device: Option<String>,
}

/// A layout a page has had, and when it was seen last.
#[derive(Clone, Debug, PartialEq, Eq, Row, Deserialize)]
pub struct PageVersion {
    pub page_version: u64,
    pub taken_at: i64,
    /// The window, px.
    pub width: u32,
    pub height: u32,
    #[serde(with = "clickhouse::serde::uuid")]
    pub session_id: Uuid,
}

/// A page as it looked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Backdrop {
    pub page_version: u64,
    pub taken_at: i64,
    /// `{"href", "width", "height", "node"}`
    pub snapshot: PackedJson,
}

#[derive(Row, Deserialize)]
struct Stored {
    page_version: u64,
    taken_at: i64,
    inflated_bytes: u32,
    #[serde(with = "serde_bytes")]
    data: Vec<u8>,
}

impl BackdropFilter {
    fn sql(&self) -> String {
        let device = if self.device.is_some() {
            " AND device_type = {device:String}"
        } else {
            ""
        };
        format!("project_id = {{project:UUID}} AND path = {{path:String}}{device}")
    }

    fn bind(&self, query: Query) -> Query {
        let query = query.param("path", &self.path);
        match &self.device {
            Some(device) => query.param("device", device),
            None => query,
        }
    }
}

impl Scope {
    /// The layouts the page has had, the newest first.
    pub async fn page_versions(&self, filter: &BackdropFilter) -> Result<Vec<PageVersion>, AnalyticsError> {
        let sql = format!(
            "SELECT page_version, taken_at, width, height, session_id FROM page_snapshots WHERE {}
            ORDER BY received_at DESC, page_version LIMIT 1 BY page_version LIMIT {VERSIONS_MAX}",
            filter.sql()
        );
        Ok(filter.bind(self.query("page_versions", &sql)).fetch_all().await?)
    }

    /// The newest snapshot of the page, or of one of its layouts.
    pub async fn backdrop(
        &self,
        filter: &BackdropFilter,
        page_version: Option<u64>,
    ) -> Result<Option<Backdrop>, AnalyticsError> {
        let version = if page_version.is_some() {
            " AND page_version = {page_version:UInt64}"
        } else {
            ""
        };
        let sql = format!(
            "SELECT page_version, taken_at, inflated_bytes, data FROM page_snapshots WHERE {}{version}
            ORDER BY received_at DESC, page_version LIMIT 1",
            filter.sql()
        );
        let mut query = filter.bind(self.query("backdrop", &sql));
        if let Some(page_version) = page_version {
            query = query.param("page_version", page_version);
        }
        let stored = query.fetch_optional::<Stored>().await?;
        Ok(stored.map(|stored| Backdrop {
            page_version: stored.page_version,
            taken_at: stored.taken_at,
            snapshot: PackedJson {
                zstd: stored.data,
                inflated_bytes: stored.inflated_bytes,
            },
        }))
    }
}
