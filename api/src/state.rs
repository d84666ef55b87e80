//! What every handler can reach.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use gosight_store::analytics::Analytics;
use gosight_store::live::Bus;
use gosight_store::meta::Meta;
use tokio::sync::Semaphore;

use crate::ApiError;
use crate::access::{Group, Limits, Passwords, Payer};
use crate::notifications::Notifier;
use crate::work::Work;

/// Requests per second and caller, per group of routes.
const REQUESTS_PER_S: f64 = 100.0;
const REQUESTS_BURST: u32 = 200;
/// Runs of a recording's chunks and its pictures, per second and caller. Playing takes 3 runs a second at the highest speed; a panel that lists all
/// of a recording reads one at a time, and each is one look-up by its key.
const REPLAY_READS_PER_S: f64 = 100.0;
/// A page's pictures, each asked for by itself, and many hours of runs: none who watches is told to wait.
const REPLAY_READS_BURST: u32 = 1_200;
/// Sign-in attempts per minute, per address and per account.
const SIGN_INS_PER_MIN: u32 = 10;

/// Open live WebSockets: each costs a task and what it has not read yet.
const LIVE_CONNECTIONS_MAX: usize = 2_000;

/// Recordings being unpacked and masked at a time: the largest run takes some 200 ms of a core, the largest of its chunks 100 MiB.
const UNPACKINGS_AT_ONCE: usize = 4;
/// Recordings waiting for that; a player asks for a few runs at a time.
const UNPACKINGS_WAITING_MAX: usize = 256;

/// How this API is reached.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where people and browsers reach this installation; `https://` makes cookies `Secure`.
    pub public_url: String,
    /// Whether `X-Forwarded-For` tells the client's address. Only true behind a proxy that sets it.
    pub trusts_proxy: bool,
}

/// The API's state. Clones are handles to the same one.
#[derive(Clone)]
pub struct Api(Arc<Inner>);

struct Inner {
    meta: Meta,
    analytics: Analytics,
    bus: Bus,
    notifier: Arc<Notifier>,
    config: Config,
    live_connections: Arc<Semaphore>,
    passwords: Passwords,
    unpacking: Work,
    request_limits: Limits<(Group, Payer)>,
    replay_limits: Limits<(Group, Payer)>,
    sign_ins_by_address: Limits<IpAddr>,
    sign_ins_by_account: Limits<String>,
}

impl Api {
    pub fn new(
        meta: Meta,
        analytics: Analytics,
        bus: Bus,
        notifier: Arc<Notifier>,
        config: Config,
    ) -> Result<Self, ApiError> {
        let sign_ins_per_s = f64::from(SIGN_INS_PER_MIN) / 60.0;
        Ok(Self(Arc::new(Inner {
            meta,
            analytics,
            bus,
            notifier,
            config,
            live_connections: Arc::new(Semaphore::new(LIVE_CONNECTIONS_MAX)),
            passwords: Passwords::new()?,
            unpacking: Work::new(UNPACKINGS_AT_ONCE, UNPACKINGS_WAITING_MAX),
            request_limits: Limits::new(REQUESTS_PER_S, REQUESTS_BURST),
            replay_limits: Limits::new(REPLAY_READS_PER_S, REPLAY_READS_BURST),
            sign_ins_by_address: Limits::new(sign_ins_per_s, SIGN_INS_PER_MIN),
            sign_ins_by_account: Limits::new(sign_ins_per_s, SIGN_INS_PER_MIN),
        })))
    }

    pub fn meta(&self) -> &Meta {
        &self.0.meta
    }

    /// Unscoped: only [`crate::access::ProjectScope`] and what belongs to no caller (bots) go this way.
    pub(crate) fn analytics(&self) -> &Analytics {
        &self.0.analytics
    }

    pub fn bus(&self) -> &Bus {
        &self.0.bus
    }

    pub fn notifier(&self) -> &Arc<Notifier> {
        &self.0.notifier
    }

    pub fn config(&self) -> &Config {
        &self.0.config
    }

    /// Everything received before this is in the views. Read it before the query whose answer carries it.
    pub fn complete_to_ms(&self) -> i64 {
        self.0.bus.complete_to_ms()
    }

    /// The only clock of this crate's handlers, UTC milliseconds.
    pub fn now_ms(&self) -> i64 {
        let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        i64::try_from(since_1970.as_millis()).unwrap_or(i64::MAX)
    }

    pub(crate) fn live_connections(&self) -> Arc<Semaphore> {
        self.0.live_connections.clone()
    }

    pub(crate) fn passwords(&self) -> &Passwords {
        &self.0.passwords
    }

    pub(crate) fn unpacking(&self) -> &Work {
        &self.0.unpacking
    }

    pub(crate) fn request_limits(&self, group: Group) -> &Limits<(Group, Payer)> {
        match group {
            Group::Replay => &self.0.replay_limits,
            _ => &self.0.request_limits,
        }
    }

    pub(crate) fn sign_ins_by_address(&self) -> &Limits<IpAddr> {
        &self.0.sign_ins_by_address
    }

    pub(crate) fn sign_ins_by_account(&self) -> &Limits<String> {
        &self.0.sign_ins_by_account
    }
}
