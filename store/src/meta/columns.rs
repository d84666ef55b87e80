//! Reading columns: every stored form (text ids, JSON, 0/1) is turned into its type here.

use std::str::FromStr;

use serde::de::DeserializeOwned;
use sqlx::Row;
use sqlx::any::AnyRow;
use uuid::Uuid;

use super::error::{MetaError, Result};

pub(super) fn text(row: &AnyRow, column: &'static str) -> Result<String> {
    Ok(row.try_get(column)?)
}

pub(super) fn text_or_none(row: &AnyRow, column: &'static str) -> Result<Option<String>> {
    Ok(row.try_get(column)?)
}

pub(super) fn int(row: &AnyRow, column: &'static str) -> Result<i64> {
    Ok(row.try_get(column)?)
}

pub(super) fn int_or_none(row: &AnyRow, column: &'static str) -> Result<Option<i64>> {
    Ok(row.try_get(column)?)
}

pub(super) fn real_or_none(row: &AnyRow, column: &'static str) -> Result<Option<f64>> {
    Ok(row.try_get(column)?)
}

pub(super) fn flag(row: &AnyRow, column: &'static str) -> Result<bool> {
    Ok(int(row, column)? != 0)
}

pub(super) fn uuid(row: &AnyRow, column: &'static str) -> Result<Uuid> {
    parsed(row, column)
}

/// A text column read through `FromStr`: ids, roles, states.
pub(super) fn parsed<T: FromStr>(row: &AnyRow, column: &'static str) -> Result<T>
where
    T::Err: std::fmt::Display,
{
    let stored = text(row, column)?;
    stored.parse().map_err(|error: T::Err| corrupt(column, &error))
}

pub(super) fn json<T: DeserializeOwned>(row: &AnyRow, column: &'static str) -> Result<T> {
    serde_json::from_str(&text(row, column)?).map_err(|error| corrupt(column, &error))
}

/// JSON that needs more than its type to be read.
pub(super) fn json_read<T>(
    row: &AnyRow,
    column: &'static str,
    read: impl FnOnce(serde_json::Value) -> serde_json::Result<T>,
) -> Result<T> {
    read(json(row, column)?).map_err(|error| corrupt(column, &error))
}

/// The stored form of a JSON column.
pub(super) fn to_json<T: serde::Serialize>(value: &T, column: &'static str) -> Result<String> {
    serde_json::to_string(value).map_err(|error| corrupt(column, &error))
}

fn corrupt(column: &'static str, reason: &dyn std::fmt::Display) -> MetaError {
    MetaError::Corrupt {
        column,
        reason: reason.to_string(),
    }
}

/// A closed set of words stored as text and spoken in JSON: one list for both.
macro_rules! words {
    ($(#[$meta:meta])* $name:ident { $($(#[$variant_meta:meta])* $variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
        pub enum $name {
            $($(#[$variant_meta])* #[serde(rename = $word)] $variant),+
        }

        impl $name {
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }
        }

        impl std::str::FromStr for $name {
            type Err = String;

            fn from_str(word: &str) -> std::result::Result<Self, String> {
                match word { $($word => Ok(Self::$variant),)+ _ => Err(format!("{word:?} is not one of {:?}", [$($word),+])) }
            }
        }
    };
}
pub(super) use words;
