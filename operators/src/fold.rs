//! Additive views: what a tick adds to each key, added up before it goes anywhere.
//!
//! Totals and heatmaps are sums, so a change to them is a number to add, which may be negative. Nothing is kept from tick to tick: the table
//! that the rows go to does the adding. Each worker adds up what it saw itself, hence a key may get one row per worker and tick.
//!
//! State: the keys of one tick.

use crate::event::Event;
use crate::ids::{IdMap, Tick};
use crate::per_tick::{PerTick, Ticks, per_tick};
use differential_dataflow::difference::Semigroup;
use differential_dataflow::{AsCollection, VecCollection};
use std::collections::hash_map::Entry;
use std::hash::Hash;
use std::marker::PhantomData;
use std::rc::Rc;
use std::sync::Arc;
use timely::dataflow::channels::pact::Pipeline;
use timely::dataflow::operators::generic::Operator;
use timely::dataflow::operators::rc::SharedStream;
use timely::dataflow::{Stream, StreamVec};

/// The events of a worker, for all who only look at them: shared, not copied.
pub type Shared<'scope> = Stream<'scope, Tick, Rc<Vec<Arc<Event>>>>;

/// Lets several views look at the same events.
pub fn share<'scope>(events: StreamVec<'scope, Tick, Arc<Event>>) -> Shared<'scope> {
    events.shared()
}

/// What `derive` gives for portions of events, none of which is copied.
pub(crate) fn look<'scope, D: Clone + 'static>(
    events: Shared<'scope>,
    name: &str,
    mut derive: impl FnMut(&[Arc<Event>], &mut Vec<D>) + 'static,
) -> StreamVec<'scope, Tick, D> {
    let derived: StreamVec<'scope, Tick, D> = events.unary(Pipeline, name, move |_, _| {
        let mut buffer = Vec::new();
        move |input, output| {
            input.for_each_stamp(|capability, containers| {
                containers.for_each(|events| derive(events, &mut buffer));
                output.session(&capability).give_iterator(buffer.drain(..));
            });
        }
    });
    derived
}

/// The sums of each tick, by key, without the zeros.
pub(crate) fn fold<'scope, D, R>(
    name: &str,
    rows: StreamVec<'scope, Tick, (D, R)>,
    ticks: Ticks<'scope>,
) -> VecCollection<'scope, Tick, D, R>
where
    D: Hash + Ord + Clone + 'static,
    R: Semigroup + 'static,
{
    per_tick(name, rows, ticks, Fold(PhantomData)).as_collection()
}

struct Fold<D, R>(PhantomData<(D, R)>);

impl<D: Hash + Ord + Clone + 'static, R: Semigroup + 'static> PerTick for Fold<D, R> {
    type Input = (D, R);
    type Output = (D, Tick, R);

    fn tick(&mut self, tick: Tick, rows: impl IntoIterator<Item = (D, R)>, sums: &mut Vec<(D, Tick, R)>) {
        sums.extend(add_up(rows).map(|(key, sum)| (key, tick, sum)));
    }
}

/// The sums by key, without the zeros.
pub(crate) fn add_up<D: Hash + Eq, R: Semigroup>(
    rows: impl IntoIterator<Item = (D, R)>,
) -> impl Iterator<Item = (D, R)> {
    let mut sums = IdMap::<D, R>::default();
    for (key, amount) in rows {
        match sums.entry(key) {
            Entry::Occupied(mut sum) => sum.get_mut().plus_equals(&amount),
            Entry::Vacant(sum) => drop(sum.insert(amount)),
        }
    }
    sums.into_iter().filter(|(_, sum)| !sum.is_zero())
}
