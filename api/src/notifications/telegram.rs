//! The Telegram bot: links chats to projects, answers commands, sends messages.
//!
//! Only linked chats get anything but the way to link. Commands are about every project the chat is linked to. Updates come
//! by long polling, so the bot needs no public address; a removed bot unlinks its chat. Telegram may be away, at the start too: the bot
//! keeps trying, and `gosight_telegram_connected` says how it stands.

use std::sync::OnceLock;
use std::time::Duration;

use futures::future::BoxFuture;
use gosight_store::meta::{Meta, MetaError, TelegramChat};
use sha2::{Digest, Sha256};
use teloxide::payloads::{GetUpdatesSetters, SendMessageSetters};
use teloxide::requests::Requester;
use teloxide::types::{
    AllowedUpdate, ChatId, LinkPreviewOptions, Me, Message, MessageId, ParseMode, ReplyParameters, Update, UpdateKind,
};
use teloxide::utils::command::BotCommands;
use teloxide::{ApiError, Bot, RequestError};
use thiserror::Error;
use tokio::sync::Mutex;
use tokio::time::{Interval, MissedTickBehavior};
use tokio_util::sync::CancellationToken;
use url::Url;
use uuid::Uuid;

use super::message::{duration, escape, metric};
use super::now_ms;
use crate::observe::TELEGRAM_CONNECTED;

/// Telegram allows 30 messages a second over all chats.
const MESSAGE_PAUSE: Duration = Duration::from_millis(34);
/// How long Telegram holds a poll open: within the 17 s after which the client gives a request up.
const POLL_S: u32 = 10;
/// Between attempts to reach Telegram: doubled each time, up to the most.
const RETRY_FIRST: Duration = Duration::from_secs(1);
const RETRY_MAX: Duration = Duration::from_secs(60);
/// A mute longer than this is an unsubscription.
const MUTE_MS_MAX: i64 = 30 * 86_400_000;

#[derive(Clone, Debug)]
pub struct TelegramConfig {
    pub token: String,
    /// Base URL of the Bot API; Telegram's own by default.
    pub api_url: Option<Url>,
}

#[derive(Debug, Error)]
pub enum TelegramError {
    #[error("Telegram asks to wait {0:?}")]
    Later(Duration),
    #[error("the group became a supergroup with the id {0}")]
    Moved(i64),
    #[error("the bot cannot write to this chat any more: {0}")]
    Gone(String),
    #[error("Telegram refused the message: {0}")]
    Refused(String),
    #[error("Telegram rejects the bot's token")]
    Rejected,
    #[error("Telegram could not be reached: {0}")]
    Unreachable(String),
}

/// Today's numbers of a project, in words; given by whoever can ask the views.
pub(crate) type Status = Box<dyn Fn(Uuid) -> BoxFuture<'static, String> + Send + Sync>;

pub struct TelegramBot {
    bot: Bot,
    meta: Meta,
    pace: Mutex<Interval>,
    /// Known once Telegram was reached.
    me: OnceLock<Me>,
}

/// What a chat can say.
#[derive(BotCommands, Clone, Debug, PartialEq, Eq)]
#[command(
    rename_rule = "lowercase",
    description = "GoSight tells this chat when visitors struggle."
)]
enum Command {
    #[command(description = "link this chat with a code from the dashboard: /start CODE")]
    Start(String),
    #[command(description = "today's numbers")]
    Status,
    #[command(description = "the alert rules")]
    Rules,
    #[command(description = "no messages for a while: /mute 30m, /mute 1h, /mute 2d; /mute 0 ends it")]
    Mute(String),
    #[command(description = "get alerts here")]
    Subscribe,
    #[command(description = "get no alerts here, but stay linked")]
    Unsubscribe,
    #[command(description = "this list")]
    Help,
}

impl TelegramBot {
    /// A bot that has not spoken to Telegram yet.
    pub fn new(config: TelegramConfig, meta: Meta) -> Self {
        let mut bot = Bot::new(config.token);
        if let Some(url) = config.api_url {
            bot = bot.set_api_url(url);
        }
        let mut pace = tokio::time::interval(MESSAGE_PAUSE);
        pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
        metrics::gauge!(TELEGRAM_CONNECTED).set(0.0);
        Self {
            bot,
            meta,
            pace: Mutex::new(pace),
            me: OnceLock::new(),
        }
    }

