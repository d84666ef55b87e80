//! Pictures and fonts that a recording brings along, in `gosight.asset` events. They are taken out and kept once, by their digest.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

use super::json::{Json, Kind, Object};
use super::{address, drawing};

/// The bytes of one asset; one over it is left out.
pub const ASSET_BYTES_MAX: usize = 2 * 1024 * 1024;
/// Assets of one chunk; those over it are left out.
pub const ASSETS_MAX: usize = 200;

/// A picture or a font of a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asset {
    /// SHA-256 of the data, computed here.
    pub digest: [u8; 32],
    /// A type that holds no code, or that of a drawing that holds none.
    pub mime: String,
    pub data: Vec<u8>,
}

/// Takes the data out of the payload, and leaves where it came from and where it is now. False if it may not be kept.
pub(super) fn take(payload: &mut Object<'_>, assets: &mut Vec<Asset>) -> bool {
    payload.keep(&[
        ("url", Kind::Text),
        ("digest", Kind::Text),
        ("mime", Kind::Text),
        ("data", Kind::Text),
    ]);
    let data = payload.take("data");
    let mime = payload.text("mime").unwrap_or_default().to_ascii_lowercase();
    let is_named = payload.text("digest").is_some_and(is_digest);
    let is_drawing = mime == drawing::TYPE;
    let is_kept = (is_drawing || address::is_bytes_type(&mime))
        && match data.as_ref().and_then(Json::as_text) {
            Some(data) => match decode(data).filter(|_| assets.len() < ASSETS_MAX) {
                Some(data) if is_drawing && !drawing::is_harmless(&data) => false,
                Some(data) => {
                    let digest: [u8; 32] = Sha256::digest(&data).into();
                    payload.set("digest", Json::text(hex::encode(digest)));
                    assets.push(Asset {
                        digest,
                        mime: mime.clone(),
                        data,
                    });
                    true
                }
                None => false,
            },
            // Sent before, in another chunk.
            None => is_named,
        };
    if is_kept {
        payload.set("mime", Json::text(mime));
    } else {
        payload.take("digest");
        payload.take("mime");
    }
    is_kept
}

fn decode(data: &str) -> Option<Vec<u8>> {
    if data.len() > ASSET_BYTES_MAX.div_ceil(3) * 4 {
        return None;
    }
    STANDARD
        .decode(data)
        .ok()
        .filter(|it| !it.is_empty() && it.len() <= ASSET_BYTES_MAX)
}

fn is_digest(digest: &str) -> bool {
    digest.len() == 64
        && digest
            .bytes()
            .all(|it| it.is_ascii_digit() || (b'a'..=b'f').contains(&it))
}
