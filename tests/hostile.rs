//! Clients that mean harm, at the real listener: they are answered or cut off, memory stays bounded, and everybody else is served.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "what fails here fails the test")]
#![allow(clippy::print_stdout, reason = "a test prints its figures")]

mod harness;

use std::io::Write;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use flate2::Compression;
use flate2::write::GzEncoder;
use gosight_proto::limits::{BODY_CHUNK_TIME_MS_MAX, CONNECTIONS_MAX, HEADER_TIME_MS_MAX};
use harness::traffic::Traffic;
use harness::{GoSight, KEY, memory_mib};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::timeout;

/// On top of a limit of the listener: this machine is busy.
const SLACK: Duration = Duration::from_secs(10);
/// Files this process needs beside its connections.
const FILES_BESIDES_CONNECTIONS: u64 = 1_000;
/// What all the connections of a hostile crowd may cost, in MiB: some 38 KiB each, of which they take 23.
const CROWD_MIB_MAX: u64 = 384;
const DRIP_EVERY: Duration = Duration::from_secs(3);
/// Connections opened at a time, and in all: beyond the limit, and within the files this process may open.
const CROWD_STEP: usize = 200;
const CROWD_MAX: usize = 18_000;
/// A refusal is there by then.
const HEAR: Duration = Duration::from_millis(100);
/// What bodies may cost together: ingest's own budget of 256 MiB, and room for what is decoded of them.
const BODIES_MIB_MAX: u64 = 400;

fn address(gosight: &GoSight) -> SocketAddr {
    gosight.address().parse().unwrap()
}

/// Everything until the other side closes; what came before an abrupt end counts.
async fn read_to_end(stream: &mut TcpStream) -> String {
    let mut answer = Vec::new();
    let mut buffer = [0; 4096];
    while let Ok(count @ 1..) = stream.read(&mut buffer).await {
        answer.extend_from_slice(&buffer[..count]);
    }
    String::from_utf8_lossy(&answer).into_owned()
}

