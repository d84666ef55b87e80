use super::QueryLog;
use crate::cold::{ColdError, ColdStore};
use clickhouse::Client;
use clickhouse::query::Query;
use uuid::Uuid;

/// How long a query may run, in seconds.
const EXECUTION_MAX_S: &str = "15";
/// How much memory a query may use, in bytes.
const MEMORY_MAX_BYTES: &str = "500000000";
/// Threads of a query: a dashboard asks several at once.
const THREADS_MAX: &str = "2";

/// Every table that holds a project's data.
pub const TABLES: [&str; 12] = [
    "events",
    "sessions",
    "insights",
    "click_cells",
    "elements",
    "scroll_depth",
    "rollups",
    "page_events",
    "outcomes",
    "replay_chunks",
    "page_snapshots",
    "replay_assets",
];

/// All questions about one project, and about no other.
///
/// The engine itself adds the project's condition to every table a query reads (`additional_table_filters`), so a query that forgets it still sees
/// its own project only. Queries may not write, and are bounded in time and memory.
#[derive(Clone)]
pub struct Scope {
    client: Client,
    log: Option<QueryLog>,
    cold: Option<ColdStore>,
}

impl Scope {
    pub(super) fn new(
        client: Client,
        database: String,
        project_id: Uuid,
        log: Option<QueryLog>,
        cold: Option<ColdStore>,
    ) -> Self {
        let filters = TABLES
            .map(|table| format!("'{database}.{table}':'project_id = toUUID(''{project_id}'')'"))
            .join(",");
        let client = client
            .with_setting("readonly", "2")
            .with_setting("additional_table_filters", format!("{{{filters}}}"))
            .with_setting("param_project", project_id.to_string())
            .with_setting("max_execution_time", EXECUTION_MAX_S)
            .with_setting("max_memory_usage", MEMORY_MAX_BYTES)
            .with_setting("max_threads", THREADS_MAX)
            .with_setting("cancel_http_readonly_queries_on_client_close", "1")
            // A key's versions share a partition, and its id never changes: both make `FINAL` cheap, and are exact.
            .with_setting("do_not_merge_across_partitions_select_final", "1")
            .with_setting("use_skip_indexes_if_final", "1");
        Self { client, log, cold }
    }

    /// The one place where a query begins. `{project:UUID}` is bound; everything else is bound with [`Query::param`].
    pub(super) fn query(&self, view: &'static str, sql: &str) -> Query {
        if let Some(log) = &self.log {
            log.push(view, sql);
        }
        self.client.query_raw(sql)
    }

    /// Where the data of old recordings is. What is read there was named by a row of this project.
    pub(super) fn cold(&self) -> Result<&ColdStore, ColdError> {
        self.cold.as_ref().ok_or(ColdError::Missing)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analytics::AnalyticsError;
    use crate::rows::OutcomeRow;
    use crate::testing;

    const MINE: Uuid = Uuid::from_u128(0xA);
    const OTHER: Uuid = Uuid::from_u128(0xB);

    #[tokio::test]
    async fn a_query_that_forgets_the_project_still_sees_its_own_only() {
        let analytics = testing::analytics().await;
        let row = |project_id, events| OutcomeRow {
            project_id,
            hour: 0,
            outcome: "counted".into(),
            events,
        };
        analytics.insert(&[row(MINE, 1), row(OTHER, 2)], "token").await.unwrap();
        let sum = async |project, sql: &str| {
            analytics
                .scope(project)
                .query("test", sql)
                .fetch_one::<i64>()
                .await
                .unwrap()
        };
        for sql in [
            "SELECT sum(events) FROM outcomes",
            "SELECT sum(events) FROM outcomes FINAL",
            "SELECT sum(a.events) FROM outcomes AS a WHERE a.outcome IN (SELECT outcome FROM outcomes)",
        ] {
            assert_eq!((sum(MINE, sql).await, sum(OTHER, sql).await), (1, 2), "{sql}");
        }
        for table in TABLES {
            let rows = sum(Uuid::nil(), &format!("SELECT toInt64(count()) FROM {table}")).await;
            assert_eq!(rows, 0, "{table}");
        }
    }

    #[tokio::test]
    async fn a_scope_writes_nothing() {
        let scope = testing::analytics().await.scope(MINE);
        for sql in [
            "TRUNCATE TABLE outcomes",
            "DROP TABLE outcomes",
            "INSERT INTO outcomes (events) VALUES (1)",
        ] {
            assert!(scope.query("test", sql).execute().await.is_err(), "{sql}");
        }
    }

    #[tokio::test]
    async fn a_query_beyond_its_memory_is_told_apart() {
        let scope = testing::analytics().await.scope(MINE);
        let greedy = "SELECT uniqExact(number, toString(number)) FROM system.numbers WHERE number < 1000000000";
        let error: AnalyticsError = scope.query("test", greedy).fetch_one::<u64>().await.unwrap_err().into();
        assert!(matches!(error, AnalyticsError::TooExpensive(_)), "{error}");
    }
}
