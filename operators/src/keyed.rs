//! The keyed operator: a view that is a function of each key's records.
//!
//! ```text
//!                       ┌─────────────── per worker, 64 shards ───────────────┐
//!   records ─ by key ─▶ │ key ─▶ state   apply(record)*   then, once per tick │ ─▶ (row, tick, +1 / −1)
//!   settings ─ to all ─▶│                evaluate(tick) for what was touched  │
//!   ticks ─────────────▶│                                  and what is due    │
//!                       └─────────────────────────────────────────────────────┘
//! ```
//!
//! Differential's `reduce` would do the same from its traces; for state as particular as a session's, a hash map and a diff against what was
//! last emitted is several times cheaper, and it can *seal*: forget a key's records without retracting what they meant.
//!
//! - **Once per key and tick.** All of a tick's records of a key are applied before the key is evaluated. Ticks come in order, so a
//!   key is never evaluated at a tick older than one it has seen.
//! - **Deadlines.** `evaluate` says when the key wants to be looked at again though nothing comes: at the first tick that has reached the deadline.
//! - **Sealing.** `evaluate` may say that nothing can change the key any more. Its state is dropped, silently: its rows stay.
//!
//! State: one entry per live key, at the cost of its `State`; plus 24 bytes and a key per pending deadline, of which a key has few (it is entered
//! anew only when it comes nearer). The map is sharded, since growing one big map stops a worker for most of a second.

use crate::ids::{Diff, IdHash, IdMap, Tick};
use crate::meter::Meter;
use crate::per_tick::PerTick;
use std::collections::BTreeMap;
use std::hash::{BuildHasher, Hash};

/// Far enough apart for rehashing one shard to go unnoticed, few enough to be free when empty.
const SHARDS: usize = 64;

/// A view by key.
pub trait Keyed: 'static {
    type Key: Hash + Eq + Clone;
    type Input: 'static;
    /// What is told to every worker, such as thresholds.
    type Setting: 'static;
    type State: Default;
    type Output: Clone + 'static;

    /// Takes in a record, cheaply.
    fn apply(&mut self, key: &Self::Key, state: &mut Self::State, input: Self::Input);

    /// Takes in the tick's new settings and answers which keys they touch: those are told by [`reconsider`](Self::reconsider), then evaluated.
    fn configure(&mut self, settings: Vec<Self::Setting>) -> impl Fn(&Self::Key) -> bool;

    /// The settings of this key changed.
    fn reconsider(&mut self, key: &Self::Key, state: &mut Self::State);

    /// Emits the difference between what holds at `tick` and what was emitted before.
    fn evaluate(
        &mut self,
        key: &Self::Key,
        state: &mut Self::State,
        tick: Tick,
        emit: &mut impl FnMut(Self::Output, Diff),
    ) -> Next;
}

/// What becomes of a key after its evaluation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// Evaluate it again at the first tick that has reached this one, if not before.
    LookAt(Tick),
    /// Evaluate it when something comes.
    Wait,
    /// Nothing can change it any more.
    Seal,
}

/// A record of the keyed operator's input.
#[derive(Clone, Debug)]
pub enum Record<K, I, S> {
    For(K, I),
    Setting(S),
}

/// The operator: `logic` for every key that a worker holds.
pub struct KeyedOperator<L: Keyed> {
    logic: L,
    shards: Vec<IdMap<L::Key, Slot<L::State>>>,
    /// May hold a key's former deadlines; a key evaluated in vain emits nothing.
    deadlines: BTreeMap<Tick, Vec<L::Key>>,
    meter: Meter,
}

struct Slot<S> {
    state: S,
    /// In the tick at hand.
    is_touched: bool,
    /// The nearest one entered in `deadlines`.
    deadline: Tick,
}

impl<S: Default> Default for Slot<S> {
    fn default() -> Self {
        Self {
            state: S::default(),
            is_touched: false,
            deadline: Tick::MAX,
        }
    }
}

impl<L: Keyed> KeyedOperator<L> {
    pub fn new(logic: L, meter: Meter) -> Self {
        let shards = (0..SHARDS).map(|_| IdMap::default()).collect();
        Self {
            logic,
            shards,
            deadlines: BTreeMap::new(),
            meter,
        }
    }

    fn apply_all(&mut self, inputs: impl IntoIterator<Item = Record<L::Key, L::Input, L::Setting>>) -> Vec<L::Key> {
        let (mut touched, mut settings) = (Vec::new(), Vec::new());
        for input in inputs {
            match input {
                Record::Setting(setting) => settings.push(setting),
                Record::For(key, input) => {
                    let slot = self.shards[shard(&key)].entry(key.clone()).or_default();
                    self.logic.apply(&key, &mut slot.state, input);
                    if !std::mem::replace(&mut slot.is_touched, true) {
                        touched.push(key);
                    }
                }
            }
        }
        if !settings.is_empty() {
            self.reconsider_all(settings, &mut touched);
        }
        touched
    }

    fn reconsider_all(&mut self, settings: Vec<L::Setting>, touched: &mut Vec<L::Key>) {
        let concerns = self.logic.configure(settings);
        let keys: Vec<_> = self
            .shards
            .iter()
            .flat_map(IdMap::keys)
            .filter(|key| concerns(key))
            .cloned()
            .collect();
        drop(concerns);
        for key in keys {
            if let Some(slot) = self.shards[shard(&key)].get_mut(&key) {
                self.logic.reconsider(&key, &mut slot.state);
                if !std::mem::replace(&mut slot.is_touched, true) {
                    touched.push(key);
                }
            }
        }
    }

