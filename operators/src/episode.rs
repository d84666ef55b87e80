//! Episodes: the pieces of a session that clicks are judged in.
//!
//! Rage, dead and error clicks all ask what happened within a second or two of a click; none looks further than its window. So a session falls
//! apart into **episodes**: maximal runs of clicks of which neighbours are no further apart than the *reach* (the widest window),
//! together with what happened until the reach after the last click.
//!
//! ```text
//!   clicks     c c c   c              c c                      c
//!   responses    r        r   r   r       r          r             r
//!   errors            e
//!             └── episode ──┘        └─ episode ─┘            └ ep. ┘         ▶ time
//! ```
//!
//! A session's insights are the union of its episodes' insights, because whatever an insight relates (a window of clicks, a click and its
//! response, an error and its click) is never further apart than the reach, and so lies in one episode. An event that comes late can
//! lengthen an episode or join two, never split one: after it only the episode *it* lies in has to be judged again. That is exact, and it is
//! cheap in a session of any length.
//!
//! State: about 100 bytes a click, 80 an error and 16 a response, for as long as the session may be corrected. Cost: an episode is judged again
//! for each tick that adds to it, so a robot that clicks without a pause makes each of its ticks dearer than the one before.
//!
//! What it will not notice: nothing. It is a way of computing, not a definition.

use crate::event::{Click, Context, Day, Event, EventType, Moment, Page, Payload};
use crate::ids::Tick;
use crate::rules::Thresholds;
use crate::views::Thrown;
use std::sync::Arc;

/// A click, with all that its insights tell of it.
#[derive(Clone, Debug)]
pub struct Clicked {
    pub moment: Moment,
    pub day: Day,
    pub page: Arc<Page>,
    pub context: Arc<Context>,
    pub click: Click,
}

/// Something that may answer a click.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Responded {
    pub time_ms: i64,
    /// Another page or a change of this one, which answers any click; else it answers a control alone.
    pub is_page: bool,
}

/// An error that a click may have caused.
#[derive(Clone, Debug)]
pub struct Failed {
    pub page: Arc<Page>,
    pub thrown: Thrown,
}

/// A piece of a session, each of its parts in the order of (time, id).
#[derive(Clone, Copy, Debug)]
pub struct Episode<'a> {
    pub clicks: &'a [Clicked],
    pub responses: &'a [Responded],
    pub errors: &'a [Failed],
}

/// What a session's clicks are judged by, each part in the order of (time, id).
#[derive(Clone, Debug, Default)]
pub struct Evidence {
    clicks: Vec<Clicked>,
    responses: Vec<Responded>,
    errors: Vec<Failed>,
}

impl Evidence {
    /// Takes in an event; answers whether it is evidence at all.
    pub fn insert(&mut self, event: &Event) -> bool {
        let response = response(event.event_type);
        if let Some(is_page) = response {
            let responded = Responded {
                time_ms: event.time_ms,
                is_page,
            };
            insert_sorted(&mut self.responses, responded, |it| *it);
        }
        match &event.payload {
            Payload::Click(click) => {
                let (moment, day) = (event.moment(), event.day);
                let (page, context) = (Arc::clone(&event.page), Arc::clone(&event.context));
                let clicked = Clicked {
                    moment,
                    day,
                    page,
                    context,
                    click: click.clone(),
                };
                insert_sorted(&mut self.clicks, clicked, |it| it.moment);
                true
            }
            Payload::Thrown { message } if event.event_type.is_thrown() => {
                let thrown = Thrown {
                    time_ms: event.time_ms,
                    event: event.id,
                    message: Arc::clone(message),
                };
                let failed = Failed {
                    page: Arc::clone(&event.page),
                    thrown,
                };
                insert_sorted(&mut self.errors, failed, |it| (it.thrown.time_ms, it.thrown.event));
                true
            }
            _ => response.is_some(),
        }
    }

    /// Takes in all of another session's evidence.
    pub fn merge(&mut self, other: Self) {
        merge_sorted(&mut self.clicks, other.clicks, |it| it.moment);
        merge_sorted(&mut self.responses, other.responses, |it| *it);
        merge_sorted(&mut self.errors, other.errors, |it| {
            (it.thrown.time_ms, it.thrown.event)
        });
    }

