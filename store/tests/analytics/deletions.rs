//! A deleted project leaves nothing behind, whatever stands in the way.

use crate::samples::*;
use gosight_store::analytics::{Analytics, TABLES};
use gosight_store::deletions::{Deletions, SETTLED_MS};
use gosight_store::engine::Server;
use gosight_store::live::Bus;
use gosight_store::meta::{Meta, NewProject, NewUser, Settings};
use gosight_store::rows::*;
use gosight_store::testing;
use tempfile::TempDir;
use tokio::sync::watch;
use uuid::Uuid;

const DELETED_AT_MS: i64 = 1_000;

/// A row in every table, of each project.
async fn fill(analytics: &Analytics, projects: [Uuid; 2]) {
    for project_id in projects {
        write(analytics, &[EventRow { project_id, ..event(1) }]).await;
        write(
            analytics,
            &[SessionRow {
                project_id,
                ..session(1, MONDAY)
            }],
        )
        .await;
        write(
            analytics,
            &[InsightRow {
                project_id,
                ..insight(1, "rage_click", MONDAY)
            }],
        )
        .await;
        write(
            analytics,
            &[ClickCellRow {
                project_id,
                ..cell(1, 2, 3)
            }],
        )
        .await;
        write(
            analytics,
            &[ElementRow {
                project_id,
                ..element("#a", 1)
            }],
        )
        .await;
        write(
            analytics,
            &[ScrollDepthRow {
                project_id,
                ..scroll(0, 1)
            }],
        )
        .await;
        write(
            analytics,
            &rollups(Dimension::Total, "", MONDAY, views(1)).map(|row| RollupRow { project_id, ..row }),
        )
        .await;
        let page_view = PageEventRow {
            project_id,
            ..page_view("/", MONDAY)
        };
        write(analytics, &[page_view]).await;
        write(analytics, &[outcome(project_id)]).await;
        write(
            analytics,
            &[ReplayChunkRow {
                project_id,
                ..chunk(1, 0)
            }],
        )
        .await;
        write(
            analytics,
            &[PageSnapshotRow {
                project_id,
                ..snapshot(1, MONDAY)
            }],
        )
        .await;
        write(analytics, &[ReplayAssetRow { project_id, ..asset(1) }]).await;
    }
}

fn outcome(project_id: Uuid) -> OutcomeRow {
    OutcomeRow {
        project_id,
        hour: MONDAY,
        outcome: "counted".into(),
        events: 1,
    }
}

/// The tables that hold rows of a project.
async fn holding(analytics: &Analytics, project_id: Uuid) -> Vec<&'static str> {
    let mut tables = Vec::new();
    for table in TABLES {
        let count = format!("SELECT count() FROM {table} WHERE project_id = toUUID('{project_id}')");
        let rows: u64 = testing::client(analytics).query_raw(&count).fetch_one().await.unwrap();
        tables.extend((rows > 0).then_some(table));
    }
    tables
}

/// Metadata with a project in it.
pub(crate) async fn metadata(folder: &TempDir) -> (Meta, Uuid) {
    let meta = Meta::open_file(&folder.path().join("meta.sqlite")).await.unwrap();
    let owner = NewUser {
        email: "a@b.c",
        name: "A",
        password_hash: "x",
    };
    let owner = meta.create_first_user(owner, 1).await.unwrap().id;
    let settings = Settings::default();
    let new = NewProject {
        slug: "shop",
        name: "Shop",
        allowed_domains: &[],
        settings: &settings,
        owner,
    };
    let project_id = meta.create_project(&new, 1).await.unwrap().id;
    (meta, project_id)
}

#[tokio::test]
async fn a_deletion_takes_a_projects_rows_out_of_every_table_and_no_others() {
    let analytics = testing::analytics().await;
    fill(&analytics, [PROJECT, OTHER_PROJECT]).await;
    assert_eq!(
        holding(&analytics, PROJECT).await,
        TABLES,
        "the test writes to every table"
    );
    analytics.delete_project(PROJECT).await.unwrap();
    assert_eq!(holding(&analytics, PROJECT).await, [""; 0]);
    assert_eq!(holding(&analytics, OTHER_PROJECT).await, TABLES);
    analytics.delete_project(PROJECT).await.unwrap();
}

