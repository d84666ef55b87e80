//! A visitor's network address: as much of it as the project keeps.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use gosight_store::meta::IpMode;
use sha2::{Digest, Sha256};
use uuid::Uuid;

const DAY_MS: i64 = 24 * 60 * 60 * 1000;
/// Bytes of a hash that are kept: enough to tell visitors of a day apart.
const HASH_BYTES: usize = 8;

/// Makes hashes that cannot be turned back: the salt changes every day (UTC) and with every start, and is written nowhere.
pub(crate) struct Salt(Uuid);

impl Salt {
    pub(crate) fn new() -> Self {
        Self(Uuid::new_v4())
    }

    /// What the record says about the address; empty when nothing.
    pub(crate) fn apply(&self, mode: IpMode, address: IpAddr, now_ms: i64) -> String {
        match mode {
            IpMode::Keep => address.to_string(),
            IpMode::Truncate => truncate(address).to_string(),
            IpMode::Hash => self.hash(address, now_ms),
            IpMode::Drop => String::new(),
        }
    }

    fn hash(&self, address: IpAddr, now_ms: i64) -> String {
        let day = now_ms.div_euclid(DAY_MS);
        let digest = Sha256::new()
            .chain_update(self.0)
            .chain_update(day.to_be_bytes())
            .chain_update(address.to_string());
        digest.finalize()[..HASH_BYTES]
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect()
    }
}

/// The network: the last byte of an IPv4 address is zero, of an IPv6 address all but the first 48 bits.
fn truncate(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(address) => {
            let [a, b, c, _] = address.octets();
            Ipv4Addr::new(a, b, c, 0).into()
        }
        IpAddr::V6(address) => {
            let [a, b, c, ..] = address.segments();
            Ipv6Addr::new(a, b, c, 0, 0, 0, 0, 0).into()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_mode_keeps_what_it_says() {
        let salt = Salt::new();
        let v4: IpAddr = "203.0.113.77".parse().unwrap();
        let v6: IpAddr = "2001:db8:1:2:3:4:5:6".parse().unwrap();
        assert_eq!(salt.apply(IpMode::Keep, v4, 0), "203.0.113.77");
        assert_eq!(salt.apply(IpMode::Truncate, v4, 0), "203.0.113.0");
        assert_eq!(salt.apply(IpMode::Truncate, v6, 0), "2001:db8:1::");
        assert_eq!(salt.apply(IpMode::Drop, v4, 0), "");
    }

    #[test]
    fn a_hash_is_the_same_for_a_day_and_for_one_start() {
        let salt = Salt::new();
        let address: IpAddr = "203.0.113.77".parse().unwrap();
        let hash = |salt: &Salt, now_ms| salt.apply(IpMode::Hash, address, now_ms);
        assert_eq!(hash(&salt, 0), hash(&salt, DAY_MS - 1));
        assert_ne!(hash(&salt, 0), hash(&salt, DAY_MS));
        assert_ne!(hash(&salt, 0), hash(&Salt::new(), 0));
        assert_eq!(hash(&salt, 0).len(), 16);
    }
}
