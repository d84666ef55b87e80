//! The one listener: HTTP/1.1, HTTP/2 (gRPC) and WebSockets on one port, with the limits that a hostile client meets first.

use std::io::Write;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::Context;
use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use gosight_proto::limits::{CONNECTIONS_MAX, HEADER_TIME_MS_MAX};
use hyper::Request;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

/// A client that has not sent a whole request head by then is cut off.
const HEADER_TIMEOUT: Duration = Duration::from_millis(HEADER_TIME_MS_MAX);
/// Streams one HTTP/2 connection may have open: enough for a busy collector, too few for a rapid-reset flood.
const HTTP2_STREAMS_MAX: u32 = 100;
/// A silent HTTP/2 client is asked after this long whether it is still there, and cut off if it does not say so in time.
const HTTP2_PING_AFTER: Duration = Duration::from_secs(20);
const HTTP2_PONG_TIMEOUT: Duration = Duration::from_secs(10);
/// After an accept that failed for want of something, files above all: time for others to give theirs back.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
/// Such failures come in crowds; one line tells of them.
const ACCEPT_LOG_EVERY: Duration = Duration::from_secs(1);
/// How long open requests may take to finish once the process was told to stop.
const DRAIN: Duration = Duration::from_secs(10);
/// Files beyond one per connection: log segments, engine connections, SQLite.
const FILES_BESIDES_CONNECTIONS: u64 = 2_000;

const CONNECTIONS: &str = "gosight_connections";
const REFUSED: &str = "gosight_connections_refused_total";

const BUSY: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\nretry-after: 1\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: 77\r\n\r\n{\"error\":{\"code\":\"unavailable\",\"message\":\"too many connections; try again\"}}\n";

/// Binds the address, saying plainly what is wrong when it is taken.
pub(crate) async fn bind(listen: SocketAddr) -> anyhow::Result<TcpListener> {
    raise_file_limit();
    TcpListener::bind(listen).await.map_err(|error| match error.kind() {
        std::io::ErrorKind::AddrInUse => {
            anyhow::anyhow!(
                "{listen} is taken by another program; stop it or choose another address with --listen HOST:PORT"
            )
        }
        _ => anyhow::Error::new(error).context(format!("cannot listen on {listen}")),
    })
}

/// Serves until `stop`, then lets open requests finish.
pub(crate) async fn run(listener: TcpListener, router: Router, stop: CancellationToken) -> anyhow::Result<()> {
    metrics::describe_gauge!(CONNECTIONS, "Open connections of clients");
    metrics::describe_counter!(REFUSED, "Connections turned away because too many were open");
    metrics::counter!(REFUSED).increment(0);
    let connections = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    let graceful = GracefulShutdown::new();
    let mut lately = Lately::default();
    loop {
        let (stream, peer) = tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok(accepted) => accepted,
                Err(error) if is_the_clients(&error) => continue,
                Err(error) => {
                    if lately.is_first(Instant::now()) {
                        tracing::warn!(%error, "connections cannot be accepted");
                    }
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                    continue;
                }
            },
            () = stop.cancelled() => break,
        };
        match connections.clone().try_acquire_owned() {
            Ok(permit) => {
                tokio::spawn(connection(stream, peer, router.clone(), graceful.watcher(), permit));
            }
            Err(_) => refuse(stream),
        }
    }
    drop(listener);
    if tokio::time::timeout(DRAIN, graceful.shutdown()).await.is_err() {
        tracing::warn!("some connections were still open after {DRAIN:?} and were cut");
    }
    Ok(())
}

/// The client went away while it waited to be accepted: nothing is wrong here.
fn is_the_clients(error: &std::io::Error) -> bool {
    use std::io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}

/// When something was last told.
#[derive(Default)]
struct Lately(Option<Instant>);

impl Lately {
    /// Whether it has not been told for [`ACCEPT_LOG_EVERY`]; then it is told now.
    fn is_first(&mut self, now: Instant) -> bool {
        let is_first = self.0.is_none_or(|last| now.duration_since(last) >= ACCEPT_LOG_EVERY);
        if is_first {
            self.0 = Some(now);
        }
        is_first
    }
}

async fn connection(
    stream: TcpStream,
    peer: SocketAddr,
    router: Router,
    watcher: Watcher,
    _permit: OwnedSemaphorePermit,
) {
    metrics::gauge!(CONNECTIONS).increment(1.0);
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "nodelay");
    }
    let spoke = Arc::new(AtomicBool::new(false));
    let service = service_fn({
        let spoke = spoke.clone();
        move |request: Request<Incoming>| {
            spoke.store(true, Ordering::Relaxed);
            let mut request = request.map(Body::new);
            request.extensions_mut().insert(ConnectInfo(peer));
            router.clone().oneshot(request)
        }
    });
    let mut builder = Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIMEOUT);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(HTTP2_STREAMS_MAX)
        .keep_alive_interval(HTTP2_PING_AFTER)
        .keep_alive_timeout(HTTP2_PONG_TIMEOUT);
    let serving = watcher.watch(
        builder
            .serve_connection_with_upgrades(TokioIo::new(stream), service)
            .into_owned(),
    );
    // hyper's header timeout starts once it knows the protocol; a client that never says a word is ours to cut off.
    let silent = async {
        tokio::time::sleep(HEADER_TIMEOUT).await;
        if spoke.load(Ordering::Relaxed) {
            std::future::pending::<()>().await;
        }
    };
    tokio::select! {
        served = serving => if let Err(error) = served { tracing::debug!(%error, %peer, "connection ended"); },
        () = silent => tracing::debug!(%peer, "a client sent no request in time"),
    }
    metrics::gauge!(CONNECTIONS).decrement(1.0);
}

