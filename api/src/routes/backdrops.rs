//! The backdrop of a page's heatmap: the page as it looked, from the snapshots of recordings.

use axum::extract::State;
use gosight_store::analytics::{BackdropFilter, PackedJson, PageVersion};
use gosight_store::recording::{self, RecordingError};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::replay::is_masked;
use crate::access::ProjectScope;
use crate::{Answer, Api, ApiError, Envelope, Iso, Params};

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct BackdropParams {
    /// The page.
    path: String,
    /// `desktop`, `mobile` or `tablet`; any unless given.
    device: Option<String>,
    /// One of the answer's `versions`; the newest unless given.
    version: Option<String>,
}

/// The layouts a page has had, and how it looked in one of them.
#[derive(Serialize, ToSchema)]
pub(crate) struct BackdropsView {
    /// The newest first.
    versions: Vec<VersionView>,
    /// Null when the page was not recorded.
    backdrop: Option<BackdropView>,
}

#[derive(Serialize, ToSchema)]
struct VersionView {
    version: String,
    /// When it was seen last.
    taken_at: Iso,
    /// The window, px.
    width: u32,
    height: u32,
    /// Where it was seen.
    session_id: Uuid,
}

#[derive(Serialize, ToSchema)]
struct BackdropView {
    version: String,
    taken_at: Iso,
    href: String,
    /// The window, px.
    width: u32,
    height: u32,
    /// An rrweb document node.
    #[schema(value_type = Object)]
    node: Box<RawValue>,
}

/// A page as it looked
#[utoipa::path(get, path = "/projects/{project}/heatmaps/backdrop", operation_id = "get_heatmap_backdrop", tag = "heatmaps", params(BackdropParams),
    responses((status = 200, body = Envelope<BackdropsView>)))]
pub(crate) async fn get(
    State(api): State<Api>,
    scope: ProjectScope,
    Params(params): Params<BackdropParams>,
) -> Result<Answer<BackdropsView>, ApiError> {
    let version = params.version.as_deref().map(parse_version).transpose()?;
    let filter = BackdropFilter {
        path: params.path,
        device: params.device,
    };
    let versions = scope.analytics.page_versions(&filter).await?;
    let backdrop = match scope.analytics.backdrop(&filter, version).await? {
        Some(found) => {
            let page = page(&api, found.snapshot, is_masked(&scope)).await?;
            Some(BackdropView {
                version: version_text(found.page_version),
                taken_at: Iso(found.taken_at),
                href: page.href,
                width: page.width,
                height: page.height,
                node: page.node,
            })
        }
        None => None,
    };
    Ok(Answer::new(BackdropsView {
        versions: versions.iter().map(VersionView::from).collect(),
        backdrop,
    }))
}

/// As it is stored.
#[derive(Serialize, Deserialize)]
struct Page {
    href: String,
    width: u32,
    height: u32,
    node: Box<RawValue>,
}

async fn page(api: &Api, packed: PackedJson, is_masked: bool) -> Result<Page, ApiError> {
    let work = move || {
        let page: Page = serde_json::from_slice(&packed.unpack()?).map_err(not_json)?;
        if is_masked { masked(page) } else { Ok(page) }
    };
    api.unpacking().run(work).await?.map_err(ApiError::internal)
}

/// An rrweb event, as far as a page is in it.
#[derive(Serialize, Deserialize)]
struct Event {
    r#type: u8,
    timestamp: u64,
    data: EventData,
}

#[derive(Default, Serialize, Deserialize)]
struct EventData {
    #[serde(skip_serializing_if = "Option::is_none")]
    href: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    node: Option<Box<RawValue>>,
}

/// Masked as the two events that it came in.
fn masked(page: Page) -> Result<Page, RecordingError> {
    let event = |r#type, data| Event {
        r#type,
        timestamp: 0,
        data,
    };
    let meta = EventData {
        href: Some(page.href),
        ..EventData::default()
    };
    let snapshot = EventData {
        node: Some(page.node),
        ..EventData::default()
    };
    let events = [event(4, meta), event(2, snapshot)];
    let events = recording::mask(&serde_json::to_vec(&events).map_err(not_json)?)?;
    let [meta, snapshot]: [Event; 2] = serde_json::from_slice(&events).map_err(not_json)?;
    Ok(Page {
        href: meta.data.href.unwrap_or_default(),
        width: page.width,
        height: page.height,
        node: snapshot.data.node.ok_or(RecordingError::NotEvents)?,
    })
}

fn not_json(error: serde_json::Error) -> RecordingError {
    RecordingError::NotJson(error.to_string())
}

/// As text: a number of 64 bits is more than scripts can hold.
fn version_text(page_version: u64) -> String {
    format!("{page_version:016x}")
}

fn parse_version(text: &str) -> Result<u64, ApiError> {
    u64::from_str_radix(text, 16).map_err(|_| ApiError::invalid("version", "one of the answer's versions"))
}

impl From<&PageVersion> for VersionView {
    fn from(version: &PageVersion) -> Self {
        Self {
            version: version_text(version.page_version),
            taken_at: Iso(version.taken_at),
            width: version.width,
            height: version.height,
            session_id: version.session_id,
        }
    }
}
