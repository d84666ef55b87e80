//! Sessions: the list, one session, its events.

use axum::extract::State;
use gosight_proto::EventType;
use gosight_store::analytics::{PageRequest, SessionOrder, SessionSort};
use serde::Deserialize;
use utoipa::IntoParams;
use uuid::Uuid;

use super::params::{FilterParams, RangeParams};
use crate::access::ProjectScope;
use crate::views::{EventView, SessionView};
use crate::{Answer, Api, ApiError, Envelope, InPath, PageParams, Params};

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct OrderParams {
    /// `started_at`, `duration_ms`, `page_count`, `event_count`, `click_count`, `error_count`, `rage_click_count`, `dead_click_count`,
    /// `error_click_count` or `struggle` (rage, dead and error clicks together); with `-` in front the largest first. `-started_at` unless given.
    sort: Option<String>,
}

/// Which of a session's events.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct EventParams {
    /// Names of event types, separated by commas, such as `click,page_view`; all types unless given.
    types: Option<String>,
    /// At most 500; 50 unless asked otherwise.
    per_page: Option<u32>,
    /// `meta.next_cursor` of the page before.
    cursor: Option<String>,
}

impl EventParams {
    fn types(&self) -> Result<Option<Vec<&'static str>>, ApiError> {
        let named = |name: &str| {
            EventType::from_name(name)
                .map(EventType::name)
                .ok_or_else(|| ApiError::invalid("types", "names of event types, separated by commas"))
        };
        self.types
            .as_ref()
            .map(|names| names.split(',').map(named).collect())
            .transpose()
    }

    fn page(self) -> Result<PageRequest, ApiError> {
        let Self { per_page, cursor, .. } = self;
        let after = PageParams { per_page, cursor }.after()?;
        Ok(PageRequest::of_events(per_page, after))
    }
}

#[derive(Deserialize)]
pub(crate) struct SessionPath {
    pub(super) session_id: Uuid,
}

impl OrderParams {
    fn order(&self) -> Result<SessionOrder, ApiError> {
        let Some(text) = &self.sort else {
            return Ok(SessionOrder::default());
        };
        let (name, descending) = match text.strip_prefix('-') {
            Some(name) => (name, true),
            None => (text.as_str(), false),
        };
        let sort = SessionSort::from_name(name)
            .ok_or_else(|| ApiError::invalid("sort", "sessions cannot be sorted by that"))?;
        Ok(SessionOrder { sort, descending })
    }
}

/// Sessions that started in the range
#[utoipa::path(get, path = "/projects/{project}/sessions", operation_id = "list_sessions", tag = "sessions", params(RangeParams, FilterParams, OrderParams, PageParams),
    responses((status = 200, body = Envelope<Vec<SessionView>>)))]
pub(crate) async fn list(
    State(api): State<Api>,
    scope: ProjectScope,
    Params(range): Params<RangeParams>,
    Params(filter): Params<FilterParams>,
    Params(order): Params<OrderParams>,
    Params(page): Params<PageParams>,
) -> Result<Answer<Vec<SessionView>>, ApiError> {
    let complete_to_ms = api.complete_to_ms();
    let range = range.range(api.now_ms())?;
    let kept_from_ms = scope.replays_kept_from_ms(api.now_ms());
    let page = scope
        .analytics
        .sessions(range, &filter.filter(kept_from_ms)?, order.order()?, page.request()?)
        .await?;
    let view = |row| SessionView::from(row).with_replays_from(kept_from_ms);
    let sessions = page.rows.into_iter().map(view).collect();
    Ok(Answer::new(sessions)
        .complete_to(complete_to_ms)
        .next_cursor(page.next.map(|cursor| cursor.encode())))
}

/// One session
#[utoipa::path(get, path = "/projects/{project}/sessions/{session_id}", operation_id = "get_session", tag = "sessions", params(("session_id" = Uuid, Path)),
    responses((status = 200, body = Envelope<SessionView>)))]
pub(crate) async fn get(
    State(api): State<Api>,
    scope: ProjectScope,
    InPath(path): InPath<SessionPath>,
) -> Result<Answer<SessionView>, ApiError> {
    let complete_to_ms = api.complete_to_ms();
    let session = scope
        .analytics
        .session(path.session_id)
        .await?
        .ok_or(ApiError::NotFound("session"))?;
    let view = SessionView::from(session).with_replays_from(scope.replays_kept_from_ms(api.now_ms()));
    Ok(Answer::new(view).complete_to(complete_to_ms))
}

/// A session's events in time order
#[utoipa::path(get, path = "/projects/{project}/sessions/{session_id}/events", operation_id = "list_session_events", tag = "sessions", params(("session_id" = Uuid, Path), EventParams),
    responses((status = 200, body = Envelope<Vec<EventView>>)))]
pub(crate) async fn events(
    State(api): State<Api>,
    scope: ProjectScope,
    InPath(path): InPath<SessionPath>,
    Params(params): Params<EventParams>,
) -> Result<Answer<Vec<EventView>>, ApiError> {
    let complete_to_ms = api.complete_to_ms();
    let types = params.types()?;
    let page = params.page()?;
    let session = scope
        .analytics
        .session(path.session_id)
        .await?
        .ok_or(ApiError::NotFound("session"))?;
    let page = scope.analytics.session_events(&session, types.as_deref(), page).await?;
    let events = page.rows.into_iter().map(EventView::from).collect();
    Ok(Answer::new(events)
        .complete_to(complete_to_ms)
        .next_cursor(page.next.map(|cursor| cursor.encode())))
}
