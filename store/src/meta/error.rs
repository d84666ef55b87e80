/// What can go wrong with metadata. `NotFound` and `Conflict` are answers, the rest are failures.
#[derive(Debug, thiserror::Error)]
pub enum MetaError {
    /// The named thing is not there (any more).
    #[error("{0} not found")]
    NotFound(&'static str),
    /// The change contradicts what is stored; the text says how, for people.
    #[error("{0}")]
    Conflict(&'static str),
    /// A stored value does not have the shape it was written with.
    #[error("the stored column {column} cannot be read: {reason}")]
    Corrupt { column: &'static str, reason: String },
    #[error("the metadata database failed: {0}")]
    Database(#[from] sqlx::Error),
    #[error("the metadata database could not be migrated: {0}")]
    Migration(#[from] sqlx::migrate::MigrateError),
}

pub type Result<T> = std::result::Result<T, MetaError>;

/// Turns the violation of a unique column into a `Conflict` with this explanation.
pub(super) fn unique<T>(result: std::result::Result<T, sqlx::Error>, explanation: &'static str) -> Result<T> {
    result.map_err(|error| match &error {
        sqlx::Error::Database(db) if db.is_unique_violation() => MetaError::Conflict(explanation),
        _ => MetaError::Database(error),
    })
}
