use bytes::Bytes;
use gosight_proto::record::{BatchRecord, Client, Place};
use gosight_proto::v1::{Click, Device, DomMutation, Event, Page, PageView, Rect, Target, event::Payload};
use prost::Message;

/// A batch of one session's events, as ingest leaves it in the log.
#[derive(Clone)]
pub(crate) struct Batch {
    pub(crate) project: u128,
    /// 0: it names none.
    pub(crate) session: u128,
    pub(crate) visitor: String,
    pub(crate) received_at_ms: i64,
    pub(crate) sent_at_ms: i64,
    pub(crate) path: String,
    pub(crate) events: Vec<Bytes>,
}

impl Batch {
    pub(crate) fn new(project: u128, session: u128, at_ms: i64) -> Self {
        let visitor = format!("visitor-{session}");
        let path = "/pricing".into();
        Self {
            project,
            session,
            visitor,
            received_at_ms: at_ms,
            sent_at_ms: at_ms,
            path,
            events: Vec::new(),
        }
    }

    #[must_use]
    pub(crate) fn with(mut self, events: impl IntoIterator<Item = Event>) -> Self {
        self.events
            .extend(events.into_iter().map(|event| Bytes::from(event.encode_to_vec())));
        self
    }

    pub(crate) fn record(&self) -> BatchRecord {
        let page = Page {
            url: format!("https://shop.example{}", self.path),
            path: self.path.clone(),
            view_id: id(self.session ^ 0xff),
            ..Page::default()
        };
        BatchRecord {
            project_id: Bytes::copy_from_slice(&self.project.to_be_bytes()),
            received_at_ms: self.received_at_ms,
            sent_at_ms: self.sent_at_ms,
            session_id: match self.session {
                0 => Bytes::new(),
                session => Bytes::copy_from_slice(&session.to_be_bytes()),
            },
            visitor_id: self.visitor.clone(),
            device: Some(Device {
                viewport_width: 1280,
                viewport_height: 800,
                ..Device::default()
            }),
            client: Some(Client {
                browser: "Firefox".into(),
                browser_version: "140".into(),
                os: "Linux".into(),
                device_type: "desktop".into(),
            }),
            place: Some(Place {
                country: "DE".into(),
                ..Place::default()
            }),
            pages: vec![page],
            events: self.events.clone(),
            sdk: "test/1".into(),
            ..BatchRecord::default()
        }
    }
}

pub(crate) fn id(id: u128) -> String {
    gosight_proto::ids::text(id)
}

fn event(number: u128, at_ms: i64, payload: Payload) -> Event {
    Event {
        id: id(number),
        timestamp_ms: at_ms,
        page: 0,
        payload: Some(payload),
    }
}

pub(crate) fn page_view(number: u128, at_ms: i64) -> Event {
    event(
        number,
        at_ms,
        Payload::PageView(PageView {
            path: "/pricing".into(),
            ..PageView::default()
        }),
    )
}

pub(crate) fn dom_mutation(number: u128, at_ms: i64) -> Event {
    event(number, at_ms, Payload::DomMutation(DomMutation { count: 1 }))
}

/// A click on a button.
pub(crate) fn click(number: u128, at_ms: i64) -> Event {
    let target = Target {
        tag: "button".into(),
        name: "Buy".into(),
        text: "Buy".into(),
        selector: "#buy".into(),
        rect: Some(Rect {
            top: 100,
            left: 100,
            width: 80,
            height: 30,
        }),
        looks_interactive: true,
        ..Target::default()
    };
    let click = Click {
        page_x: 120,
        page_y: 110,
        viewport_x: 120,
        viewport_y: 110,
        button: "left".into(),
        target: Some(target),
        pointer_type: "mouse".into(),
        double_tap: false,
    };
    event(number, at_ms, Payload::Click(click))
}
