//! What cannot be read goes to the topic `dead` with its reason; the pipeline goes on.

use crate::{DataflowError, journal, telemetry};
use bytes::Bytes;
use gosight_log::{Log, RECORD_BYTES_MAX, Topic};
use gosight_operators::event::Position;
use gosight_proto::record::DeadLetter;
use prost::Message;

/// Of a letter's bytes: an unreadable record may be as large as a record can be, and the letter is one itself.
const EVENT_BYTES_MAX: usize = RECORD_BYTES_MAX - (64 << 10);

/// A tick's letters on one worker.
#[derive(Default)]
pub(crate) struct DeadLetters(Vec<Vec<u8>>);

impl DeadLetters {
    pub(crate) fn add(&mut self, reason: String, project_id: Bytes, position: Position, bytes: &Bytes) {
        tracing::warn!(reason, ?position, "unreadable: moved to the topic dead");
        let event = bytes.slice(..bytes.len().min(EVENT_BYTES_MAX));
        let Position {
            partition,
            offset,
            index,
        } = position;
        self.0.push(
            DeadLetter {
                reason,
                project_id,
                partition,
                offset,
                index,
                event,
            }
            .encode_to_vec(),
        );
    }

    /// Writes them down before their tick can be committed. A tick that is read again after a restart writes them again.
    pub(crate) fn bury(&mut self, log: &dyn Log, gives_up: impl Fn() -> bool) -> Result<(), DataflowError> {
        if self.0.is_empty() {
            return Ok(());
        }
        telemetry::buried(self.0.len());
        journal::append_all(log, Topic::Dead, std::mem::take(&mut self.0), gives_up)
    }
}
