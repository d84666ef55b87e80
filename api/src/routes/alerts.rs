//! Alert rules, their history, and the chats that hear of them. Whether a rule holds is the dataflow's word, not this file's.

use axum::extract::State;
use gosight_proto::control::Metric;
use gosight_store::analytics::Cursor;
use gosight_store::meta::{AlertRule, Channel, HistoryEntry, Role, RuleBody, TelegramChat};
use qrcode::QrCode;
use qrcode::render::svg;
use serde::{Deserialize, Serialize};
use serde_json::json;
use sha2::{Digest, Sha256};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::{checks, record};
use crate::access::{AsAdmin, AsMember, ProjectScope, Secret};
use crate::notifications::webhook;
use crate::page::{PageParams, cut};
use crate::{Answer, Api, ApiError, Body, Envelope, InPath, Iso, Params};

/// A one-time code that links a chat is good for this long: enough to switch to the phone.
const LINK_CODE_LIFE_MS: i64 = 15 * 60 * 1000;
const CHANNELS_MAX: usize = 10;
const FILTERS_MAX: usize = 8;
const FILTER_CHARS_MAX: usize = 512;
/// Characters of a custom event's name, as on the wire.
const EVENT_NAME_CHARS_MAX: usize = 100;
/// A week.
const COOLDOWN_MINUTES_MAX: u32 = 7 * 24 * 60;

/// A rule as it stands.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RuleView {
    id: Uuid,
    #[serde(flatten)]
    #[schema(inline, value_type = RuleFields)]
    body: RuleBody,
    created_at: Iso,
    updated_at: Iso,
}

/// What a rule says: when `metric` over the last `window` compares so with `threshold`, tell `channels`.
#[derive(ToSchema)]
#[expect(dead_code, reason = "the documented shape of the store's RuleBody")]
pub(crate) struct RuleFields {
    name: String,
    /// `threshold`.
    kind: String,
    /// `sessions`, `pageviews`, `errors`, `error_rate`, `rage_clicks`, `dead_clicks`, `error_clicks`, `avg_lcp`, `avg_ttfb`, `bounce_rate` or `custom_event:NAME`.
    metric: String,
    /// `>`, `>=`, `<`, `<=` or `==`.
    operator: String,
    threshold: f64,
    /// `1m`, `5m`, `15m` or `1h`, sliding.
    window: String,
    /// `path`, `browser`, `country` or `device`: one value per group.
    group_by: Option<String>,
    filters: Vec<FilterFields>,
    channels: Vec<ChannelFields>,
    /// Minutes between two messages about one rule and group; 15 unless set.
    cooldown_minutes: u32,
    is_active: bool,
}

#[derive(ToSchema)]
#[expect(dead_code, reason = "the documented shape of the control record's Filter")]
pub(crate) struct FilterFields {
    /// `path`, `browser`, `country` or `device`.
    dimension: String,
    value: String,
}

#[derive(ToSchema)]
#[expect(dead_code, reason = "the documented shape of the store's Channel")]
pub(crate) struct ChannelFields {
    /// `telegram` or `webhook`.
    #[schema(rename = "type")]
    channel_type: String,
    /// Of `telegram`: one linked chat; without it every chat linked to the project.
    chat_id: Option<i64>,
    /// Of `webhook`.
    url: Option<String>,
    /// Of `webhook`: key of the signature; made up when absent, shown to members.
    secret: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct HistoryView {
    id: Uuid,
    rule_id: Uuid,
    rule_name: String,
    /// The value of the rule's `group_by`; empty without one.
    group: String,
    /// `fired` or `resolved`.
    state: &'static str,
    value: Option<f64>,
    threshold: f64,
    time: Iso,
    /// When the condition began to hold.
    fired_at: Iso,
    session_ids: Vec<Uuid>,
    /// False when the cooldown kept it from being told.
    is_announced: bool,
    deliveries: Vec<DeliveryView>,
}

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DeliveryView {
    /// `telegram` or `webhook`.
    channel: &'static str,
    /// The chat or the url.
    recipient: String,
    /// `pending`, `sent`, `failed` or `muted`.
    state: &'static str,
    /// Why the newest attempt failed; absent when it did not.
    #[serde(skip_serializing_if = "Option::is_none")]
    last_error: Option<String>,
}

/// What became of a test message.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TestView {
    /// `telegram` or `webhook`.
    channel: &'static str,
    recipient: String,
    is_sent: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

/// How to link a chat.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct LinkView {
    /// To be sent to the bot as `/start CODE`, once.
    code: String,
    bot: String,
    /// Opens the bot with the code filled in.
    url: String,
    /// The same as a picture, SVG.
    qr_svg: String,
    expires_at: Iso,
}

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ChatView {
    chat_id: i64,
    title: String,
    is_subscribed: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    muted_until: Option<Iso>,
    linked_at: Iso,
}

