//! Flags over environment over a TOML file over defaults: the same names, the same meaning.
//!
//! A setting `--data-dir` is `GOSIGHT_DATA_DIR` in the environment and `data_dir` in the file named by `--config` or
//! `GOSIGHT_CONFIG`. The file's values become clap's defaults, so a wrong one is refused with the same words as a wrong flag.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use clap::error::ErrorKind;
use clap::{Arg, Command, CommandFactory, Error, FromArgMatches};

use crate::cli::Cli;

/// Parses the command line, with the configuration file (if one is named) underneath.
pub(crate) fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Cli, Error> {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    let command = match config_file(&arguments) {
        Some(path) => with_file(Cli::command(), &path)?,
        None => Cli::command(),
    };
    Cli::from_arg_matches(&command.try_get_matches_from(arguments)?)
}

/// The file must be known before clap runs, because it changes clap's defaults.
fn config_file(arguments: &[OsString]) -> Option<PathBuf> {
    let mut rest = arguments.iter().skip(1);
    while let Some(argument) = rest.next() {
        match argument.to_string_lossy().as_ref() {
            "--" => break,
            "--config" => return rest.next().map(PathBuf::from),
            other => {
                if let Some(path) = other.strip_prefix("--config=") {
                    return Some(PathBuf::from(path));
                }
            }
        }
    }
    std::env::var_os("GOSIGHT_CONFIG")
        .filter(|path| !path.is_empty())
        .map(PathBuf::from)
}

fn with_file(command: Command, path: &Path) -> Result<Command, Error> {
    let refuse = |reason: String| {
        Cli::command().error(
            ErrorKind::InvalidValue,
            format!("configuration file {}: {reason}", path.display()),
        )
    };
    let text = std::fs::read_to_string(path).map_err(|error| refuse(error.to_string()))?;
    let table: toml::Table = text
        .parse()
        .map_err(|error: toml::de::Error| refuse(error.to_string()))?;
    let mut command = command;
    for (key, value) in &table {
        let value = plain(value).ok_or_else(|| refuse(format!("`{key}` must be a text, a number or true/false")))?;
        if !known(&command, key) {
            return Err(refuse(format!(
                "unknown setting `{key}`; known: {}",
                names(&command).join(", ")
            )));
        }
        command = with_default(command, key, &value);
    }
    Ok(command)
}

fn plain(value: &toml::Value) -> Option<String> {
    match value {
        toml::Value::String(text) => Some(text.clone()),
        toml::Value::Integer(number) => Some(number.to_string()),
        toml::Value::Float(number) => Some(number.to_string()),
        toml::Value::Boolean(flag) => Some(flag.to_string()),
        toml::Value::Datetime(_) | toml::Value::Array(_) | toml::Value::Table(_) => None,
    }
}

/// Settings are the arguments that can also come from the environment.
fn is_setting(arg: &Arg) -> bool {
    arg.get_env().is_some() && arg.get_id() != "config"
}

fn known(command: &Command, key: &str) -> bool {
    names(command).iter().any(|name| name == key)
}

fn names(command: &Command) -> Vec<String> {
    let mut names: Vec<String> = std::iter::once(command)
        .chain(command.get_subcommands())
        .flat_map(Command::get_arguments)
        .filter(|arg| is_setting(arg))
        .map(|arg| arg.get_id().to_string())
        .collect();
    names.sort();
    names.dedup();
    names
}

fn with_default(command: Command, key: &str, value: &str) -> Command {
    let set = |command: Command| {
        if command
            .get_arguments()
            .any(|arg| arg.get_id() == key && is_setting(arg))
        {
            command.mut_arg(key, |arg| arg.default_value(value.to_owned()).required(false))
        } else {
            command
        }
    };
    set(command).mut_subcommands(set)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::Command as Asked;

    fn parse_with_file(file: &str, rest: &[&str]) -> Result<Cli, Error> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("gosight.toml");
        std::fs::write(&path, file).unwrap();
        let mut arguments: Vec<OsString> = vec!["gosight".into(), "--config".into(), path.into()];
        arguments.extend(rest.iter().map(OsString::from));
        parse(arguments)
    }

    fn workers(cli: Cli) -> usize {
        match cli.command {
            Asked::Up(up) => up.workers,
            _ => panic!("up was asked for"),
        }
    }

    #[test]
    fn the_file_says_the_same_as_a_flag() {
        assert_eq!(workers(parse_with_file("workers = 3", &["up"]).unwrap()), 3);
    }

    #[test]
    fn a_flag_wins_over_the_file() {
        assert_eq!(
            workers(parse_with_file("workers = 3", &["up", "--workers", "2"]).unwrap()),
            2
        );
    }

    #[test]
    fn an_unknown_setting_is_refused_by_name() {
        let error = parse_with_file("wrokers = 3", &["up"]).unwrap_err().to_string();
        assert!(error.contains("wrokers") && error.contains("workers"), "{error}");
    }

    #[test]
    fn a_wrong_value_is_refused_with_its_reason() {
        let error = parse_with_file("workers = 0", &["up"]).unwrap_err().to_string();
        assert!(error.contains("workers"), "{error}");
    }

    #[test]
    fn a_missing_file_is_an_error_not_a_default() {
        let error = parse(["gosight", "up", "--config", "/nonexistent/gosight.toml"].map(OsString::from)).unwrap_err();
        assert!(error.to_string().contains("/nonexistent/gosight.toml"));
    }
}
