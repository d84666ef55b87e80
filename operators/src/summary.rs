//! What a set of a session's events adds up to.
//!
//! A [`Summary`] is a monoid: counts are added, extremes by (time, id) kept, and the order of neither events nor merges matters. So a late event is no
//! special case, and two sessions that turn out to be one are summed up by merging their summaries.
//!
//! State: about 400 bytes, and up to [`RIBBON_PARTS_MAX`] page starts (40 bytes each) and hidden gaps (32 bytes each).

use crate::episode::{insert_sorted, merge_sorted};
use crate::event::{Arrival, Context, Day, Event, EventType, Moment, Page, Payload};
use crate::views::RIBBON_PARTS_MAX;
use std::sync::Arc;

/// The events of a session, summed up.
#[derive(Clone, Debug, Default)]
pub struct Summary {
    pub events: u32,
    pub pages: u32,
    pub clicks: u32,
    pub errors: u32,
    pub max_scroll_percent: u8,
    pub has_interaction: bool,
    pub has_replay: bool,
    pub start: Earliest<Day>,
    pub end: Latest<Arc<Page>>,
    pub entry: Earliest<Arc<Page>>,
    pub exit: Latest<Arc<Page>>,
    /// Of the page views alone; a session may have none.
    pub first_view: Earliest<Arc<Page>>,
    pub last_view: Latest<Arc<Page>>,
    pub visitor: Earliest<Arc<Context>>,
    pub device: Earliest<Arc<Context>>,
    pub place: Earliest<Arc<Context>>,
    pub attributes: Earliest<Arc<Context>>,
    pub utm: Earliest<Arc<Arrival>>,
    pub referrer: Earliest<Arc<Arrival>>,
    pub identified: Latest<Arc<str>>,
    /// The user id that came with a batch, for sessions that begin identified.
    pub user: Latest<Arc<Context>>,
    pub page_starts: Firsts<Arc<Page>>,
    /// When the page became visible again, and for how long it had been hidden.
    pub hidden: Firsts<i64>,
}

impl Summary {
    /// Adds one event. A replay chunk says who and that there is a replay; it is not counted.
    pub fn add(&mut self, event: &Event) {
        self.see_context(event);
        if event.is_counted() {
            self.count(event);
            self.see_payload(event);
        } else {
            self.has_replay = true;
        }
    }

    fn count(&mut self, event: &Event) {
        let moment = event.moment();
        self.events += 1;
        self.clicks += u32::from(event.event_type == EventType::Click);
        self.errors += u32::from(event.event_type.is_thrown());
        self.has_interaction |= event.event_type.is_interaction();
        self.start.see(moment, || event.day);
        self.end.see(moment, || Arc::clone(&event.page));
        if !event.page.path.is_empty() || !event.page.url.is_empty() {
            self.entry.see(moment, || Arc::clone(&event.page));
            self.exit.see(moment, || Arc::clone(&event.page));
        }
        if event.event_type == EventType::PageView {
            self.pages += 1;
            self.first_view.see(moment, || Arc::clone(&event.page));
            self.last_view.see(moment, || Arc::clone(&event.page));
            self.page_starts.see(moment, || Arc::clone(&event.page));
        }
    }

    fn see_context(&mut self, event: &Event) {
        let (moment, context) = (event.moment(), &event.context);
        let shared = || Arc::clone(context);
        let device = &context.device;
        if !context.visitor.is_empty() {
            self.visitor.see(moment, shared);
        }
        if ![&device.device_type, &device.browser, &device.os]
            .into_iter()
            .all(|text| text.is_empty())
        {
            self.device.see(moment, shared);
        }
        if !context.place.country.is_empty() {
            self.place.see(moment, shared);
        }
        if !context.attributes.is_empty() {
            self.attributes.see(moment, shared);
        }
        if !context.user.is_empty() {
            self.user.see(moment, shared);
        }
    }

