//! Page views and how far down each was scrolled.
//!
//! A page view is named by its view id. It exists when its page_view event is known, and has reached the greatest percent that any event of the
//! same session and view id told: scroll, scroll milestone or page exit. Its path, device type and day are the page_view event's.
//!
//! Clients that send no view id have one page view per session and path.
//!
//! State: about 150 bytes a page view, of at most [`PAGE_VIEWS_MAX`] a session.
//!
//! What it will not notice: the depths of more page views than that. Those with the least names are kept: a choice that needs no memory of what was not
//! chosen, and is the same in whatever order they came, since one that is once too great has as many below it for ever.

use crate::event::{Day, Event, EventType, Page, Payload};
use crate::ids::{Diff, ProjectId, ViewId};
use crate::summary::Earliest;
use crate::views::ScrollStep;
use serde::{Deserialize, Serialize};
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// The step of the scroll heatmap, percent.
const STEP_PERCENT: u8 = 5;

/// A page view every ten seconds, for a day.
pub const PAGE_VIEWS_MAX: usize = 10_000;

/// How deep one page view was scrolled: a row of a collection, turned to [`ScrollStep`]s by [`steps`].
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct PageDepth {
    pub project: ProjectId,
    pub path: Arc<str>,
    pub device_type: Arc<str>,
    pub day: i32,
    /// A multiple of 5.
    pub percent: u8,
}

/// The steps that a page view reached.
pub fn steps(depth: PageDepth) -> impl Iterator<Item = ScrollStep> {
    (0..=depth.percent).step_by(STEP_PERCENT.into()).map(move |percent| {
        let PageDepth {
            project,
            ref path,
            ref device_type,
            day,
            ..
        } = depth;
        ScrollStep {
            project,
            path: Arc::clone(path),
            device_type: Arc::clone(device_type),
            day,
            percent,
        }
    })
}

/// The page views of a session.
#[derive(Clone, Debug, Default)]
pub struct PageViews {
    views: BTreeMap<Name, PageView>,
    /// To be looked at in this tick.
    touched: BTreeSet<Name>,
    /// Emitted by page views that are not kept any more.
    retired: Vec<PageDepth>,
}

#[derive(Clone, Debug, Default)]
struct PageView {
    project: ProjectId,
    shown: Earliest<(Day, Arc<str>, Arc<str>)>,
    percent: u8,
    emitted: Option<PageDepth>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Name {
    Path(Arc<str>),
    View(ViewId),
}

impl Name {
    fn of(page: &Page) -> Self {
        page.view.map_or_else(|| Self::Path(Arc::clone(&page.path)), Self::View)
    }
}

impl PageViews {
    pub fn add(&mut self, event: &Event) {
        match event.payload {
            Payload::Scrolled { percent }
            | Payload::PageExit {
                max_scroll_percent: percent,
                ..
            } => {
                self.change(event, |view| view.percent = view.percent.max(percent));
            }
            _ if event.event_type == EventType::PageView => {
                let shown = || {
                    (
                        event.day,
                        Arc::clone(&event.page.path),
                        Arc::clone(&event.context.device.device_type),
                    )
                };
                self.change(event, |view| view.shown.see(event.moment(), shown));
            }
            _ => {}
        }
    }

    fn change(&mut self, event: &Event, change: impl FnOnce(&mut PageView)) {
        let name = Name::of(&event.page);
        let view = self.views.entry(name.clone()).or_default();
        view.project = event.project;
        change(view);
        self.touched.insert(name);
        self.keep_the_least();
    }

    fn keep_the_least(&mut self) {
        while self.views.len() > PAGE_VIEWS_MAX {
            let greatest = self.views.pop_last();
            self.retired.extend(greatest.and_then(|(_, view)| view.emitted));
        }
    }

