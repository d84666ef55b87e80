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

/// Whether the library can run here: Linux on x86-64 with glibc, and a CPU of x86-64-v3. On another one the process would die of SIGILL.
pub fn check_platform() -> Result<(), EngineError> {
    check(cpu())
}

/// What the library uses of a CPU that not every x86-64 has.
#[derive(Clone, Copy, Debug)]
struct Cpu {
    avx2: bool,
    bmi2: bool,
    fma: bool,
}

/// None: the library is not for this platform, whatever its CPU.
fn check(cpu: Option<Cpu>) -> Result<(), EngineError> {
    let refuse = |reason| Err(EngineError::Platform { reason });
    let Some(Cpu { avx2, bmi2, fma }) = cpu else {
        return refuse("it needs Linux with glibc on x86-64".to_owned());
    };
    let lacking: Vec<_> = [("AVX2", avx2), ("BMI2", bmi2), ("FMA", fma)]
        .into_iter()
        .filter_map(|(name, is_there)| (!is_there).then_some(name))
        .collect();
    match lacking.as_slice() {
        [] => Ok(()),
        lacking => refuse(format!("this CPU has no {}; it needs x86-64-v3", lacking.join(", no "))),
    }
}

#[cfg(all(target_arch = "x86_64", target_os = "linux", target_env = "gnu"))]
fn cpu() -> Option<Cpu> {
    Some(Cpu {
        avx2: std::is_x86_feature_detected!("avx2"),
        bmi2: std::is_x86_feature_detected!("bmi2"),
        fma: std::is_x86_feature_detected!("fma"),
    })
}

#[cfg(not(all(target_arch = "x86_64", target_os = "linux", target_env = "gnu")))]
fn cpu() -> Option<Cpu> {
    None
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
    fn a_cpu_without_what_the_library_uses_is_refused_with_what_to_do_instead() {
        let all = Cpu {
            avx2: true,
            bmi2: true,
            fma: true,
        };
        assert!(check(Some(all)).is_ok());
        let said = |cpu| check(cpu).unwrap_err().to_string();
        assert_eq!(
            said(Some(Cpu { avx2: false, ..all })),
            "the embedded ClickHouse engine does not run here: this CPU has no AVX2; it needs x86-64-v3. \
             Name a ClickHouse server in CLICKHOUSE_URL instead"
        );
        let old = Cpu {
            avx2: false,
            bmi2: false,
            fma: false,
        };
        assert!(said(Some(old)).contains("no AVX2, no BMI2, no FMA"));
        assert!(said(None).contains("Linux with glibc on x86-64") && said(None).contains("CLICKHOUSE_URL"));
    }

    #[test]
    fn without_a_setting_it_looks_beside_the_binary_and_in_the_cache() {
        let places = default_places();
        let beside = std::env::current_exe().unwrap().with_file_name(LIBRARY_FILE);
        assert_eq!(places[0], beside);
        assert!(places[1].ends_with("gosight/libchdb.so"), "{places:?}");
    }
}