fn refuse(stream: TcpStream) {
    metrics::counter!(REFUSED).increment(1);
    // The socket is fresh, so these few bytes fit its buffer; a client that is already gone needs no answer.
    if let Ok(mut stream) = stream.into_std()
        && let Err(error) = stream.write_all(BUSY)
    {
        tracing::debug!(%error, "a refused client was gone");
    }
}

/// Each connection is a file; the default soft limit of 1 024 is far below what we promise.
fn raise_file_limit() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let wanted = CONNECTIONS_MAX as u64 + FILES_BESIDES_CONNECTIONS;
    let limit = getrlimit(Resource::Nofile);
    if limit.current.is_none_or(|current| current >= wanted) {
        return;
    }
    let raised = Rlimit {
        current: Some(limit.maximum.map_or(wanted, |maximum| maximum.min(wanted))),
        maximum: limit.maximum,
    };
    if let Err(error) = setrlimit(Resource::Nofile, raised) {
        tracing::warn!(%error, "the limit of open files could not be raised; fewer connections will fit");
    }
}

/// Resolves when a person or the system asks the process to stop.
pub(crate) async fn asked_to_stop() -> anyhow::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate()).context("cannot listen for SIGTERM")?;
    tokio::select! {
        interrupted = tokio::signal::ctrl_c() => interrupted.context("cannot listen for Ctrl-C")?,
        _ = terminate.recv() => {}
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::routing::get;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    #[test]
    fn the_refusal_says_its_own_length() {
        let text = std::str::from_utf8(BUSY).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        assert!(
            head.contains(&format!("content-length: {}", body.len())),
            "{}",
            body.len()
        );
    }

    #[test]
    fn what_fails_again_and_again_is_told_once_a_second() {
        let mut lately = Lately::default();
        let now = Instant::now();
        let told = [0, 1, 999, 1_000, 1_001, 2_100].map(|ms| lately.is_first(now + Duration::from_millis(ms)));
        assert_eq!(told, [true, false, false, true, false, true]);
    }

    #[tokio::test]
    async fn it_serves_until_told_to_stop() {
        let listener = bind("127.0.0.1:0".parse().unwrap()).await.unwrap();
        let address = listener.local_addr().unwrap();
        let stop = CancellationToken::new();
        let router = Router::new().route("/", get(|| async { "here" }));
        let server = tokio::spawn(run(listener, router, stop.clone()));
        let mut client = TcpStream::connect(address).await.unwrap();
        client
            .write_all(b"GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
            .await
            .unwrap();
        let mut answer = String::new();
        client.read_to_string(&mut answer).await.unwrap();
        assert!(
            answer.starts_with("HTTP/1.1 200") && answer.ends_with("here"),
            "{answer}"
        );
        stop.cancel();
        server.await.unwrap().unwrap();
        assert!(TcpStream::connect(address).await.is_err());
    }

    #[tokio::test]
    async fn a_taken_port_is_named_with_what_to_do() {
        let taken = bind("127.0.0.1:0".parse().unwrap()).await.unwrap();
        let error = bind(taken.local_addr().unwrap()).await.unwrap_err().to_string();
        assert!(
            error.contains("taken by another program") && error.contains("--listen"),
            "{error}"
        );
    }

    /// An HTTP/2 client's first words: preface, empty SETTINGS, and HEADERS of `GET /` on stream 1.
    const HTTP2_GET: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00\
        \x00\x00\x06\x01\x05\x00\x00\x00\x01\x82\x84\x86\x41\x01x";

    #[tokio::test]
    async fn a_mute_http2_client_is_cut_off_after_its_request() {
        let listener = bind("127.0.0.1:0".parse().unwrap()).await.unwrap();
        let address = listener.local_addr().unwrap();
        let stop = CancellationToken::new();
        let router = Router::new().route("/", get(|| async { "here" }));
        let server = tokio::spawn(run(listener, router, stop.clone()));
        let mut client = TcpStream::connect(address).await.unwrap();
        client.write_all(HTTP2_GET).await.unwrap();
        let mut answer = Vec::new();
        let began = Instant::now();
        client.read_to_end(&mut answer).await.unwrap();
        assert!(answer.windows(4).any(|part| part == b"here"), "it was served first");
        assert!(began.elapsed() >= HTTP2_PING_AFTER, "it was asked first");
        stop.cancel();
        server.await.unwrap().unwrap();
    }

    #[tokio::test]
    async fn a_client_that_says_nothing_is_cut_off() {
        let listener = bind("127.0.0.1:0".parse().unwrap()).await.unwrap();
        let address = listener.local_addr().unwrap();
        let stop = CancellationToken::new();
        let server = tokio::spawn(run(listener, Router::new(), stop.clone()));
        let mut client = TcpStream::connect(address).await.unwrap();
        let mut byte = [0];
        assert_eq!(client.read(&mut byte).await.unwrap(), 0, "closed by the server");
        stop.cancel();
        server.await.unwrap().unwrap();
    }
}
