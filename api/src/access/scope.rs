//! The one place for tenancy: a handler gets a project by asking for a [`ProjectScope`], and in no other way.

use std::marker::PhantomData;

use axum::extract::{FromRequestParts, RawPathParams};
use axum::http::request::Parts;
use chrono_tz::Tz;
use gosight_store::analytics::Scope;
use gosight_store::keeping::kept_from_ms;
use gosight_store::meta::{MetaError, Project, Role};
use uuid::Uuid;

use super::caller::Caller;
use crate::{Api, ApiError};

/// A project the caller is a member of, with at least the role that `R` names.
///
/// Whoever is not a member learns nothing: the answer is the same as for a project that does not exist.
pub struct ProjectScope<R: Rank = AsViewer> {
    pub project: Project,
    pub role: Role,
    /// The person who asks; none for a read key.
    pub user_id: Option<Uuid>,
    /// Everything that may be asked about this project's analytics, and about no other's.
    pub analytics: Scope,
    rank: PhantomData<R>,
}

/// The least role a handler asks for.
pub trait Rank: Send + Sync {
    const ROLE: Role;
}

macro_rules! ranks {
    ($($(#[$meta:meta])* $name:ident = $role:ident),+ $(,)?) => {
        $($(#[$meta])*
        pub struct $name;

        impl Rank for $name {
            const ROLE: Role = Role::$role;
        })+
    };
}

ranks! {
    /// May read.
    AsViewer = Viewer,
    /// May change alert rules.
    AsMember = Member,
    /// May change settings, keys and members.
    AsAdmin = Admin,
    /// May delete the project.
    AsOwner = Owner,
}

impl<R: Rank> ProjectScope<R> {
    /// The zone whose days are the project's days.
    pub fn zone(&self) -> Tz {
        zone_of(&self.project)
    }

    /// A session that ended before has no recording any more.
    pub fn replays_kept_from_ms(&self, now_ms: i64) -> i64 {
        kept_from_ms(now_ms, self.project.settings.storage.replay_days)
    }
}

/// Names are checked when they are set; one that has gone from the database since counts as UTC.
pub(crate) fn zone_of(project: &Project) -> Tz {
    project.settings.timezone.0.parse().unwrap_or(Tz::UTC)
}

impl<R: Rank> FromRequestParts<Api> for ProjectScope<R> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, ApiError> {
        let caller = parts.extensions.get::<Caller>().copied().unwrap_or(Caller::Nobody);
        let params = RawPathParams::from_request_parts(parts, api)
            .await
            .map_err(ApiError::internal)?;
        let named = params
            .iter()
            .find(|(name, _)| *name == "project")
            .map(|(_, value)| value.to_owned());
        let named = named.ok_or(ApiError::NotFound("project"))?;
        let (project, role, user_id) = membership(api, caller, &named).await?;
        if role < R::ROLE {
            return Err(ApiError::Forbidden("your role in this project does not allow that"));
        }
        let analytics = api.analytics().scope(project.id);
        Ok(Self {
            project,
            role,
            user_id,
            analytics,
            rank: PhantomData,
        })
    }
}

/// The project of this id or slug and the caller's role in it.
pub(crate) async fn membership(
    api: &Api,
    caller: Caller,
    id_or_slug: &str,
) -> Result<(Project, Role, Option<Uuid>), ApiError> {
    if caller == Caller::Nobody {
        return Err(ApiError::Unauthorized("sign in first"));
    }
    let project = match Uuid::try_parse(id_or_slug) {
        Ok(id) => api.meta().project(id).await,
        Err(_) => api.meta().project_by_slug(id_or_slug).await,
    };
    let project = match project {
        Err(MetaError::NotFound(_)) => return Err(ApiError::NotFound("project")),
        other => other?,
    };
    match caller {
        Caller::Person(login) => {
            let role = api
                .meta()
                .role(project.id, login.user_id)
                .await?
                .ok_or(ApiError::NotFound("project"))?;
            Ok((project, role, Some(login.user_id)))
        }
        Caller::Key(key) if key.project_id == project.id => Ok((project, Role::Viewer, None)),
        Caller::Key(_) | Caller::Nobody => Err(ApiError::NotFound("project")),
    }
}
