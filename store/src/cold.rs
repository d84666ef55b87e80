//! The cold store: where the data of old recordings lies. A folder, or a bucket.
//!
//! ```text
//! PROJECT/DAY/SESSION-CHUNK    zstd frames of one session's chunks, one after the other; CHUNK is the first one's id
//! ```
//! Rows name object, offset and length. Projects and days go as they came: whole.

mod s3;

use bytes::Bytes;
use chrono::NaiveDate;
use futures::TryStreamExt;
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::prefix::PrefixStore;
use object_store::{ObjectStore, ObjectStoreExt};
use std::ops::Range;
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
    #[error("the cold store {url} cannot be used: {source}")]
    Bucket { url: String, source: object_store::Error },
    #[error("{0} is no bucket's address: s3://BUCKET or s3://BUCKET/PREFIX")]
    Url(String),
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

    /// Objects in a bucket, `s3://BUCKET/PREFIX`. Endpoint, region and credentials say the environment's `AWS_…`.
    ///
    /// # Errors
    /// It is no such address, or nothing may be written there or deleted.
    pub async fn bucket(url: &str) -> Result<Self, ColdError> {
        let prefix = prefix_of(url).ok_or_else(|| ColdError::Url(url.to_owned()))?;
        let cannot = |source| ColdError::Bucket {
            url: url.to_owned(),
            source,
        };
        let bucket = s3::bucket(url).map_err(cannot)?;
        Self::in_bucket(bucket, prefix).await.map_err(cannot)
    }

    /// Writes something and deletes it, so that a wrong name or key shows at the start and not after a week. A bucket that does not answer now
    /// may do so when it is needed.
    async fn in_bucket(bucket: impl ObjectStore, prefix: Path) -> Result<Self, object_store::Error> {
        use object_store::Error::{NotFound, PermissionDenied, Unauthenticated};
        let objects = PrefixStore::new(bucket, prefix);
        let probe = Path::from(".writable");
        match objects.put(&probe, Bytes::new().into()).await {
            Err(error @ (NotFound { .. } | PermissionDenied { .. } | Unauthenticated { .. })) => return Err(error),
            Err(error) => tracing::warn!(%error, "the cold store does not answer yet"),
            Ok(_) => objects.delete(&probe).await?,
        }
        Ok(Self {
            objects: Arc::new(objects),
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

    /// A part of an object, as far as there is one.
    pub(crate) async fn get(&self, key: &str, range: Range<u64>) -> Result<Option<Bytes>, ColdError> {
        match self.objects.get_range(&Path::from(key), range).await {
            Ok(part) => Ok(Some(part)),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
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

/// The path after a bucket's name.
fn prefix_of(url: &str) -> Option<Path> {
    let (bucket, prefix) = match url.strip_prefix("s3://")?.split_once('/') {
        Some((bucket, prefix)) => (bucket, Path::parse(prefix).ok()?),
        None => (url.strip_prefix("s3://")?, Path::default()),
    };
    (!bucket.is_empty()).then_some(prefix)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_was_put_is_read_in_parts_until_its_day_goes() {
        let folder = tempfile::tempdir().unwrap();
        let cold = ColdStore::folder(&folder.path().join("cold")).unwrap();
        check(&cold).await;
        // Nothing is left of it but the other project's.
        assert_eq!(std::fs::read_dir(folder.path().join("cold")).unwrap().count(), 1);
    }

    #[tokio::test]
    async fn a_bucket_is_as_good_as_a_folder() {
        let server = s3::testing::Server::start("cold").await;
        let prefix = prefix_of("s3://cold/gosight/replays").unwrap();
        let cold = ColdStore::in_bucket(server.bucket("cold", "right"), prefix)
            .await
            .unwrap();
        check(&cold).await;
    }

    #[tokio::test]
    async fn a_bucket_that_is_not_ours_is_told_at_once_and_one_that_is_away_is_not() {
        let server = s3::testing::Server::start("cold").await;
        let stranger = ColdStore::in_bucket(server.bucket("cold", "wrong"), Path::default()).await;
        assert!(
            matches!(stranger, Err(object_store::Error::PermissionDenied { .. })),
            "{stranger:?}"
        );
        let endpoint = server.endpoint();
        drop(server);
        let away = s3::testing::bucket_at(&endpoint, "cold", "right");
        assert!(
            ColdStore::in_bucket(away, Path::default()).await.is_ok(),
            "it may come back"
        );
        for url in ["https://cold", "s3://", "s3:///prefix", "s3://cold/a//b"] {
            assert!(matches!(ColdStore::bucket(url).await, Err(ColdError::Url(_))), "{url}");
        }
    }

    async fn check(cold: &ColdStore) {
        let [mine, other] = [1, 2].map(Uuid::from_u128);
        let day = |day| NaiveDate::from_ymd_opt(2026, 3, day).unwrap();
        let key = |project, of| ColdStore::key(project, day(of), Uuid::nil(), Uuid::max());
        for (project, of) in [(mine, 1), (mine, 2), (other, 1)] {
            cold.put(&key(project, of), Bytes::from_static(b"old")).await.unwrap();
            cold.put(&key(project, of), Bytes::from_static(b"abcdef"))
                .await
                .unwrap();
        }
        assert_eq!(cold.get(&key(mine, 1), 2..5).await.unwrap().unwrap(), b"cde"[..]);
        let mut days = cold.days(mine).await.unwrap();
        days.sort_unstable();
        assert_eq!(days, [day(1), day(2)]);

        cold.delete_day(mine, day(1)).await.unwrap();
        assert_eq!(cold.days(mine).await.unwrap(), [day(2)]);
        assert_eq!(cold.get(&key(mine, 1), 2..5).await.unwrap(), None);
        cold.delete_project(mine).await.unwrap();
        assert_eq!(cold.days(mine).await.unwrap(), []);
        assert_eq!(cold.get(&key(other, 1), 0..6).await.unwrap().unwrap(), b"abcdef"[..]);
        // There is nothing to delete.
        cold.delete_project(mine).await.unwrap();
    }
}
