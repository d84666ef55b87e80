//! Puts each tick together from the parts of all workers; shows it on the live bus; hands it on to be committed.

use super::live::LiveBus;
use crate::Rows;
use crate::bindings::Bound;
use crate::shared::Shared;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender};

/// What one worker's part of the graph put out for one tick. Every worker sends one for every tick, in order, even when it is empty.
pub(crate) struct TickPart {
    pub(crate) bound: Bound,
    pub(crate) rows: Rows,
}

/// A tick that every worker has passed.
pub(crate) struct CompleteTick {
    pub(crate) bound: Bound,
    pub(crate) rows: Rows,
    /// How many rows its parts had: what is settled once the tick is committed.
    pub(crate) rows_owed: u64,
}

impl CompleteTick {
    pub(crate) fn tick(&self) -> u64 {
        self.bound.binding.tick
    }
}

pub(crate) struct Gatherer {
    pub(crate) shared: Arc<Shared>,
    pub(crate) parts: Receiver<TickPart>,
    pub(crate) live: LiveBus,
    pub(crate) complete: Sender<CompleteTick>,
}

impl Gatherer {
    /// Runs until every worker has gone.
    pub(crate) fn run(mut self) {
        let mut ticks = BTreeMap::new();
        while let Ok(part) = self.parts.recv() {
            if let Some(tick) = gather(&mut ticks, part, self.shared.config.workers) {
                self.shared.completed(tick.tick());
                self.live.publish(&tick);
                if self.complete.send(tick).is_err() {
                    // The committer has failed and said so.
                    return;
                }
            }
        }
    }
}

/// A tick on its way: how many parts came, and what was in them.
type Gathering = BTreeMap<u64, (usize, CompleteTick)>;

/// Adds a part; gives the tick back once it is whole. Workers send ticks in order, so ticks become whole in order.
fn gather(ticks: &mut Gathering, part: TickPart, workers: usize) -> Option<CompleteTick> {
    let TickPart { bound, rows } = part;
    let tick = bound.binding.tick;
    let none = || CompleteTick {
        bound,
        rows: Rows::default(),
        rows_owed: 0,
    };
    let (parts, whole) = ticks.entry(tick).or_insert_with(|| (0, none()));
    *parts += 1;
    whole.rows_owed += rows.len() as u64;
    whole.rows.append(rows);
    if *parts < workers {
        return None;
    }
    ticks.remove(&tick).map(|(_, whole)| whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(tick: u64) -> TickPart {
        TickPart {
            bound: Bound::at(tick),
            rows: Rows::default(),
        }
    }

    #[test]
    fn a_tick_is_whole_when_every_worker_has_sent_its_part() {
        let mut ticks = Gathering::new();
        assert!(gather(&mut ticks, part(1), 2).is_none());
        assert!(gather(&mut ticks, part(2), 2).is_none());
        assert_eq!(gather(&mut ticks, part(1), 2).unwrap().tick(), 1);
        assert_eq!(gather(&mut ticks, part(2), 2).unwrap().tick(), 2);
        assert!(ticks.is_empty());
    }
}
