//! Bytes on disk.
//!
//! ```text
//! 00000000000000000042.seg = header | frame | frame | … | zeros up to the allocated size
//! header = magic[8] | epoch u64 | base offset u64 | created_at_ms i64 | allocated bytes u64 | crc32c u32
//! frame  = length u32 | crc32c u32 | offset u64 | appended_at_ms i64 | payload      (length counts what follows the crc)
//! ```
//!
//! Integers are little-endian. A frame's checksum is seeded with its segment's random epoch: bytes of another segment,
//! or bytes that a client put into a payload, are never taken for a frame. A segment is *sealed* when its file is
//! shorter than what was allocated: every frame in it is then known to be on disk. Only the newest may be unsealed.

use std::fs::{File, OpenOptions};
use std::hash::{BuildHasher, RandomState};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustix::fs::FallocateFlags;
use rustix::io::Errno;

use crate::{LogError, Offset};

const MAGIC: [u8; 8] = *b"gslog\0\0\x01";
pub(crate) const HEADER_BYTES: u64 = 44;
/// Length and checksum: what precedes the part that the length counts.
const PREFIX_BYTES: usize = 8;
/// Offset and append time: the least a frame's length counts.
const BODY_BYTES_MIN: usize = 16;
pub(crate) const FRAME_BYTES_MIN: usize = PREFIX_BYTES + BODY_BYTES_MIN;

pub(crate) const fn frame_bytes(payload_bytes: usize) -> u64 {
    (FRAME_BYTES_MIN + payload_bytes) as u64
}

/// What a segment's first bytes say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Header {
    /// Drawn anew for every segment.
    pub(crate) epoch: u64,
    pub(crate) base: Offset,
    pub(crate) created_at_ms: i64,
    pub(crate) allocated_bytes: u64,
}

impl Header {
    pub(crate) fn new(base: Offset, created_at_ms: i64, allocated_bytes: u64) -> Self {
        // `RandomState` is seeded by the operating system: reason enough not to depend on a generator.
        let epoch = RandomState::new().hash_one((base, created_at_ms));
        Self {
            epoch,
            base,
            created_at_ms,
            allocated_bytes,
        }
    }

    fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(HEADER_BYTES as usize);
        bytes.extend_from_slice(&MAGIC);
        bytes.extend_from_slice(&self.epoch.to_le_bytes());
        bytes.extend_from_slice(&self.base.to_le_bytes());
        bytes.extend_from_slice(&self.created_at_ms.to_le_bytes());
        bytes.extend_from_slice(&self.allocated_bytes.to_le_bytes());
        bytes.extend_from_slice(&crc32c::crc32c(&bytes).to_le_bytes());
        bytes
    }

    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, &'static str> {
        let Some(bytes) = bytes.get(..HEADER_BYTES as usize) else {
            return Err("the segment header is cut off");
        };
        if bytes[..8] != MAGIC {
            return Err("not a segment of this version of the log");
        }
        if crc32c::crc32c(&bytes[..40]) != u32_at(bytes, 40) {
            return Err("the segment header fails its checksum");
        }
        Ok(Self {
            epoch: u64_at(bytes, 8),
            base: u64_at(bytes, 16),
            created_at_ms: u64_at(bytes, 24).cast_signed(),
            allocated_bytes: u64_at(bytes, 32),
        })
    }

    pub(crate) fn seed(&self) -> Seed {
        Seed(crc32c::crc32c(&self.epoch.to_le_bytes()))
    }
}

/// Where the checksums of a segment's frames begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Seed(u32);

/// Appends one frame to `buffer`.
pub(crate) fn encode_frame(buffer: &mut Vec<u8>, seed: Seed, offset: Offset, appended_at_ms: i64, payload: &[u8]) {
    let start = buffer.len();
    buffer.extend_from_slice(&((BODY_BYTES_MIN + payload.len()) as u32).to_le_bytes());
    buffer.extend_from_slice(&[0; 4]);
    buffer.extend_from_slice(&offset.to_le_bytes());
    buffer.extend_from_slice(&appended_at_ms.to_le_bytes());
    buffer.extend_from_slice(payload);
    let crc = crc32c::crc32c_append(seed.0, &buffer[start + PREFIX_BYTES..]);
    buffer[start + 4..start + PREFIX_BYTES].copy_from_slice(&crc.to_le_bytes());
}

/// The frame at the start of some bytes.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Parsed {
    Frame {
        offset: Offset,
        appended_at_ms: i64,
        frame_bytes: usize,
    },
    /// So many bytes are needed to tell.
    Incomplete {
        bytes: usize,
    },
    /// Length zero: nothing was written here.
    Blank,
    Bad(&'static str),
}

