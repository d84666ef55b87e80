//! Where a visitor is: from a GeoIP database when there is one, else the country of the browser's time zone.

use std::{
    collections::HashMap,
    net::IpAddr,
    path::{Path, PathBuf},
    sync::{
        Arc, LazyLock, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant, SystemTime},
};

use arc_swap::ArcSwap;
use gosight_proto::record::Place;
use maxminddb::{Reader, geoip2};

use crate::IngestError;

/// How often the database's file is looked at for a newer one.
const RELOAD_CHECK_EVERY: Duration = Duration::from_secs(10);

static COUNTRIES: LazyLock<HashMap<&'static str, &'static str>> = LazyLock::new(|| {
    include_str!("zones.tsv")
        .lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.split_once('\t'))
        .collect()
});

/// The country of an IANA time zone; nowhere for zones such as `UTC`.
pub(crate) fn of_timezone(timezone: &str) -> Place {
    match COUNTRIES.get(timezone) {
        Some(country) => Place {
            country: (*country).to_owned(),
            approximate: true,
            ..Place::default()
        },
        None => Place::default(),
    }
}

/// A MaxMind city (or country) database, loaded again when its file is replaced.
pub struct GeoIp {
    path: PathBuf,
    reader: ArcSwap<Reader<Vec<u8>>>,
    loaded: Mutex<(SystemTime, Instant)>,
    is_reloading: AtomicBool,
}

impl GeoIp {
    /// Reads the whole file.
    ///
    /// # Errors
    /// When it is not there, or no such database.
    pub fn open(path: &Path) -> Result<Self, IngestError> {
        let modified = modified(path);
        let reader = Reader::open_readfile(path).map_err(|source| IngestError::GeoIp {
            path: path.to_owned(),
            source,
        })?;
        Ok(Self {
            path: path.to_owned(),
            reader: ArcSwap::from_pointee(reader),
            loaded: Mutex::new((modified, Instant::now())),
            is_reloading: AtomicBool::new(false),
        })
    }

    /// Where an address is; none when the database does not know it.
    pub(crate) fn locate(&self, address: IpAddr) -> Option<Place> {
        let reader = self.reader.load();
        let found = reader.lookup(address).ok()?.decode::<geoip2::City<'_>>().ok()??;
        let country = found.country.iso_code.or(found.registered_country.iso_code)?;
        let region = found.subdivisions.first().and_then(|region| region.names.english);
        Some(Place {
            country: country.to_owned(),
            region: region.unwrap_or_default().to_owned(),
            city: found.city.names.english.unwrap_or_default().to_owned(),
            approximate: false,
        })
    }

    /// Looks for a newer file, off the async threads, when it is time to.
    pub(crate) fn refresh(self: &Arc<Self>) {
        let checked_at = self.loaded.lock().unwrap_or_else(PoisonError::into_inner).1;
        if checked_at.elapsed() < RELOAD_CHECK_EVERY || self.is_reloading.swap(true, Ordering::AcqRel) {
            return;
        }
        let geoip = self.clone();
        drop(tokio::task::spawn_blocking(move || {
            geoip.reload();
            geoip.is_reloading.store(false, Ordering::Release);
        }));
    }

    fn reload(&self) {
        let modified = modified(&self.path);
        let mut loaded = self.loaded.lock().unwrap_or_else(PoisonError::into_inner);
        loaded.1 = Instant::now();
        if modified == loaded.0 {
            return;
        }
        match Reader::open_readfile(&self.path) {
            Ok(reader) => {
                self.reader.store(Arc::new(reader));
                loaded.0 = modified;
                tracing::info!(path = %self.path.display(), "the GeoIP database was loaded again");
            }
            Err(error) => tracing::warn!(%error, path = %self.path.display(), "the new GeoIP database cannot be read"),
        }
    }
}

impl std::fmt::Debug for GeoIp {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_tuple("GeoIp").field(&self.path).finish()
    }
}

fn modified(path: &Path) -> SystemTime {
    path.metadata()
        .and_then(|file| file.modified())
        .unwrap_or(SystemTime::UNIX_EPOCH)
}

#[cfg(test)]
#[path = "../tests/doors/mmdb.rs"]
mod mmdb;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_replaced_database_is_loaded_and_a_broken_one_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("city.mmdb");
        let write = |bytes: &[u8], at_s: u64| {
            std::fs::write(&path, bytes).unwrap();
            let modified = SystemTime::UNIX_EPOCH + Duration::from_secs(at_s);
            std::fs::File::open(&path).unwrap().set_modified(modified).unwrap();
        };
        let address = IpAddr::from([203, 0, 113, 77]);
        let city = |geoip: &GeoIp| geoip.locate(address).map(|place| place.city);
        assert!(GeoIp::open(&path).is_err());
        write(&mmdb::database([203, 0, 113], "PT", "Lisbon"), 1000);
        let geoip = GeoIp::open(&path).unwrap();
        assert_eq!(city(&geoip).as_deref(), Some("Lisbon"));
        assert_eq!(geoip.locate(IpAddr::from([203, 0, 114, 1])), None);
        write(&mmdb::database([203, 0, 113], "PT", "Porto"), 2000);
        geoip.reload();
        assert_eq!(city(&geoip).as_deref(), Some("Porto"));
        write(b"not a database", 3000);
        geoip.reload();
        assert_eq!(city(&geoip).as_deref(), Some("Porto"));
    }

    #[test]
    fn a_time_zone_says_the_country_by_its_new_and_its_old_name() {
        for (zone, country) in [
            ("Europe/Berlin", "DE"),
            ("Asia/Kolkata", "IN"),
            ("Asia/Calcutta", "IN"),
            ("Europe/Kiev", "UA"),
            ("Europe/Kyiv", "UA"),
            ("America/Argentina/Buenos_Aires", "AR"),
        ] {
            assert_eq!(
                of_timezone(zone),
                Place {
                    country: country.into(),
                    approximate: true,
                    ..Place::default()
                }
            );
        }
        assert_eq!(of_timezone("UTC"), Place::default());
        assert_eq!(of_timezone("Nowhere/Land"), Place::default());
    }
}
