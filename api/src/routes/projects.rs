//! Projects.

use axum::extract::State;
use futures::{StreamExt, stream};
use gosight_proto::limits::RATE_EVENTS_PER_S_DEFAULT;
use gosight_store::meta::{MetaError, NewProject, Permission, Project, ProjectPatch, Role, Settings};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{checks, keys, record};
use crate::access::{AsAdmin, AsOwner, AsViewer, ProjectScope, Secret, SignedIn, zone_of};
use crate::{Answer, Api, ApiError, Body, Envelope, Iso};

/// Projects whose numbers of today are asked for at once.
const TODAY_AT_ONCE: usize = 4;

/// A project, as its members see it in a list.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ProjectItem {
    id: Uuid,
    name: String,
    /// Stands for the id in every path.
    slug: String,
    /// `owner`, `admin`, `member` or `viewer`.
    #[schema(value_type = String)]
    role: Role,
    /// Since midnight in the project's zone.
    sessions_today: Option<i64>,
    /// Since midnight in the project's zone.
    events_today: Option<i64>,
}

/// A project, all of it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ProjectView {
    id: Uuid,
    name: String,
    slug: String,
    #[schema(value_type = String)]
    role: Role,
    /// Hosts pages may send from; `*.example.com` covers subdomains; none means all.
    allowed_domains: Vec<String>,
    /// IANA name of the zone whose days are the project's days; also `settings.timezone`.
    timezone: String,
    #[schema(value_type = Object)]
    settings: Settings,
    created_at: Iso,
    updated_at: Iso,
}

/// A project just made, with its first key.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct NewProjectView {
    #[serde(flatten)]
    view: ProjectView,
    /// The first (write) key. It is not shown again.
    key: String,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ProjectBody {
    name: String,
    /// Made from the name when absent.
    slug: Option<String>,
    #[serde(default)]
    allowed_domains: Vec<String>,
    /// Merged into the defaults.
    #[schema(value_type = Option<Object>)]
    settings: Option<Value>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ProjectPatchBody {
    name: Option<String>,
    allowed_domains: Option<Vec<String>>,
    /// A JSON merge patch: what is absent stays, `null` restores the default.
    #[schema(value_type = Option<Object>)]
    settings: Option<Value>,
}

impl ProjectView {
    fn new(project: Project, role: Role) -> Self {
        Self {
            id: project.id,
            name: project.name,
            slug: project.slug,
            role,
            allowed_domains: project.allowed_domains,
            timezone: project.settings.timezone.0.clone(),
            settings: project.settings,
            created_at: Iso(project.created_at_ms),
            updated_at: Iso(project.updated_at_ms),
        }
    }
}

/// My projects, with today's numbers
#[utoipa::path(get, path = "/projects", operation_id = "list_projects", tag = "projects", responses((status = 200, body = Envelope<Vec<ProjectItem>>)))]
pub(crate) async fn list(
    State(api): State<Api>,
    SignedIn(login): SignedIn,
) -> Result<Answer<Vec<ProjectItem>>, ApiError> {
    let complete_to_ms = api.complete_to_ms();
    let projects = api.meta().projects_of(login.user_id).await?;
    let items = stream::iter(projects)
        .map(|(project, role)| item(&api, project, role))
        .buffered(TODAY_AT_ONCE);
    Ok(Answer::new(items.collect().await).complete_to(complete_to_ms))
}

/// A project's numbers of today are null while analytics cannot be asked: the list is also the way to the settings.
async fn item(api: &Api, project: Project, role: Role) -> ProjectItem {
    let today = api
        .analytics()
        .scope(project.id)
        .today(api.now_ms(), zone_of(&project))
        .await;
    let today = today
        .inspect_err(|error| tracing::warn!(%error, "a project is listed without its numbers"))
        .ok();
    ProjectItem {
        id: project.id,
        name: project.name,
        slug: project.slug,
        role,
        sessions_today: today.map(|today| today.sessions),
        events_today: today.map(|today| today.events),
    }
}

/// Make a project; the answer shows its first key, once
#[utoipa::path(post, path = "/projects", operation_id = "create_project", tag = "projects", request_body = ProjectBody,
    responses((status = 201, body = Envelope<NewProjectView>)))]