    /// Asks Telegram who the bot is: a wrong token is an error here, not a surprise at the first alert.
    ///
    /// # Errors
    /// [`TelegramError::Rejected`] is for good; after any other one may try again.
    pub async fn connect(&self) -> Result<(), TelegramError> {
        let me = self.bot.get_me().await.map_err(judge)?;
        self.me.get_or_init(|| me);
        metrics::gauge!(TELEGRAM_CONNECTED).set(1.0);
        Ok(())
    }

    /// The bot's name, for deep links; none while Telegram has never been reached.
    pub fn username(&self) -> Option<&str> {
        self.me.get().map(|me| me.username())
    }

    /// Sends HTML, as an answer to an earlier message when one is named. Returns the reference of the new message.
    pub async fn send(&self, chat_id: i64, html: &str, answers: Option<&str>) -> Result<String, TelegramError> {
        self.pace.lock().await.tick().await;
        let mut request = self
            .bot
            .send_message(ChatId(chat_id), html)
            .parse_mode(ParseMode::Html)
            .link_preview_options(no_preview());
        if let Some(message_id) = answers.and_then(|reference| reference.parse().ok()) {
            request =
                request.reply_parameters(ReplyParameters::new(MessageId(message_id)).allow_sending_without_reply());
        }
        let message = request.await.map_err(judge)?;
        Ok(message.id.0.to_string())
    }

    /// Answers commands until it is stopped; connects first where that has not been done, and again after Telegram was away.
    pub async fn listen(&self, status: Status, stop: CancellationToken) {
        let mut offset = 0;
        let mut failures = 0;
        loop {
            let polled = tokio::select! {
                polled = self.poll(offset) => polled,
                () = stop.cancelled() => return,
            };
            match polled {
                Ok(updates) => {
                    failures = 0;
                    for update in updates {
                        offset = i32::try_from(update.id.0 + 1).unwrap_or(0);
                        if let Err(error) = self.update(update, &status).await {
                            tracing::warn!(%error, "a Telegram command was not answered");
                        }
                    }
                }
                Err(error) => {
                    metrics::gauge!(TELEGRAM_CONNECTED).set(0.0);
                    let pause = retry_after(failures);
                    tracing::warn!(%error, ?pause, "Telegram could not be asked for updates");
                    failures += 1;
                    tokio::select! {
                        () = tokio::time::sleep(pause) => {}
                        () = stop.cancelled() => return,
                    }
                }
            }
        }
    }

    async fn poll(&self, offset: i32) -> Result<Vec<Update>, TelegramError> {
        if self.username().is_none() {
            self.connect().await?;
            tracing::info!(bot = self.username(), "Telegram is reached");
        }
        let poll = self.bot.get_updates().offset(offset).timeout(POLL_S).allowed_updates([
            AllowedUpdate::Message,
            AllowedUpdate::ChannelPost,
            AllowedUpdate::MyChatMember,
        ]);
        let updates = poll.await.map_err(judge)?;
        metrics::gauge!(TELEGRAM_CONNECTED).set(1.0);
        Ok(updates)
    }

    async fn update(&self, update: Update, status: &Status) -> Result<(), CommandError> {
        match update.kind {
            UpdateKind::Message(message) | UpdateKind::ChannelPost(message) => self.message(&message, status).await,
            UpdateKind::MyChatMember(member) if !member.new_chat_member.is_present() => {
                Ok(self.meta.forget_telegram_chat(member.chat.id.0).await?)
            }
            _ => Ok(()),
        }
    }