#[derive(Deserialize)]
pub(crate) struct RulePath {
    rule_id: Uuid,
}

#[derive(Deserialize)]
pub(crate) struct ChatPath {
    chat_id: i64,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct HistoryParams {
    /// Of this rule only.
    rule_id: Option<Uuid>,
    /// At most 100; 50 unless asked otherwise.
    per_page: Option<u32>,
    /// `meta.next_cursor` of the page before.
    cursor: Option<String>,
}

/// The rules of a project, oldest first
#[utoipa::path(get, path = "/projects/{project}/alerts/rules", operation_id = "list_alert_rules", tag = "alerts", responses((status = 200, body = Envelope<Vec<RuleView>>)))]
pub(crate) async fn list(State(api): State<Api>, scope: ProjectScope) -> Result<Answer<Vec<RuleView>>, ApiError> {
    let rules = api.meta().alert_rules(scope.project.id).await?;
    Ok(Answer::new(
        rules.into_iter().map(|rule| view(rule, scope.role)).collect(),
    ))
}

/// One rule
#[utoipa::path(get, path = "/projects/{project}/alerts/rules/{rule_id}", operation_id = "get_alert_rule", tag = "alerts", responses((status = 200, body = Envelope<RuleView>)))]
pub(crate) async fn get(
    State(api): State<Api>,
    scope: ProjectScope,
    InPath(RulePath { rule_id }): InPath<RulePath>,
) -> Result<Answer<RuleView>, ApiError> {
    let rule = api.meta().alert_rule(scope.project.id, rule_id).await?;
    Ok(Answer::new(view(rule, scope.role)))
}

/// Make a rule; it acts on the window that is already there
#[utoipa::path(post, path = "/projects/{project}/alerts/rules", operation_id = "create_alert_rule", tag = "alerts", request_body = RuleFields,
    responses((status = 201, body = Envelope<RuleView>)))]
pub(crate) async fn create(
    State(api): State<Api>,
    scope: ProjectScope<AsMember>,
    Body(body): Body<RuleBody>,
) -> Result<Answer<RuleView>, ApiError> {
    let body = checked(body)?;
    let rule = api
        .meta()
        .create_alert_rule(scope.project.id, &body, api.now_ms())
        .await?;
    record(
        &api,
        &scope,
        "alert_rule.create",
        rule.id,
        json!({ "name": rule.body.name }),
    )
    .await?;
    Ok(Answer::created(view(rule, scope.role)))
}

/// Replace a rule
#[utoipa::path(put, path = "/projects/{project}/alerts/rules/{rule_id}", operation_id = "replace_alert_rule", tag = "alerts", request_body = RuleFields,
    responses((status = 200, body = Envelope<RuleView>)))]
pub(crate) async fn replace(
    State(api): State<Api>,
    scope: ProjectScope<AsMember>,
    InPath(RulePath { rule_id }): InPath<RulePath>,
    Body(body): Body<RuleBody>,
) -> Result<Answer<RuleView>, ApiError> {
    store(&api, &scope, rule_id, body).await
}

/// Change some fields of a rule
#[utoipa::path(patch, path = "/projects/{project}/alerts/rules/{rule_id}", operation_id = "change_alert_rule", tag = "alerts", request_body = Object,
    responses((status = 200, body = Envelope<RuleView>)))]
pub(crate) async fn change(
    State(api): State<Api>,
    scope: ProjectScope<AsMember>,
    InPath(RulePath { rule_id }): InPath<RulePath>,
    Body(fields): Body<serde_json::Map<String, serde_json::Value>>,
) -> Result<Answer<RuleView>, ApiError> {
    let rule = api.meta().alert_rule(scope.project.id, rule_id).await?;
    let mut merged = serde_json::to_value(&rule.body).map_err(ApiError::internal)?;
    for (field, value) in fields {
        merged[field] = value;
    }
    let body = serde_json::from_value(merged).map_err(|error| ApiError::invalid("rule", error.to_string()))?;
    store(&api, &scope, rule_id, body).await
}

/// Delete a rule; what it had fired resolves
#[utoipa::path(delete, path = "/projects/{project}/alerts/rules/{rule_id}", operation_id = "delete_alert_rule", tag = "alerts",
    responses((status = 200, body = Envelope<RuleView>)))]
pub(crate) async fn delete(
    State(api): State<Api>,
    scope: ProjectScope<AsMember>,
    InPath(RulePath { rule_id }): InPath<RulePath>,
) -> Result<Answer<RuleView>, ApiError> {
    let rule = api.meta().alert_rule(scope.project.id, rule_id).await?;
    api.meta().delete_alert_rule(scope.project.id, rule_id).await?;
    record(
        &api,
        &scope,
        "alert_rule.delete",
        rule_id,
        json!({ "name": rule.body.name }),
    )
    .await?;
    Ok(Answer::new(view(rule, scope.role)))
}

