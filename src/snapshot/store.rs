//! Where snapshots are kept: a directory or an S3 bucket, behind one interface.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use futures_util::TryStreamExt as _;
use object_store::aws::{AmazonS3Builder, AmazonS3ConfigKey};
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{ClientConfigKey, GetResult, ObjectStore, ObjectStoreExt as _, PutMode, PutPayload, RetryConfig};
use tokio::runtime::Handle;

use super::format;
use super::leftovers::remove_leftovers;
use super::rounds::{ObjectName, Round, RoundName, group_rounds};

/// How many complete rounds are kept: one may be damaged, and another may just be read by somebody.
const KEPT: usize = 3;
/// How often a request to S3 is tried again, and for how long. Whoever asks tries again himself and tells of it, so that
/// more would only keep a failure hidden.
const RETRIES: usize = 4;
const RETRY_TIMEOUT: Duration = Duration::from_secs(30);
/// How long one request to S3 may take, and its connection, unless the options say otherwise.
const TIMEOUTS: [(ClientConfigKey, &str); 2] =
    [(ClientConfigKey::Timeout, "60s"), (ClientConfigKey::ConnectTimeout, "5s")];

/// What went wrong with the store.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The configuration names no store.
    #[error("snapshot.store {0}")]
    Configuration(String),
    /// The store does not do what it is asked to.
    #[error("{0}")]
    Failed(#[from] object_store::Error),
}

/// The snapshots of one consumer group.
#[derive(Clone, Debug)]
pub struct Store {
    objects: Arc<dyn ObjectStore>,
    folder: Path,
    runtime: Handle,
    place: String,
    /// The group's folder, where the store is a directory.
    directory: Option<PathBuf>,
}

impl Store {
    /// The store at a place: a directory, which is made if it is missing, or `s3://bucket/prefix`, with the options that
    /// object_store knows for it; what they do not say comes from the environment (`AWS_ACCESS_KEY_ID` …).
    ///
    /// # Errors
    /// [`StoreError::Configuration`] with a sentence.
    pub fn open(
        place: &str,
        options: &BTreeMap<String, String>,
        group: &str,
        runtime: Handle,
    ) -> Result<Store, StoreError> {
        if let Some(bucket) = place.strip_prefix("s3://") {
            let (objects, folder) = s3(bucket, options)?;
            return Ok(Store::new(objects, &folder, group, runtime, place));
        }
        let store = Store::new(directory(place)?, &Path::default(), group, runtime, place);
        let directory = store.folder.parts().fold(PathBuf::from(place), |path, part| path.join(part.as_ref()));
        Ok(Store { directory: Some(directory), ..store })
    }

    /// The snapshots of a group in any store, below a folder.
    #[must_use]
    pub fn new(objects: Arc<dyn ObjectStore>, folder: &Path, group: &str, runtime: Handle, place: &str) -> Store {
        Store { objects, folder: folder.clone().join(group), runtime, place: place.to_owned(), directory: None }
    }

    /// Where it is, for people.
    #[must_use]
    pub fn place(&self) -> &str {
        &self.place
    }

    /// All rounds that are there, the latest first.
    ///
    /// # Errors
    /// [`StoreError::Failed`].
    pub fn rounds(&self) -> Result<Vec<Round>, StoreError> {
        let found: Vec<_> = self.runtime.block_on(self.objects.list(Some(&self.folder)).try_collect())?;
        let name = |path: &Path| {
            let parts: Vec<String> = path.parts().map(|part| part.as_ref().to_owned()).collect();
            let [.., folder, file] = parts.as_slice() else { return None };
            ObjectName::parse(folder, file)
        };
        Ok(group_rounds(found.iter().filter_map(|object| name(&object.location)).collect()))
    }

