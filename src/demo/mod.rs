//! `gosight demo`: `up`, a shop with the SDK in it, and visitors who wander through it.

mod recording;
mod shop;
pub(crate) mod site;
mod visitors;

use crate::cli::{DemoArgs, UpArgs};
use crate::up::Gosight;

const EMAIL: &str = "demo@gosight.example";
const PASSWORD: &str = "demo-gosight-2026";
const PROJECT: &str = "demo-shop";
/// A write key is public in every page that has it.
const KEY: &str = "demo-shop-key-0123456789";

pub(crate) async fn run(args: DemoArgs) -> anyhow::Result<()> {
    let up = with_demo_account(args.up);
    // The demo's own pages stand under /shop/, where that project's dashboard would be.
    anyhow::ensure!(
        up.project.as_deref() != Some("shop"),
        "in the demo a project cannot have the slug `shop`"
    );
    let account = Account::of(&up);
    let gosight = Gosight::start(up, shop::router(&account.key)).await?;
    say(&welcome(gosight.url(), &account, args.visitors));
    let visitors = tokio::spawn(visitors::wander(
        gosight.local_url().to_owned(),
        account.key.clone(),
        args.visitors,
        gosight.stopping(),
    ));
    let ended = gosight.until_stopped().await;
    visitors.await?;
    ended
}

/// Who signs in, and what the shop sends as.
struct Account {
    email: String,
    password: String,
    project: String,
    key: String,
}

impl Account {
    fn of(up: &UpArgs) -> Self {
        let said = |setting: &Option<String>| setting.clone().unwrap_or_default();
        Self {
            email: said(&up.admin_email),
            password: said(&up.admin_password),
            project: said(&up.project),
            key: said(&up.project_key),
        }
    }
}

/// What was not set has the demo's own values.
fn with_demo_account(up: UpArgs) -> UpArgs {
    UpArgs {
        admin_email: up.admin_email.or_else(|| Some(EMAIL.to_owned())),
        admin_password: up.admin_password.or_else(|| Some(PASSWORD.to_owned())),
        project: up.project.or_else(|| Some(PROJECT.to_owned())),
        project_key: up.project_key.or_else(|| Some(KEY.to_owned())),
        ..up
    }
}

fn welcome(url: &str, account: &Account, visitors: u32) -> String {
    let Account {
        email,
        password,
        project,
        ..
    } = account;
    let company = match visitors {
        0 => "Nobody is in the shop but you.".to_owned(),
        1 => "One simulated visitor is in the shop already.".to_owned(),
        visitors => format!("{visitors} simulated visitors are in the shop already."),
    };
    format!(
        "
  GoSight is ready.

    The shop        {url}/shop/
    The dashboard   {url}/{project}/overview
    Sign in with    {email}  ·  {password}

  Try this, with both windows side by side:
    1. Dashboard → Live: see yourself arrive when you open the shop.
    2. Shop: click “Add to wishlist” six times. It does nothing, and the dashboard says so: a rage click within a
       second, dead clicks a second after their window.
    3. Shop: click “Apply voucher”. It throws, and the click before the error is on the dashboard.
    4. Dashboard → Heatmaps: where you clicked is warm.
    5. Dashboard → Alerts: “when rage clicks are > 3 in 5 min”, and click again.
    6. Dashboard → Settings: the snippet, for a page of your own.

  {company} Ctrl-C stops everything; what was seen stays.
"
    )
}

#[expect(clippy::print_stdout, reason = "the demo's printed page")]
fn say(text: &str) {
    println!("{text}");
}
