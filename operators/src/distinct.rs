//! First seen: of the events with one (project, id), the first in (tick, partition, offset, index) order is the event; the others are counted.
//!
//! ```text
//!   tick            7            8            9
//!   events       a  b  a'     c  b'        d          fresh: a b c d      duplicates: a' b'
//! ```
//!
//! State: a fingerprint of 64 bits an event, 9 to 18 bytes in its hash set, until a repetition would be late. Fingerprints are kept in
//! generations of eight hours by the time they expire, so that forgetting is dropping whole sets. An event is sought in each of them, at most
//! seven: those of one tick expire from now to two horizons ahead, six generations and a started one.
//!
//! What it will not notice: two events whose fingerprints collide, the second of which is then taken for a duplicate. With 43 million events a
//! day (500 a second) that happens once in about 30 years. And a repetition that comes under another time, after the first one's horizon.

use crate::event::{Event, Position, Positioned};
use crate::ids::{IdHash, Tick, route};
use crate::lateness::HORIZON_MS;
use crate::meter::Meter;
use crate::per_tick::{PerTick, Ticks, per_tick};
use std::collections::{BTreeMap, HashSet};
use std::hash::BuildHasher;
use timely::dataflow::StreamVec;
use timely::dataflow::operators::{Exchange, OkErr};

/// How much longer than necessary a fingerprint may be kept, ms: fewer generations to seek in, against more to keep.
const GENERATION_MS: i64 = 8 * 60 * 60 * 1000;

/// See [`keyed`](crate::keyed): rehashing one shard goes unnoticed.
const SHARDS: usize = 64;

/// What came, parted.
pub struct DistinctStreams<'scope> {
    pub fresh: StreamVec<'scope, Tick, Positioned>,
    pub duplicates: StreamVec<'scope, Tick, Position>,
}

/// Parts `events`, of which none is late.
pub fn distinct<'scope>(
    events: StreamVec<'scope, Tick, Positioned>,
    ticks: Ticks<'scope>,
    meter: Meter,
) -> DistinctStreams<'scope> {
    let exchanged = events.exchange(|(_, event)| route(&event.id));
    let (fresh, duplicates) = per_tick("Distinct", exchanged, ticks, Distinct::new(meter)).ok_err(|seen| seen);
    DistinctStreams { fresh, duplicates }
}

/// Every fingerprint that may come again.
struct Distinct {
    /// By the number of their generation.
    generations: BTreeMap<i64, Generation>,
    meter: Meter,
}

impl Distinct {
    fn new(meter: Meter) -> Self {
        Self {
            generations: BTreeMap::new(),
            meter,
        }
    }

    fn is_first(&mut self, event: &Event) -> bool {
        let fingerprint = IdHash::default().hash_one((event.project, event.id));
        let own = event.time_ms.saturating_add(HORIZON_MS).div_euclid(GENERATION_MS);
        let is_known = |(number, generation): (&i64, &Generation)| *number != own && generation.contains(fingerprint);
        !self.generations.iter().any(is_known) && self.generations.entry(own).or_default().insert(fingerprint)
    }

    /// Drops the generations of which every event would be late.
    fn forget(&mut self, tick: Tick) {
        let current = i64::try_from(tick).unwrap_or(i64::MAX).div_euclid(GENERATION_MS);
        self.generations.retain(|number, _| *number >= current);
    }
}

impl PerTick for Distinct {
    type Input = Positioned;
    type Output = Result<Positioned, Position>;

    fn tick(
        &mut self,
        tick: Tick,
        events: impl IntoIterator<Item = Positioned>,
        outputs: &mut Vec<Result<Positioned, Position>>,
    ) {
        self.forget(tick);
        let mut events: Vec<_> = events.into_iter().collect();
        // Runs, one or few per partition: the standard sort finds them.
        events.sort_by_key(|(position, _)| *position);
        let seen = |(position, event): Self::Input| match self.is_first(&event) {
            true => Ok((position, event)),
            false => Err(position),
        };
        outputs.extend(events.into_iter().map(seen));
        self.meter
            .set_entries(self.generations.values().map(Generation::len).sum());
    }
}

struct Generation(Vec<HashSet<u64, IdHash>>);

