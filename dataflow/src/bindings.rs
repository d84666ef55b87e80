//! A binding says which records belong to a tick. It is decided once and written down, so that a replay sees the same
//! ticks with the same contents.

use crate::DataflowError;
use gosight_log::Offset;
use prost::Message;
use std::sync::Arc;

/// One frame of the topic `bindings`. New fields take new numbers; a number is never reused.
#[derive(Clone, PartialEq, Eq, Message)]
pub struct Binding {
    /// The dataflow's logical time, in ms; every binding's tick is greater than that of the one before it.
    #[prost(uint64, tag = "1")]
    pub tick: u64,
    /// Everything acknowledged before this moment (ms since the Unix epoch) belongs to this tick or an earlier one.
    #[prost(int64, tag = "2")]
    pub complete_to_ms: i64,
    /// Control records below this offset are in force at this tick.
    #[prost(uint64, tag = "3")]
    pub control_end: u64,
    /// Per partition of `events`: records below this offset belong to this tick or an earlier one.
    #[prost(uint64, repeated, tag = "4")]
    pub ends: Vec<u64>,
}

impl Binding {
    pub(crate) fn encode(&self) -> Vec<u8> {
        self.encode_to_vec()
    }

    pub(crate) fn decode(payload: &[u8]) -> Result<Self, DataflowError> {
        <Self as Message>::decode(payload).map_err(|error| DataflowError::Corrupt {
            topic: "bindings",
            reason: error.to_string(),
        })
    }

    /// The next binding, or why the log and its bindings disagree: a log that is shorter than what was bound has lost data.
    pub(crate) fn follow(
        &self,
        now_ms: u64,
        complete_to_ms: i64,
        control_end: u64,
        ends: Vec<u64>,
    ) -> Result<Self, DataflowError> {
        if ends.len() != self.ends.len() {
            return Err(DataflowError::PartitionsChanged {
                bound: self.ends.len(),
                found: ends.len(),
            });
        }
        if let Some(partition) = (0..ends.len()).find(|&p| ends[p] < self.ends[p]) {
            return Err(DataflowError::LogShrank {
                partition,
                bound: self.ends[partition],
                found: ends[partition],
            });
        }
        Ok(Self {
            tick: now_ms.max(self.tick + 1),
            complete_to_ms,
            control_end,
            ends,
        })
    }

    /// Whether a replay may leave this tick out: nothing came in it, nor in the next one, and the rows of both are in the views. What was
    /// due at it is due at the next, before anything new comes. So a night without visitors is replayed at once.
    pub(crate) fn says_nothing(&self, before: &Self, next: Option<&Self>, resume_tick: u64) -> bool {
        let is_next_quiet = next.is_some_and(|next| next.tick <= resume_tick && self.is_same_log_as(next));
        before.is_same_log_as(self) && is_next_quiet
    }

    /// Whether both bind the same records.
    pub(crate) fn is_same_log_as(&self, next: &Self) -> bool {
        self.control_end == next.control_end && self.ends == next.ends
    }
}

/// A binding as it stands in the log.
#[derive(Clone, Debug)]
pub(crate) struct Bound {
    pub(crate) binding: Arc<Binding>,
    /// Of its record.
    pub(crate) offset: Offset,
}

#[cfg(test)]
impl Bound {
    pub(crate) fn at(tick: u64) -> Self {
        let binding = Binding {
            tick,
            complete_to_ms: tick as i64,
            ..Binding::default()
        };
        Self {
            binding: Arc::new(binding),
            offset: 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn binding(tick: u64, ends: &[u64]) -> Binding {
        Binding {
            tick,
            complete_to_ms: tick as i64,
            control_end: 0,
            ends: ends.to_vec(),
        }
    }

    #[test]
    fn a_binding_survives_its_encoding() {
        let before = Binding {
            tick: 1_732_330_000_000,
            complete_to_ms: 17,
            control_end: 3,
            ends: vec![0, 9, u64::MAX],
        };
        assert_eq!(Binding::decode(&before.encode()).unwrap(), before);
    }

    #[test]
    fn ticks_grow_even_when_the_clock_goes_back() {
        let next = binding(1000, &[4]).follow(400, 400, 0, vec![5]).unwrap();
        assert_eq!(next.tick, 1001);
        assert_eq!(next.follow(2000, 2000, 0, vec![5]).unwrap().tick, 2000);
    }

    #[test]
    fn a_log_that_lost_bound_records_is_refused() {
        let error = binding(1000, &[4, 7]).follow(2000, 2000, 0, vec![4, 6]).unwrap_err();
        assert!(
            matches!(
                error,
                DataflowError::LogShrank {
                    partition: 1,
                    bound: 7,
                    found: 6
                }
            ),
            "{error}"
        );
    }

    #[test]
    fn of_a_quiet_stretch_a_replay_needs_the_last_tick() {
        let ticks = [
            binding(1, &[4]),
            binding(2, &[4]),
            binding(3, &[4]),
            binding(4, &[5]),
            binding(5, &[5]),
        ];
        let needed = |resume_tick| {
            let needed =
                (1..ticks.len()).filter(|&at| !ticks[at].says_nothing(&ticks[at - 1], ticks.get(at + 1), resume_tick));
            needed.map(|at| ticks[at].tick).collect::<Vec<_>>()
        };
        assert_eq!(needed(5), [3, 4, 5]);
        assert_eq!(needed(2), [2, 3, 4, 5], "rows of later ticks are not in the views");
    }

    #[test]
    fn another_number_of_partitions_is_refused() {
        let error = binding(1000, &[4]).follow(2000, 2000, 0, vec![4, 0]).unwrap_err();
        assert!(
            matches!(error, DataflowError::PartitionsChanged { bound: 1, found: 2 }),
            "{error}"
        );
    }
}
