//! The log's folder: held by one process at a time, with the number of partitions written down once.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Write};
use std::path::Path;
use std::time::{Duration, Instant};

use super::EmbeddedConfig;
use super::segment::sync_dir;
use crate::{LogError, Topic};

const LAYOUT_VERSION: &str = "gosight-log 1";
/// How often to look whether another process has let go.
const LOCK_POLL: Duration = Duration::from_millis(50);

/// Takes the folder for this process; it is free again when the file is dropped or the process ends, however it ends.
pub(crate) fn lock(dir: &Path, wait: Duration) -> Result<File, LogError> {
    std::fs::create_dir_all(dir).map_err(LogError::io("create", dir))?;
    let path = dir.join("lock");
    let mut file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(&path)
        .map_err(LogError::io("open", &path))?;
    let deadline = Instant::now() + wait;
    loop {
        match file.try_lock() {
            Ok(()) => break,
            Err(TryLockError::WouldBlock) if Instant::now() < deadline => std::thread::sleep(LOCK_POLL),
            Err(TryLockError::WouldBlock) => {
                let mut holder = String::new();
                let read = file.read_to_string(&mut holder).is_ok() && !holder.is_empty();
                return Err(LogError::Locked {
                    dir: dir.to_owned(),
                    holder: read.then_some(holder),
                });
            }
            Err(TryLockError::Error(error)) => return Err(LogError::io("lock", &path)(error)),
        }
    }
    file.set_len(0)
        .and_then(|()| file.write_all(std::process::id().to_string().as_bytes()))
        .map_err(LogError::io("write", &path))?;
    Ok(file)
}

/// How many partitions each topic has: as written down, or else as configured and then written down.
pub(crate) fn layout(dir: &Path, config: &EmbeddedConfig) -> Result<BTreeMap<Topic, u32>, LogError> {
    let path = dir.join("layout");
    let mut layout = match std::fs::read_to_string(&path) {
        Ok(text) => parse_layout(&text).map_err(|reason| LogError::Layout {
            file: path.clone(),
            reason: reason.to_owned(),
        })?,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => BTreeMap::new(),
        Err(error) => return Err(LogError::io("read", &path)(error)),
    };
    let known = layout.len();
    for &topic in Topic::ALL {
        let configured = config.topic(topic).partitions.max(1);
        let written = *layout.entry(topic).or_insert(configured);
        if written != configured {
            tracing::info!(
                topic = topic.name(),
                written,
                configured,
                "the folder's number of partitions holds"
            );
        }
    }
    if layout.len() > known {
        write_layout(dir, &path, &layout)?;
    }
    Ok(layout)
}

fn parse_layout(text: &str) -> Result<BTreeMap<Topic, u32>, &'static str> {
    let mut lines = text.lines();
    if lines.next() != Some(LAYOUT_VERSION) {
        return Err("not a log layout that this version can read");
    }
    lines
        .map(|line| {
            let (name, partitions) = line.split_once(' ').ok_or("not a line of topic and number")?;
            let topic = Topic::ALL
                .iter()
                .find(|topic| topic.name() == name)
                .ok_or("an unknown topic")?;
            let partitions = partitions.parse().ok().filter(|&partitions| partitions > 0);
            Ok((*topic, partitions.ok_or("not a number of partitions")?))
        })
        .collect()
}

fn write_layout(dir: &Path, path: &Path, layout: &BTreeMap<Topic, u32>) -> Result<(), LogError> {
    let lines = layout
        .iter()
        .map(|(topic, partitions)| format!("{} {partitions}\n", topic.name()));
    let text = format!("{LAYOUT_VERSION}\n{}", lines.collect::<String>());
    let temporary = dir.join("layout.new");
    let mut file = File::create(&temporary).map_err(LogError::io("create", &temporary))?;
    file.write_all(text.as_bytes())
        .and_then(|()| file.sync_all())
        .map_err(LogError::io("write", &temporary))?;
    std::fs::rename(&temporary, path).map_err(LogError::io("rename to", path))?;
    sync_dir(dir)
}
