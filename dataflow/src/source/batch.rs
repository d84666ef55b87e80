//! What the events of a record have in common, made once.

use super::intern::Interner;
use gosight_operators::event::{Context, Device, Page, Place};
use gosight_operators::ids::{ProjectId, SessionId, ViewId, stable_hash};
use gosight_operators::sessions::{Actor, Who};
use gosight_proto::ids;
use gosight_proto::record::BatchRecord;
use gosight_proto::v1;
use std::sync::Arc;

/// Click heatmaps keep viewports of so many px of width apart: a page lays itself out differently.
const VIEWPORT_BUCKET_PX: u32 = 100;

/// A record without its events.
pub(crate) struct Batch {
    pub(crate) project: ProjectId,
    pub(crate) session: Option<SessionId>,
    pub(crate) received_at_ms: i64,
    pub(crate) sent_at_ms: i64,
    pub(crate) context: Arc<Context>,
    pub(crate) pages: Vec<Arc<Page>>,
    /// For events of a batch that names no page.
    pub(crate) no_page: Arc<Page>,
}

impl Batch {
    /// None when the record names no project.
    pub(crate) fn new(record: &BatchRecord, interner: &mut Interner) -> Option<Self> {
        Some(Self {
            project: ProjectId(ids::from_bytes(&record.project_id)?),
            session: ids::from_bytes(&record.session_id).map(SessionId),
            received_at_ms: record.received_at_ms,
            sent_at_ms: record.sent_at_ms,
            context: Arc::new(context(record, interner)),
            pages: record
                .pages
                .iter()
                .map(|page| Arc::new(self::page(page, interner)))
                .collect(),
            no_page: Arc::default(),
        })
    }

    /// Whose batch it is.
    pub(crate) fn actor(&self) -> Actor {
        let visitor = || Who::Visitor(stable_hash(&*self.context.visitor));
        Actor {
            project: self.project,
            who: self.session.map_or_else(visitor, Who::Session),
        }
    }

    /// The page an event points at. A batch without pages has one that is nowhere.
    pub(crate) fn page(&self, index: i32) -> Option<&Arc<Page>> {
        if self.pages.is_empty() && index == 0 {
            return Some(&self.no_page);
        }
        self.pages.get(usize::try_from(index).ok()?)
    }
}

fn context(record: &BatchRecord, interner: &mut Interner) -> Context {
    let client = record.client.as_ref();
    let place = record.place.as_ref();
    let mut text = |text: Option<&String>| interner.text(text.map_or("", String::as_str));
    Context {
        visitor: text(Some(&record.visitor_id)),
        user: text(Some(&record.user_id)),
        device: Device {
            device_type: text(client.map(|client| &client.device_type)),
            browser: text(client.map(|client| &client.browser)),
            os: text(client.map(|client| &client.os)),
        },
        place: Place {
            country: text(place.map(|place| &place.country)),
            region: text(place.map(|place| &place.region)),
            city: text(place.map(|place| &place.city)),
        },
        viewport_bucket: record.device.as_ref().map_or(0, viewport_bucket),
        attributes: record
            .attributes
            .iter()
            .map(|(name, value)| (text(Some(name)), text(Some(value))))
            .collect(),
    }
}

fn viewport_bucket(device: &v1::Device) -> u32 {
    u32::try_from(device.viewport_width).unwrap_or_default() / VIEWPORT_BUCKET_PX * VIEWPORT_BUCKET_PX
}

fn page(page: &v1::Page, interner: &mut Interner) -> Page {
    Page {
        path: interner.text(&page.path),
        url: interner.text(&page.url),
        view: ids::parse(&page.view_id).map(ViewId),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_viewport_bucket_begins_at_its_left_edge() {
        let bucket = |viewport_width| {
            viewport_bucket(&v1::Device {
                viewport_width,
                ..v1::Device::default()
            })
        };
        assert_eq!(
            [bucket(-5), bucket(0), bucket(1280), bucket(1299), bucket(1300)],
            [0, 0, 1200, 1200, 1300]
        );
    }
}