impl Parsed {
    /// Where in its frame the payload begins.
    pub(crate) const PAYLOAD_START: usize = FRAME_BYTES_MIN;
}

pub(crate) fn parse_frame(bytes: &[u8], seed: Seed) -> Parsed {
    if bytes.len() < 4 {
        return Parsed::Incomplete { bytes: FRAME_BYTES_MIN };
    }
    let body_bytes = u32_at(bytes, 0) as usize;
    if body_bytes == 0 {
        return Parsed::Blank;
    }
    if !(BODY_BYTES_MIN..=BODY_BYTES_MIN + crate::RECORD_BYTES_MAX).contains(&body_bytes) {
        return Parsed::Bad("impossible frame length");
    }
    let frame_bytes = PREFIX_BYTES + body_bytes;
    let Some(frame) = bytes.get(..frame_bytes) else {
        return Parsed::Incomplete { bytes: frame_bytes };
    };
    if crc32c::crc32c_append(seed.0, &frame[PREFIX_BYTES..]) != u32_at(frame, 4) {
        return Parsed::Bad("a frame fails its checksum");
    }
    Parsed::Frame {
        offset: u64_at(frame, 8),
        appended_at_ms: u64_at(frame, 16).cast_signed(),
        frame_bytes,
    }
}

/// The offset that a frame at the start of `bytes` would have; `None` when there are too few.
pub(crate) fn claimed_offset(bytes: &[u8]) -> Option<Offset> {
    (bytes.len() >= FRAME_BYTES_MIN).then(|| u64_at(bytes, 8))
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from(u32_at(bytes, at)) | u64::from(u32_at(bytes, at + 4)) << 32
}

pub(crate) fn segment_path(dir: &Path, base: Offset) -> PathBuf {
    dir.join(format!("{base:020}.seg"))
}

/// The segment files of a partition, oldest first.
pub(crate) fn list_segments(dir: &Path) -> Result<Vec<(Offset, PathBuf)>, LogError> {
    let mut segments = Vec::new();
    for entry in std::fs::read_dir(dir).map_err(LogError::io("list", dir))? {
        let path = entry.map_err(LogError::io("list", dir))?.path();
        let base = path
            .file_stem()
            .and_then(|stem| stem.to_str())
            .and_then(|stem| stem.parse().ok());
        if let Some(base) = base.filter(|_| path.extension().is_some_and(|extension| extension == "seg")) {
            segments.push((base, path));
        }
    }
    segments.sort_unstable();
    Ok(segments)
}

/// Reads and checks the header of the segment that is to begin at `base`.
pub(crate) fn read_header(path: &Path, base: Offset) -> Result<Header, LogError> {
    let corrupt = |reason: &str| LogError::Corrupt {
        file: path.to_owned(),
        position: 0,
        reason: reason.to_owned(),
    };
    let file = File::open(path).map_err(LogError::io("open", path))?;
    let mut bytes = [0; HEADER_BYTES as usize];
    file.read_exact_at(&mut bytes, 0)
        .map_err(|_| corrupt("the segment header is cut off"))?;
    let header = Header::decode(&bytes).map_err(corrupt)?;
    if header.base != base {
        return Err(corrupt("its name and its header disagree on the first offset"));
    }
    Ok(header)
}

/// A file with its space allocated, ready to become a segment: a full disk shows here, before anything is accepted.
#[derive(Debug)]
pub(crate) struct Spare {
    file: File,
    path: PathBuf,
    allocated_bytes: u64,
}

impl Spare {
    fn path(dir: &Path) -> PathBuf {
        dir.join("spare")
    }

    /// # Errors
    /// [`LogError::Io`]; of kind `StorageFull` when the disk is full.
    pub(crate) fn allocate(dir: &Path, bytes: u64) -> Result<Self, LogError> {
        let path = Self::path(dir);
        let allocated = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(true)
            .open(&path)
            .and_then(|file| allocate(&file, bytes).map(|()| file));
        match allocated {
            Ok(file) => Ok(Self {
                file,
                path,
                allocated_bytes: bytes,
            }),
            Err(error) => {
                // Half an allocation helps nobody; when even this fails, the first error says why.
                drop(std::fs::remove_file(&path));
                Err(LogError::io("allocate", &path)(error))
            }
        }
    }

    pub(crate) fn remove(dir: &Path) -> Result<(), LogError> {
        let path = Self::path(dir);
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(LogError::io("remove", &path)(error)),
            _ => Ok(()),
        }
    }
}

fn allocate(file: &File, bytes: u64) -> std::io::Result<()> {
    match rustix::fs::fallocate(file, FallocateFlags::empty(), 0, bytes) {
        // A file system without allocation: a full disk then shows at the write, and stops the partition.
        Err(Errno::OPNOTSUPP) => file.set_len(bytes),
        other => Ok(other?),
    }
}