    async fn message(&self, message: &Message, status: &Status) -> Result<(), CommandError> {
        let Some(text) = message.text() else { return Ok(()) };
        // What is no command of ours is people talking.
        let Ok(command) = Command::parse(text, self.username().unwrap_or_default()) else {
            return Ok(());
        };
        let chat_id = message.chat.id.0;
        let answer = match command {
            Command::Start(code) if !code.trim().is_empty() => {
                self.start(chat_id, &title(message), code.trim()).await?
            }
            command => {
                let links = self.meta.telegram_links(chat_id).await?;
                if links.is_empty() {
                    how_to_link()
                } else {
                    self.answer(command, chat_id, &links, status).await?
                }
            }
        };
        self.send(chat_id, &answer, None).await?;
        Ok(())
    }

    async fn start(&self, chat_id: i64, title: &str, code: &str) -> Result<String, CommandError> {
        let code_sha256 = Sha256::digest(code.as_bytes()).into();
        match self
            .meta
            .link_telegram_chat(&code_sha256, chat_id, title, now_ms())
            .await
        {
            Ok(link) => {
                let project = self.meta.project(link.project_id).await?;
                Ok(format!(
                    "Linked to <b>{}</b>. Alerts come here from now on. /help lists what I understand.",
                    escape(&project.name)
                ))
            }
            Err(MetaError::NotFound(_)) => Ok(
                "That code is unknown, used or expired. Ask the dashboard for a new one: Alerts → Telegram.".to_owned(),
            ),
            Err(error) => Err(error.into()),
        }
    }

    async fn answer(
        &self,
        command: Command,
        chat_id: i64,
        links: &[TelegramChat],
        status: &Status,
    ) -> Result<String, CommandError> {
        Ok(match command {
            Command::Start(_) | Command::Help => Command::descriptions().to_string(),
            Command::Status => self.about_each(links, |project| status(project)).await?,
            Command::Rules => {
                self.about_each(links, |project| Box::pin(rules(self.meta.clone(), project)))
                    .await?
            }
            Command::Subscribe => {
                self.meta.subscribe_telegram_chat(chat_id, true).await?;
                "Alerts come here.".to_owned()
            }
            Command::Unsubscribe => {
                self.meta.subscribe_telegram_chat(chat_id, false).await?;
                "No alerts come here any more. /subscribe brings them back.".to_owned()
            }
            Command::Mute(how_long) => self.mute(chat_id, how_long.trim()).await?,
        })
    }

    async fn mute(&self, chat_id: i64, how_long: &str) -> Result<String, CommandError> {
        let Some(mute_ms) = mute_ms(how_long) else {
            return Ok("How long? /mute 30m, /mute 1h or /mute 2d; /mute 0 ends it.".to_owned());
        };
        let until_ms = if mute_ms == 0 { 0 } else { now_ms() + mute_ms };
        self.meta.mute_telegram_chat(chat_id, until_ms).await?;
        Ok(match mute_ms {
            0 => "Alerts come here again.".to_owned(),
            mute_ms => format!(
                "Quiet for {}. What happens meanwhile is in the history.",
                duration(mute_ms)
            ),
        })
    }

    async fn about_each(
        &self,
        links: &[TelegramChat],
        say: impl Fn(Uuid) -> BoxFuture<'static, String>,
    ) -> Result<String, CommandError> {
        let mut parts = Vec::with_capacity(links.len());
        for link in links {
            let project = self.meta.project(link.project_id).await?;
            parts.push(format!(
                "<b>{}</b>\n{}",
                escape(&project.name),
                say(link.project_id).await
            ));
        }
        Ok(parts.join("\n\n"))
    }
}

