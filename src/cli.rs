//! What can be asked of `gosight`, in the words of `--help`. Every setting is a flag, a `GOSIGHT_*` variable and a key of the TOML file.

use std::net::{SocketAddr, ToSocketAddrs};
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

/// Self-hosted web analytics and session replay that finds, within a second, where visitors struggle.
#[derive(Debug, Parser)]
#[command(name = "gosight", version, max_term_width = 110)]
pub(crate) struct Cli {
    /// Read settings from this TOML file; flags and environment win over it.
    #[arg(long, global = true, env = "GOSIGHT_CONFIG", value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,

    /// How log lines look: for people on a terminal, JSON for machines, or `auto` to choose by where stderr goes.
    #[arg(
        long,
        global = true,
        env = "GOSIGHT_LOG_FORMAT",
        value_enum,
        default_value = "auto",
        value_name = "FORMAT"
    )]
    pub(crate) log_format: LogFormat,

    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogFormat {
    Auto,
    Human,
    Json,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run everything on this machine: ingest, dataflow, API, dashboard and an embedded ClickHouse engine.
    Up(UpArgs),
    /// `up`, with a demo shop that has the SDK in it and visitors who wander through it.
    Demo(DemoArgs),
    /// Send simulated sessions to a running GoSight over the real wire protocol, and print what was acknowledged.
    Loadgen(LoadgenArgs),
    /// Check what GoSight needs on this machine and say what to do about what is missing.
    Doctor(UpArgs),
    /// The embedded ClickHouse engine: started by `up` as its child, never by hand.
    #[command(hide = true)]
    Engine(EngineArgs),
}

#[derive(Clone, Debug, Args)]
pub(crate) struct UpArgs {
    /// The one folder where everything is kept: event log, views, metadata. Made when missing.
    #[arg(long, env = "GOSIGHT_DATA_DIR", default_value = "gosight-data", value_name = "DIR")]
    pub(crate) data_dir: PathBuf,

