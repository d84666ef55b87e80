//! `gosight up`: every part in one process and one child, started in the order of who needs whom and stopped in reverse.
//!
//! ```text
//! address ─ folder ─ log ─┬─ engine ─ views ─┐
//!                         └─ metadata ───────┴─ bootstrap ─ dataflow ─ relay, recordings, alerts ─ door (ingest, API, dashboard)
//! ```
//! The address is taken first and the settings are judged, so that a wrong one is refused before anything is written. The door opens last: a client that gets
//! through can be served. A part that fails for good takes the process down with its reason, and so does a task that ends unasked ([`tasks`]): nothing
//! limps on. Telegram is no part of this: it may be away, at the start too; only a token that it rejects is refused.

mod tasks;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, bail};
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::routing::get;
use chrono_tz::Tz;
use futures::FutureExt;
use gosight_api::notifications::webhook::Reach;
use gosight_api::notifications::{Notifier, TelegramBot, TelegramConfig, TelegramError};
use gosight_api::{Api, Bootstrap};
use gosight_dataflow::{ClickHouseSink, Dataflow};
use gosight_ingest::{GeoIp, Ingest, IngestConfig};
use gosight_log::{EmbeddedConfig, EmbeddedLog, Log};
use gosight_store::analytics::{Analytics, Today};
use gosight_store::cold::ColdStore;
use gosight_store::deletions::Deletions;
use gosight_store::engine::{Engine, EngineConfig, Server, find_library};
use gosight_store::keeping::Keeping;
use gosight_store::live::Bus;
use gosight_store::meta::Meta;
use metrics_exporter_prometheus::PrometheusHandle;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::cli::UpArgs;
use crate::loadgen::now_ms;
use crate::{serve, telemetry};
use tasks::Tasks;

/// A start waits this long for an orphan of the same folder (08-operations).
const LOCK_WAIT: Duration = Duration::from_secs(20);
/// The log gives back space this often.
const TRIM: Duration = Duration::from_secs(600);
/// A start waits this long for Telegram; then the bot goes on trying in the background.
const TELEGRAM_PATIENCE: Duration = Duration::from_secs(5);

/// Runs until a person or the system asks it to stop, or a part fails.
pub(crate) async fn run(args: UpArgs) -> anyhow::Result<()> {
    let gosight = Gosight::start(args, Router::new()).await?;
    tracing::info!(url = gosight.url(), "GoSight is ready");
    gosight.until_stopped().await
}

/// A running installation.
pub(crate) struct Gosight {
    url: String,
    local_url: String,
    tasks: Tasks,
    parts: Parts,
}

/// What must be stopped in order, once the door is shut and the tasks have ended.
struct Parts {
    dataflow: Arc<Dataflow>,
    meta: Meta,
    log: Arc<dyn Log>,
    engine: Option<Engine>,
}

