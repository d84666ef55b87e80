//! A sound batch becomes the log's records: the visitor's browser, country and address are worked out, once, for all its events.

use bytes::Bytes;
use gosight_proto::{
    record::{BatchRecord, Place, ReplayRecord},
    v1::Device,
};
use xxhash_rust::xxh3::Xxh3;

use crate::{Parts, client, judge::Sound, keys::OpenKey, place, receive::Sender};

/// What of a batch goes into the log.
pub(crate) struct Records {
    pub(crate) batch: BatchRecord,
    /// The recorded data its events speak of.
    pub(crate) chunks: Vec<ReplayRecord>,
}

impl Parts {
    pub(crate) fn records(&self, sound: Sound, key: &OpenKey, sender: &Sender) -> Records {
        let Sound {
            batch,
            received_at_ms,
            session_id,
            pages,
            events,
            mut chunks,
            ..
        } = sound;
        let mut device = batch.device.unwrap_or_default();
        let client = match self.clients.recognise(&device.user_agent) {
            Some(client) => {
                device.user_agent.clear();
                (*client).clone()
            }
            None => client::unrecognised(),
        };
        let ip = sender
            .address
            .map(|address| self.salt.apply(key.key.ip, address, received_at_ms));
        let project_id = Bytes::copy_from_slice(key.key.project_id.as_bytes());
        for chunk in &mut chunks {
            chunk.project_id = project_id.clone();
            chunk.received_at_ms = received_at_ms;
            chunk.sent_at_ms = batch.sent_at_ms;
            chunk.device_type.clone_from(&client.device_type);
        }
        let batch = BatchRecord {
            project_id,
            received_at_ms,
            sent_at_ms: batch.sent_at_ms,
            session_id: session_id
                .map(|id| Bytes::copy_from_slice(&id.to_be_bytes()))
                .unwrap_or_default(),
            visitor_id: batch.visitor_id,
            user_id: batch.user_id,
            client: Some(client),
            place: Some(self.place(&device, sender)),
            device: Some(device),
            attributes: batch.attributes,
            pages,
            events,
            sdk: sdk(&batch.sdk_name, &batch.sdk_version),
            ip: ip.unwrap_or_default(),
        };
        Records { batch, chunks }
    }

    fn place(&self, device: &Device, sender: &Sender) -> Place {
        let located = self.geoip.as_ref().zip(sender.address).and_then(|(geoip, address)| {
            geoip.refresh();
            geoip.locate(address)
        });
        located.unwrap_or_else(|| place::of_timezone(&device.timezone))
    }
}

/// All of a session goes to one partition, its recordings too; without a session, all of a visitor.
pub(crate) fn partition(record: &BatchRecord, partitions: u32) -> u32 {
    let mut hash = Xxh3::new();
    hash.update(&record.project_id);
    hash.update(if record.session_id.is_empty() {
        record.visitor_id.as_bytes()
    } else {
        &record.session_id
    });
    (hash.digest() % u64::from(partitions.max(1))) as u32
}

fn sdk(name: &str, version: &str) -> String {
    match (name, version) {
        ("", "") => String::new(),
        (name, "") => name.to_owned(),
        (name, version) => format!("{name}/{version}"),
    }
}
