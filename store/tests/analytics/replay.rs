//! Recordings and backdrops: what was written is read back, once, in order.

use crate::samples::*;
use gosight_store::analytics::{Analytics, BackdropFilter};
use gosight_store::rows::*;
use gosight_store::testing;
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

async fn text(analytics: &Analytics, session: Uuid, chunk: Uuid) -> Option<String> {
    let chunk = analytics.scope(PROJECT).replay_chunk(session, chunk).await.unwrap()?;
    Some(String::from_utf8(chunk.unpack().unwrap()).unwrap())
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
    let json = text(&analytics, id(1), id(2)).await.unwrap();
    assert!(json.contains(r#"{"tag":"2"}"#), "{json}");
    assert_eq!(text(&analytics, id(2), id(2)).await, None, "of another session");
    assert_eq!(text(&analytics, id(1), id(99)).await, None);
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