impl Gosight {
    /// Starts everything; `extra` is served beside it.
    pub(crate) async fn start(args: UpArgs, extra: Router) -> anyhow::Result<Self> {
        let listener = serve::bind(args.listen).await?;
        let local_url = format!("http://{}", listener.local_addr()?);
        let url = public_url(&args, &local_url)?;
        let geoip = open_geoip(&args)?;
        let handle = telemetry::metrics()?;
        prepare_folder(&args.data_dir)?;
        let cold = open_cold(&args).await?;
        let log = open_log(&args.data_dir).await?;
        let (views, meta) = tokio::join!(open_views(&args, cold), open_meta(&args.data_dir));
        let (engine, analytics) = views?;
        let meta = meta?;
        gosight_api::bootstrap(&meta, &wish(&args), now_ms()?).await?;

        let bus = Bus::new();
        let dataflow = start_dataflow(&args, log.clone(), analytics.clone(), meta.clone(), bus.clone()).await?;
        let telegram = connect_telegram(&args, &meta).await?;
        let notifier = Notifier::new(meta.clone(), telegram.clone(), reach(&args), &url);
        let mut tasks = Tasks::new();
        tasks.start_droppable("the relay of settings", relay(meta.clone(), log.clone()));
        tasks.start_droppable(
            "the writer of recordings",
            write_recordings(analytics.clone(), log.clone(), bus.clone()),
        );
        tasks.start("the notifier", notify(notifier.clone(), tasks.stopping()));
        if let Some(bot) = telegram {
            let listening = listen_to_telegram(bot, analytics.clone(), meta.clone(), tasks.stopping());
            tasks.start("the Telegram bot", listening);
        }
        let deletions = Deletions::new(meta.clone(), analytics.clone(), bus.clone());
        tasks.start_droppable("the deletion of projects", finish(deletions));
        let keeping = Keeping::new(meta.clone(), analytics.clone(), cold_after_days(&args));
        tasks.start_droppable("the keeping of recordings", keep(keeping));
        tasks.start("the trimming of the log", trim(dataflow.clone(), tasks.stopping()));
        let ingest_config = IngestConfig {
            geoip,
            trust_forwarded_for: args.trust_proxy,
        };
        let ingest = Ingest::new(ingest_config, log.clone(), meta.clone());
        let api_config = gosight_api::Config {
            public_url: url.clone(),
            trusts_proxy: args.trust_proxy,
        };
        let api = Api::new(meta.clone(), analytics, bus, notifier, api_config)?;
        let router = extra
            .merge(gosight_ingest::router(ingest))
            .merge(operations(handle, log.clone()))
            .merge(gosight_api::router(api));
        tasks.start("the listener", serve::run(listener, router, tasks.stopping()));
        Ok(Self {
            url,
            local_url,
            tasks,
            parts: Parts {
                dataflow,
                meta,
                log,
                engine,
            },
        })
    }

    /// Where people and browsers reach it.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Where this machine reaches it.
    pub(crate) fn local_url(&self) -> &str {
        &self.local_url
    }

    /// Cancelled when it begins to stop.
    pub(crate) fn stopping(&self) -> CancellationToken {
        self.tasks.stopping()
    }

    /// Waits for Ctrl-C, SIGTERM or the failure of a part or a task; then drains: the door, the dataflow's last tick and commit, the files.
    pub(crate) async fn until_stopped(mut self) -> anyhow::Result<()> {
        let dataflow_failed = self.parts.dataflow.failed();
        let reason = tokio::select! {
            asked = serve::asked_to_stop() => asked,
            error = dataflow_failed => Err(anyhow::Error::new(error)).context("the dataflow failed"),
            error = self.tasks.failed() => Err(error),
        };
        tracing::info!("stopping: finishing what was accepted");
        let ended = self.tasks.stop().await;
        let stopped = self.parts.stop().await;
        reason.and(ended).and(stopped)
    }
}

impl Parts {
    async fn stop(self) -> anyhow::Result<()> {
        let dataflow = Arc::into_inner(self.dataflow).context("the dataflow is still in use")?;
        let finished = tokio::task::spawn_blocking(move || dataflow.stop()).await?;
        self.meta.close().await;
        let log = self.log;
        tokio::task::spawn_blocking(move || log.close()).await??;
        if let Some(engine) = self.engine {
            engine.stop().await;
        }
        finished.map_err(anyhow::Error::new)
    }
}

fn public_url(args: &UpArgs, local_url: &str) -> anyhow::Result<String> {
    match &args.public_url {
        Some(url) if url.starts_with("http://") || url.starts_with("https://") => {
            Ok(url.trim_end_matches('/').to_owned())
        }
        Some(url) => bail!("--public-url {url} must begin with http:// or https://"),
        None => Ok(local_url.to_owned()),
    }
}

fn open_geoip(args: &UpArgs) -> anyhow::Result<Option<Arc<GeoIp>>> {
    let open = |file: &PathBuf| GeoIp::open(file).map(Arc::new);
    args.geoip_file
        .as_ref()
        .map(open)
        .transpose()
        .context("choose another file with --geoip-file, or none")
}

/// Makes the folder and proves that it can be written: better now than at the first event.
pub(crate) fn prepare_folder(data_dir: &Path) -> anyhow::Result<()> {
    let cannot = || {
        format!(
            "cannot write to the data folder {}; choose another with --data-dir DIR",
            data_dir.display()
        )
    };
    std::fs::create_dir_all(data_dir).with_context(cannot)?;
    let probe = data_dir.join(".writable");
    std::fs::write(&probe, b"").with_context(cannot)?;
    std::fs::remove_file(&probe).with_context(cannot)
}

