//! Bombs cost what they weigh, not what they claim. Alone in its process, because memory is the process's.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on must fail"
)]

#[path = "doors/harness.rs"]
#[expect(dead_code, reason = "shared with the tests of the doors, which use all of it")]
mod harness;

use harness::*;
use prost::Message;

/// The most memory the process has ever had, in bytes.
fn memory_bytes_max() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<usize>().unwrap() * 1024
}

/// Zeros of a length, gzipped without ever being in memory.
fn zeros(len: u64, head: &[u8]) -> Vec<u8> {
    use std::io::Read;
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    std::io::copy(&mut head.chain(std::io::repeat(0).take(len)), &mut encoder).unwrap();
    encoder.finish().unwrap()
}

/// As many empty messages as fit: two bytes each on the wire, far more once decoded.
fn protobuf_bomb(field: u32, bytes: usize) -> Vec<u8> {
    let mut body = batch(vec![]).encode_to_vec();
    while body.len() < bytes {
        prost::encoding::encode_key(field, prost::encoding::WireType::LengthDelimited, &mut body);
        body.push(0);
    }
    body
}

#[tokio::test]
async fn bombs_leave_memory_bounded() {
    let door = Door::open().await;
    let zip = zeros(160 << 20, &batch(vec![]).encode_to_vec());
    let mut bodies: Vec<(&str, Vec<u8>, bool, u16)> = vec![("application/x-protobuf", zip, true, 413)];
    for field in [9, 10, 11] {
        bodies.push(("application/x-protobuf", protobuf_bomb(field, 1_000_000), false, 400));
    }
    let head = format!("{{\"project_key\":\"{KEY}\",");
    for (list, item) in [("events", "{},"), ("pages", "{},"), ("events", "0,")] {
        let body = format!("{head}\"{list}\":[{}{{}}]}}", item.repeat(300_000));
        bodies.push(("application/json", body.into_bytes(), false, 400));
    }
    let nested = format!("{head}\"device\":{}", "[".repeat(500_000));
    bodies.push(("application/json", nested.into_bytes(), false, 400));
    let members: String = (0..100_000).map(|n| format!("\"{n}\":0,")).collect();
    bodies.push((
        "application/json",
        format!("{head}{members}\"x\":0}}").into_bytes(),
        false,
        400,
    ));

    let before = memory_bytes_max();
    for _ in 0..4 {
        let sent = bodies.iter().map(|(content_type, body, gzipped, status)| {
            let request = door.post(Some(content_type), body.clone());
            let request = if *gzipped {
                request.header("content-encoding", "gzip")
            } else {
                request
            };
            async move { assert_eq!(request.send().await.unwrap().status().as_u16(), *status) }
        });
        futures::future::join_all(sent).await;
    }
    let grown = memory_bytes_max() - before;
    assert!(grown < 100 << 20, "{} MiB", grown >> 20);
    assert_eq!(door.post_protobuf(&batch(vec![custom("alive")])).await.accepted, 1);
}