async fn serves(gosight: &GoSight) {
    let answer = gosight
        .door
        .client
        .get(format!("{}/health", gosight.door.url))
        .send()
        .await
        .unwrap();
    assert!(answer.status().is_success());
    for parcel in Traffic::new(rand::random()).session() {
        gosight.door.send(&parcel.leaving()).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_idle_connections_do_not_stop_service_and_one_more_is_told() {
    raise_file_limit();
    let gosight = GoSight::start().await;
    serves(&gosight).await;
    let before_mib = memory_mib(gosight.pid(), "VmHWM");
    let began = Instant::now();
    let mut dripped = Instant::now();
    let mut crowd: Vec<TcpStream> = Vec::with_capacity(CROWD_MAX);
    let mut refused = None;
    while crowd.len() < CROWD_MAX && refused.is_none() {
        let newcomers = (0..CROWD_STEP).map(|_| begin_a_body(address(&gosight)));
        crowd.extend(futures::future::join_all(newcomers).await);
        if dripped.elapsed() > DRIP_EVERY {
            // One byte each, just in time to stay.
            crowd.iter().for_each(|stream| drop(stream.try_write(b" ")));
            dripped = Instant::now();
        }
        if crowd.len() == CONNECTIONS_MAX - CROWD_STEP {
            let answer = gosight
                .door
                .client
                .get(format!("{}/health", gosight.door.url))
                .send()
                .await
                .unwrap();
            assert!(answer.status().is_success(), "{} connections stop service", crowd.len());
            println!("{} connections after {:.1?}", crowd.len(), began.elapsed());
        }
        if crowd.len() >= CONNECTIONS_MAX {
            refused = refusal(&mut crowd).await;
        }
    }
    let answer = refused.expect("no connection was ever refused");
    println!(
        "of {} connections, one was refused after {:.1?}",
        crowd.len(),
        began.elapsed()
    );
    assert!(
        answer.starts_with("HTTP/1.1 503 ") && answer.contains("retry-after: 1"),
        "{answer}"
    );
    assert!(
        answer.ends_with('\n') && answer.contains("\"code\":\"unavailable\""),
        "{answer}"
    );
    drop(crowd);
    comes_back(&gosight).await;
    let cost_mib = memory_mib(gosight.pid(), "VmHWM").saturating_sub(before_mib);
    println!("the crowd cost {cost_mib} MiB at its most, on top of {before_mib} MiB");
    assert!(cost_mib < CROWD_MIB_MAX, "{cost_mib} MiB");
}

/// A request that never ends: it holds its connection for as long as a byte comes now and then.
async fn begin_a_body(address: SocketAddr) -> TcpStream {
    let head = format!("POST /v1/events?key={KEY} HTTP/1.1\r\nhost: x\r\ncontent-length: 1000\r\n\r\n");
    let mut stream = TcpStream::connect(address).await.unwrap();
    // One that is refused may be closed before it has said a word.
    drop(stream.write_all(head.as_bytes()).await);
    stream
}

/// The 503 among the newest connections; none when all are served, and so hear nothing yet.
async fn refusal(crowd: &mut [TcpStream]) -> Option<String> {
    let first = crowd.len() - CROWD_STEP;
    let heard = crowd[first..]
        .iter_mut()
        .map(|stream| timeout(HEAR, read_to_end(stream)));
    let answers = futures::future::join_all(heard).await;
    answers
        .into_iter()
        .flatten()
        .find(|answer| answer.starts_with("HTTP/1.1 503 "))
}

async fn comes_back(gosight: &GoSight) {
    let end = Instant::now() + SLACK;
    while !gosight.door.is_ready().await {
        assert!(Instant::now() < end, "the crowd left, and there is still no room");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    serves(gosight).await;
}

fn raise_file_limit() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let wanted = 2 * CONNECTIONS_MAX as u64 + FILES_BESIDES_CONNECTIONS;
    let limit = getrlimit(Resource::Nofile);
    let reachable = limit.maximum.map_or(wanted, |maximum| maximum.min(wanted));
    assert!(
        reachable > CONNECTIONS_MAX as u64 + FILES_BESIDES_CONNECTIONS,
        "this test needs more open files than {reachable}"
    );
    setrlimit(
        Resource::Nofile,
        Rlimit {
            current: Some(reachable),
            maximum: limit.maximum,
        },
    )
    .unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn slow_clients_are_cut_off() {
    let gosight = GoSight::start().await;
    let address = address(&gosight);
    let header_max = Duration::from_millis(HEADER_TIME_MS_MAX) + SLACK;
    let body_max = Duration::from_millis(BODY_CHUNK_TIME_MS_MAX) + SLACK;
    let drips_a_login =
        "POST /api/v1/auth/login HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 900\r\n\r\n";
    let cases: [(&str, &str, &str, Duration); 8] = [
        ("says nothing", "", "", header_max),
        ("drips its request line", "GET /hea", "l", header_max),
        (
            "drips its headers",
            "GET /health HTTP/1.1\r\nhost: x\r\n",
            "a: b\r\n",
            header_max,
        ),
        (
            "never finishes its HTTP/2 preface",
            "PRI * HTTP/2.0\r\n",
            "",
            header_max,
        ),
        (
            "never sends its body",
            "POST /v1/events HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n\r\n{",
            "",
            body_max,
        ),
        ("never sends the body of a login", drips_a_login, "", body_max),
        ("drips the body of a login", drips_a_login, " ", body_max),
        (
            "asks once and then says nothing",
            "GET /health HTTP/1.1\r\nhost: x\r\n\r\n",
            "",
            header_max,
        ),
    ];
    let mut clients = JoinSet::new();
    for (name, first, drip, patience) in cases {
        clients.spawn(async move {
            println!(
                "who {name} was cut off after {:.1?}",
                until_cut_off(address, first, drip, patience, name).await
            )
        });
    }
    for _ in 0..20 {
        serves(&gosight).await;
    }
    clients.join_all().await;
    serves(&gosight).await;
}

/// Sends `first`, then `drip` twice a second, until the other side has closed.
async fn until_cut_off(address: SocketAddr, first: &str, drip: &str, patience: Duration, name: &str) -> Duration {
    let began = Instant::now();
    let stream = TcpStream::connect(address).await.unwrap();
    let (mut reader, mut writer) = stream.into_split();
    writer.write_all(first.as_bytes()).await.unwrap();
    let dripping = async {
        while writer.write_all(drip.as_bytes()).await.is_ok() {
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
        std::future::pending::<()>().await;
    };
    let closing = async {
        let mut buffer = [0; 1024];
        while let Ok(1..) = reader.read(&mut buffer).await {}
    };
    tokio::select! {
        () = dripping => {}
        closed = timeout(patience, closing) => assert!(closed.is_ok(), "who {name} still holds a connection after {patience:?}"),
    }
    began.elapsed()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bombs_are_answered_and_memory_stays_bounded() {
    let gosight = GoSight::start().await;
    serves(&gosight).await;
    let before_mib = memory_mib(gosight.pid(), "VmHWM");
    let protobuf = "application/x-protobuf";
    let json = "application/json";
    let batch_of_empty_events = [key_field(), [0x5a, 0x00].repeat(500_000)].concat();
    let deep_protobuf = [key_field(), nested(2_000)].concat();
    let nested_json = format!("{{\"project_key\":\"{KEY}\",\"events\":{}", "[".repeat(500_000));
    let bombs: [Bomb; 7] = [
        ("1 GiB of zeros in 1 MB of gzip", protobuf, true, zeros(1 << 30), &[413]),
        (
            "10 MiB of zeros in 10 KB of gzip",
            protobuf,
            true,
            zeros(10 << 20),
            &[413],
        ),
        ("gzip in gzip", protobuf, true, gzip(&zeros(1 << 30)), &[400, 413]),
        ("a body of 4 MiB", protobuf, false, vec![0; 4 << 20], &[413]),
        ("half a million events", protobuf, false, batch_of_empty_events, &[400]),
        ("messages 2 000 deep", protobuf, false, deep_protobuf, &[200, 400]),
        (
            "half a million open brackets",
            json,
            false,
            nested_json.into_bytes(),
            &[400],
        ),
    ];
    for (name, content_type, is_gzip, body, expected) in &bombs {
        let mut senders = JoinSet::new();
        for _ in 0..16 {
            let request = gosight
                .door
                .client
                .post(format!("{}/v1/events?key={KEY}", gosight.door.url));
            let request = request.header("content-type", *content_type).body(body.clone());
            let request = if *is_gzip {
                request.header("content-encoding", "gzip")
            } else {
                request
            };
            senders.spawn(async move {
                let answer = request.send().await.unwrap();
                (answer.status().as_u16(), answer.text().await.unwrap())
            });
        }
        for (status, answer) in senders.join_all().await {
            // Too many bombs at once is an answer too.
            assert!(expected.contains(&status) || status == 503, "{name}: {status} {answer}");
        }
        println!("{name}: most memory so far {} MiB", memory_mib(gosight.pid(), "VmHWM"));
    }
    let cost_mib = memory_mib(gosight.pid(), "VmHWM").saturating_sub(before_mib);
    assert!(cost_mib < BODIES_MIB_MAX, "the bombs cost {cost_mib} MiB");
    serves(&gosight).await;
}

/// Its name, content type, whether it is gzip, its body, and what it may be answered.
type Bomb = (&'static str, &'static str, bool, Vec<u8>, &'static [u16]);

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zeros(count: usize) -> Vec<u8> {
    const STEP: usize = 1 << 20;
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    for _ in 0..count / STEP {
        encoder.write_all(&[0; STEP]).unwrap();
    }
    encoder.finish().unwrap()
}

/// `EventBatch.project_key`.
fn key_field() -> Vec<u8> {
    [&[0x0a, u8::try_from(KEY.len()).unwrap()], KEY.as_bytes()].concat()
}

/// An event that holds a custom event whose property is a list in a list in a list.
fn nested(depth: usize) -> Vec<u8> {
    let wrap = |tag: &[u8], inner: Vec<u8>| {
        let mut message = tag.to_vec();
        let mut length = inner.len();
        while length >= 0x80 {
            message.push((length % 0x80) as u8 | 0x80);
            length /= 0x80;
        }
        message.push(length as u8);
        message.extend(inner);
        message
    };
    // google.protobuf.Value.list_value = 6, ListValue.values = 1.
    let value = (0..depth).fold(Vec::new(), |inner, _| wrap(&[0x32], wrap(&[0x0a], inner)));
    let entry = [wrap(&[0x0a], b"p".to_vec()), wrap(&[0x12], value)].concat();
    let custom = [wrap(&[0x0a], b"name".to_vec()), wrap(&[0x1a], entry)].concat();
    let id = wrap(&[0x0a], uuid::Uuid::new_v4().to_string().into_bytes());
    // Event.custom_event = 55, EventBatch.events = 11.
    wrap(&[0x5a], [id, wrap(&[0xba, 0x03], custom)].concat())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn malformed_http_is_refused_and_hurts_nobody() {
    let gosight = GoSight::start().await;
    let long_line = format!("GET /{} HTTP/1.1\r\nhost: x\r\n\r\n", "a".repeat(1 << 20));
    let many_headers = format!("GET /health HTTP/1.1\r\n{}\r\n", "a: b\r\n".repeat(10_000));
    let cases: [(&str, &[u8]); 9] = [
        ("noise", &[0x00, 0xff, 0x80, b'\r', b'\n', b'\r', b'\n']),
        ("TLS", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n"),
        ("no version", b"GET /health\r\n\r\n"),
        ("no host and an unknown version", b"GET /health HTTP/9.9\r\n\r\n"),
        (
            "two lengths",
            b"POST /v1/events HTTP/1.1\r\nhost: x\r\ncontent-length: 3\r\ncontent-length: 4\r\n\r\nabc",
        ),
        (
            "a negative length",
            b"POST /v1/events HTTP/1.1\r\nhost: x\r\ncontent-length: -1\r\n\r\n",
        ),
        (
            "a broken chunk",
            b"POST /v1/events HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
        ),
        ("an address of 1 MiB", long_line.as_bytes()),
        ("ten thousand headers", many_headers.as_bytes()),
    ];
    for (name, bytes) in cases {
        let mut stream = TcpStream::connect(address(&gosight)).await.unwrap();
        // The other side may have had enough before everything is sent.
        let sent = stream.write_all(bytes).await;
        let answer = timeout(Duration::from_secs(20), read_to_end(&mut stream)).await;
        let answer = answer.unwrap_or_else(|_| panic!("{name} is neither answered nor cut off ({sent:?})"));
        assert!(
            answer.is_empty() || answer.starts_with("HTTP/1.1 4") || answer.starts_with("HTTP/1.0 4"),
            "{name}: {answer}"
        );
        println!("{name}: {}", answer.lines().next().unwrap_or("cut off"));
        serves(&gosight).await;
    }
    assert!(!gosight.log().contains("panicked"), "{}", gosight.log());
}