    /// The one address: SDK, ingest (HTTP, gRPC, gRPC-Web), API and dashboard. Anything beyond loopback is your choice.
    #[arg(
        long,
        env = "GOSIGHT_LISTEN",
        default_value = "127.0.0.1:8080",
        value_name = "HOST:PORT",
        value_parser = host_and_port
    )]
    pub(crate) listen: SocketAddr,

    /// Where people and browsers reach this GoSight, for links in messages and the snippet [default: http://<listen>]
    #[arg(long, env = "GOSIGHT_PUBLIC_URL", value_name = "URL")]
    pub(crate) public_url: Option<String>,

    /// Dataflow workers (threads) [default: the machine's cores]
    #[arg(long, env = "GOSIGHT_WORKERS", default_value_t = cores(), value_parser = parse_workers, hide_default_value = true, value_name = "N")]
    pub(crate) workers: usize,

    /// The ClickHouse engine's library [default: looked for beside the binary and in the user's cache]
    #[arg(long, env = "GOSIGHT_ENGINE_LIB", value_name = "FILE")]
    pub(crate) engine_lib: Option<PathBuf>,

    /// Memory the embedded engine may use, in MiB.
    #[arg(long, env = "GOSIGHT_ENGINE_MEMORY_MIB", default_value_t = 1200, value_parser = clap::value_parser!(u64).range(512..), value_name = "MIB")]
    pub(crate) engine_memory_mib: u64,

    /// Use this ClickHouse server instead of the embedded engine, e.g. http://user:password@host:8123/gosight
    #[arg(long, env = "CLICKHOUSE_URL", value_name = "URL")]
    pub(crate) clickhouse_url: Option<String>,

    /// After so many days the data of recordings moves from the views to the cold store; 0 leaves it there. How long a recording is kept at all
    /// is each project's setting.
    #[arg(
        long,
        env = "GOSIGHT_REPLAY_COLD_AFTER_DAYS",
        default_value_t = 7,
        value_parser = clap::value_parser!(u16).range(..=365),
        value_name = "DAYS"
    )]
    pub(crate) replay_cold_after_days: u16,

    /// The cold store's folder: it may be on a slower, larger disk [default: <data-dir>/cold]
    #[arg(long, env = "GOSIGHT_COLD_DIR", value_name = "DIR")]
    pub(crate) cold_dir: Option<PathBuf>,

    /// A bucket as the cold store instead of a folder, of S3 or what speaks its protocol: s3://BUCKET/PREFIX. Endpoint, region and credentials are
    /// those of the AWS_… variables.
    #[arg(long, env = "GOSIGHT_COLD_BUCKET", value_name = "URL", conflicts_with = "cold_dir")]
    pub(crate) cold_bucket: Option<String>,

    /// A MaxMind city database (.mmdb); without it a visitor's country is guessed from the browser's time zone.
    #[arg(long, env = "GOSIGHT_GEOIP_FILE", value_name = "FILE")]
    pub(crate) geoip_file: Option<PathBuf>,

    /// The Telegram bot's token, from @BotFather; without it alerts go to webhooks only.
    #[arg(long, env = "GOSIGHT_TELEGRAM_TOKEN", hide_env_values = true, value_name = "TOKEN")]
    pub(crate) telegram_token: Option<String>,

    /// Base URL of the Telegram Bot API, for a self-hosted Bot API server.
    #[arg(long, env = "GOSIGHT_TELEGRAM_API_URL", value_name = "URL")]
    pub(crate) telegram_api_url: Option<String>,

    /// Believe the X-Forwarded-For header: only behind a proxy of your own that sets it.
    #[arg(long, env = "GOSIGHT_TRUST_PROXY")]
    pub(crate) trust_proxy: bool,

    /// Let webhooks reach private and loopback addresses. Only for a network you trust.
    #[arg(long, env = "GOSIGHT_WEBHOOKS_TO_PRIVATE_ADDRESSES")]
    pub(crate) webhooks_to_private_addresses: bool,

    /// First start without a browser: the owner's e-mail address.
    #[arg(long, env = "GOSIGHT_ADMIN_EMAIL", value_name = "EMAIL")]
    pub(crate) admin_email: Option<String>,

    /// First start without a browser: the owner's password.
    #[arg(
        long,
        env = "GOSIGHT_ADMIN_PASSWORD",
        hide_env_values = true,
        value_name = "PASSWORD"
    )]
    pub(crate) admin_password: Option<String>,

    /// First start without a browser: the slug of a project to create.
    #[arg(long, env = "GOSIGHT_PROJECT", value_name = "SLUG")]
    pub(crate) project: Option<String>,

    /// First start without a browser: that project's key.
    #[arg(long, env = "GOSIGHT_PROJECT_KEY", hide_env_values = true, value_name = "KEY")]
    pub(crate) project_key: Option<String>,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct DemoArgs {
    #[command(flatten)]
    pub(crate) up: UpArgs,

    /// Simulated visitors in the shop at any time; 0 leaves it to you.
    #[arg(long, env = "GOSIGHT_VISITORS", default_value_t = 6, value_parser = clap::value_parser!(u32).range(0..=500), value_name = "N")]
    pub(crate) visitors: u32,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct LoadgenArgs {
    /// Where GoSight listens.
    #[arg(long, default_value = "http://127.0.0.1:8080", value_name = "URL")]
    pub(crate) url: String,

    /// The project's key.
    #[arg(long, env = "GOSIGHT_PROJECT_KEY", hide_env_values = true, value_name = "KEY")]
    pub(crate) key: String,

    /// Events per second to aim at; 0 means as fast as they are acknowledged.
    #[arg(long, default_value_t = 1000, value_name = "N")]
    pub(crate) rate: u64,

    /// How long to send, in seconds.
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=3600), value_name = "SECONDS")]
    pub(crate) seconds: u64,

    /// Requests in flight at once.
    #[arg(long, default_value_t = 32, value_parser = clap::value_parser!(u32).range(1..=1000), value_name = "N")]
    pub(crate) connections: u32,

    /// The same seed sends the same sessions (times apart).
    #[arg(long, default_value_t = 1, value_name = "N")]
    pub(crate) seed: u64,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct EngineArgs {
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    pub(crate) arguments: Vec<String>,
}

fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// Workers beyond this many on one machine are a typing error.
const WORKERS_MAX: usize = 256;

fn parse_workers(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(workers) if (1..=WORKERS_MAX).contains(&workers) => Ok(workers),
        _ => Err(format!(
            "the number of workers is a whole number from 1 to {WORKERS_MAX}"
        )),
    }
}

/// An address, or a name that has one; of several the first that is IPv4, as `localhost` is usually meant.
fn host_and_port(text: &str) -> Result<SocketAddr, String> {
    let found = text.to_socket_addrs().map_err(|error| error.to_string())?;
    let mut found: Vec<_> = found.collect();
    found.sort_by_key(|address| !address.is_ipv4());
    found
        .first()
        .copied()
        .ok_or_else(|| "this host has no address".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn listens_on_an_address_or_a_name_with_a_port() {
        for text in ["127.0.0.1:8080", "localhost:8080"] {
            assert_eq!(
                host_and_port(text),
                Ok(SocketAddr::from(([127, 0, 0, 1], 8080))),
                "{text}"
            );
        }
        assert!(host_and_port("[::1]:8080").is_ok_and(|address| address.is_ipv6()));
        assert!(host_and_port("8080").is_err());
    }
}