    /// Writes an object unless it is there; answers whether it was not. One of the same name that is there and whole is as
    /// good: both hold everything up to their own offsets. A damaged one is replaced.
    ///
    /// # Errors
    /// [`StoreError::Failed`]: nothing is there then, or what was there before.
    pub fn put(&self, name: ObjectName, payload: PutPayload) -> Result<bool, StoreError> {
        let path = self.path(name);
        let created = self.runtime.block_on(self.objects.put_opts(&path, payload.clone(), PutMode::Create.into()));
        match created {
            Ok(_) => Ok(true),
            Err(object_store::Error::AlreadyExists { .. }) => {
                let known = self.runtime.block_on(async { self.objects.get(&path).await?.bytes().await })?;
                if !format::is_whole(&known) {
                    self.runtime.block_on(self.objects.put_opts(&path, payload, PutMode::Overwrite.into()))?;
                }
                Ok(false)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Opens an object to be read piece by piece.
    ///
    /// # Errors
    /// [`StoreError::Failed`].
    pub fn get(&self, name: ObjectName) -> Result<Pieces, StoreError> {
        let found: GetResult = self.runtime.block_on(self.objects.get(&self.path(name)))?;
        Ok(Pieces { stream: found.into_stream(), runtime: self.runtime.clone() })
    }

    /// Deletes what lies behind the newest three complete rounds, what lies behind the newest and will never be one, and
    /// what killed writes have left.
    ///
    /// # Errors
    /// [`StoreError::Failed`].
    pub fn prune(&self) -> Result<(), StoreError> {
        let rounds = self.rounds()?;
        let complete: Vec<RoundName> =
            rounds.iter().filter(|round| round.is_complete).map(|round| round.name).take(KEPT).collect();
        let oldest = complete.get(KEPT - 1);
        let is_useless = |round: &&Round| {
            oldest.is_some_and(|oldest| round.name < *oldest)
                || (!round.is_complete && complete.first().is_some_and(|newest| round.name < *newest))
        };
        rounds.iter().filter(is_useless).try_for_each(|round| self.delete(&round.objects))?;
        if let Some(directory) = &self.directory {
            // Whoever cannot read it fails where it matters.
            let _ = remove_leftovers(directory);
        }
        Ok(())
    }

    /// Deletes objects, whether they are there or not.
    ///
    /// # Errors
    /// [`StoreError::Failed`]; some may be deleted then.
    pub fn delete(&self, objects: &[ObjectName]) -> Result<(), StoreError> {
        for object in objects {
            match self.runtime.block_on(self.objects.delete(&self.path(*object))) {
                Ok(()) | Err(object_store::Error::NotFound { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    fn path(&self, name: ObjectName) -> Path {
        let [folder, file] = [name.round.to_string(), name.to_string()];
        let file = file.rsplit_once('/').map_or("", |(_, file)| file);
        self.folder.clone().join(folder).join(file)
    }
}

/// The bytes of an object, as they come.
pub struct Pieces {
    stream: futures_util::stream::BoxStream<'static, object_store::Result<bytes::Bytes>>,
    runtime: Handle,
}

impl Pieces {
    /// The next bytes; `None` at the end.
    ///
    /// # Errors
    /// [`StoreError::Failed`].
    pub fn take(&mut self) -> Result<Option<bytes::Bytes>, StoreError> {
        Ok(self.runtime.block_on(self.stream.try_next())?)
    }
}

fn directory(place: &str) -> Result<Arc<dyn ObjectStore>, StoreError> {
    let path = PathBuf::from(place);
    let cannot = |error: &dyn std::fmt::Display| {
        StoreError::Configuration(format!(
            "\"{place}\" must be a directory that can be made and written, or s3://bucket/prefix: {error}"
        ))
    };
    std::fs::create_dir_all(&path).map_err(|error| cannot(&error))?;
    let files = LocalFileSystem::new_with_prefix(&path).map_err(|error| cannot(&error))?;
    // Empty folders of deleted rounds go too; and what is written is on the disk before it counts.
    Ok(Arc::new(files.with_automatic_cleanup(true).with_fsync(true)))
}

fn s3(bucket: &str, options: &BTreeMap<String, String>) -> Result<(Arc<dyn ObjectStore>, Path), StoreError> {
    let (bucket, folder) = bucket.split_once('/').unwrap_or((bucket, ""));
    let wrong = |what: String| StoreError::Configuration(format!("\"s3://{bucket}\": {what}"));
    // Somebody else in this process may have installed one already, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let retry = RetryConfig { max_retries: RETRIES, retry_timeout: RETRY_TIMEOUT, ..RetryConfig::default() };
    let mut builder = TIMEOUTS.into_iter().fold(AmazonS3Builder::from_env(), |builder, (key, timeout)| {
        builder.with_config(AmazonS3ConfigKey::Client(key), timeout)
    });
    builder = builder.with_bucket_name(bucket).with_retry(retry);
    for (name, value) in options {
        let key: AmazonS3ConfigKey =
            name.parse().map_err(|_| wrong(format!("snapshot.options.{name} is no option of S3")))?;
        builder = builder.with_config(key, value);
    }
    let objects = builder.build().map_err(|error| wrong(error.to_string()))?;
    let folder = Path::parse(folder).map_err(|error| wrong(error.to_string()))?;
    Ok((Arc::new(objects), folder))
}
