//! The engine's configuration, written anew at every start: memory bounds, one user with a random password, a bounded log.

use super::EngineError;
use sha2::{Digest, Sha256};
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// The product's user.
pub(super) const USER: &str = "gosight";

/// One query gets at most this part of the engine's memory, so that one cannot starve the inserts.
const QUERY_MEMORY_DIVISOR: u64 = 2;

/// Queries at once; beyond that they are refused, not queued.
const CONCURRENT_QUERIES_MAX: u32 = 64;

/// What the product's user may do: its own databases' data, and nothing with files, addresses or other users.
const GRANTS: &str = "SHOW, SELECT, INSERT, ALTER, CREATE DATABASE, CREATE TABLE, CREATE TEMPORARY TABLE, DROP DATABASE, DROP TABLE, \
     TRUNCATE, OPTIMIZE, TABLE ENGINE, SYSTEM MERGES, SYSTEM TTL MERGES, KILL QUERY";

/// The engine's folders.
pub(super) struct Folders {
    /// ClickHouse's own.
    pub(super) data: PathBuf,
    /// Configuration and the user's password: readable by the owner only.
    pub(super) run: PathBuf,
    pub(super) log: PathBuf,
}

impl Folders {
    pub(super) fn create(dir: &Path) -> Result<Self, EngineError> {
        let dir = std::path::absolute(dir).map_err(|source| EngineError::Folder {
            path: dir.to_owned(),
            source,
        })?;
        let folders = Self {
            data: dir.join("data"),
            run: dir.join("run"),
            log: dir.join("log"),
        };
        for path in [&folders.data, &folders.run, &folders.log] {
            std::fs::DirBuilder::new()
                .recursive(true)
                .mode(0o700)
                .create(path)
                .map_err(|source| EngineError::Folder {
                    path: path.clone(),
                    source,
                })?;
        }
        Ok(folders)
    }

    pub(super) fn log_file(&self) -> PathBuf {
        self.log.join("engine.log")
    }

    /// What the child says on standard output and error: little, and begun anew at every start.
    pub(super) fn output_file(&self) -> PathBuf {
        self.log.join("engine.out")
    }
}

pub(super) fn write(folders: &Folders, password: &str, memory_max_bytes: u64) -> Result<(), EngineError> {
    write_private(&folders.run.join("config.xml"), &config_xml(folders, memory_max_bytes))?;
    write_private(&folders.run.join("users.xml"), &users_xml(password, memory_max_bytes))?;
    write_private(&folders.run.join("start.sql"), "SYSTEM START LISTEN HTTP;\n")
}

fn write_private(path: &Path, text: &str) -> Result<(), EngineError> {
    let write = || {
        let mut file = std::fs::OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(path)?;
        file.write_all(text.as_bytes())
    };
    write().map_err(|source| EngineError::Folder {
        path: path.to_owned(),
        source,
    })
}

/// Small pools and caches: the engine shares its machine. The three `number_of_free_entries…` must fit into the smaller merge pool.
fn config_xml(folders: &Folders, memory_max_bytes: u64) -> String {
    let cache_bytes = memory_max_bytes / 16;
    format!(
        "<clickhouse>
  <logger><log>{log}</log><size>4M</size><count>2</count></logger>
  <users_config>{run}/users.xml</users_config>
  <max_server_memory_usage>{memory_max_bytes}</max_server_memory_usage>
  <max_concurrent_queries>{CONCURRENT_QUERIES_MAX}</max_concurrent_queries>
  <mark_cache_size>{cache_bytes}</mark_cache_size>
  <primary_index_cache_size>{cache_bytes}</primary_index_cache_size>
  <uncompressed_cache_size>0</uncompressed_cache_size>
  <background_pool_size>2</background_pool_size>
  <background_schedule_pool_size>8</background_schedule_pool_size>
  <merge_tree>
    <number_of_free_entries_in_pool_to_lower_max_size_of_merge>2</number_of_free_entries_in_pool_to_lower_max_size_of_merge>
    <number_of_free_entries_in_pool_to_execute_mutation>2</number_of_free_entries_in_pool_to_execute_mutation>
    <number_of_free_entries_in_pool_to_execute_optimize_entire_partition>2</number_of_free_entries_in_pool_to_execute_optimize_entire_partition>
  </merge_tree>
  <shutdown_wait_unfinished>1</shutdown_wait_unfinished>
  <keep_alive_timeout>60</keep_alive_timeout>
</clickhouse>
",
        log = escape(&folders.log_file()),
        run = escape(&folders.run),
    )
}

/// `default` is who the engine's own start file runs as: it may open the port, and read nothing.
fn users_xml(password: &str, memory_max_bytes: u64) -> String {
    let password_sha256 = hex::encode(Sha256::digest(password));
    let query_memory_bytes = memory_max_bytes / QUERY_MEMORY_DIVISOR;
    format!(
        "<clickhouse>
  <profiles>
    <default><max_memory_usage>{query_memory_bytes}</max_memory_usage><log_queries>0</log_queries></default>
    <idle><max_memory_usage>10000000</max_memory_usage><max_execution_time>1</max_execution_time></idle>
  </profiles>
  <quotas><default/></quotas>
  <users>
    <default>
      <password></password><networks><ip>127.0.0.1</ip></networks><profile>idle</profile><quota>default</quota>
      <grants><query>GRANT SYSTEM LISTEN ON *.*</query></grants>
    </default>
    <{USER}>
      <password_sha256_hex>{password_sha256}</password_sha256_hex><networks><ip>127.0.0.1</ip></networks>
      <profile>default</profile><quota>default</quota>
      <grants><query>GRANT {GRANTS} ON *.*</query></grants>
    </{USER}>
  </users>
</clickhouse>
"
    )
}

fn escape(path: &Path) -> String {
    path.display()
        .to_string()
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}
