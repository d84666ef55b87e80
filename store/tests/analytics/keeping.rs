//! Recordings grow old: their data moves, then all of it goes, and nothing is lost in between.

use crate::deletions::metadata;
use crate::samples::*;
use gosight_store::analytics::{Analytics, AnalyticsError, RunChunk};
use gosight_store::cold::ColdStore;
use gosight_store::keeping::Keeping;
use gosight_store::meta::{Meta, ProjectPatch};
use gosight_store::rows::*;
use gosight_store::testing;
use serde_json::json;
use std::path::PathBuf;
use std::time::Duration;
use tempfile::TempDir;
use uuid::Uuid;

const COLD_AFTER_DAYS: u16 = 7;

/// A project, the database and a cold store.
struct World {
    analytics: Analytics,
    meta: Meta,
    project_id: Uuid,
    keeping: Keeping,
    folder: TempDir,
}

impl World {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (meta, project_id) = metadata(&folder).await;
        let cold = ColdStore::folder(&folder.path().join("cold")).unwrap();
        let analytics = testing::analytics().await.with_cold(cold);
        let keeping = Keeping::new(meta.clone(), analytics.clone(), Some(COLD_AFTER_DAYS));
        Self {
            analytics,
            meta,
            project_id,
            keeping,
            folder,
        }
    }

    /// A chunk of a session that was received so many days after Monday, in the afternoon.
    fn chunk(&self, n: u128, session: u128, day: i64) -> ReplayChunkRow {
        ReplayChunkRow {
            project_id: self.project_id,
            session_id: id(session),
            received_at: MONDAY + day * DAY + 15 * HOUR,
            ..chunk(n, n as u32)
        }
    }

    /// The chunks of a session that are listed and can be read, by what they say.
    async fn readable(&self, session: u128) -> Vec<u128> {
        let listed = self.analytics.scope(self.project_id).replay(id(session)).await.unwrap();
        let read = self.run(session).await;
        assert_eq!(
            listed.rows.iter().map(|chunk| chunk.id.as_u128()).collect::<Vec<_>>(),
            read
        );
        read
    }

    async fn run(&self, session: u128) -> Vec<u128> {
        let scope = self.analytics.scope(self.project_id);
        let run = scope.replay_run(id(session), id(9), 0..=u32::MAX).await.unwrap();
        assert_eq!(run.next, None);
        let said = |chunk: RunChunk| {
            let json: serde_json::Value = serde_json::from_slice(&chunk.packed.unpack().unwrap()).unwrap();
            assert_eq!(json[0]["data"]["tag"], chunk.id.as_u128().to_string());
            chunk.id.as_u128()
        };
        run.chunks.into_iter().map(said).collect()
    }

    /// Bytes of data in the table, of rows that count or not.
    async fn hot_bytes(&self) -> u64 {
        let sql = "SELECT sum(length(data)) FROM replay_chunks";
        testing::client(&self.analytics)
            .query_raw(sql)
            .fetch_one()
            .await
            .unwrap()
    }

    fn objects(&self) -> Vec<PathBuf> {
        let mut found = Vec::new();
        let mut folders = vec![self.folder.path().join("cold")];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap().flatten() {
                let path = entry.path();
                if path.is_dir() { &mut folders } else { &mut found }.push(path);
            }
        }
        found
    }

    async fn sweep(&self, days_after_monday: i64) -> u64 {
        let now_ms = MONDAY + days_after_monday * DAY + HOUR;
        self.keeping.sweep(now_ms).await.unwrap().chunks
    }

    async fn keep_for(&self, days: u16) {
        let settings = self.meta.project(self.project_id).await.unwrap().settings;
        let patch = ProjectPatch {
            settings: Some(
                settings
                    .patched(&json!({ "storage": { "replay_days": days } }))
                    .unwrap(),
            ),
            ..ProjectPatch::default()
        };
        self.meta.update_project(self.project_id, &patch, 1).await.unwrap();
    }
}

