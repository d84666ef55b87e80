//! Recordings and backdrops: what was written is read back, once, in order.

use crate::samples::*;
use gosight_store::analytics::{Analytics, BackdropFilter, RUN_BYTES_MAX, RUN_CHUNKS_MAX, RunChunk};
use gosight_store::rows::*;
use gosight_store::testing;
use std::ops::RangeInclusive;
use uuid::Uuid;

/// The session's chunks as recording, index and id.
async fn chunks(analytics: &Analytics, session: Uuid) -> Vec<(u128, u32, u128)> {
    let replay = analytics.scope(PROJECT).replay(session).await.unwrap();
    assert!(!replay.is_truncated);
    let place = |chunk: &gosight_store::analytics::ReplayChunk| {
        (chunk.recording_id.as_u128(), chunk.chunk_index, chunk.id.as_u128())
    };
    replay.rows.iter().map(place).collect()
}

/// The ids of a run's chunks of recording 9, and where it stopped.
async fn run(analytics: &Analytics, session: Uuid, indexes: RangeInclusive<u32>) -> (Vec<u128>, Option<u32>) {
    let scope = analytics.scope(PROJECT);
    let run = scope.replay_run(session, id(9), indexes).await.unwrap();
    let mut ids = Vec::new();
    for RunChunk { id, packed } in run.chunks {
        let json = String::from_utf8(packed.unpack().unwrap()).unwrap();
        assert!(json.contains(&format!(r#"{{"tag":"{}"}}"#, id.as_u128())), "{json}");
        ids.push(id.as_u128());
    }
    (ids, run.next)
}

#[tokio::test]
async fn a_session_s_chunks_come_recording_by_recording_in_their_order() {
    let analytics = testing::analytics().await;
    let elsewhere = ReplayChunkRow {
        session_id: id(2),
        ..chunk(5, 0)
    };
    let of_another_tab = ReplayChunkRow {
        recording_id: id(8),
        ..chunk(4, 0)
    };
    write(&analytics, &[chunk(2, 1), chunk(3, 2), elsewhere]).await;
    write(&analytics, &[chunk(1, 0), of_another_tab]).await;
    assert_eq!(
        chunks(&analytics, id(1)).await,
        [(8, 0, 4), (9, 0, 1), (9, 1, 2), (9, 2, 3)]
    );
    let first = analytics.scope(PROJECT).replay(id(1)).await.unwrap().rows.remove(1);
    let written = chunk(1, 0);
    assert_eq!(
        (
            first.first_ms,
            first.last_ms,
            first.event_count,
            first.has_full_snapshot,
            first.bytes
        ),
        (written.first_ms, written.last_ms, 1, 1, written.bytes)
    );
}

#[tokio::test]
async fn a_run_has_the_chunks_between_two_of_one_recording_in_their_order() {
    let analytics = testing::analytics().await;
    let elsewhere = ReplayChunkRow {
        session_id: id(2),
        ..chunk(6, 1)
    };
    let of_another_tab = ReplayChunkRow {
        recording_id: id(8),
        ..chunk(7, 1)
    };
    let again = ReplayChunkRow {
        received_at: MONDAY + DAY,
        ..chunk(2, 1)
    };
    write(&analytics, &[chunk(5, 5), chunk(2, 1), elsewhere]).await;
    write(&analytics, &[chunk(3, 2), chunk(1, 0), of_another_tab]).await;
    write(&analytics, &[again]).await;
    for (indexes, ids) in [
        (0..=5, vec![1, 2, 3, 5]),
        (1..=4, vec![2, 3]),
        (0..=u32::MAX, vec![1, 2, 3, 5]),
        (3..=4, vec![]),
    ] {
        assert_eq!(
            run(&analytics, id(1), indexes.clone()).await,
            (ids, None),
            "{indexes:?}"
        );
    }
    assert_eq!(
        run(&analytics, id(2), 0..=9).await,
        (vec![6], None),
        "of another session"
    );
}

#[tokio::test]
async fn a_run_ends_where_it_would_be_too_long_and_says_where() {
    let analytics = testing::analytics().await;
    let many = RUN_CHUNKS_MAX as u32 + 5;
    let rows: Vec<_> = (0..many).map(|n| chunk(1 + u128::from(n), n)).collect();
    write(&analytics, &rows).await;
    let first: Vec<_> = (1..=RUN_CHUNKS_MAX as u128).collect();
    assert_eq!(run(&analytics, id(1), 0..=many).await, (first.clone(), Some(32)));
    assert_eq!(run(&analytics, id(1), 0..=31).await, (first, None));
    assert_eq!(run(&analytics, id(1), 32..=many).await.0.len(), 5);

    let large = |n: u32| ReplayChunkRow {
        session_id: id(2),
        inflated_bytes: (RUN_BYTES_MAX / 2) as u32,
        ..chunk(u128::from(n), n)
    };
    let larger = ReplayChunkRow {
        inflated_bytes: RUN_BYTES_MAX as u32 + 1,
        ..large(4)
    };
    write(&analytics, &[large(1), large(2), large(3), larger, large(5)]).await;
    assert_eq!(run(&analytics, id(2), 1..=5).await, (vec![1, 2], Some(3)));
    assert_eq!(run(&analytics, id(2), 3..=5).await, (vec![3], Some(4)));
    assert_eq!(run(&analytics, id(2), 4..=5).await, (vec![4], Some(5)), "one at least");
}

#[tokio::test]
async fn a_chunk_that_is_broken_does_not_take_its_run_with_it() {
    let analytics = testing::analytics().await;
    let mut cut = chunk(2, 1);
    cut.data.pop();
    let twice = ReplayChunkRow {
        data: chunk(3, 2).data.repeat(2),
        ..chunk(3, 2)
    };
    let nothing = ReplayChunkRow {
        data: Vec::new(),
        ..chunk(4, 3)
    };
    write(&analytics, &[chunk(1, 0), cut, twice, nothing, chunk(5, 4)]).await;
    assert_eq!(run(&analytics, id(1), 0..=4).await, (vec![1, 5], None));
}

#[tokio::test]
async fn a_chunk_that_comes_again_is_one_on_the_same_day_and_on_another() {
    let analytics = testing::analytics().await;
    let next_day = ReplayChunkRow {
        received_at: MONDAY + DAY,
        ..chunk(1, 0)
    };
    for rows in [[chunk(1, 0), chunk(2, 1)], [chunk(1, 0), next_day]] {
        write(&analytics, &rows).await;
    }
    assert_eq!(chunks(&analytics, id(1)).await, [(9, 0, 1), (9, 1, 2)]);
}

#[tokio::test]
async fn progress_is_what_was_written_last() {
    let analytics = testing::analytics().await;
    assert_eq!(analytics.replay_progress().await.unwrap(), []);
    let row = |log_partition, next_offset, written_at| ReplayProgressRow {
        log_partition,
        next_offset,
        written_at: MONDAY + written_at,
    };
    write(&analytics, &[row(0, 5, 1), row(1, 7, 1)]).await;
    write(&analytics, &[row(0, 9, 2)]).await;
    // A log that was begun anew.
    write(&analytics, &[row(1, 2, 3)]).await;
    let mut progress = analytics.replay_progress().await.unwrap();
    progress.sort_unstable();
    assert_eq!(progress, [(0, 9), (1, 2)]);
}

#[tokio::test]
async fn an_asset_is_found_by_its_digest() {
    let analytics = testing::analytics().await;
    write(&analytics, &[asset(1), asset(2)]).await;
    write(&analytics, &[asset(1)]).await;
    let scope = analytics.scope(PROJECT);
    let found = scope.replay_asset([1; 32]).await.unwrap().unwrap();
    assert_eq!((found.mime.as_str(), found.data), ("image/png", vec![1, 0, 255]));
    assert_eq!(scope.replay_asset([3; 32]).await.unwrap(), None);
}

#[tokio::test]
async fn a_backdrop_is_the_newest_of_a_page_or_of_the_version_that_was_asked_for() {
    let analytics = testing::analytics().await;
    let on_phones = PageSnapshotRow {
        device_type: "mobile".into(),
        width: 390,
        ..snapshot(3, MONDAY + 30)
    };
    write(&analytics, &[snapshot(u64::MAX, MONDAY + 20), on_phones]).await;
    write(&analytics, &[snapshot(2, MONDAY), snapshot(u64::MAX, MONDAY + 10)]).await;
    let scope = analytics.scope(PROJECT);
    let of = |device: Option<&str>| BackdropFilter {
        path: "/shop".into(),
        device: device.map(str::to_owned),
    };
    let versions = async |device| {
        let versions = scope.page_versions(&of(device)).await.unwrap();
        let shown = versions
            .iter()
            .map(|version| (version.page_version, version.width, version.taken_at));
        shown.collect::<Vec<_>>()
    };
    let desktop = [(u64::MAX, 1280, MONDAY - 30), (2, 1280, MONDAY - 50)];
    assert_eq!(versions(Some("desktop")).await, desktop);
    assert_eq!(versions(None).await, [&[(3, 390, MONDAY - 20)], &desktop[..]].concat());
    let newest = scope.backdrop(&of(Some("desktop")), None).await.unwrap().unwrap();
    let json = String::from_utf8(newest.snapshot.unpack().unwrap()).unwrap();
    assert_eq!(newest.page_version, u64::MAX);
    assert!(json.ends_with(&format!(r#""node":{}}}"#, MONDAY + 20)), "{json}");
    let older = scope.backdrop(&of(None), Some(2)).await.unwrap().unwrap();
    assert_eq!((older.page_version, older.taken_at), (2, MONDAY - 50));
    assert_eq!(scope.backdrop(&of(Some("tablet")), None).await.unwrap(), None);
}
