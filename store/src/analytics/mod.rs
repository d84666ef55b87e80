//! The analytics database: events and views in ClickHouse.
//!
//! Written by the dataflow only, with [`Analytics::insert`]: one insert per table and commit, with a token, so that a commit sent twice is there once.
//! Read through a [`Scope`] only: it belongs to one project, bounds every query in time and memory, and there is no other way to ask. One file per view
//! holds that view's queries; a query takes what it is given as bound parameters.
//!
//! Migrations are numbered files, applied in order, never changed and never undone.
//!
//! **Power loss.** Tables are written with `fsync_after_insert` and `fsync_part_directory`: what the engine acknowledged is on the disk before the
//! commit is called done. (A merged part is not synced, but its sources stay on the disk for eight minutes, longer than the kernel keeps a dirty page.)

mod backdrops;
mod cover;
mod cursor;
mod deletion;
mod error;
mod filter;
mod heatmaps;
mod insert;
mod insights;
mod keeping;
mod migrations;
mod overview;
mod page_source;
mod query_log;
mod range;
mod replay;
mod scope;
mod session_events;
mod sessions;
mod totals;

pub use backdrops::{Backdrop, BackdropFilter, PageVersion};
pub use cursor::{Cursor, CursorError, EVENTS_PER_PAGE_MAX, PER_PAGE_MAX, Page, PageRequest};
pub use error::{AnalyticsError, InsertError};
pub use filter::{HasReplay, SessionFilter};
pub use heatmaps::{Bounded, Cell, ClickHeatmap, Element, HeatmapFilter, HeatmapPage, ScrollReach, Spot};
pub use insights::{Hotspot, InsightFilter, InsightPage, TypeCount};
pub use keeping::Moved;
pub use overview::{Change, Overview, SeriesPoint, Share, Summary, TopPage};
pub use query_log::{LoggedQuery, QueryLog};
pub use range::{DayRange, RangeError, Step, TimeRange, start_of_day_ms};
pub use replay::{PackedJson, RUN_BYTES_MAX, RUN_CHUNKS_MAX, ReplayAsset, ReplayChunk, ReplayRun, RunChunk};
pub use scope::{Scope, TABLES};
pub use sessions::{SessionOrder, SessionSort};
pub use totals::{Today, Totals};

use crate::cold::ColdStore;
use crate::engine::Server;
use clickhouse::{Client, Compression};
use std::sync::{Arc, PoisonError, RwLock};
use tokio::sync::watch;
use uuid::Uuid;

/// The database. Clones are handles to the same one.
#[derive(Clone)]
pub struct Analytics {
    server: watch::Receiver<Server>,
    /// The client, and the address it is for: an engine that was started again may have another one.
    client: Arc<RwLock<(String, Client)>>,
    query_log: Option<QueryLog>,
    cold: Option<ColdStore>,
}

impl Analytics {
    /// Speaks to `server`, wherever it moves. Connects at the first use.
    pub fn new(server: watch::Receiver<Server>) -> Self {
        let client = { client_of(&server.borrow()) };
        Self {
            server,
            client: Arc::new(RwLock::new(client)),
            query_log: None,
            cold: None,
        }
    }

    /// Speaks to a server that stays where it is.
    pub fn fixed(server: Server) -> Self {
        Self::new(watch::channel(server).1)
    }

    /// The same database, with every query written to `log`.
    #[must_use]
    pub fn with_query_log(self, log: QueryLog) -> Self {
        Self {
            query_log: Some(log),
            ..self
        }
    }

    /// The same database, with the data of old recordings in `cold`.
    #[must_use]
    pub fn with_cold(self, cold: ColdStore) -> Self {
        Self {
            cold: Some(cold),
            ..self
        }
    }

    /// Makes the database and brings its tables up to this version. Doing it again changes nothing.
    ///
    /// # Errors
    /// The server cannot be reached, or the database was written by a newer version.
    pub async fn migrate(&self) -> Result<(), AnalyticsError> {
        let database = self.server.borrow().database.clone();
        migrations::migrate(&self.client(), &database).await
    }

    /// Everything that may be asked about one project.
    pub fn scope(&self, project_id: Uuid) -> Scope {
        Scope::new(
            self.client(),
            self.server.borrow().database.clone(),
            project_id,
            self.query_log.clone(),
            self.cold.clone(),
        )
    }

    pub(crate) fn client(&self) -> Client {
        let server = self.server.borrow();
        let current = self.client.read().unwrap_or_else(PoisonError::into_inner);
        if current.0 == server.url {
            return current.1.clone();
        }
        drop(current);
        let fresh = client_of(&server);
        let mut current = self.client.write().unwrap_or_else(PoisonError::into_inner);
        *current = fresh;
        current.1.clone()
    }
}

fn client_of(server: &Server) -> (String, Client) {
    // On one machine compressing costs more than copying.
    let compression = if server.is_local() {
        Compression::None
    } else {
        Compression::Lz4
    };
    let client = Client::default()
        .with_url(&server.url)
        .with_user(&server.user)
        .with_password(&server.password)
        .with_database(&server.database)
        .with_compression(compression);
    (server.url.clone(), client)
}
