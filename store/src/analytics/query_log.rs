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
    /// Whether it reads `table`.
    pub fn reads(&self, table: &str) -> bool {
        let words: Vec<_> = self
            .sql
            .split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
            .filter(|word| !word.is_empty())
            .collect();
        words
            .windows(2)
            .any(|pair| matches!(pair[0], "FROM" | "JOIN") && pair[1] == table)
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
}
