//! The front door alone: ingest before a log that syncs, in this process. No dataflow, no engine, no API.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use anyhow::Context;
use gosight_ingest::{Ingest, IngestConfig, router};
use gosight_log::{EmbeddedConfig, EmbeddedLog, Log};
use gosight_store::meta::{Meta, NewKey, NewProject, NewUser, Permission, Settings};
use sha2::{Digest, Sha256};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::gosight::now_ms;

pub(crate) const KEY: &str = "bench_key_0123456789";
/// The key's limit is not what is measured.
const RATE_EVENTS_PER_S_MAX: u32 = 1_000_000;

pub(crate) struct Door {
    pub(crate) url: String,
    log: Arc<EmbeddedLog>,
    shut: oneshot::Sender<()>,
    serving: JoinHandle<std::io::Result<()>>,
}

impl Door {
    pub(crate) async fn open(folder: &Path) -> anyhow::Result<Self> {
        std::fs::create_dir_all(folder)?;
        let log = Arc::new(EmbeddedLog::open(folder.join("log"), &EmbeddedConfig::default())?);
        let meta = Meta::open_file(&folder.join("meta.sqlite")).await?;
        make_project(&meta).await?;
        let ingest = Ingest::new(IngestConfig::default(), log.clone(), meta);
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        let url = format!("http://{}", listener.local_addr()?);
        let service = router(ingest).into_make_service_with_connect_info::<SocketAddr>();
        let (shut, shutting) = oneshot::channel();
        let serving = tokio::spawn(async move {
            let asked = async { drop(shutting.await) };
            axum::serve(listener, service).with_graceful_shutdown(asked).await
        });
        Ok(Self {
            url,
            log,
            shut,
            serving,
        })
    }

    /// Shuts the door and seals the log's files.
    pub(crate) async fn shut(self) -> anyhow::Result<()> {
        drop(self.shut);
        self.serving.await.context("the door panicked")??;
        tokio::task::spawn_blocking(move || self.log.close()).await??;
        Ok(())
    }
}

async fn make_project(meta: &Meta) -> anyhow::Result<()> {
    let now_ms = now_ms();
    let user = NewUser {
        email: "owner@example.com",
        name: "Owner",
        password_hash: "$argon2id$none",
    };
    let owner = meta.create_first_user(user, now_ms).await?.id;
    let settings = Settings::default();
    let project = NewProject {
        slug: "bench",
        name: "bench",
        allowed_domains: &[],
        settings: &settings,
        owner,
    };
    let project_id = meta.create_project(&project, now_ms).await?.id;
    let key = NewKey {
        project_id,
        name: "bench",
        key_sha256: Sha256::digest(KEY).into(),
        prefix: &KEY[..8],
        permission: Permission::Write,
        rate_limit_events_per_s: RATE_EVENTS_PER_S_MAX,
    };
    meta.create_key(&key, now_ms).await?;
    Ok(())
}
