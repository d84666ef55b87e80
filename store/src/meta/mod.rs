//! Metadata: people, projects, keys, rules, and what has been promised to be sent.
//!
//! One SQL text serves SQLite (a file, the default) and PostgreSQL: `$1` placeholders, text ids, Unix milliseconds, JSON as
//! text. One file per noun; each gives [`Meta`] a few methods. Secrets come in as SHA-256 (32 bytes) and are only ever stored so.
//! No method reads a clock: whoever calls says what time it is.
//!
//! Two outboxes live here. The *control outbox* is written in the transaction that changes a project or a rule and is relayed
//! to the log; *deliveries* are written in the transaction that records a transition and are sent by the notifiers.
//! [`Meta::control_changed`] and [`Meta::deliveries_changed`] wake whoever waits for them.
//!
//! Start at [`Meta::open_file`], then `keys.rs` for the shape every file has.

mod alert_rules;
mod audit;
mod columns;
mod control;
mod deletions;
mod deliveries;
mod error;
mod keys;
mod logins;
mod members;
mod migrations;
mod projects;
mod rule_body;
mod settings;
mod telegram;
mod transitions;
mod users;

#[cfg(test)]
mod tests;

use std::path::Path;
use std::sync::Arc;

use sqlx::any::{AnyConnectOptions, AnyPoolOptions};
use sqlx::{Any, AnyPool, Executor, SqlSafeStr, Transaction};
use tokio::sync::watch;

pub use alert_rules::{AlertRule, RULES_PER_PROJECT_MAX};
pub use audit::AuditEntry;
pub use deletions::Deletion;
pub use deliveries::{Delivery, DeliveryEntry, DeliveryState};
pub use error::{MetaError, Result};
pub use keys::{IngestKey, Key, NewKey, Permission, ReadKey};
pub use logins::{Login, Refresh, TokenPair};
pub use members::{Invitation, Member, NewInvitation, Role};
pub use projects::{NewProject, Project, ProjectPatch};
pub use rule_body::{COOLDOWN_MINUTES_DEFAULT, Channel, RuleBody, RuleKind, RuleWindow};
pub use settings::{
    ImagePolicy, IpMode, PrivacySettings, ReplayMode, ReplaySettings, SdkSettings, Settings, SettingsError,
    StorageSettings, Timezone,
};
pub use telegram::TelegramChat;
pub use transitions::{HistoryEntry, Transition};
pub use users::{NewUser, User};

/// Connections of the pool. SQLite has one writer at a time anyway; the rest are readers.
const CONNECTIONS_MAX: u32 = 8;

/// The metadata database. Cheap to clone; clones share one pool and one set of wake-ups.
#[derive(Clone)]
pub struct Meta {
    pool: AnyPool,
    begin_write: &'static str,
    control_changed: Arc<watch::Sender<u64>>,
    deletions_changed: Arc<watch::Sender<u64>>,
    deliveries_changed: Arc<watch::Sender<u64>>,
    access_changed: Arc<watch::Sender<u64>>,
}

impl Meta {
    /// Opens (and creates or migrates) the SQLite file at `path`; its folder must exist.
    pub async fn open_file(path: &Path) -> Result<Self> {
        let mut url = url_of(path);
        url.push_str("?mode=rwc");
        Self::open_url(&url).await
    }

    /// Opens `sqlite:` or `postgres:` URLs and migrates forward.
    pub async fn open_url(url: &str) -> Result<Self> {
        sqlx::any::install_default_drivers();
        let is_sqlite = url.starts_with("sqlite:");
        let options: AnyConnectOptions = url.parse()?;
        let pool = AnyPoolOptions::new()
            .max_connections(CONNECTIONS_MAX)
            .after_connect(move |connection, _| {
                Box::pin(async move {
                    if is_sqlite {
                        connection.execute("PRAGMA journal_mode = WAL").await?;
                        connection.execute("PRAGMA busy_timeout = 10000").await?;
                        connection.execute("PRAGMA foreign_keys = ON").await?;
                    }
                    Ok(())
                })
            })
            .connect_with(options)
            .await?;
        migrations::migrator().run(&pool).await?;
        // SQLite: take the write lock at once, or a transaction that reads first can fail when it comes to write.
        let begin_write = if is_sqlite { "BEGIN IMMEDIATE" } else { "BEGIN" };
        Ok(Self {
            pool,
            begin_write,
            control_changed: Arc::default(),
            deletions_changed: Arc::default(),
            deliveries_changed: Arc::default(),
            access_changed: Arc::default(),
        })
    }

    /// Waits for running statements and closes the file.
    pub async fn close(&self) {
        self.pool.close().await;
    }

    /// Changes after the control outbox has grown through this process.
    pub fn control_changed(&self) -> watch::Receiver<u64> {
        self.control_changed.subscribe()
    }

    /// Changes after a deletion was begun or finished through this process.
    pub fn deletions_changed(&self) -> watch::Receiver<u64> {
        self.deletions_changed.subscribe()
    }

    /// Changes after a delivery was queued through this process.
    pub fn deliveries_changed(&self) -> watch::Receiver<u64> {
        self.deliveries_changed.subscribe()
    }

    /// Changes after any change of keys, projects, members or sign-ins made through this process: caches of them are stale then.
    pub fn access_changed(&self) -> watch::Receiver<u64> {
        self.access_changed.subscribe()
    }

    async fn write(&self) -> Result<Transaction<'static, Any>> {
        Ok(self.pool.begin_with(self.begin_write.into_sql_str()).await?)
    }

    fn bump_access(&self) {
        bump(&self.access_changed);
    }

    fn bump_control(&self) {
        bump(&self.control_changed);
    }

    fn bump_deletions(&self) {
        bump(&self.deletions_changed);
    }

    fn bump_deliveries(&self) {
        bump(&self.deliveries_changed);
    }
}

fn bump(epoch: &watch::Sender<u64>) {
    epoch.send_modify(|epoch| *epoch += 1);
}

/// A `sqlite:` URL of a path, with everything escaped that an URL would read as its own.
fn url_of(path: &Path) -> String {
    let mut url = String::from("sqlite://");
    for byte in path.as_os_str().as_encoded_bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'.' | b'-' | b'_' | b'~' => url.push(char::from(*byte)),
            _ => url.push_str(&format!("%{byte:02X}")),
        }
    }
    url
}