    fn touch_what_is_due(&mut self, tick: Tick, touched: &mut Vec<L::Key>) {
        while let Some(due) = self.deadlines.first_entry().filter(|due| *due.key() <= tick) {
            for key in due.remove() {
                if let Some(slot) = self.shards[shard(&key)].get_mut(&key) {
                    // Whatever else is entered for it is further away: it will be entered again.
                    slot.deadline = Tick::MAX;
                    if !std::mem::replace(&mut slot.is_touched, true) {
                        touched.push(key);
                    }
                }
            }
        }
    }

    fn evaluate_all(&mut self, touched: Vec<L::Key>, tick: Tick, outputs: &mut Vec<(L::Output, Tick, Diff)>) {
        for key in touched {
            let shard = &mut self.shards[shard(&key)];
            let Some(slot) = shard.get_mut(&key) else { continue };
            slot.is_touched = false;
            let mut emit = |output, diff| outputs.push((output, tick, diff));
            match self.logic.evaluate(&key, &mut slot.state, tick, &mut emit) {
                Next::Wait => {}
                Next::LookAt(deadline) if deadline < slot.deadline => {
                    slot.deadline = deadline;
                    self.deadlines.entry(deadline).or_default().push(key);
                }
                Next::LookAt(_) => {}
                Next::Seal => drop(shard.remove(&key)),
            }
        }
    }
}

impl<L: Keyed> PerTick for KeyedOperator<L> {
    type Input = Record<L::Key, L::Input, L::Setting>;
    type Output = (L::Output, Tick, Diff);

    fn tick(&mut self, tick: Tick, inputs: impl IntoIterator<Item = Self::Input>, outputs: &mut Vec<Self::Output>) {
        let mut touched = self.apply_all(inputs);
        self.touch_what_is_due(tick, &mut touched);
        self.evaluate_all(touched, tick, outputs);
        self.meter.set_entries(self.shards.iter().map(IdMap::len).sum());
        self.meter
            .set_next_deadline(self.deadlines.first_key_value().map(|(deadline, _)| *deadline));
    }
}

/// The shard of a key, by the hash's high bits: the map inside uses the low ones.
fn shard(key: &impl Hash) -> usize {
    (IdHash::default().hash_one(key) >> 48) as usize % SHARDS
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Counts a key's records; the count shows two ticks later, and the key is sealed when it has been silent for ten.
    struct SlowCount;

    #[derive(Default)]
    struct Count {
        records: i64,
        last: Tick,
        shown: Option<i64>,
    }

    impl Keyed for SlowCount {
        type Key = u64;
        type Input = Tick;
        type Setting = u64;
        type State = Count;
        type Output = (u64, i64);

        fn apply(&mut self, _: &u64, state: &mut Count, tick: Tick) {
            state.records += 1;
            state.last = tick;
        }

        fn configure(&mut self, settings: Vec<u64>) -> impl Fn(&u64) -> bool {
            move |key| settings.contains(key)
        }

        fn reconsider(&mut self, _: &u64, state: &mut Count) {
            state.records = 0;
        }

        fn evaluate(
            &mut self,
            key: &u64,
            state: &mut Count,
            tick: Tick,
            emit: &mut impl FnMut((u64, i64), Diff),
        ) -> Next {
            if tick >= state.last + 10 {
                return Next::Seal;
            }
            if tick < state.last + 2 {
                return Next::LookAt(state.last + 2);
            }
            if state.shown != Some(state.records) {
                if let Some(shown) = state.shown.replace(state.records) {
                    emit((*key, shown), -1);
                }
                emit((*key, state.records), 1);
            }
            Next::LookAt(state.last + 10)
        }
    }

    type Input = Record<u64, Tick, u64>;
    type Row = ((u64, i64), Tick, Diff);

    fn run(ticks: &[(Tick, &[Input])]) -> (Vec<Row>, Meter) {
        let meter = Meter::default();
        let mut operator = KeyedOperator::new(SlowCount, meter.clone());
        let mut rows = Vec::new();
        for (tick, records) in ticks {
            operator.tick(*tick, records.to_vec(), &mut rows);
        }
        (rows, meter)
    }

    #[test]
    fn a_deadline_is_met_at_the_first_tick_that_has_reached_it() {
        let (rows, meter) = run(&[(10, &[Record::For(1, 10), Record::For(1, 10)]), (11, &[]), (15, &[])]);
        assert_eq!(rows, [((1, 2), 15, 1)]);
        assert_eq!(meter.next_deadline(), Some(20));
    }

    #[test]
    fn a_sealed_key_keeps_its_rows() {
        let (rows, meter) = run(&[(10, &[Record::For(1, 10)]), (12, &[]), (40, &[])]);
        assert_eq!(rows, [((1, 1), 12, 1)]);
        assert_eq!((meter.entries(), meter.next_deadline()), (0, None));
    }

    #[test]
    fn a_setting_touches_the_keys_it_concerns_and_no_other() {
        let both = [Record::For(1, 10), Record::For(2, 10)];
        let (rows, _) = run(&[(10, &both), (12, &[]), (13, &[Record::Setting(2)])]);
        assert_eq!(rows[2..], [((2, 1), 13, -1), ((2, 0), 13, 1)]);
    }
}