    /// Takes in another session's page views. What either emitted is retracted, now or at the evaluation.
    pub fn merge(&mut self, other: Self, emit: &mut impl FnMut(PageDepth, Diff)) {
        self.touched.extend(other.touched);
        self.retired.extend(other.retired);
        for (name, view) in other.views {
            match self.views.entry(name) {
                Entry::Vacant(free) => drop(free.insert(view)),
                Entry::Occupied(kept) => {
                    self.touched.insert(kept.key().clone());
                    let kept = kept.into_mut();
                    kept.percent = kept.percent.max(view.percent);
                    kept.shown.merge(view.shown);
                    if let Some(emitted) = view.emitted {
                        emit(emitted, -1);
                    }
                }
            }
        }
        self.keep_the_least();
    }

    /// Emits what changed since the last time.
    pub fn evaluate(&mut self, emit: &mut impl FnMut(PageDepth, Diff)) {
        self.retired.drain(..).for_each(|depth| emit(depth, -1));
        while let Some(name) = self.touched.pop_first() {
            let Some(view) = self.views.get_mut(&name) else {
                continue;
            };
            let depth = view.depth();
            if view.emitted == depth {
                continue;
            }
            if let Some(before) = std::mem::replace(&mut view.emitted, depth.clone()) {
                emit(before, -1);
            }
            if let Some(depth) = depth {
                emit(depth, 1);
            }
        }
    }
}

impl PageView {
    fn depth(&self) -> Option<PageDepth> {
        let (day, path, device_type) = self.shown.get()?.clone();
        let percent = self.percent.min(100) / STEP_PERCENT * STEP_PERCENT;
        Some(PageDepth {
            project: self.project,
            path,
            device_type,
            day: day.number,
            percent,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::session;

    /// What is emitted when the events come one part after the other.
    fn depths(parts: &[Vec<Arc<Event>>]) -> Vec<(PageDepth, Diff)> {
        let (mut views, mut rows) = (PageViews::default(), Vec::new());
        for part in parts {
            part.iter().for_each(|event| views.add(event));
            views.evaluate(&mut |depth, diff| rows.push((depth, diff)));
        }
        differential_dataflow::consolidation::consolidate(&mut rows);
        rows
    }

    #[test]
    fn of_too_many_page_views_those_with_the_least_names_are_kept_in_whatever_order_they_came() {
        let views = (0..PAGE_VIEWS_MAX + 5).rev().fold(session(), |it, n| {
            it.on(&format!("/{n:05}")).event(n as i64, EventType::PageView)
        });
        let backwards = views.events;
        let forwards: Vec<_> = backwards.iter().rev().cloned().collect();
        let (greatest, others) = backwards.split_at(50);
        let kept = depths(&[forwards]);
        assert_eq!(kept.len(), PAGE_VIEWS_MAX);
        assert_eq!(&*kept[kept.len() - 1].0.path, "/09999");
        assert!(kept.iter().all(|(_, diff)| *diff == 1));
        assert_eq!(depths(&[greatest.to_vec(), others.to_vec()]), kept);
        assert_eq!(depths(&[backwards]), kept);
    }

    #[test]
    fn merged_page_views_have_the_greater_depth_and_the_caps() {
        let scroll = |percent| crate::event::Payload::Scrolled { percent };
        let one = session()
            .on("/a")
            .event(1, EventType::PageView)
            .push(2, EventType::Scroll, scroll(30));
        let other = session()
            .on("/a")
            .event(3, EventType::PageView)
            .push(4, EventType::Scroll, scroll(70));
        let other = (0..PAGE_VIEWS_MAX).fold(other, |it, n| {
            it.on(&format!("/b{n:05}")).event(n as i64, EventType::PageView)
        });
        let mut rows = Vec::new();
        let mut merged = [one, other].map(|fixture| {
            let mut views = PageViews::default();
            fixture.events.iter().for_each(|event| views.add(event));
            views.evaluate(&mut |depth, diff| rows.push((depth, diff)));
            views
        });
        let other = std::mem::take(&mut merged[1]);
        merged[0].merge(other, &mut |depth, diff| rows.push((depth, diff)));
        merged[0].evaluate(&mut |depth, diff| rows.push((depth, diff)));
        differential_dataflow::consolidation::consolidate(&mut rows);
        assert_eq!(rows.len(), PAGE_VIEWS_MAX);
        assert_eq!((&*rows[0].0.path, rows[0].0.percent, rows[0].1), ("/a", 70, 1));
    }
}