    pub fn clicks(&self) -> &[Clicked] {
        &self.clicks
    }

    /// The episode that something at `time_ms` lies in, if it lies in one.
    pub fn episode_at(&self, time_ms: i64, reach_ms: i64) -> Option<Episode<'_>> {
        let before = self.clicks.partition_point(|click| click.moment.0 <= time_ms);
        let within = before
            .checked_sub(1)
            .filter(|last| time_ms - self.clicks[*last].moment.0 <= reach_ms)?;
        Some(self.episode_around(within, reach_ms))
    }

    /// Every episode, in time order.
    pub fn episodes(&self, reach_ms: i64) -> impl Iterator<Item = Episode<'_>> {
        let mut next = 0;
        std::iter::from_fn(move || {
            let episode = (next < self.clicks.len()).then(|| self.episode_around(next, reach_ms))?;
            next += episode.clicks.len();
            Some(episode)
        })
    }

    fn episode_around(&self, click: usize, reach_ms: i64) -> Episode<'_> {
        let apart = |index: usize| self.clicks[index].moment.0 - self.clicks[index - 1].moment.0 > reach_ms;
        let start = (1..=click).rev().find(|index| apart(*index)).unwrap_or(0);
        let end = (click + 1..self.clicks.len())
            .find(|index| apart(*index))
            .unwrap_or(self.clicks.len());
        let clicks = &self.clicks[start..end];
        let (from_ms, to_ms) = (
            clicks[0].moment.0,
            clicks[clicks.len() - 1].moment.0.saturating_add(reach_ms),
        );
        Episode {
            clicks,
            responses: between(&self.responses, from_ms, to_ms, |it| it.time_ms),
            errors: between(&self.errors, from_ms, to_ms, |it| it.thrown.time_ms),
        }
    }
}

impl Episode<'_> {
    /// From the first click to the last; never empty.
    pub fn span(&self) -> (Moment, Moment) {
        (self.clicks[0].moment, self.clicks[self.clicks.len() - 1].moment)
    }
}

/// How far apart things may be and still concern each other.
pub fn reach_ms(thresholds: &Thresholds) -> i64 {
    let windows = [
        thresholds.rage_click.window_ms,
        thresholds.dead_click.window_ms,
        thresholds.error_click.window_ms,
    ];
    windows.into_iter().fold(0, i64::max)
}

/// Whether an event of this type answers clicks, and if so, whether by the page itself.
fn response(event_type: EventType) -> Option<bool> {
    use EventType::*;
    match event_type {
        PageView | PageExit | DomMutation => Some(true),
        XhrRequest | FetchRequest | NetworkActivity | Scroll | CustomEvent => Some(false),
        other if other.is_input() || other.is_form() || other.is_thrown() => Some(false),
        _ => None,
    }
}

/// A tick as a time: what has a later one has not happened yet.
pub(crate) fn as_ms(tick: Tick) -> i64 {
    i64::try_from(tick).unwrap_or(i64::MAX)
}

/// A time as the first tick that has reached it.
pub(crate) fn as_tick(time_ms: i64) -> Tick {
    Tick::try_from(time_ms).unwrap_or(0)
}

/// Most things come in order, so that this is a push.
pub(crate) fn insert_sorted<T, K: Ord>(items: &mut Vec<T>, item: T, key: impl Fn(&T) -> K) {
    let at = match items.last() {
        Some(last) if key(last) > key(&item) => items.partition_point(|other| key(other) <= key(&item)),
        _ => items.len(),
    };
    items.insert(at, item);
}

pub(crate) fn merge_sorted<T, K: Ord>(items: &mut Vec<T>, others: Vec<T>, key: impl Fn(&T) -> K) {
    items.extend(others);
    // A merge of two sorted runs: the standard sort finds them.
    items.sort_by_key(key);
}

fn between<T>(items: &[T], from_ms: i64, to_ms: i64, time_ms: impl Fn(&T) -> i64) -> &[T] {
    let start = items.partition_point(|item| time_ms(item) < from_ms);
    let end = items.partition_point(|item| time_ms(item) <= to_ms);
    &items[start..end.max(start)]
}