/// Send a test message to each of a rule's channels, now
#[utoipa::path(post, path = "/projects/{project}/alerts/rules/{rule_id}/test", operation_id = "test_alert_rule", tag = "alerts",
    responses((status = 200, body = Envelope<Vec<TestView>>)))]
pub(crate) async fn test(
    State(api): State<Api>,
    scope: ProjectScope<AsMember>,
    InPath(RulePath { rule_id }): InPath<RulePath>,
) -> Result<Answer<Vec<TestView>>, ApiError> {
    let rule = api.meta().alert_rule(scope.project.id, rule_id).await?;
    let results = api.notifier().test(&scope.project, &rule, api.now_ms()).await?;
    let tests = results.into_iter().map(|(channel, error)| {
        let (channel, recipient) = said(&channel);
        TestView {
            channel,
            recipient,
            is_sent: error.is_none(),
            error,
        }
    });
    Ok(Answer::new(tests.collect()))
}

/// What fired and cleared, newest first, and what became of the messages
#[utoipa::path(get, path = "/projects/{project}/alerts/history", operation_id = "list_alert_history", tag = "alerts", params(HistoryParams),
    responses((status = 200, body = Envelope<Vec<HistoryView>>)))]
pub(crate) async fn history(
    State(api): State<Api>,
    scope: ProjectScope,
    Params(page): Params<HistoryParams>,
) -> Result<Answer<Vec<HistoryView>>, ApiError> {
    let (rule_id, page) = (
        page.rule_id,
        PageParams {
            per_page: page.per_page,
            cursor: page.cursor,
        },
    );
    let before = page.after()?.map(|cursor| (cursor.value, cursor.id));
    let mut entries = api
        .meta()
        .alert_history(scope.project.id, rule_id, before, page.per_page() + 1)
        .await?;
    let last = |entry: &HistoryEntry| Cursor {
        value: entry.transition.at_ms,
        id: entry.transition.id,
    };
    let next = cut(&mut entries, page.per_page(), last);
    Ok(Answer::new(entries.into_iter().map(HistoryView::from).collect()).next_cursor(next))
}

/// A one-time code that links a Telegram chat to the project
#[utoipa::path(post, path = "/projects/{project}/alerts/telegram/link", operation_id = "create_telegram_link", tag = "alerts", responses((status = 201, body = Envelope<LinkView>)))]
pub(crate) async fn link(State(api): State<Api>, scope: ProjectScope<AsMember>) -> Result<Answer<LinkView>, ApiError> {
    let Some(bot) = api.notifier().telegram() else {
        return Err(ApiError::Conflict(
            "no Telegram bot is configured: start GoSight with GOSIGHT_TELEGRAM_TOKEN",
        ));
    };
    let Some(username) = bot.username() else {
        return Err(ApiError::Conflict(
            "Telegram has not been reached yet; GoSight keeps trying, so try again in a minute",
        ));
    };
    let code = Secret::new("")?.0;
    let expires_at_ms = api.now_ms() + LINK_CODE_LIFE_MS;
    let code_sha256 = Sha256::digest(code.as_bytes()).into();
    api.meta()
        .create_telegram_code(scope.project.id, &code_sha256, expires_at_ms, api.now_ms())
        .await?;
    let url = format!("https://t.me/{username}?start={code}");
    let qr_svg = qr_svg(&url)?;
    Ok(Answer::created(LinkView {
        code,
        bot: username.to_owned(),
        url,
        qr_svg,
        expires_at: Iso(expires_at_ms),
    }))
}

/// The chats linked to the project
#[utoipa::path(get, path = "/projects/{project}/alerts/telegram/chats", operation_id = "list_telegram_chats", tag = "alerts", responses((status = 200, body = Envelope<Vec<ChatView>>)))]
pub(crate) async fn chats(State(api): State<Api>, scope: ProjectScope) -> Result<Answer<Vec<ChatView>>, ApiError> {
    let chats = api.meta().telegram_chats(scope.project.id).await?;
    Ok(Answer::new(chats.into_iter().map(ChatView::from).collect()))
}

/// Unlink a chat
#[utoipa::path(delete, path = "/projects/{project}/alerts/telegram/chats/{chat_id}", operation_id = "unlink_telegram_chat", tag = "alerts",
    responses((status = 200, body = Envelope<bool>)))]