#[tokio::test]
async fn old_data_moves_and_reads_the_same() {
    let world = World::new().await;
    let rows = [
        world.chunk(1, 1, 0),
        world.chunk(2, 1, 0),
        world.chunk(3, 2, 0),
        world.chunk(4, 1, 1),
    ];
    write(&world.analytics, &rows).await;
    assert_eq!(world.sweep(7).await, 0, "not before a whole week has passed");
    assert_eq!(world.sweep(8).await, 3);
    assert_eq!(world.objects().len(), 2, "one for each session");
    assert_eq!(world.hot_bytes().await, u64::from(rows[3].bytes), "Tuesday stays");
    assert_eq!(
        (world.readable(1).await, world.readable(2).await),
        (vec![1, 2, 4], vec![3])
    );
    assert_eq!(world.sweep(8).await, 0);
    assert_eq!(world.sweep(9).await, 1);
    assert_eq!((world.readable(1).await, world.hot_bytes().await), (vec![1, 2, 4], 0));
}

#[tokio::test]
async fn a_chunk_that_comes_again_after_it_moved_is_still_one() {
    let world = World::new().await;
    write(&world.analytics, &[world.chunk(1, 1, 0)]).await;
    assert_eq!(world.sweep(8).await, 1);
    // On the same day, as the log replayed after a crash has it, and on another, as a client has it that was offline.
    write(&world.analytics, &[world.chunk(1, 1, 0)]).await;
    write(&world.analytics, &[world.chunk(1, 1, 8)]).await;
    assert_eq!(world.readable(1).await, [1]);
    assert_eq!(world.sweep(9).await, 0, "it has moved");
    assert_eq!(world.sweep(16).await, 1, "the other one is of another day");
    assert_eq!((world.readable(1).await, world.hot_bytes().await), (vec![1], 0));
}

#[tokio::test]
async fn a_move_that_is_cut_off_anywhere_loses_nothing() {
    let world = World::new().await;
    let ids: Vec<u128> = (1..=60).collect();
    for n in &ids {
        write(&world.analytics, &[world.chunk(*n, 1 + n % 20, (n % 3) as i64)]).await;
    }
    let whole = |session| {
        ids.iter()
            .copied()
            .filter(move |n| 1 + n % 20 == session)
            .collect::<Vec<_>>()
    };
    for after_ms in (1..).step_by(3) {
        let cut = tokio::time::timeout(Duration::from_millis(after_ms), world.sweep(11)).await;
        for session in [1, 7, 20] {
            assert_eq!(
                world.readable(session).await,
                whole(session),
                "cut off after {after_ms} ms"
            );
        }
        if cut == Ok(0) {
            break;
        }
    }
    assert_eq!(world.hot_bytes().await, 0);
    for session in 1..=20 {
        assert_eq!(world.readable(session).await, whole(session));
    }
}

#[tokio::test]
async fn an_object_that_no_row_names_is_written_over() {
    let world = World::new().await;
    write(&world.analytics, &[world.chunk(1, 1, 0)]).await;
    world.sweep(8).await;
    let [object] = &world.objects()[..] else {
        panic!("one object")
    };
    let moved = std::fs::read(object).unwrap();

    let again = World::new().await;
    let name = object.strip_prefix(world.folder.path()).unwrap().to_str().unwrap();
    let orphan = again
        .folder
        .path()
        .join(name.replace(&world.project_id.to_string(), &again.project_id.to_string()));
    std::fs::create_dir_all(orphan.parent().unwrap()).unwrap();
    std::fs::write(&orphan, b"half of it").unwrap();
    write(&again.analytics, &[again.chunk(1, 1, 0)]).await;
    assert_eq!(again.sweep(8).await, 1);
    assert_eq!(
        (again.objects(), std::fs::read(&orphan).unwrap()),
        (vec![orphan.clone()], moved)
    );
    assert_eq!(again.readable(1).await, [1]);
}

