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
//! What it will not notice: what comes after the end of the evidence. It ends where there are more than [`CLICKS_MAX`] clicks, [`ERRORS_MAX`] errors or
//! [`RESPONSES_MAX`] responses: at the time of the first that is too many, whatever the order they came in. A click whose window is not all before the end
//! is not called dead. But for that episodes are a way of computing, not a definition.

use crate::event::{Click, Context, Day, Event, EventType, Moment, Page, Payload};
use crate::ids::Tick;
use crate::rules::Thresholds;
use crate::views::Thrown;
use std::sync::Arc;

/// A session's clicks that are judged, of which all of an episode are judged again whenever one comes to it: ten milliseconds. A visitor who
/// clicks every ten seconds gets there after a day.
pub const CLICKS_MAX: usize = 10_000;

/// A session's errors that a click is sought for: as many as clicks.
pub const ERRORS_MAX: usize = 10_000;

/// A session's responses that clicks are judged by, 16 bytes each: a page that changes twice a second, for seven hours.
pub const RESPONSES_MAX: usize = 50_000;

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
    /// The session has more, from here on, that nobody looks at.
    pub evidence_ends_at_ms: Option<i64>,
}

/// What a session's clicks are judged by, each part in the order of (time, id).
#[derive(Clone, Debug, Default)]
pub struct Evidence {
    clicks: Vec<Clicked>,
    responses: Vec<Responded>,
    errors: Vec<Failed>,
    /// The least time of one that was too many: what is from here on is not kept.
    ends_at_ms: Option<i64>,
}

impl Evidence {
    /// Takes in an event; answers whether it is evidence at all.
    pub fn insert(&mut self, event: &Event) -> bool {
        let is_kept = self.ends_at_ms.is_none_or(|end_ms| event.time_ms < end_ms) && self.keep(event);
        if is_kept {
            self.end_where_there_is_too_much();
        }
        is_kept
    }

    fn keep(&mut self, event: &Event) -> bool {
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
        if let Some(end_ms) = self.ends_at_ms.into_iter().chain(other.ends_at_ms).min() {
            self.end_at(end_ms);
        }
        self.end_where_there_is_too_much();
    }

    /// What is kept is all there is before the end, so one too many of what is kept is one too many of all.
    fn end_where_there_is_too_much(&mut self) {
        let too_many = [
            self.clicks.get(CLICKS_MAX).map(|it| it.moment.0),
            self.responses.get(RESPONSES_MAX).map(|it| it.time_ms),
            self.errors.get(ERRORS_MAX).map(|it| it.thrown.time_ms),
        ];
        if let Some(end_ms) = too_many.into_iter().flatten().min() {
            self.end_at(end_ms);
        }
    }

    fn end_at(&mut self, end_ms: i64) {
        self.ends_at_ms = Some(end_ms);
        truncate_sorted(&mut self.clicks, |it| it.moment.0 < end_ms);
        truncate_sorted(&mut self.responses, |it| it.time_ms < end_ms);
        truncate_sorted(&mut self.errors, |it| it.thrown.time_ms < end_ms);
    }

    /// Where it ends, if there is too much of it.
    pub fn ends_at_ms(&self) -> Option<i64> {
        self.ends_at_ms
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
            evidence_ends_at_ms: self.ends_at_ms,
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

fn truncate_sorted<T>(items: &mut Vec<T>, is_before: impl Fn(&T) -> bool) {
    items.truncate(items.partition_point(is_before));
}

fn between<T>(items: &[T], from_ms: i64, to_ms: i64, time_ms: impl Fn(&T) -> i64) -> &[T] {
    let start = items.partition_point(|item| time_ms(item) < from_ms);
    let end = items.partition_point(|item| time_ms(item) <= to_ms);
    &items[start..end.max(start)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{Fixture, session};
    use crate::sessions::Row;
    use crate::views::InsightType;

    const END: Tick = 1_000_000;

    /// The insights of a type when all events came at once; they are the same whatever came first, and in how many ticks.
    fn insights(fixture: &Fixture, wanted: InsightType) -> Vec<Arc<crate::views::Insight>> {
        let rows_of = |parts: &[&[Arc<Event>]]| {
            let mut rows = fixture.rows_of(parts, END);
            differential_dataflow::consolidation::consolidate(&mut rows);
            rows
        };
        let at_once = rows_of(&[&fixture.events]);
        let mut backwards = fixture.events.clone();
        backwards.reverse();
        let (late, early) = fixture.events.split_at(10);
        assert_eq!(rows_of(&[&backwards]), at_once, "backwards");
        assert_eq!(rows_of(&[early, late]), at_once, "the first ones late");
        let found = at_once.into_iter().filter_map(|(row, _)| match row {
            Row::Insight(insight) => Some(insight),
            _ => None,
        });
        let mut found: Vec<_> = found.filter(|insight| insight.insight_type() == wanted).collect();
        found.sort_by_key(|insight| insight.moment());
        found
    }

    #[test]
    fn of_too_many_clicks_the_first_are_judged() {
        let times_ms: Vec<_> = (0..CLICKS_MAX as i64 + 20).collect();
        let rage = insights(&session().clicks(&times_ms), InsightType::RageClick);
        assert_eq!(rage.len(), 1);
        assert_eq!(rage[0].clicks.len(), CLICKS_MAX);
        let apart: Vec<_> = times_ms.iter().map(|n| n * 50).collect();
        let on_button = session().element(|it| (it.tag, it.looks_interactive) = ("button".into(), true));
        let dead = insights(&on_button.clicks(&apart), InsightType::DeadClick);
        // Of the last thousand milliseconds nobody knows what answered.
        assert_eq!(dead.len(), CLICKS_MAX - 20);
    }

    #[test]
    fn of_too_many_errors_the_first_have_a_cause() {
        let times_ms = (0..=ERRORS_MAX as i64).map(|n| n / 20);
        let fixture = times_ms.fold(session().clicks(&[0]), |it, time_ms| it.error(time_ms, "boom"));
        let found = insights(&fixture, InsightType::ErrorClick);
        // The click, then the errors before the one that is too many, at 500 ms.
        assert_eq!((found.len(), found[0].event_ids().count()), (1, 1 + ERRORS_MAX));
    }

    #[test]
    fn of_too_many_responses_the_first_are_known_and_no_click_is_called_dead_for_the_others() {
        let on_link = session().element(|it| (it.tag, it.looks_interactive) = ("a".into(), true));
        let fixture = on_link.clicks(&[0, 53_999, 54_000, 60_000]);
        let times_ms = 5000..=5000 + RESPONSES_MAX as i64;
        let fixture = times_ms.fold(fixture, |it, time_ms| it.event(time_ms, EventType::FetchRequest));
        let found = insights(&fixture, InsightType::DeadClick);
        let times_ms: Vec<_> = found.iter().map(|insight| insight.first().time_ms).collect();
        assert_eq!(times_ms, [0, 53_999]);
    }
}
