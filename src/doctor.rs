//! `gosight doctor`: what GoSight needs, whether this machine has it, and what to do about what is missing.

use std::net::TcpListener;
use std::path::Path;

use anyhow::bail;
use gosight_ingest::GeoIp;
use gosight_store::engine::{Server, check_platform, find_library};

use crate::cli::UpArgs;
use crate::up::prepare_folder;

/// Below this much free space an installation will not last a day.
const FREE_BYTES_MIN: u64 = 2 << 30;

/// One line of the report.
struct Finding {
    what: &'static str,
    result: Result<String, String>,
}

pub(crate) async fn run(args: UpArgs) -> anyhow::Result<()> {
    let findings = [
        Finding {
            what: "processor",
            result: processor(&args),
        },
        Finding {
            what: "engine",
            result: engine(&args),
        },
        Finding {
            what: "ClickHouse",
            result: clickhouse(&args).await,
        },
        Finding {
            what: "data folder",
            result: folder(&args.data_dir),
        },
        Finding {
            what: "free space",
            result: free_space(&args.data_dir),
        },
        Finding {
            what: "address",
            result: address(&args),
        },
        Finding {
            what: "open files",
            result: open_files(),
        },
        Finding {
            what: "GeoIP",
            result: geoip(&args),
        },
        Finding {
            what: "Telegram",
            result: telegram(&args).await,
        },
    ];
    for finding in &findings {
        let (mark, text) = match &finding.result {
            Ok(text) => ("✓", text),
            Err(text) => ("✗", text),
        };
        say(&format!("{mark} {:<12} {text}", finding.what));
    }
    match findings.iter().filter(|finding| finding.result.is_err()).count() {
        0 => Ok(()),
        1 => bail!("one thing needs attention"),
        count => bail!("{count} things need attention"),
    }
}

#[expect(clippy::print_stdout, reason = "the command's report")]
fn say(line: &str) {
    println!("{line}");
}

fn processor(args: &UpArgs) -> Result<String, String> {
    if args.clickhouse_url.is_some() {
        return Ok("any will do: the views are on a ClickHouse server".to_owned());
    }
    check_platform().map_err(|error| format!("{error}; use a ClickHouse server with --clickhouse-url"))?;
    Ok("has what the embedded engine needs".to_owned())
}

fn engine(args: &UpArgs) -> Result<String, String> {
    if args.clickhouse_url.is_some() {
        return Ok("not needed".to_owned());
    }
    let library = find_library(args.engine_lib.as_deref()).map_err(|error| error.to_string())?;
    Ok(library.display().to_string())
}

async fn clickhouse(args: &UpArgs) -> Result<String, String> {
    let Some(url) = &args.clickhouse_url else {
        return Ok("embedded".to_owned());
    };
    let server = Server::from_url(url).map_err(|error| error.to_string())?;
    let answer = reqwest::get(format!("{}/ping", server.url))
        .await
        .map_err(|error| format!("{}: {error}", server.url))?;
    if answer.status().is_success() {
        Ok(server.url)
    } else {
        Err(format!("{} answered {}", server.url, answer.status()))
    }
}

fn folder(data_dir: &Path) -> Result<String, String> {
    prepare_folder(data_dir).map_err(|error| format!("{error:#}"))?;
    Ok(format!("{} can be written", data_dir.display()))
}

fn free_space(data_dir: &Path) -> Result<String, String> {
    let stat = rustix::fs::statvfs(data_dir).map_err(|error| format!("{}: {error}", data_dir.display()))?;
    let free_bytes = stat.f_bavail * stat.f_frsize;
    let said = format!("{:.1} GiB", free_bytes as f64 / (1u64 << 30) as f64);
    if free_bytes >= FREE_BYTES_MIN {
        Ok(said)
    } else {
        Err(format!("only {said}; GoSight wants at least 2 GiB to begin with"))
    }
}

fn address(args: &UpArgs) -> Result<String, String> {
    match TcpListener::bind(args.listen) {
        Ok(_) => Ok(format!("{} is free", args.listen)),
        Err(error) => Err(format!(
            "{}: {error}; is GoSight running already? else choose another with --listen",
            args.listen
        )),
    }
}

fn open_files() -> Result<String, String> {
    let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile);
    let needed = gosight_proto::limits::CONNECTIONS_MAX as u64;
    match limit.maximum {
        Some(maximum) if maximum < needed => Err(format!(
            "at most {maximum}; raise the hard limit above {needed} (ulimit -Hn) to hold {needed} connections"
        )),
        maximum => Ok(maximum.map_or_else(|| "unlimited".to_owned(), |maximum| format!("up to {maximum}"))),
    }
}

fn geoip(args: &UpArgs) -> Result<String, String> {
    match &args.geoip_file {
        None => Ok("none: countries are guessed from time zones".to_owned()),
        Some(file) => GeoIp::open(file)
            .map(|_| file.display().to_string())
            .map_err(|error| error.to_string()),
    }
}

async fn telegram(args: &UpArgs) -> Result<String, String> {
    let Some(token) = &args.telegram_token else {
        return Ok("no bot: alerts go to webhooks only".to_owned());
    };
    let base = args
        .telegram_api_url
        .as_deref()
        .unwrap_or("https://api.telegram.org")
        .trim_end_matches('/');
    // The address holds the token: it is kept out of what is said.
    let answer = reqwest::get(format!("{base}/bot{token}/getMe"))
        .await
        .map_err(|error| error.without_url().to_string())?;
    if answer.status().is_success() {
        Ok("the bot answers".to_owned())
    } else {
        Err(format!("the token was refused ({})", answer.status()))
    }
}