#[tokio::test]
async fn a_project_keeps_recordings_for_as_long_as_it_wants() {
    let world = World::new().await;
    let of_another = ReplayChunkRow {
        project_id: OTHER_PROJECT,
        ..world.chunk(1, 1, 0)
    };
    write(
        &world.analytics,
        &[world.chunk(1, 1, 0), world.chunk(2, 1, 1), of_another],
    )
    .await;
    let of = |row: PageSnapshotRow| PageSnapshotRow {
        project_id: world.project_id,
        ..row
    };
    write(
        &world.analytics,
        &[of(snapshot(1, MONDAY)), of(snapshot(2, MONDAY + DAY))],
    )
    .await;
    let picture = ReplayAssetRow {
        project_id: world.project_id,
        ..asset(1)
    };
    write(&world.analytics, &[picture]).await;
    let count = async |table: &str| {
        let sql = format!(
            "SELECT count() FROM {table} FINAL WHERE project_id = toUUID('{}')",
            world.project_id
        );
        let client = testing::client(&world.analytics);
        client.query_raw(&sql).fetch_one::<u64>().await.unwrap()
    };
    let left = async || {
        [
            count("replay_chunks").await,
            count("page_snapshots").await,
            count("replay_assets").await,
        ]
    };
    assert_eq!(world.sweep(10).await, 3);
    assert_eq!(world.objects().len(), 3);

    world.keep_for(31).await;
    world.sweep(31).await;
    assert_eq!((left().await, world.objects().len()), ([2, 2, 1], 3));
    world.sweep(32).await;
    assert_eq!(
        (left().await, world.objects().len()),
        ([1, 1, 1], 2),
        "a picture lasts two days longer"
    );
    assert_eq!(world.readable(1).await, [2]);
    world.keep_for(1).await;
    world.sweep(32).await;
    assert_eq!(
        (left().await, world.objects().len()),
        ([0, 0, 0], 1),
        "what another project has stays"
    );
    let others = world.analytics.scope(OTHER_PROJECT);
    assert_eq!(others.replay_run(id(1), id(9), 1..=1).await.unwrap().chunks.len(), 1);
}

#[tokio::test]
async fn a_deleted_project_leaves_no_object() {
    let world = World::new().await;
    let of_another = ReplayChunkRow {
        project_id: OTHER_PROJECT,
        ..world.chunk(2, 1, 0)
    };
    write(&world.analytics, &[world.chunk(1, 1, 0), of_another]).await;
    world.sweep(8).await;
    world.analytics.delete_project(world.project_id).await.unwrap();
    assert!(world.readable(1).await.is_empty());
    let [object] = &world.objects()[..] else {
        panic!("one object")
    };
    assert!(object.to_str().unwrap().contains(&OTHER_PROJECT.to_string()));
}

#[tokio::test]
async fn a_store_that_is_gone_is_an_error_and_no_empty_replay() {
    let world = World::new().await;
    write(&world.analytics, &[world.chunk(1, 1, 0)]).await;
    world.sweep(8).await;
    std::fs::remove_dir_all(world.folder.path().join("cold")).unwrap();
    let scope = world.analytics.scope(world.project_id);
    let read = scope.replay_run(id(1), id(9), 1..=1).await;
    assert!(matches!(read, Err(AnalyticsError::Broken)), "{read:?}");
}

#[tokio::test]
async fn a_run_reads_what_is_hot_and_what_is_cold_and_does_without_what_is_gone() {
    let world = World::new().await;
    // Two days that move, one chunk of the first late; a third day that stays, one of its chunks between those of the first.
    for (n, day) in [(1, 0), (2, 0), (5, 0), (3, 1), (4, 2), (6, 2)] {
        write(&world.analytics, &[world.chunk(n, 1, day)]).await;
    }
    assert_eq!(world.sweep(9).await, 4);
    assert_eq!(world.run(1).await, [1, 2, 3, 4, 5, 6]);
    let tuesday = world
        .objects()
        .into_iter()
        .find(|object| object.to_str().unwrap().contains("2026-03-03"));
    std::fs::remove_file(tuesday.unwrap()).unwrap();
    assert_eq!(world.run(1).await, [1, 2, 4, 5, 6]);
}

#[tokio::test]
async fn who_wants_no_cold_store_moves_nothing() {
    let world = World::new().await;
    write(&world.analytics, &[world.chunk(1, 1, 0)]).await;
    let keeping = Keeping::new(world.meta.clone(), world.analytics.clone(), None);
    assert_eq!(keeping.sweep(MONDAY + 20 * DAY).await.unwrap().chunks, 0);
    assert!(world.objects().is_empty());
    keeping.sweep(MONDAY + 40 * DAY).await.unwrap();
    assert!(world.readable(1).await.is_empty(), "what is too old goes all the same");
}