    fn see_payload(&mut self, event: &Event) {
        let moment = event.moment();
        match &event.payload {
            Payload::Scrolled { percent }
            | Payload::PageExit {
                max_scroll_percent: percent,
                ..
            } => {
                self.max_scroll_percent = self.max_scroll_percent.max(*percent).min(100);
            }
            Payload::PageVisible { hidden_ms } => self.hidden.see(moment, || *hidden_ms),
            Payload::Identify { user } if !user.is_empty() => self.identified.see(moment, || Arc::clone(user)),
            Payload::SessionStart(arrival) => {
                let utm = &arrival.utm;
                if ![&utm.source, &utm.medium, &utm.campaign]
                    .into_iter()
                    .all(|text| text.is_empty())
                {
                    self.utm.see(moment, || Arc::clone(arrival));
                }
                if !arrival.referrer_domain.is_empty() {
                    self.referrer.see(moment, || Arc::clone(arrival));
                }
            }
            _ => {}
        }
    }

    /// Adds all the events of another summary; no event may be in both.
    pub fn merge(&mut self, other: Self) {
        self.events += other.events;
        self.pages += other.pages;
        self.clicks += other.clicks;
        self.errors += other.errors;
        self.max_scroll_percent = self.max_scroll_percent.max(other.max_scroll_percent);
        self.has_interaction |= other.has_interaction;
        self.has_replay |= other.has_replay;
        self.start.merge(other.start);
        self.end.merge(other.end);
        self.entry.merge(other.entry);
        self.exit.merge(other.exit);
        self.first_view.merge(other.first_view);
        self.last_view.merge(other.last_view);
        self.visitor.merge(other.visitor);
        self.device.merge(other.device);
        self.place.merge(other.place);
        self.attributes.merge(other.attributes);
        self.utm.merge(other.utm);
        self.referrer.merge(other.referrer);
        self.identified.merge(other.identified);
        self.user.merge(other.user);
        self.page_starts.merge(other.page_starts);
        self.hidden.merge(other.hidden);
    }

    /// At most one page view, and nothing done on it.
    pub fn is_bounce(&self) -> bool {
        self.pages <= 1 && !self.has_interaction
    }
}

macro_rules! extremes {
    ($($(#[$meta:meta])* $name:ident keeps what is $before:tt)+) => {$(
        $(#[$meta])*
        #[derive(Clone, Debug)]
        pub struct $name<T>(Option<(Moment, T)>);

        impl<T> Default for $name<T> {
            fn default() -> Self {
                Self(None)
            }
        }

        impl<T> $name<T> {
            pub fn see(&mut self, moment: Moment, value: impl FnOnce() -> T) {
                if self.0.as_ref().is_none_or(|(kept, _)| moment $before *kept) {
                    self.0 = Some((moment, value()));
                }
            }

            pub fn merge(&mut self, other: Self) {
                if let Some((moment, value)) = other.0 {
                    self.see(moment, || value);
                }
            }

            pub fn get(&self) -> Option<&T> {
                self.0.as_ref().map(|(_, value)| value)
            }

            pub fn moment(&self) -> Option<Moment> {
                self.0.as_ref().map(|(moment, _)| *moment)
            }
        }
    )+};
}

extremes! {
    /// The value at the least (time, id).
    Earliest keeps what is <
    /// The value at the greatest (time, id).
    Latest keeps what is >
}

/// The values at the [`RIBBON_PARTS_MAX`] least (time, id).
#[derive(Clone, Debug)]
pub struct Firsts<T>(Vec<(Moment, T)>);

impl<T> Default for Firsts<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> Firsts<T> {
    pub fn see(&mut self, moment: Moment, value: impl FnOnce() -> T) {
        let is_full = self.0.len() == RIBBON_PARTS_MAX;
        if is_full && self.0.last().is_some_and(|(last, _)| *last < moment) {
            return;
        }
        insert_sorted(&mut self.0, (moment, value()), |(moment, _)| *moment);
        self.0.truncate(RIBBON_PARTS_MAX);
    }

    pub fn merge(&mut self, other: Self) {
        merge_sorted(&mut self.0, other.0, |(moment, _)| *moment);
        self.0.truncate(RIBBON_PARTS_MAX);
    }

    /// In time order.
    pub fn iter(&self) -> impl Iterator<Item = (i64, &T)> {
        self.0.iter().map(|((time_ms, _), value)| (*time_ms, value))
    }
}
