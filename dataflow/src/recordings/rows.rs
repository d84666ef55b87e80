//! From a record of the topic `replay` to the rows of its tables.

use gosight_operators::clock;
use gosight_proto::ids;
use gosight_proto::record::{Asset, ReplayRecord};
use gosight_store::recording::{self, PageSnapshot};
use gosight_store::rows::{PageSnapshotRow, ReplayAssetRow, ReplayChunkRow};
use uuid::Uuid;

/// None when one of its ids is none.
pub(super) fn chunk(record: &ReplayRecord) -> Option<ReplayChunkRow> {
    let id = |bytes: &[u8]| ids::from_bytes(bytes).map(Uuid::from_u128);
    Some(ReplayChunkRow {
        project_id: id(&record.project_id)?,
        session_id: id(&record.session_id)?,
        recording_id: id(&record.recording_id)?,
        id: id(&record.event_id)?,
        chunk_index: record.index,
        first_ms: record.first_ms,
        last_ms: record.last_ms,
        clock_offset_ms: clock::offset_ms(record.sent_at_ms, record.received_at_ms),
        event_count: record.event_count,
        has_full_snapshot: u8::from(record.has_full_snapshot),
        device_type: record.device_type.clone(),
        received_at: record.received_at_ms,
        inflated_bytes: record.inflated_bytes,
        bytes: u32::try_from(record.data.len()).ok()?,
        data: record.data.to_vec(),
        ..ReplayChunkRow::default()
    })
}

pub(super) fn snapshot(chunk: &ReplayChunkRow, page: PageSnapshot) -> PageSnapshotRow {
    PageSnapshotRow {
        project_id: chunk.project_id,
        device_type: chunk.device_type.clone(),
        session_id: chunk.session_id,
        received_at: chunk.received_at,
        path: page.path,
        page_version: page.page_version,
        width: page.width,
        height: page.height,
        taken_at: page.taken_at_ms.saturating_add(chunk.clock_offset_ms),
        inflated_bytes: u32::try_from(page.json.len()).unwrap_or(u32::MAX),
        data: recording::compress(&page.json),
    }
}

/// None when its digest is none.
pub(super) fn asset(chunk: &ReplayChunkRow, asset: &Asset) -> Option<ReplayAssetRow> {
    Some(ReplayAssetRow {
        project_id: chunk.project_id,
        digest: asset.digest.as_ref().try_into().ok()?,
        mime: asset.mime.clone(),
        received_at: chunk.received_at,
        data: asset.data.to_vec(),
    })
}