#[derive(Debug, Error)]
enum CommandError {
    #[error(transparent)]
    Meta(#[from] MetaError),
    #[error(transparent)]
    Telegram(#[from] TelegramError),
}

async fn rules(meta: Meta, project: Uuid) -> String {
    match meta.alert_rules(project).await {
        Ok(rules) if rules.is_empty() => "no rules yet".to_owned(),
        Ok(rules) => rules
            .iter()
            .map(|rule| {
                let state = if rule.body.is_active { "on" } else { "off" };
                format!(
                    "• {} ({}, {state})",
                    escape(&rule.body.name),
                    escape(&metric(&rule.body.metric))
                )
            })
            .collect::<Vec<_>>()
            .join("\n"),
        Err(error) => {
            tracing::error!(%error, "rules could not be read");
            "the rules cannot be read right now".to_owned()
        }
    }
}

/// `30m`, `1h`, `2d` or `0`, in ms.
fn mute_ms(text: &str) -> Option<i64> {
    if text == "0" {
        return Some(0);
    }
    let unit = text.chars().next_back()?;
    let count: i64 = text.strip_suffix(unit)?.parse().ok()?;
    let unit_ms = match unit {
        'm' => 60_000,
        'h' => 3_600_000,
        'd' => 86_400_000,
        _ => return None,
    };
    count
        .checked_mul(unit_ms)
        .filter(|mute_ms| (1..=MUTE_MS_MAX).contains(mute_ms))
}

fn title(message: &Message) -> String {
    let chat = &message.chat;
    chat.title()
        .or(chat.username())
        .or(chat.first_name())
        .unwrap_or("chat")
        .to_owned()
}

fn how_to_link() -> String {
    "This chat is not linked to a project. In the GoSight dashboard open Alerts → Telegram and send me the code: /start CODE".to_owned()
}

fn no_preview() -> LinkPreviewOptions {
    LinkPreviewOptions {
        is_disabled: true,
        url: None,
        prefer_small_media: false,
        prefer_large_media: false,
        show_above_text: false,
    }
}

/// Which of Telegram's errors mean what to a delivery.
fn judge(error: RequestError) -> TelegramError {
    match error {
        RequestError::RetryAfter(seconds) => TelegramError::Later(seconds.duration()),
        RequestError::MigrateToChatId(ChatId(to)) => TelegramError::Moved(to),
        RequestError::Api(
            error @ (ApiError::BotBlocked
            | ApiError::BotKicked
            | ApiError::BotKickedFromSupergroup
            | ApiError::BotKickedFromChannel
            | ApiError::ChatNotFound
            | ApiError::GroupDeactivated
            | ApiError::UserDeactivated),
        ) => TelegramError::Gone(error.to_string()),
        RequestError::Api(ApiError::InvalidToken) => TelegramError::Rejected,
        RequestError::Api(error) => TelegramError::Refused(error.to_string()),
        RequestError::Network(error) => TelegramError::Unreachable(without_token(&error)),
        // A proxy's page, perhaps: of any length, so it is not quoted.
        RequestError::InvalidJson { .. } => TelegramError::Unreachable("the answer is not the Bot API's".to_owned()),
        RequestError::Io(error) => TelegramError::Unreachable(error.to_string()),
    }
}

/// The request's url holds the bot's token, which belongs in no log and no delivery history.
fn without_token(error: &reqwest::Error) -> String {
    if error.is_timeout() {
        "it took too long".to_owned()
    } else if error.is_connect() {
        "no connection".to_owned()
    } else {
        "the exchange failed".to_owned()
    }
}

/// 1 s, 2 s, 4 s … at most a minute.
fn retry_after(failures: u32) -> Duration {
    RETRY_FIRST.saturating_mul(2u32.saturating_pow(failures)).min(RETRY_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_absent_telegram_is_tried_again_soon_and_then_ever_more_rarely() {
        assert_eq!(
            [0, 1, 5, 6, u32::MAX].map(|n| retry_after(n).as_secs()),
            [1, 2, 32, 60, 60]
        );
    }

    #[test]
    fn a_mute_is_minutes_hours_or_days_and_bounded() {
        assert_eq!(mute_ms("30m"), Some(1_800_000));
        assert_eq!(mute_ms("1h"), Some(3_600_000));
        assert_eq!(mute_ms("2d"), Some(172_800_000));
        assert_eq!(mute_ms("0"), Some(0));
        for wrong in ["", "h", "1", "-1h", "31d", "1y", "９h", "1é", "99999999999999999999h"] {
            assert_eq!(mute_ms(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_start_command_carries_its_code() {
        assert_eq!(
            Command::parse("/start abc", "bot").ok(),
            Some(Command::Start("abc".to_owned()))
        );
        assert_eq!(
            Command::parse("/start@bot abc", "bot").ok(),
            Some(Command::Start("abc".to_owned()))
        );
        assert!(Command::parse("hello", "bot").is_err());
    }
}
