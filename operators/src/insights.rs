//! A session's insights, in the order of their first click, and what changes about them when a piece of the session is judged again.
//!
//! State: a pointer an insight; the cost of a change is that of the pieces that are judged, whatever it was that changed.

use crate::event::Moment;
use crate::ids::Diff;
use crate::views::Insight;
use std::cmp::Ordering;
use std::sync::Arc;

/// In the order of (first click, type), which no two of a session share.
#[derive(Debug, Default)]
pub(crate) struct Insights(Vec<Arc<Insight>>);

impl Insights {
    pub(crate) fn as_slice(&self) -> &[Arc<Insight>] {
        &self.0
    }

    pub(crate) fn into_vec(self) -> Vec<Arc<Insight>> {
        self.0
    }

    /// Takes all of them back.
    pub(crate) fn retract(&mut self, emit: &mut impl FnMut(Arc<Insight>, Diff)) {
        self.0.drain(..).for_each(|insight| emit(insight, -1));
    }

    /// Takes back those whose first click is at `from_ms` or later.
    pub(crate) fn retract_from(&mut self, from_ms: i64, emit: &mut impl FnMut(Arc<Insight>, Diff)) {
        let start = self.0.partition_point(|insight| insight.moment().0 < from_ms);
        self.0.drain(start..).for_each(|insight| emit(insight, -1));
    }

    /// Puts what an episode has now where that is what it had before, and emits the difference.
    pub(crate) fn replace(
        &mut self,
        (first, last): (Moment, Moment),
        mut now: Vec<Arc<Insight>>,
        emit: &mut impl FnMut(Arc<Insight>, Diff),
    ) {
        now.sort_by(order);
        let start = self.0.partition_point(|insight| insight.moment() < first);
        let end = self.0.partition_point(|insight| insight.moment() <= last);
        emit_difference(&self.0[start..end], &now, emit);
        self.0.splice(start..end, now);
    }
}

/// Walks through both, which are in order, once.
fn emit_difference(before: &[Arc<Insight>], now: &[Arc<Insight>], emit: &mut impl FnMut(Arc<Insight>, Diff)) {
    let (mut before, mut now) = (before.iter().peekable(), now.iter().peekable());
    loop {
        let (old, new) = match (before.peek(), now.peek()) {
            (None, None) => return,
            (Some(old), Some(new)) => match order(old, new) {
                Ordering::Less => (before.next(), None),
                Ordering::Equal => (before.next(), now.next()),
                Ordering::Greater => (None, now.next()),
            },
            _ => (before.next(), now.next()),
        };
        if old != new {
            old.into_iter().for_each(|insight| emit(Arc::clone(insight), -1));
            new.into_iter().for_each(|insight| emit(Arc::clone(insight), 1));
        }
    }
}

fn order(one: &Arc<Insight>, other: &Arc<Insight>) -> Ordering {
    (one.moment(), one.insight_type()).cmp(&(other.moment(), other.insight_type()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::session;
    use crate::sessions::Row;

    /// The error clicks of clicks at these times, each with an error of this message.
    fn insights(clicks: &[(i64, &str)]) -> Vec<Arc<Insight>> {
        let fixture = clicks.iter().fold(session(), |it, (time_ms, message)| {
            it.clicks(&[*time_ms]).error(*time_ms, message)
        });
        let rows = fixture.rows_at(1_000_000).into_iter();
        rows.filter_map(|(row, _)| match row {
            Row::Insight(insight) => Some(insight),
            _ => None,
        })
        .collect()
    }

    #[test]
    fn it_emits_what_goes_what_comes_and_what_changes_and_nothing_else() {
        let before = insights(&[(0, "a"), (10_000, "b"), (20_000, "c"), (30_000, "d")]);
        let now = insights(&[(0, "a"), (10_000, "B"), (25_000, "e"), (30_000, "d")]);
        let (mut told, mut held) = (Vec::new(), Insights::default());
        let span = ((0, crate::ids::EventId(0)), (i64::MAX, crate::ids::EventId(0)));
        held.replace(span, before.clone(), &mut |_, _| {});
        let mut emit = |insight: Arc<Insight>, diff| told.push((insight.first().time_ms, diff));
        held.replace(span, now.clone(), &mut emit);
        held.retract_from(25_000, &mut emit);
        held.retract(&mut emit);
        let changes = [(10_000, -1), (10_000, 1), (20_000, -1), (25_000, 1)];
        let ends = [(25_000, -1), (30_000, -1), (0, -1), (10_000, -1)];
        assert_eq!(told, [changes, ends].concat());
    }
}
