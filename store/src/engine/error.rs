use std::path::PathBuf;

/// Why there is no engine.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    #[error(
        "the embedded ClickHouse engine is not there. Looked for: {looked}. Run `make build`, or name the file in GOSIGHT_ENGINE_LIB, \
         or a ClickHouse server in CLICKHOUSE_URL"
    )]
    LibraryMissing { looked: String },
    #[error(
        "the embedded ClickHouse engine does not run here: {reason}. Name a ClickHouse server in CLICKHOUSE_URL instead"
    )]
    Platform { reason: String },
    #[error("{path}: another GoSight is using this folder")]
    Locked { path: PathBuf },
    #[error("{path}: {source}")]
    Folder { path: PathBuf, source: std::io::Error },
    #[error("the engine's process could not be started: {0}")]
    Spawn(String),
    #[error("the engine did not start: {0}")]
    Start(String),
    #[error("the engine's library could not be used: {0}")]
    Library(String),
    #[error("the engine's process was called wrongly: {0}")]
    Arguments(String),
    #[error("the engine stopped with an error: {0}")]
    Engine(String),
}
