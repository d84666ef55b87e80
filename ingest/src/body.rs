//! Bytes from the network: bounded in time while they come, in size while they inflate, and in sum over all requests.

use std::{io::Read, sync::Arc, time::Duration};

use bytes::{Buf, Bytes, BytesMut};
use flate2::read::GzDecoder;
use gosight_proto::limits;
use http_body_util::BodyExt;
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::timeout,
};

use crate::reason::Refusal;

/// All bodies in memory together, as they came and inflated: room for some 25 of the largest, thousands of usual ones.
const BYTES_HELD_MAX: usize = 256 << 20;
/// The unit the sum is counted in.
const HELD_UNIT_BYTES: usize = 1024;
/// A body over its limit is still read this far, unkept, so that its sender gets to hear the answer.
const DRAIN_BYTES_MAX: usize = 64 << 20;
/// How much is inflated at a time.
const INFLATE_STEP_BYTES: usize = 64 << 10;
/// How much is inflated to look for a key; a key has at most 128 characters.
const PREFIX_BYTES: usize = 1024;

pub(crate) const CHUNK_TIME_MAX: Duration = Duration::from_millis(limits::BODY_CHUNK_TIME_MS_MAX);

const WIRE_TOO_LARGE: Refusal = Refusal::TooLarge("the body is over 1 MiB (2 MiB with replay chunks) on the wire");
const INFLATED_TOO_LARGE: Refusal =
    Refusal::TooLarge("the body inflates to more than 8 MiB (10 MiB with replay chunks)");
const BROKEN_OFF: Refusal = Refusal::Malformed("the body broke off");

/// What all requests together may hold.
#[derive(Clone)]
pub(crate) struct Budget(Arc<Semaphore>);

impl Budget {
    pub(crate) fn new() -> Self {
        Self(Arc::new(Semaphore::new(BYTES_HELD_MAX / HELD_UNIT_BYTES)))
    }

    pub(crate) fn hold(&self) -> Held {
        Held {
            budget: self.clone(),
            bytes: 0,
            permit: None,
        }
    }
}

/// One request's part of the budget, given back when dropped.
pub(crate) struct Held {
    budget: Budget,
    bytes: usize,
    permit: Option<OwnedSemaphorePermit>,
}

impl Held {
    fn grow(&mut self, bytes: usize) -> Result<(), Refusal> {
        let units = |bytes: usize| bytes.div_ceil(HELD_UNIT_BYTES);
        let more = units(self.bytes + bytes) - units(self.bytes);
        let more = u32::try_from(more).map_err(|_| WIRE_TOO_LARGE)?;
        let permit = self
            .budget
            .0
            .clone()
            .try_acquire_many_owned(more)
            .map_err(|_| Refusal::Unavailable {
                reason: "too many bytes are on their way in".to_owned(),
                retry_after: Duration::from_secs(1),
            })?;
        self.bytes += bytes;
        match &mut self.permit {
            Some(held) => held.merge(permit),
            None => self.permit = Some(permit),
        }
        Ok(())
    }
}

/// A body as it came over the wire.
pub(crate) struct Wire {
    pub(crate) bytes: Bytes,
    pub(crate) held: Held,
}

/// Reads a whole HTTP body.
pub(crate) async fn read(mut body: axum::body::Body, mut held: Held) -> Result<Wire, Refusal> {
    let mut bytes = BytesMut::new();
    while let Some(chunk) = next_chunk(&mut body, CHUNK_TIME_MAX).await? {
        if bytes.len() + chunk.len() > limits::REPLAY_BODY_WIRE_BYTES_MAX {
            drain(body).await;
            return Err(WIRE_TOO_LARGE);
        }
        held.grow(chunk.len())?;
        bytes.extend_from_slice(&chunk);
    }
    Ok(Wire {
        bytes: bytes.freeze(),
        held,
    })
}

/// The next bytes of a body; none at its end.
pub(crate) async fn next_chunk<B>(body: &mut B, patience: Duration) -> Result<Option<Bytes>, Refusal>
where
    B: BodyExt<Data = Bytes> + Unpin,
{
    loop {
        let Some(frame) = timeout(patience, body.frame()).await.map_err(|_| Refusal::Timeout)? else {
            return Ok(None);
        };
        if let Ok(chunk) = frame.map_err(|_| BROKEN_OFF)?.into_data() {
            return Ok(Some(chunk));
        }
    }
}

async fn drain(mut body: axum::body::Body) {
    let mut drained = 0;
    while drained < DRAIN_BYTES_MAX {
        match next_chunk(&mut body, CHUNK_TIME_MAX).await {
            Ok(Some(chunk)) => drained += chunk.len(),
            Ok(None) | Err(_) => return,
        }
    }
}

