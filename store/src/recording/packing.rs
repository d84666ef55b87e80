//! The form on disk: zstd.

use std::io::Read as _;

use super::RecordingError;

/// zstd's own default: every chunk is compressed once, at the door, where time is dearer than the few percent of a higher level.
pub const LEVEL: i32 = 3;
/// What a decompressor may look back on, as a power of two: 8 MiB, more than [`LEVEL`] ever needs.
const WINDOW_LOG_MAX: u32 = 23;

/// Compresses; the same bytes give the same bytes.
pub fn compress(json: &[u8]) -> Vec<u8> {
    #[expect(
        clippy::expect_used,
        reason = "zstd refuses no bytes, only a level or a buffer that is none"
    )]
    zstd::stream::encode_all(json, LEVEL).expect("memory takes every byte")
}

/// Decompresses up to `bytes_max` bytes; more is an error, found before the memory for it is taken.
pub fn decompress(zstd: &[u8], bytes_max: usize) -> Result<Vec<u8>, RecordingError> {
    let broken = |error: std::io::Error| RecordingError::NotCompressed(error.to_string());
    let mut decoder = zstd::stream::read::Decoder::new(zstd).map_err(broken)?;
    decoder.window_log_max(WINDOW_LOG_MAX).map_err(broken)?;
    let mut out = Vec::new();
    decoder
        .take((bytes_max as u64).saturating_add(1))
        .read_to_end(&mut out)
        .map_err(broken)?;
    if out.len() > bytes_max {
        return Err(RecordingError::TooLarge { bytes_max });
    }
    Ok(out)
}

/// Whether these bytes are one frame, from its head to its end; what is in it is not looked at.
pub fn is_frame(zstd: &[u8]) -> bool {
    zstd::zstd_safe::find_frame_compressed_size(zstd) == Ok(zstd.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_compressed_comes_back() {
        let json = br#"[{"type":4}]"#.repeat(1000);
        let packed = compress(&json);
        assert!(packed.len() * 20 < json.len());
        assert_eq!(decompress(&packed, json.len()).unwrap(), json);
    }

    #[test]
    fn a_bomb_is_refused() {
        let packed = compress(&vec![b' '; 64 << 20]);
        assert!(packed.len() < 16 << 10);
        assert_eq!(
            decompress(&packed, 1 << 20),
            Err(RecordingError::TooLarge { bytes_max: 1 << 20 })
        );
    }

    #[test]
    fn a_frame_is_whole_and_alone() {
        let frame = compress(&[7; 4096]);
        assert!(is_frame(&frame));
        assert!(!is_frame(&frame[..frame.len() - 1]), "cut off");
        assert!(!is_frame(&frame.repeat(2)), "two");
        assert!(!is_frame(b"[]") && !is_frame(&[]));
    }

    #[test]
    fn what_is_no_zstd_is_refused() {
        assert!(matches!(decompress(b"[]", 100), Err(RecordingError::NotCompressed(_))));
        let packed = compress(&[7; 4096]);
        assert!(matches!(
            decompress(&packed[..packed.len() - 3], 4096),
            Err(RecordingError::NotCompressed(_))
        ));
    }
}
