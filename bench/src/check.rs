//! What the API says was received, held against what was acknowledged.

use anyhow::{Context, ensure};
use serde_json::Value;

use crate::gosight::{GoSight, Project, now_ms};
use crate::load::Tally;

const HOUR_MS: i64 = 60 * 60 * 1_000;
/// No installation of a benchmark has more sessions with errors than fit into so many pages of a hundred.
const PAGES_MAX: usize = 10_000;

#[derive(Debug, PartialEq, Eq)]
struct Sums {
    events: u64,
    sessions: u64,
    page_views: u64,
    errors: u64,
    clicks: u64,
}

impl From<&Tally> for Sums {
    fn from(tally: &Tally) -> Self {
        Self {
            events: tally.events,
            sessions: tally.sessions,
            page_views: tally.page_views,
            errors: tally.errors,
            clicks: tally.clicks,
        }
    }
}

/// Fails unless every acknowledged event is in the views, once.
pub(crate) async fn counts(gosight: &GoSight, project: &Project, tally: &Tally) -> anyhow::Result<()> {
    let (found, acknowledged) = (sums(gosight, project).await?, Sums::from(tally));
    ensure!(
        found == acknowledged,
        "the views say {found:?}, acknowledged were {acknowledged:?}"
    );
    Ok(())
}

async fn sums(gosight: &GoSight, project: &Project) -> anyhow::Result<Sums> {
    let range = format!("start={}&end={}", now_ms() - 2 * HOUR_MS, now_ms() + HOUR_MS);
    let at = |rest: &str| format!("/projects/{}/{rest}{range}", project.id);
    let projects = gosight.get("/projects").await?;
    let is_it = |item: &&Value| item["id"] == project.id.as_str();
    let today = projects["data"]
        .as_array()
        .and_then(|items| items.iter().find(is_it))
        .context("the project is not listed")?;
    let overview = gosight.get(&at("overview?")).await?;
    let pages = gosight.get(&at("heatmaps/pages?")).await?;
    Ok(Sums {
        events: whole(&today["events_today"])?,
        sessions: whole(&overview["data"]["summary"]["sessions"])?,
        page_views: whole(&overview["data"]["summary"]["pageviews"])?,
        errors: errors(gosight, &at("sessions?error=true&per_page=100&")).await?,
        clicks: sum(&pages["data"], "clicks")?,
    })
}

/// Errors are told per session only: of every session that has some.
async fn errors(gosight: &GoSight, path: &str) -> anyhow::Result<u64> {
    let (mut errors, mut cursor) = (0, String::new());
    for _ in 0..PAGES_MAX {
        let page = gosight.get(&format!("{path}{cursor}")).await?;
        errors += sum(&page["data"], "error_count")?;
        match page["meta"]["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return Ok(errors),
        }
    }
    anyhow::bail!("the list of sessions does not end")
}

fn sum(rows: &Value, field: &str) -> anyhow::Result<u64> {
    rows.as_array()
        .context("an answer without rows")?
        .iter()
        .map(|row| whole(&row[field]))
        .sum()
}

fn whole(value: &Value) -> anyhow::Result<u64> {
    value.as_u64().with_context(|| format!("{value} is no count"))
}
