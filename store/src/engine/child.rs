//! The child's side: load the library, become the engine, return when standard input ends.
//!
//! The one place with `unsafe` code: two functions of a C library, and the signal mask that must be set before it is loaded.
#![allow(unsafe_code)]

use super::EngineError;
use libloading::Library;
use rustix::event::{PollFd, PollFlags, poll};
use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::path::Path;
use std::time::Duration;

/// How long a stopping engine may take before its process ends the hard way: nothing acknowledged is lost by that, and clients that
/// keep their connections open would otherwise hold it up for seconds.
const STOP_MAX: Duration = Duration::from_secs(2);

/// What the parent tells the child, as arguments: the library, the folder with the configuration, the port.
pub(super) struct ChildArgs<'a> {
    pub(super) library: &'a str,
    pub(super) run_dir: &'a str,
    pub(super) data_path: &'a str,
    pub(super) port: u16,
}

impl<'a> ChildArgs<'a> {
    pub(super) fn to_vec(&self) -> Vec<String> {
        vec![
            self.library.to_owned(),
            self.run_dir.to_owned(),
            self.data_path.to_owned(),
            self.port.to_string(),
        ]
    }

    fn parse(args: &'a [String]) -> Result<Self, EngineError> {
        let [library, run_dir, data_path, port] = args else {
            return Err(EngineError::Arguments(
                "expected: LIBRARY RUN_DIR DATA_PATH PORT".to_owned(),
            ));
        };
        let port = port
            .parse()
            .map_err(|_| EngineError::Arguments(format!("{port} is no port")))?;
        Ok(Self {
            library,
            run_dir,
            data_path,
            port,
        })
    }

    fn engine_arguments(&self) -> Vec<String> {
        let Self {
            run_dir,
            data_path,
            port,
            ..
        } = self;
        vec![
            "clickhouse-local".to_owned(),
            format!("--path={data_path}"),
            format!("--config-file={run_dir}/config.xml"),
            "--log-level=warning".to_owned(),
            format!("--http_port={port}"),
            "--listen_host=127.0.0.1".to_owned(),
            // The first file opens the port; the second is our standard input, which nobody writes to: the engine waits for its end.
            format!("--queries-file={run_dir}/start.sql"),
            "/dev/stdin".to_owned(),
        ]
    }
}

/// Becomes the engine. Called by the binary's hidden subcommand before it has any thread; returns after standard input has ended.
///
/// # Errors
/// When the arguments are wrong, the library cannot be loaded, or the engine says that it failed.
pub fn child_main(args: &[String]) -> Result<(), EngineError> {
    let args = ChildArgs::parse(args)?;
    super::check_platform()?;
    leave_signals_to_the_parent();
    std::thread::spawn(end_soon_after_standard_input);
    run_engine(Path::new(args.library), &args.engine_arguments())?;
    // The library's own clean-up at exit is not worth waiting for.
    // SAFETY: `_exit` ends the process and touches no memory.
    unsafe { libc::_exit(0) }
}

/// A service manager or a terminal signals the whole family; only the parent decides when the engine stops.
fn leave_signals_to_the_parent() {
    // SAFETY: the set is initialised by `sigemptyset` before it is read, and outlives the calls.
    unsafe {
        let mut set = std::mem::zeroed();
        libc::sigemptyset(&raw mut set);
        for signal in [libc::SIGTERM, libc::SIGINT, libc::SIGHUP] {
            libc::sigaddset(&raw mut set, signal);
        }
        libc::pthread_sigmask(libc::SIG_BLOCK, &raw const set, std::ptr::null_mut());
    }
}

fn end_soon_after_standard_input() {
    let stdin = std::io::stdin();
    loop {
        let mut descriptors = [PollFd::new(&stdin, PollFlags::empty())];
        if poll(&mut descriptors, None).is_ok() && descriptors[0].revents().contains(PollFlags::HUP) {
            break;
        }
    }
    std::thread::sleep(STOP_MAX);
    // SAFETY: `_exit` ends the process and touches no memory.
    unsafe { libc::_exit(0) }
}

type QueryCmdline = unsafe extern "C" fn(c_int, *mut *mut c_char) -> *mut c_void;
type ResultError = unsafe extern "C" fn(*mut c_void) -> *const c_char;

fn run_engine(library: &Path, arguments: &[String]) -> Result<(), EngineError> {
    let mut strings = arguments
        .iter()
        .map(|argument| CString::new(argument.as_str()).map(CString::into_raw))
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| EngineError::Arguments(error.to_string()))?;
    let count = c_int::try_from(strings.len()).map_err(|error| EngineError::Arguments(error.to_string()))?;
    strings.push(std::ptr::null_mut());

    let unusable = |error: libloading::Error| {
        let reason = std::error::Error::source(&error)
            .map(ToString::to_string)
            .unwrap_or_default();
        EngineError::Library(format!("{}: {error} {reason}", library.display()))
    };
    // SAFETY: the library is the engine we ship, checked by digest when it was installed; its initialisers run on a supported CPU
    // (`check_platform`). The symbols have the signatures of its C header. `argv` is null-terminated, its strings live until the process ends,
    // and the result is read before the library is unloaded (never: the process ends first).
    unsafe {
        let loaded = Library::new(library).map_err(unusable)?;
        let query_cmdline = loaded.get::<QueryCmdline>(c"chdb_query_cmdline").map_err(unusable)?;
        let result_error = loaded.get::<ResultError>(c"chdb_result_error").map_err(unusable)?;
        let result = query_cmdline(count, strings.as_mut_ptr());
        let message = if result.is_null() {
            std::ptr::null()
        } else {
            result_error(result)
        };
        let failure = (!message.is_null()).then(|| CStr::from_ptr(message).to_string_lossy().into_owned());
        std::mem::forget(loaded);
        failure.map_or(Ok(()), |message| Err(EngineError::Engine(message)))
    }
}