impl Default for Generation {
    fn default() -> Self {
        Self(vec![HashSet::default(); SHARDS])
    }
}

impl Generation {
    fn contains(&self, fingerprint: u64) -> bool {
        self.0[fingerprint as usize % SHARDS].contains(&fingerprint)
    }

    fn insert(&mut self, fingerprint: u64) -> bool {
        self.0[fingerprint as usize % SHARDS].insert(fingerprint)
    }

    fn len(&self) -> usize {
        self.0.iter().map(HashSet::len).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::EventType;
    use crate::fixture::session;
    use crate::ids::{EventId, ProjectId};
    use std::sync::Arc;

    const HOUR_MS: i64 = 60 * 60 * 1000;

    fn at(offset: u64, time_ms: i64) -> Positioned {
        let event = session().event(time_ms, EventType::Click).events.remove(0);
        (
            Position {
                offset,
                ..Position::default()
            },
            event,
        )
    }

    /// The offsets of the fresh ones and of the duplicates, tick by tick.
    fn run(ticks: &[(Tick, &[Positioned])]) -> (Vec<u64>, Vec<u64>) {
        let mut distinct = Distinct::new(Meter::default());
        let mut seen = Vec::new();
        for (tick, events) in ticks {
            distinct.tick(*tick, events.to_vec(), &mut seen);
        }
        let fresh = seen
            .iter()
            .filter_map(|seen| seen.as_ref().ok())
            .map(|(position, _)| position.offset);
        let duplicates = seen
            .iter()
            .filter_map(|seen| seen.as_ref().err())
            .map(|position| position.offset);
        (fresh.collect(), duplicates.collect())
    }

    #[test]
    fn of_one_tick_the_lower_position_is_the_event() {
        assert_eq!(run(&[(1, &[at(2, 0), at(1, 0)])]), (vec![1], vec![2]));
    }

    #[test]
    fn the_earlier_tick_comes_before_the_lower_position() {
        assert_eq!(run(&[(1, &[at(2, 0)]), (2, &[at(1, 0)])]), (vec![2], vec![1]));
    }

    #[test]
    fn a_repetition_under_another_time_is_a_duplicate() {
        assert_eq!(
            run(&[(1, &[at(1, 0)]), (2, &[at(2, 20 * HOUR_MS)])]),
            (vec![1], vec![2])
        );
    }

    #[test]
    fn the_same_id_in_another_project_is_another_event() {
        let mut other = at(2, 0);
        Arc::make_mut(&mut other.1).project = ProjectId(8);
        assert_eq!(run(&[(1, &[at(1, 0), other])]), (vec![1, 2], vec![]));
    }

    #[test]
    fn an_event_is_sought_in_seven_generations_at_most() {
        let mut distinct = Distinct::new(Meter::default());
        let mut most = 0;
        for hour in 0..200 {
            let tick = hour * HOUR_MS;
            let on_time = [-HORIZON_MS, 0, HORIZON_MS].into_iter().enumerate();
            let events = on_time.map(|(n, ahead_ms)| {
                let mut event = at(n as u64, tick + ahead_ms);
                Arc::make_mut(&mut event.1).id = EventId((hour * 3) as u128 + n as u128);
                event
            });
            distinct.tick(tick as Tick, events, &mut Vec::new());
            most = most.max(distinct.generations.len());
        }
        assert_eq!(most, 7);
        // After a silence none is left that no event can be in.
        distinct.tick((300 * HOUR_MS) as Tick, [at(1, 300 * HOUR_MS)], &mut Vec::new());
        assert_eq!(distinct.generations.len(), 1);
    }

    #[test]
    fn it_remembers_as_long_as_a_repetition_is_on_time_and_not_for_ever() {
        let mut distinct = Distinct::new(Meter::default());
        distinct.tick(0, vec![at(1, 0)], &mut Vec::new());
        distinct.tick(HORIZON_MS as Tick, vec![], &mut Vec::new());
        assert_eq!(distinct.meter.entries(), 1);
        distinct.tick((HORIZON_MS + GENERATION_MS) as Tick, vec![], &mut Vec::new());
        assert_eq!(distinct.meter.entries(), 0);
    }
}