pub(crate) async fn unlink(
    State(api): State<Api>,
    scope: ProjectScope<AsAdmin>,
    InPath(ChatPath { chat_id }): InPath<ChatPath>,
) -> Result<Answer<bool>, ApiError> {
    api.meta().unlink_telegram_chat(scope.project.id, chat_id).await?;
    record(&api, &scope, "telegram_chat.unlink", chat_id, json!({})).await?;
    Ok(Answer::new(true))
}

async fn store(
    api: &Api,
    scope: &ProjectScope<AsMember>,
    rule_id: Uuid,
    body: RuleBody,
) -> Result<Answer<RuleView>, ApiError> {
    let body = checked(body)?;
    let rule = api
        .meta()
        .update_alert_rule(scope.project.id, rule_id, &body, api.now_ms())
        .await?;
    record(
        api,
        scope,
        "alert_rule.change",
        rule_id,
        json!({ "name": rule.body.name }),
    )
    .await?;
    Ok(Answer::new(view(rule, scope.role)))
}

/// What serde cannot say of a rule.
fn checked(mut body: RuleBody) -> Result<RuleBody, ApiError> {
    body.name = checks::name("name", &body.name)?;
    if !body.threshold.is_finite() {
        return Err(ApiError::invalid("threshold", "must be a number"));
    }
    if body.filters.len() > FILTERS_MAX
        || body
            .filters
            .iter()
            .any(|filter| filter.value.chars().count() > FILTER_CHARS_MAX)
    {
        return Err(ApiError::invalid(
            "filters",
            "must be at most 8, of at most 512 characters each",
        ));
    }
    if body.cooldown_minutes > COOLDOWN_MINUTES_MAX {
        return Err(ApiError::invalid("cooldown_minutes", "must be at most a week"));
    }
    if let Metric::CustomEvent(name) = &body.metric
        && name.chars().count() > EVENT_NAME_CHARS_MAX
    {
        return Err(ApiError::invalid(
            "metric",
            "an event's name has at most 100 characters",
        ));
    }
    if body.channels.len() > CHANNELS_MAX {
        return Err(ApiError::invalid("channels", "must be at most 10"));
    }
    for channel in &mut body.channels {
        if let Channel::Webhook { url, secret } = channel {
            webhook::parse(url).map_err(|error| ApiError::invalid("channels", error.to_string()))?;
            if secret.as_deref().unwrap_or_default().is_empty() {
                *secret = Some(Secret::new("whsec_")?.0);
            }
        }
    }
    Ok(body)
}

/// A viewer does not see what signs webhooks.
fn view(rule: AlertRule, role: Role) -> RuleView {
    let mut body = rule.body;
    if role < Role::Member {
        for channel in &mut body.channels {
            if let Channel::Webhook { secret, .. } = channel {
                *secret = None;
            }
        }
    }
    RuleView {
        id: rule.id,
        body,
        created_at: Iso(rule.created_at_ms),
        updated_at: Iso(rule.updated_at_ms),
    }
}

fn qr_svg(url: &str) -> Result<String, ApiError> {
    let code = QrCode::new(url).map_err(ApiError::internal)?;
    Ok(code.render::<svg::Color<'_>>().min_dimensions(160, 160).build())
}

fn said(channel: &Channel) -> (&'static str, String) {
    match channel {
        Channel::Telegram { chat_id: Some(chat_id) } => ("telegram", chat_id.to_string()),
        Channel::Telegram { chat_id: None } => ("telegram", "every linked chat".to_owned()),
        Channel::Webhook { url, .. } => ("webhook", url.clone()),
    }
}

impl From<HistoryEntry> for HistoryView {
    fn from(entry: HistoryEntry) -> Self {
        let transition = entry.transition;
        let deliveries = entry.deliveries.into_iter().map(|delivery| {
            let (channel, recipient) = said(&delivery.recipient);
            DeliveryView {
                channel,
                recipient,
                state: delivery.state.as_str(),
                last_error: delivery.last_error,
            }
        });
        Self {
            id: transition.id,
            rule_id: transition.rule_id,
            rule_name: transition.rule.name,
            group: transition.group,
            state: transition.state.as_str(),
            value: transition.value,
            threshold: transition.threshold,
            time: Iso(transition.at_ms),
            fired_at: Iso(transition.fired_at_ms),
            session_ids: transition.session_ids,
            is_announced: transition.is_announced,
            deliveries: deliveries.collect(),
        }
    }
}

impl From<TelegramChat> for ChatView {
    fn from(chat: TelegramChat) -> Self {
        Self {
            chat_id: chat.chat_id,
            title: chat.title,
            is_subscribed: chat.is_subscribed,
            muted_until: (chat.muted_until_ms > 0).then_some(Iso(chat.muted_until_ms)),
            linked_at: Iso(chat.linked_at_ms),
        }
    }
}
