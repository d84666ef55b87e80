//! One session, written down in a line, for the tests of what is derived from it.

use crate::event::*;
use crate::ids::{Diff, EventId, ProjectId, SessionId, Tick};
use crate::keyed::Keyed;
use crate::rules::Thresholds;
use crate::sessions::{Actor, ActorState, Row, Sessions};
use crate::views::{Details, Insight};
use std::sync::Arc;

pub(crate) const PROJECT: ProjectId = ProjectId(7);

/// A session on `/shop`; events have the ids 1, 2, 3, … in the order they are written.
pub(crate) struct Fixture {
    pub(crate) events: Vec<Arc<Event>>,
    page: Arc<Page>,
    element: Element,
    thresholds: Thresholds,
}

pub(crate) fn session() -> Fixture {
    Fixture {
        events: Vec::new(),
        page: page("/shop"),
        element: Element::default(),
        thresholds: Thresholds::default(),
    }
}

fn page(path: &str) -> Arc<Page> {
    Arc::new(Page {
        path: path.into(),
        url: path.into(),
        view: None,
    })
}

impl Fixture {
    pub(crate) fn on(mut self, path: &str) -> Self {
        self.page = page(path);
        self
    }

    /// What is clicked from here on.
    pub(crate) fn element(mut self, change: impl FnOnce(&mut Element)) -> Self {
        change(&mut self.element);
        self
    }

    pub(crate) fn thresholds(mut self, change: impl FnOnce(&mut Thresholds)) -> Self {
        change(&mut self.thresholds);
        self
    }

    pub(crate) fn clicks(self, times_ms: &[i64]) -> Self {
        times_ms
            .iter()
            .fold(self, |it, time_ms| it.click(*time_ms, 100, 100, false))
    }

    pub(crate) fn click_at(self, time_ms: i64, x: i32, y: i32) -> Self {
        self.click(time_ms, x, y, false)
    }

    pub(crate) fn double_tap(self, time_ms: i64) -> Self {
        self.click(time_ms, 100, 100, true)
    }

    fn click(self, time_ms: i64, x: i32, y: i32, double_tap: bool) -> Self {
        let element = Arc::new(self.element.clone());
        self.push(
            time_ms,
            EventType::Click,
            Payload::Click(Click {
                x,
                y,
                double_tap,
                element,
                spot: Spot::default(),
            }),
        )
    }

    pub(crate) fn error(self, time_ms: i64, message: &str) -> Self {
        self.push(
            time_ms,
            EventType::JsError,
            Payload::Thrown {
                message: message.into(),
            },
        )
    }

    pub(crate) fn event(self, time_ms: i64, event_type: EventType) -> Self {
        self.push(time_ms, event_type, Payload::None)
    }

    pub(crate) fn push(mut self, time_ms: i64, event_type: EventType, payload: Payload) -> Self {
        self.events.push(Arc::new(Event {
            project: PROJECT,
            id: EventId(self.events.len() as u128 + 1),
            session: Some(SessionId(1)),
            time_ms,
            day: Day::default(),
            page: Arc::clone(&self.page),
            context: Arc::default(),
            event_type,
            payload,
        }));
        self
    }

    /// The insights of a type when all is known and decided.
    pub(crate) fn insights(&self, name: &str) -> String {
        self.insights_at(Tick::from(1_000_000_u32), name)
    }

    pub(crate) fn insights_at(&self, tick: Tick, name: &str) -> String {
        let mut lines = Vec::new();
        for row in self.rows_at(tick) {
            match row {
                (Row::Insight(insight), 1) if insight.insight_type().name() == name => lines.push(line(&insight)),
                _ => {}
            }
        }
        lines.join("\n")
    }

    /// What is emitted when all events come at one tick.
    pub(crate) fn rows_at(&self, tick: Tick) -> Vec<(Row, Diff)> {
        self.rows_of(&[&self.events], tick)
    }

    /// What is emitted when these events come one part after the other.
    pub(crate) fn rows_of(&self, parts: &[&[Arc<Event>]], tick: Tick) -> Vec<(Row, Diff)> {
        let (mut sessions, mut state, mut rows) = (Sessions::default(), ActorState::default(), Vec::new());
        drop(sessions.configure(vec![((PROJECT, self.thresholds), 1)]));
        let Some(actor) = self.events.first().map(|event| Actor::of(event)) else {
            return rows;
        };
        for part in parts {
            for event in *part {
                sessions.apply(&actor, &mut state, (Position::default(), event.clone()));
            }
            sessions.evaluate(&actor, &mut state, tick, &mut |row, diff| rows.push((row, diff)));
        }
        rows
    }
}

fn line(insight: &Insight) -> String {
    let (x, y) = insight.xy();
    let ids: Vec<_> = insight.event_ids().map(|id| format!("{id:?}")).collect();
    let thrown = match &insight.details {
        Details::ErrorClick { errors } => {
            let messages: Vec<_> = errors.iter().map(|error| &*error.message).collect();
            format!(" ({})", messages.join(", "))
        }
        _ => String::new(),
    };
    let (name, path) = (insight.insight_type().name(), &insight.page.path);
    let (from_ms, to_ms) = (insight.first().time_ms, insight.ended_at_ms());
    format!("{name} {path} {from_ms}..{to_ms} at {x},{y}: {}{thrown}", ids.join(" "))
}
