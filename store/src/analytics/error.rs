use crate::cold::ColdError;
use clickhouse::error::Error;

/// Why a query gave no answer.
#[derive(Debug, thiserror::Error)]
pub enum AnalyticsError {
    /// The database is not there right now: it is starting again, or overloaded. Asking again may help.
    #[error("the analytics database is not available: {0}")]
    Unavailable(String),
    /// The query needed more time or memory than a query may use. A shorter range may help.
    #[error("the query needs too much time or memory: {0}")]
    TooExpensive(String),
    /// The database was written by a newer GoSight.
    #[error("the analytics database is at version {found}, this GoSight knows {known}: use the newer GoSight")]
    NewerDatabase { found: u32, known: u32 },
    /// Old recordings cannot be read or moved.
    #[error(transparent)]
    Cold(#[from] ColdError),
    /// Nothing that was asked for is what was stored.
    #[error("what was stored of a recording is gone or broken")]
    Broken,
    /// A defect: of the query or of the database.
    #[error("the analytics database refused a query: {0}")]
    Refused(String),
}

/// Why rows were not written.
#[derive(Debug, thiserror::Error)]
pub enum InsertError {
    /// It may work later: send the same rows with the same token again.
    #[error("table {table}: not written yet: {reason}")]
    Retriable { table: &'static str, reason: String },
    /// It will never work: rows and table do not fit. Sending again does not help.
    #[error("table {table}: cannot be written: {reason}")]
    Poison { table: &'static str, reason: String },
}

/// ClickHouse's number for an error, if its answer has one.
fn code(message: &str) -> Option<u32> {
    let digits = message.split_once("Code: ")?.1;
    digits[..digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len())]
        .parse()
        .ok()
}

/// Memory, time, rows, bytes.
const TOO_EXPENSIVE: [u32; 5] = [158, 159, 160, 241, 307];

/// Too many queries, cancelled, aborted, shutting down, unknown user (an engine that is being started again), network.
const UNAVAILABLE: [u32; 7] = [202, 209, 210, 236, 394, 516, 425];

/// The rows do not fit the table: unreadable, unknown table or column, wrong type, syntax, not allowed.
const POISON: [u32; 13] = [6, 16, 26, 27, 33, 47, 53, 60, 62, 81, 117, 131, 497];

impl From<Error> for AnalyticsError {
    fn from(error: Error) -> Self {
        let reason = error.to_string();
        match (&error, code(&reason)) {
            (_, Some(code)) if TOO_EXPENSIVE.contains(&code) => Self::TooExpensive(reason),
            (_, Some(code)) if UNAVAILABLE.contains(&code) => Self::Unavailable(reason),
            (Error::Network(_) | Error::TimedOut, _) => Self::Unavailable(reason),
            _ => Self::Refused(reason),
        }
    }
}

impl InsertError {
    pub(super) fn new(table: &'static str, error: &Error) -> Self {
        let reason = error.to_string();
        let poison = match error {
            Error::Network(_) | Error::TimedOut => false,
            Error::BadResponse(_) => code(&reason).is_some_and(|code| POISON.contains(&code)),
            // The client could not even write the rows down.
            _ => true,
        };
        if poison {
            Self::Poison { table, reason }
        } else {
            Self::Retriable { table, reason }
        }
    }

    /// Whether sending the same again may help.
    pub fn is_retriable(&self) -> bool {
        matches!(self, Self::Retriable { .. })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_of_an_error_is_read_from_the_answer() {
        assert_eq!(code("bad response: Code: 241. DB::Exception: Memory limit"), Some(241));
        assert_eq!(code("connection refused"), None);
    }

    #[test]
    fn a_full_memory_is_retriable_and_an_unknown_table_is_poison() {
        let error = |code| InsertError::new("events", &Error::BadResponse(format!("Code: {code}. DB::Exception: …")));
        assert!(error(241).is_retriable());
        assert!(error(252).is_retriable());
        assert!(!error(60).is_retriable());
    }
}