/// The newest segment, being written.
#[derive(Debug)]
pub(crate) struct SegmentWriter {
    file: File,
    pub(crate) path: Arc<Path>,
    pub(crate) header: Header,
    /// Where the next frame goes.
    pub(crate) position: u64,
}

impl SegmentWriter {
    /// Turns the spare file into the segment that begins at `base`; durable when this returns.
    pub(crate) fn create(spare: Spare, dir: &Path, base: Offset, created_at_ms: i64) -> Result<Self, LogError> {
        let header = Header::new(base, created_at_ms, spare.allocated_bytes);
        let path = segment_path(dir, base);
        // The header is on disk before the file has its name: a named segment always has one.
        spare
            .file
            .write_all_at(&header.encode(), 0)
            .map_err(LogError::io("write", &spare.path))?;
        spare.file.sync_all().map_err(LogError::io("sync", &spare.path))?;
        std::fs::rename(&spare.path, &path).map_err(LogError::io("rename to", &path))?;
        sync_dir(dir)?;
        Ok(Self {
            file: spare.file,
            path: path.into(),
            header,
            position: HEADER_BYTES,
        })
    }

    /// Writes whole frames and waits until they are on disk.
    pub(crate) fn append(&mut self, frames: &[u8]) -> Result<(), LogError> {
        self.file
            .write_all_at(frames, self.position)
            .map_err(LogError::io("write", &self.path))?;
        self.file.sync_data().map_err(LogError::io("sync", &self.path))?;
        self.position += frames.len() as u64;
        Ok(())
    }

    /// Gives back what was not used. The segment is complete from here on.
    pub(crate) fn seal(&self) -> Result<(), LogError> {
        seal(&self.file, &self.path, self.position)
    }
}

pub(crate) fn seal(file: &File, path: &Path, bytes: u64) -> Result<(), LogError> {
    file.set_len(bytes).map_err(LogError::io("cut", path))?;
    file.sync_all().map_err(LogError::io("sync", path))
}

/// Makes created, renamed and removed names in `dir` durable.
pub(crate) fn sync_dir(dir: &Path) -> Result<(), LogError> {
    File::open(dir)
        .and_then(|dir| dir.sync_all())
        .map_err(LogError::io("sync", dir))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    impl SegmentWriter {
        /// For tests: a disk that fails every write.
        pub(crate) fn into_read_only(self) -> Self {
            let file = File::open(&self.path).unwrap();
            Self { file, ..self }
        }
    }

    #[test]
    fn it_reads_no_frame_of_another_epoch() {
        let [one, other] = [Header::new(7, 1, 4096), Header::new(7, 1, 4096)];
        let mut frame = Vec::new();
        encode_frame(&mut frame, one.seed(), 7, 1, b"payload");
        let expected = Parsed::Frame {
            offset: 7,
            appended_at_ms: 1,
            frame_bytes: frame.len(),
        };
        assert_eq!(parse_frame(&frame, one.seed()), expected);
        assert_eq!(
            parse_frame(&frame, other.seed()),
            Parsed::Bad("a frame fails its checksum")
        );
    }

    #[test]
    fn it_notices_a_flip_of_any_bit_of_a_header() {
        let header = Header::new(42, 1_700_000_000_000, 4096);
        let bytes = header.encode();
        assert_eq!(Header::decode(&bytes), Ok(header));
        for bit in 0..bytes.len() * 8 {
            let mut damaged = bytes.clone();
            damaged[bit / 8] ^= 1 << (bit % 8);
            assert!(Header::decode(&damaged).is_err(), "bit {bit}");
        }
    }

    proptest! {
        #[test]
        fn it_never_takes_a_damaged_frame_for_a_whole_one(
            payload in prop::collection::vec(any::<u8>(), 0..200),
            offset: u64,
            appended_at_ms: i64,
            flip: prop::sample::Index,
            keep: prop::sample::Index,
        ) {
            let seed = Header::new(0, 0, 4096).seed();
            let mut frame = Vec::new();
            encode_frame(&mut frame, seed, offset, appended_at_ms, &payload);
            let whole = Parsed::Frame { offset, appended_at_ms, frame_bytes: frame.len() };
            prop_assert_eq!(parse_frame(&frame, seed), whole);
            let is_frame = |bytes: &[u8]| matches!(parse_frame(bytes, seed), Parsed::Frame { .. });
            prop_assert!(!is_frame(&frame[..keep.index(frame.len())]));
            let bit = flip.index(frame.len() * 8);
            frame[bit / 8] ^= 1 << (bit % 8);
            prop_assert!(!is_frame(&frame));
        }
    }
}
