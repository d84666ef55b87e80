//! The cold store: where the data of old recordings lies. A folder; any object store can take its place.
//!
//! ```text
//! PROJECT/DAY/SESSION-CHUNK    zstd frames of one session's chunks, one after the other; CHUNK is the first one's id
//! ```
//! Rows name object, offset and length. Projects and days go as they came: whole.

use bytes::Bytes;
use chrono::NaiveDate;
use futures::TryStreamExt;
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt};
use std::sync::Arc;
use uuid::Uuid;

/// Why the cold store did not do it. What was asked for may be asked again.
#[derive(Debug, thiserror::Error)]
pub enum ColdError {
    #[error("the cold store: {0}")]
    Store(#[from] object_store::Error),
    #[error("the cold store's folder {folder} cannot be made: {source}")]
    Folder {
        folder: std::path::PathBuf,
        source: std::io::Error,
    },
    #[error("recordings were moved to a cold store, and there is none")]
    Missing,
}

/// Objects by name. Clones are handles to the same store.
#[derive(Clone, Debug)]
pub struct ColdStore {
    objects: Arc<dyn ObjectStore>,
}

impl ColdStore {
    /// Objects as files, on the disk when they are written.
    ///
    /// # Errors
    /// The folder cannot be made.
    pub fn folder(folder: &std::path::Path) -> Result<Self, ColdError> {
        std::fs::create_dir_all(folder).map_err(|source| ColdError::Folder {
            folder: folder.to_owned(),
            source,
        })?;
        let files = LocalFileSystem::new_with_prefix(folder)?
            .with_fsync(true)
            .with_automatic_cleanup(true);
        Ok(Self {
            objects: Arc::new(files),
        })
    }

    /// The name of an object whose first chunk is this one.
    pub(crate) fn key(project_id: Uuid, day: NaiveDate, session_id: Uuid, first_chunk_id: Uuid) -> String {
        format!("{project_id}/{day}/{session_id}-{first_chunk_id}")
    }

    /// Writes an object, or writes it anew. Returns when it is durable.
    pub(crate) async fn put(&self, key: &str, data: Bytes) -> Result<(), ColdError> {
        self.objects.put(&Path::from(key), data.into()).await?;
        Ok(())
    }

    /// A part of an object.
    pub(crate) async fn get(&self, key: &str, offset: u64, bytes: u32) -> Result<Vec<u8>, ColdError> {
        let range = offset..offset + u64::from(bytes);
        Ok(self.objects.get_range(&Path::from(key), range).await?.into())
    }

    /// The days of which there is something of a project.
    pub(crate) async fn days(&self, project_id: Uuid) -> Result<Vec<NaiveDate>, ColdError> {
        let folder = Path::from(project_id.to_string());
        let listed = self.objects.list_with_delimiter(Some(&folder)).await?;
        let days = listed
            .common_prefixes
            .iter()
            .filter_map(|day| day.filename()?.parse().ok());
        Ok(days.collect())
    }

    pub(crate) async fn delete_day(&self, project_id: Uuid, day: NaiveDate) -> Result<(), ColdError> {
        self.delete_under(Path::from(format!("{project_id}/{day}"))).await
    }

    pub(crate) async fn delete_project(&self, project_id: Uuid) -> Result<(), ColdError> {
        self.delete_under(Path::from(project_id.to_string())).await
    }

    async fn delete_under(&self, folder: Path) -> Result<(), ColdError> {
        let found = self.objects.list(Some(&folder)).map_ok(|object| object.location);
        let deleted = self.objects.delete_stream(Box::pin(found));
        Ok(deleted.try_for_each(async |_| Ok(())).await?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_was_put_is_read_in_parts_until_its_day_goes() {
        let folder = tempfile::tempdir().unwrap();
        let cold = ColdStore::folder(&folder.path().join("cold")).unwrap();
        let [mine, other] = [1, 2].map(Uuid::from_u128);
        let day = |day| NaiveDate::from_ymd_opt(2026, 3, day).unwrap();
        let key = |project, of| ColdStore::key(project, day(of), Uuid::nil(), Uuid::max());
        for (project, of) in [(mine, 1), (mine, 2), (other, 1)] {
            cold.put(&key(project, of), Bytes::from_static(b"old")).await.unwrap();
            cold.put(&key(project, of), Bytes::from_static(b"abcdef"))
                .await
                .unwrap();
        }
        assert_eq!(cold.get(&key(mine, 1), 2, 3).await.unwrap(), b"cde");
        let mut days = cold.days(mine).await.unwrap();
        days.sort_unstable();
        assert_eq!(days, [day(1), day(2)]);

        cold.delete_day(mine, day(1)).await.unwrap();
        assert_eq!(cold.days(mine).await.unwrap(), [day(2)]);
        assert!(cold.get(&key(mine, 1), 2, 3).await.is_err());
        cold.delete_project(mine).await.unwrap();
        assert_eq!(cold.days(mine).await.unwrap(), []);
        assert_eq!(cold.get(&key(other, 1), 0, 6).await.unwrap(), b"abcdef");
        // Nothing is left of it, and there is nothing to delete.
        assert_eq!(std::fs::read_dir(folder.path().join("cold")).unwrap().count(), 1);
        cold.delete_project(mine).await.unwrap();
    }
}