async fn open_cold(args: &UpArgs) -> anyhow::Result<ColdStore> {
    if let Some(url) = &args.cold_bucket {
        let cannot = "choose another bucket with --cold-bucket, or mend what AWS_ENDPOINT_URL, AWS_REGION, AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY say";
        return ColdStore::bucket(url).await.context(cannot);
    }
    let folder = args.cold_dir.clone().unwrap_or_else(|| args.data_dir.join("cold"));
    ColdStore::folder(&folder).context("choose another folder with --cold-dir DIR")
}

async fn open_log(data_dir: &Path) -> anyhow::Result<Arc<dyn Log>> {
    let dir = data_dir.join("log");
    let config = EmbeddedConfig {
        lock_wait: LOCK_WAIT,
        ..EmbeddedConfig::default()
    };
    let log = tokio::task::spawn_blocking(move || EmbeddedLog::open(dir, &config)).await?;
    Ok(Arc::new(log.context("the event log cannot be opened")?))
}

async fn open_meta(data_dir: &Path) -> anyhow::Result<Meta> {
    Meta::open_file(&data_dir.join("meta.sqlite"))
        .await
        .context("the metadata database cannot be opened")
}

/// The engine of one's own unless a server is named, and the tables in it.
async fn open_views(args: &UpArgs, cold: ColdStore) -> anyhow::Result<(Option<Engine>, Analytics)> {
    let (engine, server) = match &args.clickhouse_url {
        Some(url) => (None, watch::channel(Server::from_url(url)?).1),
        None => {
            let engine = Engine::start(engine_config(args)?).await?;
            let server = engine.server();
            (Some(engine), server)
        }
    };
    let analytics = Analytics::new(server).with_cold(cold);
    analytics
        .migrate()
        .await
        .context("the views' tables cannot be brought up to date")?;
    Ok((engine, analytics))
}

fn engine_config(args: &UpArgs) -> anyhow::Result<EngineConfig> {
    let library = find_library(args.engine_lib.as_deref())?;
    let config = EngineConfig::of_this_binary(args.data_dir.join("engine"), library)?;
    Ok(EngineConfig {
        memory_max_bytes: args.engine_memory_mib << 20,
        lock_wait: LOCK_WAIT,
        ..config
    })
}

fn wish(args: &UpArgs) -> Bootstrap {
    Bootstrap {
        admin_email: args.admin_email.clone(),
        admin_password: args.admin_password.clone(),
        project: args.project.clone(),
        project_key: args.project_key.clone(),
    }
}

async fn start_dataflow(
    args: &UpArgs,
    log: Arc<dyn Log>,
    analytics: Analytics,
    meta: Meta,
    bus: Bus,
) -> anyhow::Result<Arc<Dataflow>> {
    let config = gosight_dataflow::Config {
        workers: args.workers,
        ..gosight_dataflow::Config::default()
    };
    let sink = Box::new(ClickHouseSink::new(analytics, meta, tokio::runtime::Handle::current()));
    let started = tokio::task::spawn_blocking(move || Dataflow::start(config, log, sink, bus)).await?;
    Ok(Arc::new(started.context("the dataflow cannot start")?))
}

fn reach(args: &UpArgs) -> Reach {
    if args.webhooks_to_private_addresses {
        Reach::Anywhere
    } else {
        Reach::Public
    }
}

async fn connect_telegram(args: &UpArgs, meta: &Meta) -> anyhow::Result<Option<Arc<TelegramBot>>> {
    let Some(token) = args.telegram_token.clone().filter(|token| !token.is_empty()) else {
        return Ok(None);
    };
    let api_url = match &args.telegram_api_url {
        Some(url) => Some(url.parse().with_context(|| format!("--telegram-api-url {url}"))?),
        None => None,
    };
    let bot = TelegramBot::new(TelegramConfig { token, api_url }, meta.clone());
    match tokio::time::timeout(TELEGRAM_PATIENCE, bot.connect()).await {
        Ok(Ok(())) => {}
        Ok(Err(TelegramError::Rejected)) => {
            bail!("Telegram rejects the bot's token; set another with --telegram-token")
        }
        Ok(Err(error)) => tracing::warn!(%error, "starting without Telegram; the bot keeps trying"),
        Err(_) => tracing::warn!("Telegram does not answer; starting without it, the bot keeps trying"),
    }
    Ok(Some(Arc::new(bot)))
}