#[tokio::test]
async fn a_deletion_survives_an_engine_that_is_away_and_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let (meta, project_id) = metadata(&folder).await;
    let analytics = testing::analytics().await;
    fill(&analytics, [project_id, OTHER_PROJECT]).await;
    meta.delete_project(project_id, DELETED_AT_MS).await.unwrap();

    let nowhere = Server {
        url: "http://127.0.0.1:1".into(),
        user: String::new(),
        password: String::new(),
        database: "x".into(),
    };
    let away = Deletions::new(meta.clone(), Analytics::new(watch::channel(nowhere).1), Bus::new());
    assert!(away.sweep().await.is_err());
    meta.close().await;

    let meta = Meta::open_file(&folder.path().join("meta.sqlite")).await.unwrap();
    Deletions::new(meta, analytics.clone(), Bus::new())
        .sweep()
        .await
        .unwrap();
    assert_eq!(holding(&analytics, project_id).await, [""; 0]);
    assert_eq!(holding(&analytics, OTHER_PROJECT).await, TABLES);
}

#[tokio::test]
async fn rows_that_come_after_a_deletion_are_taken_too_until_none_can_come() {
    let folder = tempfile::tempdir().unwrap();
    let (meta, project_id) = metadata(&folder).await;
    let (analytics, bus) = (testing::analytics().await, Bus::new());
    let deletions = Deletions::new(meta.clone(), analytics.clone(), bus.clone());
    meta.delete_project(project_id, DELETED_AT_MS).await.unwrap();
    for complete_to_ms in [DELETED_AT_MS, DELETED_AT_MS + SETTLED_MS] {
        bus.set_complete_to_ms(complete_to_ms);
        write(&analytics, &[outcome(project_id)]).await;
        deletions.sweep().await.unwrap();
        assert_eq!(holding(&analytics, project_id).await, [""; 0]);
        assert_eq!(meta.deletions().await.unwrap().len(), 1, "more may come");
    }
    bus.set_complete_to_ms(DELETED_AT_MS + SETTLED_MS + 1);
    write(&analytics, &[outcome(project_id)]).await;
    deletions.sweep().await.unwrap();
    assert_eq!(holding(&analytics, project_id).await, [""; 0]);
    assert_eq!(meta.deletions().await.unwrap(), []);
}

#[tokio::test]
async fn deletions_are_worked_off_at_start_and_on_change() {
    let folder = tempfile::tempdir().unwrap();
    let (meta, first) = metadata(&folder).await;
    let (analytics, bus) = (testing::analytics().await, Bus::new());
    bus.set_complete_to_ms(i64::MAX);
    fill(&analytics, [first, OTHER_PROJECT]).await;
    meta.delete_project(first, DELETED_AT_MS).await.unwrap();
    let mut changed = meta.deletions_changed();
    let running = tokio::spawn(Deletions::new(meta.clone(), analytics.clone(), bus).run());
    changed.wait_for(|changes| *changes == 2).await.unwrap();
    assert_eq!(holding(&analytics, first).await, [""; 0]);

    let owner = meta.installation_owner().await.unwrap().unwrap().id;
    let settings = Settings::default();
    let new = NewProject {
        slug: "blog",
        name: "Blog",
        allowed_domains: &[],
        settings: &settings,
        owner,
    };
    let second = meta.create_project(&new, 2).await.unwrap().id;
    write(&analytics, &[outcome(second)]).await;
    meta.delete_project(second, DELETED_AT_MS).await.unwrap();
    changed.wait_for(|changes| *changes == 4).await.unwrap();
    assert_eq!(holding(&analytics, second).await, [""; 0]);
    assert_eq!(holding(&analytics, OTHER_PROJECT).await, TABLES);
    running.abort();
}
