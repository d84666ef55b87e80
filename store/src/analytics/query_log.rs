use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

/// Only the newest are kept.
const QUERIES_MAX: usize = 1000;

/// What was asked of the database, in order: a test's way to see which tables a route read.
#[derive(Clone, Debug, Default)]
pub struct QueryLog {
    queries: Arc<Mutex<VecDeque<LoggedQuery>>>,
}

/// One query: the view that asked, and its text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoggedQuery {
    pub view: &'static str,
    pub sql: String,
}

impl LoggedQuery {
    /// Whether it reads `table`: by its bare name, quoted, or with its database in front.
    pub fn reads(&self, table: &str) -> bool {
        let is_quote = |c: char| matches!(c, '"' | '`');
        let sql: String = self.sql.chars().filter(|c| !is_quote(*c)).collect();
        let words: Vec<_> = sql
            .split(|c: char| !c.is_ascii_alphanumeric() && c != '_' && c != '.')
            .filter(|word| !word.is_empty())
            .collect();
        let is_table = |name: &str| name.rsplit('.').next() == Some(table);
        words
            .windows(2)
            .any(|pair| matches!(pair[0].to_ascii_uppercase().as_str(), "FROM" | "JOIN") && is_table(pair[1]))
    }
}

impl QueryLog {
    /// Takes everything logged so far.
    pub fn take(&self) -> Vec<LoggedQuery> {
        self.queries
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .drain(..)
            .collect()
    }

    pub(super) fn push(&self, view: &'static str, sql: &str) {
        let mut queries = self.queries.lock().unwrap_or_else(PoisonError::into_inner);
        if queries.len() == QUERIES_MAX {
            queries.pop_front();
        }
        queries.push_back(LoggedQuery {
            view,
            sql: sql.to_owned(),
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_reads_the_tables_it_selects_from_and_no_column_of_that_name() {
        let query = LoggedQuery {
            view: "test",
            sql: "SELECT sum(events) FROM (SELECT events FROM rollups FINAL)".to_owned(),
        };
        assert!(query.reads("rollups"));
        assert!(!query.reads("events"));
    }

    #[test]
    fn a_table_may_be_quoted_and_have_its_database_in_front() {
        for name in [
            "events",
            "gosight.events",
            "\"events\"",
            "`gosight`.`events`",
            "\"gosight\".events",
        ] {
            for sql in [
                format!("SELECT 1 FROM {name} WHERE x"),
                format!("select 1 from a join\n{name}"),
            ] {
                assert!(
                    LoggedQuery {
                        view: "test",
                        sql: sql.clone()
                    }
                    .reads("events"),
                    "{sql}"
                );
            }
        }
        let sql = "SELECT 1 FROM events.rollups, raw_events".to_owned();
        assert!(!LoggedQuery { view: "test", sql }.reads("events"));
    }
}
