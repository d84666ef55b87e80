//! From a stream to whole ticks: the one operator below all others that keep state.
//!
//! Timely hands an operator records in any order and any portions, several ticks at once. [`per_tick`] waits until a tick is complete,
//! then hands all of it over at once, ticks in order. What follows is an ordinary struct with an ordinary method, tested without timely.
//!
//! ```text
//!   records   7 7   8 7 9     8        frontier passes 8
//!                                 ─▶   tick(7, [.. .. ..])  then  tick(8, [.. ..])      9 waits
//! ```
//!
//! **Ticks are data.** Besides its records an operator gets a marker on every worker for every tick ([`Ticks`]). So it runs on a tick in which
//! nothing came to it, and deadlines are looked at when a tick says so: at the first tick that has reached them, the same one in every replay.
//! No capability is held for a deadline, hence no row ever carries a time that is not a tick, and closing an input lets no future happen.
//!
//! State: the records of incomplete ticks.

use crate::ids::Tick;
use differential_dataflow::VecCollection;
use std::collections::BTreeMap;
use timely::dataflow::StreamVec;
use timely::dataflow::channels::pact::Pipeline;
use timely::dataflow::operators::Capability;
use timely::dataflow::operators::generic::Operator;

/// A marker on every worker for every tick, sent *at* that tick.
pub type Ticks<'scope> = StreamVec<'scope, Tick, ()>;

/// What an operator does with a whole tick.
pub trait PerTick: 'static {
    type Input: 'static;
    type Output: Clone + 'static;

    /// `inputs` is all of this worker's records of `tick`, in no order. Each tick comes once, and later than the ones before.
    fn tick(&mut self, tick: Tick, inputs: impl IntoIterator<Item = Self::Input>, outputs: &mut Vec<Self::Output>);
}

/// Runs `logic` over the records that are on this worker; whoever needs a key's records together exchanges them before.
pub fn per_tick<'scope, L: PerTick>(
    name: &str,
    records: StreamVec<'scope, Tick, L::Input>,
    ticks: Ticks<'scope>,
    mut logic: L,
) -> StreamVec<'scope, Tick, L::Output> {
    let stream: StreamVec<'scope, Tick, L::Output> =
        records.binary_frontier(ticks, Pipeline, Pipeline, name, move |_, _| {
            let mut open = BTreeMap::<Tick, Open<L::Input>>::new();
            let mut outputs = Vec::new();
            move |(records, records_frontier), (ticks, ticks_frontier), output| {
                records.for_each_stamp(|capability, containers| {
                    if let Some(capability) = capability.retain_least(output.output_index()) {
                        let open = open.entry(*capability.time()).or_insert_with(|| Open::new(capability));
                        open.portions.extend(containers.map(std::mem::take));
                    }
                });
                ticks.for_each_stamp(|capability, _| {
                    if let Some(capability) = capability.retain_least(output.output_index()) {
                        open.entry(*capability.time()).or_insert_with(|| Open::new(capability));
                    }
                });
                while let Some(first) = open.first_entry() {
                    let tick = *first.key();
                    if records_frontier.less_equal(&tick) || ticks_frontier.less_equal(&tick) {
                        break;
                    }
                    let Open { capability, portions } = first.remove();
                    logic.tick(tick, portions.into_iter().flatten(), &mut outputs);
                    output.session(&capability).give_iterator(outputs.drain(..));
                }
            }
        });
    stream
}

/// A collection's rows, each sent at its own tick.
///
/// Differential looks at the time in the row alone, so a row may travel earlier than it says: rows that an input or a join made come in
/// portions stamped with the least of their times. [`per_tick`] goes by the stamp.
pub(crate) fn at_their_ticks<'scope, D, R>(
    rows: VecCollection<'scope, Tick, D, R>,
) -> StreamVec<'scope, Tick, (D, Tick, R)>
where
    D: Clone + 'static,
    R: Clone + 'static,
{
    let stream: StreamVec<'scope, Tick, (D, Tick, R)> = rows.inner.unary(Pipeline, "AtTheirTicks", |_, _| {
        |input, output| {
            input.for_each_stamp(|capability, containers| {
                for row in containers.flat_map(|container| container.drain(..)) {
                    let capability = capability.delayed(&row.1, output.output_index());
                    output.session(&capability).give(row);
                }
            });
        }
    });
    stream
}

/// A tick that is not complete yet.
struct Open<I> {
    capability: Capability<Tick>,
    /// Its records as they came: putting them in one place would only move them once more.
    portions: Vec<Vec<I>>,
}

impl<I> Open<I> {
    fn new(capability: Capability<Tick>) -> Self {
        Self {
            capability,
            portions: Vec::new(),
        }
    }
}
