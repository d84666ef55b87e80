//! Page views and how far down each was scrolled.
//!
//! A page view is named by its view id. It exists when its page_view event is known, and has reached the greatest percent that any event of the
//! same session and view id told: scroll, scroll milestone or page exit. Its path, device type and day are the page_view event's.
//!
//! Clients that send no view id have one page view per session and path.
//!
//! State: about 120 bytes a page view.

use crate::event::{Day, Event, EventType, Page, Payload};
use crate::ids::{Diff, ProjectId, ViewId};
use crate::summary::Earliest;
use crate::views::ScrollStep;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// The step of the scroll heatmap, percent.
const STEP_PERCENT: u8 = 5;

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
pub struct PageViews(Vec<PageViewState>);

#[derive(Clone, Debug)]
struct PageViewState {
    name: Name,
    project: ProjectId,
    shown: Earliest<(Day, Arc<str>, Arc<str>)>,
    percent: u8,
    emitted: Option<PageDepth>,
    is_touched: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Name {
    View(ViewId),
    Path(Arc<str>),
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
                let view = self.view(event);
                view.percent = view.percent.max(percent);
                view.is_touched = true;
            }
            _ if event.event_type == EventType::PageView => {
                let shown = || {
                    (
                        event.day,
                        Arc::clone(&event.page.path),
                        Arc::clone(&event.context.device.device_type),
                    )
                };
                let view = self.view(event);
                view.shown.see(event.moment(), shown);
                view.is_touched = true;
            }
            _ => {}
        }
    }

    /// Sought from the end: most events belong to the newest page view.
    fn view(&mut self, event: &Event) -> &mut PageViewState {
        let name = Name::of(&event.page);
        let at = self.0.iter().rposition(|view| view.name == name).unwrap_or_else(|| {
            let (project, shown, emitted) = (event.project, Earliest::default(), None);
            self.0.push(PageViewState {
                name,
                project,
                shown,
                percent: 0,
                emitted,
                is_touched: true,
            });
            self.0.len() - 1
        });
        &mut self.0[at]
    }

    /// Takes in another session's page views. What either emitted is retracted through `emit`.
    pub fn merge(&mut self, other: Self, emit: &mut impl FnMut(PageDepth, Diff)) {
        for mut view in other.0 {
            match self.0.iter_mut().find(|kept| kept.name == view.name) {
                None => self.0.push(view),
                Some(kept) => {
                    kept.percent = kept.percent.max(view.percent);
                    kept.shown.merge(std::mem::take(&mut view.shown));
                    kept.is_touched = true;
                    if let Some(emitted) = view.emitted {
                        emit(emitted, -1);
                    }
                }
            }
        }
    }

    /// Emits what changed since the last time.
    pub fn evaluate(&mut self, emit: &mut impl FnMut(PageDepth, Diff)) {
        for view in self.0.iter_mut().filter(|view| view.is_touched) {
            view.is_touched = false;
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

impl PageViewState {
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