pub(crate) async fn create(
    State(api): State<Api>,
    SignedIn(login): SignedIn,
    Body(body): Body<ProjectBody>,
) -> Result<Answer<NewProjectView>, ApiError> {
    let name = checks::name("name", &body.name)?;
    let settings = patched(&Settings::default(), body.settings.as_ref())?;
    let allowed_domains = checks::allowed_domains(&body.allowed_domains)?;
    let secret = Secret::new("gsk_")?;
    let make = async |slug: &str| {
        let new = NewProject {
            slug,
            name: &name,
            allowed_domains: &allowed_domains,
            settings: &settings,
            owner: login.user_id,
        };
        api.meta().create_project(&new, api.now_ms()).await
    };
    let project = match &body.slug {
        Some(slug) => {
            checks::slug(slug)?;
            make(slug).await?
        }
        None => match make(&checks::slug_of(&name, "")).await {
            Err(MetaError::Conflict(_)) => {
                make(&checks::slug_of(&name, &Uuid::new_v4().simple().to_string()[..8])).await?
            }
            made => made?,
        },
    };
    keys::store(
        &api,
        project.id,
        &secret,
        "First key",
        Permission::Write,
        RATE_EVENTS_PER_S_DEFAULT,
    )
    .await?;
    Ok(Answer::created(NewProjectView {
        view: ProjectView::new(project, Role::Owner),
        key: secret.0,
    }))
}

/// One project
#[utoipa::path(get, path = "/projects/{project}", operation_id = "get_project", tag = "projects", responses((status = 200, body = Envelope<ProjectView>)))]
pub(crate) async fn get(scope: ProjectScope<AsViewer>) -> Answer<ProjectView> {
    Answer::new(ProjectView::new(scope.project, scope.role))
}

/// Change a project's name, domains or settings
#[utoipa::path(patch, path = "/projects/{project}", operation_id = "update_project", tag = "projects", request_body = ProjectPatchBody,
    responses((status = 200, body = Envelope<ProjectView>)))]
pub(crate) async fn update(
    State(api): State<Api>,
    scope: ProjectScope<AsAdmin>,
    Body(body): Body<ProjectPatchBody>,
) -> Result<Answer<ProjectView>, ApiError> {
    let patch = ProjectPatch {
        name: body
            .name
            .as_deref()
            .map(|name| checks::name("name", name))
            .transpose()?,
        allowed_domains: body
            .allowed_domains
            .as_deref()
            .map(checks::allowed_domains)
            .transpose()?,
        settings: match &body.settings {
            Some(settings) => Some(patched(&scope.project.settings, Some(settings))?),
            None => None,
        },
    };
    let project = api
        .meta()
        .update_project(scope.project.id, &patch, api.now_ms())
        .await?;
    let details = json!({ "name": body.name, "allowed_domains": body.allowed_domains, "settings": body.settings });
    record(&api, &scope, "project.update", project.id, details).await?;
    Ok(Answer::new(ProjectView::new(project, scope.role)))
}

/// Delete a project with everything in it
#[utoipa::path(delete, path = "/projects/{project}", operation_id = "delete_project", tag = "projects", responses((status = 200, body = Envelope<serde_json::Value>)))]
pub(crate) async fn delete(State(api): State<Api>, scope: ProjectScope<AsOwner>) -> Result<Answer<Value>, ApiError> {
    api.meta().delete_project(scope.project.id, api.now_ms()).await?;
    Ok(Answer::new(json!({ "id": scope.project.id })))
}

fn patched(settings: &Settings, patch: Option<&Value>) -> Result<Settings, ApiError> {
    let Some(patch) = patch else {
        return Ok(settings.clone());
    };
    let settings = settings
        .patched(patch)
        .map_err(|error| ApiError::invalid(&format!("settings.{}", error.field), error.reason))?;
    checks::timezone(&settings)?;
    Ok(settings)
}
