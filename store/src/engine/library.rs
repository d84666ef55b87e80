//! Where the engine's library is, and whether this machine can run it: asked before loading, since afterwards it is a crash.

use super::EngineError;
use std::path::{Path, PathBuf};

/// The library's file name.
pub const LIBRARY_FILE: &str = "libchdb.so";

/// The setting that names the library.
pub const LIBRARY_SETTING: &str = "GOSIGHT_ENGINE_LIB";

/// Finds the library: the file the setting names (`configured`), or one beside the binary, or one in the user's cache folder.
///
/// # Errors
/// [`EngineError::LibraryMissing`] says where it looked. A configured file that is not there is an error, whatever else there is.
pub fn find_library(configured: Option<&Path>) -> Result<PathBuf, EngineError> {
    let candidates = match configured {
        Some(path) => vec![path.to_owned()],
        None => default_places(),
    };
    match candidates.iter().find(|path| path.is_file()) {
        Some(path) => Ok(path.clone()),
        None => {
            let looked = candidates
                .iter()
                .map(|path| path.display().to_string())
                .collect::<Vec<_>>()
                .join(", ");
            Err(EngineError::LibraryMissing { looked })
        }
    }
}

fn default_places() -> Vec<PathBuf> {
    let beside_binary = std::env::current_exe()
        .ok()
        .and_then(|binary| binary.parent().map(|dir| dir.join(LIBRARY_FILE)));
    let cache = std::env::var_os("XDG_CACHE_HOME")
        .map(PathBuf::from)
        .or_else(|| std::env::var_os("HOME").map(|home| Path::new(&home).join(".cache")));
    beside_binary
        .into_iter()
        .chain(cache.map(|dir| dir.join("gosight").join(LIBRARY_FILE)))
        .collect()
}

/// Whether the library can run here: Linux on x86-64 with glibc and AVX2. Without AVX2 the process would die of SIGILL.
pub fn check_platform() -> Result<(), EngineError> {
    match missing_feature() {
        None => Ok(()),
        Some(reason) => Err(EngineError::Platform {
            reason: reason.to_owned(),
        }),
    }
}

#[cfg(all(target_arch = "x86_64", target_os = "linux", target_env = "gnu"))]
fn missing_feature() -> Option<&'static str> {
    let avx2 = std::is_x86_feature_detected!("avx2")
        && std::is_x86_feature_detected!("bmi2")
        && std::is_x86_feature_detected!("fma");
    (!avx2).then_some("this CPU has no AVX2 (x86-64-v3)")
}

#[cfg(not(all(target_arch = "x86_64", target_os = "linux", target_env = "gnu")))]
fn missing_feature() -> Option<&'static str> {
    Some("it needs Linux with glibc on x86-64")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_library_names_where_it_was_looked_for() {
        let error = find_library(Some(Path::new("/nowhere/libchdb.so")))
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("/nowhere/libchdb.so") && error.contains(LIBRARY_SETTING),
            "{error}"
        );
    }

    #[test]
    fn without_a_setting_it_looks_beside_the_binary_and_in_the_cache() {
        let places = default_places();
        let beside = std::env::current_exe().unwrap().with_file_name(LIBRARY_FILE);
        assert_eq!(places[0], beside);
        assert!(places[1].ends_with("gosight/libchdb.so"), "{places:?}");
    }
}
