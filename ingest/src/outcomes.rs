//! Every event ends in exactly one outcome, and it is counted here: accepted, rejected by itself, or refused with its batch.

use std::time::Duration;

use metrics::{counter, describe_counter, describe_histogram, histogram};

use crate::reason::{Reason, Refusal};

const EVENTS: &str = "gosight_ingest_events_total";
const BATCHES_REFUSED: &str = "gosight_ingest_batches_refused_total";
const MENDED: &str = "gosight_ingest_mended_total";
const WIRE_BYTES: &str = "gosight_ingest_wire_bytes_total";
const LOG_BYTES: &str = "gosight_ingest_log_bytes_total";
const ACK_SECONDS: &str = "gosight_ingest_ack_seconds";

pub(crate) fn describe() {
    describe_counter!(EVENTS, "Events by outcome (accepted, rejected, refused) and reason");
    describe_counter!(BATCHES_REFUSED, "Batches refused as a whole, by code");
    describe_counter!(
        MENDED,
        "Texts cut or repaired, fields left out, and dangerous things taken out of recordings, by what"
    );
    describe_counter!(WIRE_BYTES, "Bytes of batches as they came over the wire");
    describe_counter!(LOG_BYTES, "Bytes of records appended to the log");
    describe_histogram!(
        ACK_SECONDS,
        metrics::Unit::Seconds,
        "From the whole body to the durable answer"
    );
}

pub(crate) fn accepted(events: usize, log_bytes: usize) {
    count_events("accepted", "", events);
    counter!(LOG_BYTES).increment(log_bytes as u64);
}

pub(crate) fn rejected(rejections: &[(u32, Reason)]) {
    for (_, reason) in rejections {
        count_events("rejected", reason.name(), 1);
    }
}

/// The events of a batch that was refused after they had been counted.
pub(crate) fn refused(events: usize, refusal: &Refusal) {
    count_events("refused", refusal.code(), events);
}

pub(crate) fn batch_refused(refusal: &Refusal) {
    counter!(BATCHES_REFUSED, "code" => refusal.code()).increment(1);
}

pub(crate) fn mended(texts: u32, fields_excluded: u32, recordings_cleaned: u32) {
    for (what, count) in [
        ("text", texts),
        ("excluded_field", fields_excluded),
        ("recording", recordings_cleaned),
    ] {
        if count > 0 {
            counter!(MENDED, "what" => what).increment(count.into());
        }
    }
}

pub(crate) fn answered(wire_bytes: usize, took: Duration) {
    counter!(WIRE_BYTES).increment(wire_bytes as u64);
    histogram!(ACK_SECONDS).record(took.as_secs_f64());
}

fn count_events(outcome: &'static str, reason: &'static str, events: usize) {
    if events > 0 {
        counter!(EVENTS, "outcome" => outcome, "reason" => reason).increment(events as u64);
    }
}
