//! Bytes on disk per million events, the log and the engine apart.

use std::os::unix::fs::MetadataExt;
use std::path::Path;

use crate::report::Report;

const MILLION: f64 = 1e6;
const MIB: f64 = 1024.0 * 1024.0;
/// What `st_blocks` counts in.
const BLOCK_BYTES: u64 = 512;

/// After a clean stop, when the log's files have their length and the engine merges nothing more.
pub(crate) fn report(data_dir: &Path, events: f64, event_bytes: f64, report: &mut Report) -> anyhow::Result<()> {
    let (log, engine) = (
        bytes(&data_dir.join("log"))? as f64,
        bytes(&data_dir.join("engine"))? as f64,
    );
    report
        .figure("disk", "log, per million events", log / events * MILLION / MIB, "MiB")
        .beside(format!(
            "{:.0} bytes per event, {:.2} of the events' own bytes",
            log / events,
            log / event_bytes
        ));
    report
        .figure(
            "disk",
            "engine, per million events",
            engine / events * MILLION / MIB,
            "MiB",
        )
        .beside(format!(
            "{:.0} bytes per event, {:.2} of the log's; parts that were merged and not yet deleted included",
            engine / events,
            engine / log
        ));
    Ok(())
}

/// What the folder takes on the disk.
fn bytes(folder: &Path) -> std::io::Result<u64> {
    let mut sum = 0;
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let metadata = entry.metadata()?;
        sum += if metadata.is_dir() {
            bytes(&entry.path())?
        } else {
            metadata.blocks() * BLOCK_BYTES
        };
    }
    Ok(sum)
}