/// Settings and rules on their way to the dataflow.
async fn relay(meta: Meta, log: Arc<dyn Log>) -> anyhow::Result<()> {
    Ok(gosight_dataflow::relay(meta, log).await?)
}

/// Recordings on their way to their tables.
async fn write_recordings(analytics: Analytics, log: Arc<dyn Log>, bus: Bus) -> anyhow::Result<()> {
    Ok(gosight_dataflow::write_recordings(analytics, log, bus).await?)
}

async fn notify(notifier: Arc<Notifier>, stop: CancellationToken) -> anyhow::Result<()> {
    notifier.run(stop).await;
    Ok(())
}

/// Rows of deleted projects on their way out.
async fn finish(deletions: Deletions) -> anyhow::Result<()> {
    deletions.run().await;
    Ok(())
}

/// Recordings on their way to the cold store, and out.
async fn keep(keeping: Keeping) -> anyhow::Result<()> {
    keeping.run().await;
    Ok(())
}

fn cold_after_days(args: &UpArgs) -> Option<u16> {
    Some(args.replay_cold_after_days).filter(|days| *days > 0)
}

async fn listen_to_telegram(
    bot: Arc<TelegramBot>,
    analytics: Analytics,
    meta: Meta,
    stop: CancellationToken,
) -> anyhow::Result<()> {
    let status = Box::new(move |project| status(analytics.clone(), meta.clone(), project).boxed());
    bot.listen(status, stop).await;
    Ok(())
}

/// Today's numbers, as `/status` tells them.
async fn status(analytics: Analytics, meta: Meta, project: Uuid) -> String {
    match today(&analytics, &meta, project).await {
        Ok(today) => format!("today: {} sessions, {} events", today.sessions, today.events),
        Err(error) => {
            tracing::error!(%error, "today's numbers could not be read");
            "the numbers cannot be read right now".to_owned()
        }
    }
}

async fn today(analytics: &Analytics, meta: &Meta, project: Uuid) -> anyhow::Result<Today> {
    let zone = meta
        .project(project)
        .await?
        .settings
        .timezone
        .0
        .parse()
        .unwrap_or(Tz::UTC);
    Ok(analytics.scope(project).today(now_ms()?, zone).await?)
}

async fn trim(dataflow: Arc<Dataflow>, stop: CancellationToken) -> anyhow::Result<()> {
    let mut interval = tokio::time::interval(TRIM);
    loop {
        tokio::select! {
            _ = interval.tick() => {}
            () = stop.cancelled() => return Ok(()),
        }
        let dataflow = dataflow.clone();
        if let Err(error) = tokio::task::spawn_blocking(move || dataflow.trim()).await? {
            tracing::warn!(%error, "the log could not be trimmed");
        }
    }
}

#[derive(Clone)]
struct Operations {
    metrics: PrometheusHandle,
    log: Arc<dyn Log>,
}

/// For whoever watches the process.
fn operations(metrics: PrometheusHandle, log: Arc<dyn Log>) -> Router {
    Router::new()
        .route("/health", get(|| async { "ok\n" }))
        .route("/ready", get(ready))
        .route(
            "/metrics",
            get(|State(operations): State<Operations>| async move { operations.metrics.render() }),
        )
        .with_state(Operations { metrics, log })
}

/// Whether an event sent now would become durable. The door opens after bootstrap, so sign-in works by then.
async fn ready(State(operations): State<Operations>) -> impl IntoResponse {
    match operations.log.ready() {
        Ok(()) => (StatusCode::OK, "ready\n".to_owned()),
        Err(error) => (StatusCode::SERVICE_UNAVAILABLE, format!("{error}\n")),
    }
}