/// One gRPC message after another out of a body, each with its five-byte prefix taken off.
pub(crate) struct Frames<B> {
    body: B,
    buffer: BytesMut,
    budget: Budget,
    /// How long to wait for the first byte of the next message.
    idle_max: Duration,
}

/// A message and whether it is compressed.
pub(crate) struct Frame {
    pub(crate) wire: Wire,
    pub(crate) is_compressed: bool,
}

const FRAME_PREFIX_BYTES: usize = 5;

impl<B: BodyExt<Data = Bytes> + Unpin> Frames<B> {
    pub(crate) fn new(body: B, budget: Budget, idle_max: Duration) -> Self {
        Self {
            body,
            buffer: BytesMut::new(),
            budget,
            idle_max,
        }
    }

    /// The next message; none at the end of the body.
    pub(crate) async fn next(&mut self) -> Result<Option<Frame>, Refusal> {
        let mut held = self.budget.hold();
        if !self.fill(FRAME_PREFIX_BYTES, &mut held).await? {
            return if self.buffer.is_empty() {
                Ok(None)
            } else {
                Err(BROKEN_OFF)
            };
        }
        let flag = self.buffer.get_u8();
        let len = self.buffer.get_u32() as usize;
        if flag > 1 {
            return Err(Refusal::Malformed("the body is not made of gRPC messages"));
        }
        if len > limits::REPLAY_BODY_WIRE_BYTES_MAX {
            return Err(WIRE_TOO_LARGE);
        }
        if !self.fill(len, &mut held).await? {
            return Err(BROKEN_OFF);
        }
        let bytes = self.buffer.split_to(len).freeze();
        Ok(Some(Frame {
            wire: Wire { bytes, held },
            is_compressed: flag == 1,
        }))
    }

    /// Reads until `len` bytes are there; false when the body ends first.
    async fn fill(&mut self, len: usize, held: &mut Held) -> Result<bool, Refusal> {
        while self.buffer.len() < len {
            let is_idle = self.buffer.is_empty() && len == FRAME_PREFIX_BYTES;
            let patience = if is_idle { self.idle_max } else { CHUNK_TIME_MAX };
            let Some(chunk) = next_chunk(&mut self.body, patience).await? else {
                return Ok(false);
            };
            held.grow(chunk.len())?;
            self.buffer.extend_from_slice(&chunk);
        }
        Ok(true)
    }
}

/// A gzip body, inflated as far as somebody asks.
pub(crate) struct Inflation {
    decoder: GzDecoder<bytes::buf::Reader<Bytes>>,
    inflated: Vec<u8>,
    bytes_max: usize,
    held: Held,
}

impl Inflation {
    pub(crate) fn of(wire: Wire) -> Self {
        let by_ratio = wire.bytes.len().saturating_mul(limits::INFLATION_RATIO_MAX);
        Self {
            bytes_max: by_ratio.min(limits::REPLAY_BODY_INFLATED_BYTES_MAX),
            decoder: GzDecoder::new(wire.bytes.reader()),
            inflated: Vec::new(),
            held: wire.held,
        }
    }

    /// Enough of the beginning to hold a key.
    pub(crate) fn prefix(&mut self) -> Result<&[u8], Refusal> {
        self.step(PREFIX_BYTES)?;
        Ok(&self.inflated)
    }

    /// Everything, within the limits.
    pub(crate) fn rest(mut self) -> Result<Wire, Refusal> {
        while self.step(INFLATE_STEP_BYTES)? > 0 {}
        Ok(Wire {
            bytes: self.inflated.into(),
            held: self.held,
        })
    }

    /// Inflates up to so many bytes more; says how many came.
    fn step(&mut self, bytes: usize) -> Result<usize, Refusal> {
        let before = self.inflated.len();
        self.held.grow(bytes)?;
        let mut some = (&mut self.decoder).take(bytes as u64);
        some.read_to_end(&mut self.inflated)
            .map_err(|_| Refusal::Malformed("the body is not gzip"))?;
        if self.inflated.len() > self.bytes_max {
            return Err(INFLATED_TOO_LARGE);
        }
        Ok(self.inflated.len() - before)
    }
}

/// A batch without a replay chunk has the smaller limits.
pub(crate) fn check_without_replay(wire_bytes: usize, inflated_bytes: usize) -> Result<(), Refusal> {
    if wire_bytes > limits::BODY_WIRE_BYTES_MAX {
        return Err(WIRE_TOO_LARGE);
    }
    if inflated_bytes > limits::BODY_INFLATED_BYTES_MAX {
        Err(INFLATED_TOO_LARGE)
    } else {
        Ok(())
    }
}
