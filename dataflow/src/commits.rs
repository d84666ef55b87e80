//! A commit is a run of whole ticks written to ClickHouse together. It is written down twice: *begun* before the
//! inserts, so that a restart cuts it again exactly, and *done* after them.

use crate::DataflowError;
use prost::Message;

/// The version of the rows' shape, part of the deduplication token: raise it when the graph's rows change meaning.
pub const SCHEMA: u32 = 4;

/// The run of ticks `first_tick..=last_tick`.
#[derive(Clone, Copy, PartialEq, Eq, Message)]
pub struct Commit {
    #[prost(uint64, tag = "1")]
    pub first_tick: u64,
    #[prost(uint64, tag = "2")]
    pub last_tick: u64,
    #[prost(uint32, tag = "3")]
    pub schema: u32,
}

/// One frame of the topic `commits`. New fields take new numbers; a number is never reused.
#[derive(Clone, PartialEq, Eq, Message)]
pub(crate) struct CommitRecord {
    #[prost(message, required, tag = "1")]
    pub(crate) commit: Commit,
    #[prost(bool, tag = "2")]
    pub(crate) done: bool,
}

impl CommitRecord {
    pub(crate) fn begun(commit: Commit) -> Self {
        Self { commit, done: false }
    }

    pub(crate) fn done(commit: Commit) -> Self {
        Self { commit, done: true }
    }

    pub(crate) fn encode(&self) -> Vec<u8> {
        self.encode_to_vec()
    }

    pub(crate) fn decode(payload: &[u8]) -> Result<Self, DataflowError> {
        <Self as Message>::decode(payload).map_err(|error| DataflowError::Corrupt {
            topic: "commits",
            reason: error.to_string(),
        })
    }
}

/// Where the sink takes up its work: what the topic `commits` says after a start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Resume {
    /// Rows of ticks up to this one are in ClickHouse: the last tick of the newest done commit.
    pub(crate) tick: u64,
    /// A commit that was begun and may or may not have been written: it is cut again exactly.
    pub(crate) open: Option<Commit>,
}

impl Resume {
    /// Folds a record in, in log order. Only the records since the last done one matter.
    pub(crate) fn apply(&mut self, record: &CommitRecord) {
        if record.done {
            *self = Self {
                tick: record.commit.last_tick,
                open: None,
            };
        } else {
            self.tick = record.commit.first_tick - 1;
            self.open = Some(record.commit);
        }
    }

    /// The next commit's cut, when whole ticks up to `complete_tick` are at hand.
    pub(crate) fn cut(&self, complete_tick: u64) -> Option<Commit> {
        match self.open {
            Some(open) => (open.last_tick <= complete_tick).then_some(open),
            None => (complete_tick > self.tick).then_some(Commit {
                first_tick: self.tick + 1,
                last_tick: complete_tick,
                schema: SCHEMA,
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn commit(first_tick: u64, last_tick: u64) -> Commit {
        Commit {
            first_tick,
            last_tick,
            schema: SCHEMA,
        }
    }

    fn resume(records: &[CommitRecord]) -> Resume {
        let mut resume = Resume::default();
        records
            .iter()
            .for_each(|record| resume.apply(&CommitRecord::decode(&record.encode()).unwrap()));
        resume
    }

    #[test]
    fn an_empty_topic_starts_with_the_first_tick() {
        assert_eq!(resume(&[]).cut(700), Some(commit(1, 700)));
    }

    #[test]
    fn a_done_commit_is_never_cut_again() {
        let resume = resume(&[CommitRecord::begun(commit(1, 700)), CommitRecord::done(commit(1, 700))]);
        assert_eq!(resume, Resume { tick: 700, open: None });
        assert_eq!(resume.cut(700), None);
        assert_eq!(resume.cut(900), Some(commit(701, 900)));
    }

    #[test]
    fn a_begun_commit_is_cut_again_exactly_once_its_last_tick_is_complete() {
        let done = [CommitRecord::begun(commit(1, 700)), CommitRecord::done(commit(1, 700))];
        let resume = resume(&[&done[..], &[CommitRecord::begun(commit(701, 900))]].concat());
        assert_eq!(resume.tick, 700);
        assert_eq!(resume.cut(800), None);
        assert_eq!(resume.cut(1200), Some(commit(701, 900)));
    }
}
