//! Opening a partition after a clean stop or a crash.
//!
//! Every segment but the newest is sealed. In the newest, frames are read up to the first that is not whole. If nothing
//! valid follows, the process or the machine died while it wrote: the tail was never acknowledged and is cut. If a valid
//! frame of the same epoch does follow, an acknowledged record is damaged: that is reported, and nothing is touched.
//!
//! What this cannot notice: damage to the very last frame of an unsealed segment, or a sealed file made shorter: both look
//! like a torn tail. What it reports
//! though it need not: after a power loss the pages of one unacknowledged group may have reached the disk out of order.

use std::fs::OpenOptions;
use std::path::Path;

use super::segment::{self, FRAME_BYTES_MIN, HEADER_BYTES, Header, Parsed, Seed, parse_frame};
use crate::{LogError, Offset};

/// A sealed segment with its records.
#[derive(Debug)]
pub(crate) struct Recovered {
    pub(crate) header: Header,
    /// One past its last record.
    pub(crate) end: Offset,
    pub(crate) bytes: u64,
    pub(crate) last_appended_at_ms: Option<i64>,
}

/// Repairs the newest segment of a partition and seals it.
///
/// # Errors
/// [`LogError::Corrupt`] when a record that was acknowledged is damaged; [`LogError::Io`].
pub(crate) fn recover_newest(path: &Path, base: Offset) -> Result<Recovered, LogError> {
    let header = segment::read_header(path, base)?;
    let bytes = std::fs::read(path).map_err(LogError::io("read", path))?;
    let scan = scan(&bytes, &header).map_err(|(position, reason)| LogError::Corrupt {
        file: path.to_owned(),
        position,
        reason,
    })?;
    if scan.torn_bytes > 0 {
        tracing::warn!(file = %path.display(), offset = scan.end, bytes = scan.torn_bytes, "cut a torn tail");
    }
    if scan.bytes < bytes.len() as u64 {
        let file = OpenOptions::new()
            .write(true)
            .open(path)
            .map_err(LogError::io("open", path))?;
        segment::seal(&file, path, scan.bytes)?;
    }
    Ok(Recovered {
        header,
        end: scan.end,
        bytes: scan.bytes,
        last_appended_at_ms: scan.last_appended_at_ms,
    })
}

#[derive(Debug, PartialEq, Eq)]
struct Scan {
    end: Offset,
    /// Header and whole frames.
    bytes: u64,
    last_appended_at_ms: Option<i64>,
    /// What follows them, up to the last byte that is not zero.
    torn_bytes: u64,
}

fn scan(bytes: &[u8], header: &Header) -> Result<Scan, (u64, String)> {
    let is_sealed = (bytes.len() as u64) < header.allocated_bytes;
    let seed = header.seed();
    let mut scan = Scan {
        end: header.base,
        bytes: HEADER_BYTES,
        last_appended_at_ms: None,
        torn_bytes: 0,
    };
    loop {
        let rest = &bytes[scan.bytes as usize..];
        match parse_frame(rest, seed) {
            Parsed::Frame {
                offset,
                appended_at_ms,
                frame_bytes,
            } if offset == scan.end => {
                scan.end += 1;
                scan.bytes += frame_bytes as u64;
                scan.last_appended_at_ms = Some(appended_at_ms);
            }
            Parsed::Frame { offset, .. } => {
                return Err((scan.bytes, format!("offset {offset} where {} belongs", scan.end)));
            }
            Parsed::Bad(reason) if is_sealed => return Err((scan.bytes, reason.to_owned())),
            Parsed::Blank if is_sealed => return Err((scan.bytes, format!("record {} is missing", scan.end))),
            Parsed::Bad(_) | Parsed::Blank | Parsed::Incomplete { .. } => break,
        }
    }
    let rest = &bytes[scan.bytes as usize..];
    scan.torn_bytes = rest
        .iter()
        .rposition(|&byte| byte != 0)
        .map_or(0, |last| last as u64 + 1);
    if let Some((distance, offset)) = find_later_frame(rest, scan.torn_bytes as usize, seed, scan.end) {
        let found_at = scan.bytes + distance as u64;
        let reason = format!(
            "record {} is not readable, but record {offset} follows at byte {found_at}",
            scan.end
        );
        return Err((scan.bytes, reason));
    }
    Ok(scan)
}

/// The first valid frame that begins in `bytes[1..written_bytes]`. Lengths cannot be trusted, so every position is tried;
/// an offset that could not stand there rules nearly all of them out before a checksum is computed.
fn find_later_frame(bytes: &[u8], written_bytes: usize, seed: Seed, expected: Offset) -> Option<(usize, Offset)> {
    let offsets = expected..=expected + (bytes.len() / FRAME_BYTES_MIN) as u64;
    (1..written_bytes).find_map(|at| {
        let rest = &bytes[at..];
        let claimed = segment::claimed_offset(rest)?;
        match offsets.contains(&claimed).then(|| parse_frame(rest, seed))? {
            Parsed::Frame { offset, .. } => Some((at, offset)),
            _ => None,
        }
    })
}
