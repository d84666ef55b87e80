//! `gosight.v1.IngestService` over gRPC and, behind tonic's translation, gRPC-Web. Messages are taken off their frames here,
//! not decoded, so that they go the same way as those of every other door.

use std::{convert::Infallible, time::Duration};

use axum::http::{Request, Response, header};
use bytes::{BufMut, Bytes, BytesMut};
use futures::{StreamExt, TryStreamExt, stream};
use gosight_proto::v1::SendAnswer;
use http_body_util::StreamBody;
use hyper::body::Frame as HttpFrame;
use prost::Message;
use tonic::{Status, body::Body, metadata::MetadataMap};

use crate::{
    Ingest,
    body::{Frame, Frames},
    envelope::Envelope,
    http, outcomes,
    reason::Refusal,
    receive::{Arrival, Sender},
};

/// Batches of one stream on their way to the log at once: group commit takes them together.
const STREAM_APPENDS_MAX: usize = 64;
/// Rejections of one stream, all named in its one answer; a client that sends more is broken and is told early.
const STREAM_REJECTIONS_MAX: usize = 100_000;
/// A stream may be silent so long between two batches.
const STREAM_IDLE_MAX: Duration = Duration::from_secs(300);

const GZIP: &str = "gzip";

pub(crate) async fn call(ingest: Ingest, request: Request<Body>) -> Result<Response<Body>, Infallible> {
    let answer = match request.uri().path().rsplit('/').next() {
        Some("SendBatch") => send_batch(&ingest, request).await,
        Some("SendEvents") => send_events(&ingest, request).await,
        _ => return Ok(Status::unimplemented("IngestService has SendBatch and SendEvents").into_http()),
    };
    Ok(match answer {
        Ok(answer) => respond(&answer),
        Err(refusal) => status(&refusal).into_http(),
    })
}

async fn send_batch(ingest: &Ingest, request: Request<Body>) -> Result<SendAnswer, Refusal> {
    let mut call = Call::of(ingest, request, crate::body::CHUNK_TIME_MAX)?;
    let Some(frame) = call.frames.next().await? else {
        return Err(Refusal::Malformed("there is no message in the call"));
    };
    if call.frames.next().await?.is_some() {
        return Err(Refusal::Malformed("there is more than one message in the call"));
    }
    call.context.receive(frame).await.map(|(answer, _)| answer)
}

async fn send_events(ingest: &Ingest, request: Request<Body>) -> Result<SendAnswer, Refusal> {
    let Call { context, frames } = Call::of(ingest, request, STREAM_IDLE_MAX)?;
    let frames = stream::try_unfold(frames, async |mut frames| {
        Ok(frames.next().await?.map(|frame| (frame, frames)))
    });
    frames
        .map_ok(|frame| context.receive(frame))
        .try_buffered(STREAM_APPENDS_MAX)
        .try_fold(Total::default(), async |total, (answer, events)| {
            total.and(answer, events)
        })
        .await
        .map(|total| total.answer)
}

/// The answers of a stream as one; indexes go on from batch to batch.
#[derive(Default)]
struct Total {
    answer: SendAnswer,
    events: u32,
}

impl Total {
    fn and(mut self, batch: SendAnswer, events: u32) -> Result<Self, Refusal> {
        let rejected = &mut self.answer.rejected;
        if rejected.len() + batch.rejected.len() > STREAM_REJECTIONS_MAX {
            return Err(Refusal::TooMany {
                what: "rejected events",
                max: STREAM_REJECTIONS_MAX,
            });
        }
        rejected.extend(batch.rejected.into_iter().map(|mut rejection| {
            rejection.index = rejection.index.saturating_add(self.events);
            rejection
        }));
        self.answer.accepted = self.answer.accepted.saturating_add(batch.accepted);
        self.answer.settings = batch.settings.or(self.answer.settings);
        self.events = self.events.saturating_add(events);
        Ok(self)
    }
}

/// A call of either kind.
struct Call<'a> {
    context: Context<'a>,
    frames: Frames<Body>,
}

/// What every message of a call has in common.
struct Context<'a> {
    ingest: &'a Ingest,
    sender: Sender,
    is_gzip: bool,
}

impl<'a> Call<'a> {
    fn of(ingest: &'a Ingest, request: Request<Body>, idle_max: Duration) -> Result<Self, Refusal> {
        let encoding = request
            .headers()
            .get("grpc-encoding")
            .map(|value| value.to_str().unwrap_or("?"));
        let is_gzip = match encoding {
            None | Some("identity") => false,
            Some(GZIP) => true,
            Some(_) => return Err(Refusal::Malformed("only gzip is taken as grpc-encoding")),
        };
        let context = Context {
            ingest,
            sender: http::sender(ingest, &request),
            is_gzip,
        };
        Ok(Self {
            context,
            frames: Frames::new(request.into_body(), ingest.parts.budget.clone(), idle_max),
        })
    }
}

impl Context<'_> {
    /// The answer, and how many events the batch had.
    async fn receive(&self, frame: Frame) -> Result<(SendAnswer, u32), Refusal> {
        let wire_bytes = frame.wire.bytes.len();
        let wire = match (frame.is_compressed, self.is_gzip) {
            (false, _) => frame.wire,
            (true, true) => http::inflate(self.ingest, frame.wire, &self.sender).await?,
            (true, false) => return Err(Refusal::Malformed("a compressed message without a grpc-encoding")),
        };
        let arrival = Arrival::new(Envelope::from_protobuf(&wire.bytes), wire_bytes, wire.bytes.len(), 0)?;
        let events = arrival.events() as u32;
        let answer = self.ingest.receive(arrival, &self.sender).await?;
        Ok((answer, events))
    }
}

fn respond(answer: &SendAnswer) -> Response<Body> {
    let mut message = BytesMut::with_capacity(5 + answer.encoded_len());
    message.put_u8(0);
    message.put_u32(answer.encoded_len() as u32);
    message.put_slice(&answer.encode_to_vec());
    let mut trailers = axum::http::HeaderMap::new();
    trailers.insert(Status::GRPC_STATUS, axum::http::HeaderValue::from_static("0"));
    let frames = [
        Ok::<_, Status>(HttpFrame::<Bytes>::data(message.freeze())),
        Ok(HttpFrame::trailers(trailers)),
    ];
    let mut response = Response::new(Body::new(StreamBody::new(stream::iter(frames).boxed())));
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, tonic::metadata::GRPC_CONTENT_TYPE);
    response
}

fn status(refusal: &Refusal) -> Status {
    outcomes::batch_refused(refusal);
    let mut metadata = MetadataMap::new();
    if let Some(seconds) = refusal.retry_after_s() {
        metadata.insert("retry-after", seconds.into());
    }
    Status::with_metadata(refusal.grpc_code(), format!("{}: {refusal}", refusal.code()), metadata)
}
