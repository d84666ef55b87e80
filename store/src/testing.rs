//! The real engine, for tests: one per test binary, a database of its own for each test. A missing engine fails the test.
//!
//! The test binary plays the engine's program itself. It must have this test, which does nothing unless it is the child:
//! ```text
//! #[test]
//! fn engine_child() {
//!     gosight_store::testing::engine_child();
//! }
//! ```
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test without its engine must fail"
)]

use crate::analytics::{Analytics, TABLES};
use crate::engine::{self, Engine, EngineConfig, LIBRARY_SETTING, Server};
use rustix::fs::{FlockOperation, flock};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::Duration;
use tokio::sync::watch;
use uuid::Uuid;

/// The word after which the child's own arguments come.
const AS_CHILD: &str = "as-engine-child";
/// Tests are small, but the tables of every one of them stay in the engine that a binary's tests share: some 15 MB each.
const MEMORY_MAX_BYTES: u64 = 2_000_000_000;

/// Becomes the engine when the test binary was started as its child, else returns.
pub fn engine_child() {
    let args: Vec<String> = std::env::args()
        .skip_while(|argument| argument != AS_CHILD)
        .skip(1)
        .collect();
    if !args.is_empty() {
        engine::child_main(&args).unwrap();
    }
}

/// How to run an engine in `dir` with this test binary as its program.
pub fn engine_config(dir: &Path) -> EngineConfig {
    let program_args = ["engine_child", "--exact", "--nocapture", AS_CHILD]
        .map(str::to_owned)
        .to_vec();
    EngineConfig {
        memory_max_bytes: MEMORY_MAX_BYTES,
        program_args,
        ..EngineConfig::of_this_binary(dir.to_owned(), library()).unwrap()
    }
}

/// The engine's library: the one the setting names, or the pinned package's in this checkout.
fn library() -> PathBuf {
    let packaged = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../deploy/engine/node_modules/@chdb/lib-linux-x64-gnu/libchdb.so"
    );
    let path = std::env::var_os(LIBRARY_SETTING).map_or_else(|| PathBuf::from(packaged), PathBuf::from);
    engine::find_library(Some(&path)).expect("the engine is needed: `npm ci` in deploy/engine fetches it")
}

/// A migrated database of its own on this binary's shared engine.
pub async fn analytics() -> Analytics {
    let server = watch::channel(Server {
        database: format!("test_{}", Uuid::new_v4().simple()),
        ..shared_server()
    })
    .1;
    let analytics = Analytics::new(server);
    analytics.migrate().await.unwrap();
    keep_forever(&analytics).await;
    analytics
}

/// Tests write rows of fixed dates; their age must not take them away.
async fn keep_forever(analytics: &Analytics) {
    for table in TABLES {
        analytics
            .client()
            .query_raw(&format!("ALTER TABLE {table} REMOVE TTL"))
            .execute()
            .await
            .unwrap();
    }
}

/// A client that may ask anything of the same database: for what a test must see behind the scenes.
pub fn client(analytics: &Analytics) -> clickhouse::Client {
    analytics.client()
}

/// Where this binary's shared engine is.
pub fn server() -> Server {
    shared_server()
}

/// The engine all tests of this binary share. It outlives every test's runtime and stops when the process ends and its pipe closes.
fn shared_server() -> Server {
    static SERVER: OnceLock<Server> = OnceLock::new();
    SERVER
        .get_or_init(|| {
            let (sender, receiver) = std::sync::mpsc::channel();
            std::thread::spawn(move || {
                let runtime = tokio::runtime::Builder::new_current_thread()
                    .enable_all()
                    .build()
                    .unwrap();
                runtime.block_on(async {
                    let engine = Engine::start(engine_config(&own_folder())).await.unwrap();
                    sender.send(engine.server().borrow().clone()).unwrap();
                    std::future::pending::<()>().await;
                });
            });
            receiver
                .recv_timeout(Duration::from_secs(90))
                .expect("the engine did not start")
        })
        .clone()
}

/// A folder for this process; those of processes that are gone are removed.
fn own_folder() -> PathBuf {
    let parent = std::env::temp_dir().join("gosight-test-engines");
    std::fs::create_dir_all(&parent).unwrap();
    for entry in std::fs::read_dir(&parent).unwrap().flatten() {
        if is_abandoned(&entry.path()) {
            drop(std::fs::remove_dir_all(entry.path()));
        }
    }
    parent.join(Uuid::new_v4().to_string())
}

fn is_abandoned(dir: &Path) -> bool {
    ["owner.lock", "data/status"].iter().all(|name| {
        File::open(dir.join(name)).is_ok_and(|file| flock(&file, FlockOperation::NonBlockingLockExclusive).is_ok())
    })
}
