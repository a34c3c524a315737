//! Where snapshots are kept: a directory or an S3 bucket, behind one interface.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use futures_util::TryStreamExt as _;
use object_store::aws::{AmazonS3Builder, AmazonS3ConfigKey};
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{ClientConfigKey, GetResult, ObjectStore, ObjectStoreExt as _, PutMode, PutPayload, RetryConfig};
use tokio::runtime::Handle;
use tracing::warn;

use super::format;
use super::kept::{Kept, Verdict};
use super::private::{hide_all, hide_file, make_folder};
use super::rounds::{Home, ObjectName, Round, RoundName, group_rounds};
use crate::config::SnapshotConfig;

/// How often a request to S3 is tried again, and for how long. Whoever asks tries again and reports it, so that
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
    /// The configuration has an option that S3 does not know.
    #[error("unknown key snapshot.options.{name}; it must be {allowed}")]
    Option {
        /// Its name.
        name: String,
        /// What is allowed.
        allowed: &'static str,
    },
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
    pub(super) directory: Option<PathBuf>,
    /// Which rounds stay.
    pub(super) kept: Kept,
    /// What is known of rounds, so that none is read twice; as many as there are in the store.
    pub(super) verdicts: Arc<Mutex<BTreeMap<RoundName, Verdict>>>,
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
        if let Err(error) = make_folder(&directory).and_then(|()| hide_all(&directory)) {
            let directory = directory.display();
            warn!(%directory, %error, "others may read the snapshots, which hold personal data: they belong to another user");
        }
        Ok(Store { directory: Some(directory), ..store })
    }

    /// The snapshots of a group in any store, below a folder.
    #[must_use]
    pub fn new(objects: Arc<dyn ObjectStore>, folder: &Path, group: &str, runtime: Handle, place: &str) -> Store {
        let (folder, place) = (folder.clone().join(group), place.to_owned());
        Store { objects, folder, runtime, place, directory: None, kept: Kept::default(), verdicts: Arc::default() }
    }

    /// Keeps older rounds so long.
    #[must_use]
    pub fn keeping(self, kept: Kept) -> Store {
        Store { kept, ..self }
    }

    /// Where it is, for people.
    #[must_use]
    pub fn place(&self) -> &str {
        &self.place
    }

    /// All rounds of the group that are there, wherever they were read from, the latest first.
    ///
    /// # Errors
    /// [`StoreError::Failed`].
    pub fn rounds(&self) -> Result<Vec<Round>, StoreError> {
        let found: Vec<_> = self.runtime.block_on(self.objects.list(Some(&self.folder)).try_collect())?;
        let name = |path: &Path| {
            let parts: Vec<String> = path.prefix_match(&self.folder)?.map(|part| part.as_ref().to_owned()).collect();
            match parts.as_slice() {
                [home, folder, file] => ObjectName::parse(Home::parse(home)?, folder, file),
                [folder, file] => ObjectName::parse(Home::Group, folder, file),
                _ => None,
            }
        };
        let named = found.iter().filter_map(|object| Some((name(&object.location)?, object.last_modified.into())));
        Ok(group_rounds(named.collect::<Vec<(ObjectName, SystemTime)>>()))
    }

    /// Writes an object unless it is there; answers whether it was not. One of the same name that is there and whole is as
    /// good: both hold everything up to their own offsets. A damaged one is replaced.
    ///
    /// # Errors
    /// [`StoreError::Failed`]: nothing is there then, or what was there before.
    pub fn put(&self, name: ObjectName, payload: PutPayload) -> Result<bool, StoreError> {
        let path = self.path(name);
        let file = self.file(name);
        if let Some(folder) = file.as_ref().and_then(|file| file.parent()) {
            make_folder(folder).map_err(unwritable)?;
        }
        let created = self.runtime.block_on(self.objects.put_opts(&path, payload.clone(), PutMode::Create.into()));
        let created = match created {
            Ok(_) => true,
            Err(object_store::Error::AlreadyExists { .. }) => {
                let known = self.runtime.block_on(async { self.objects.get(&path).await?.bytes().await })?;
                if !format::is_whole(&known) {
                    self.runtime.block_on(self.objects.put_opts(&path, payload, PutMode::Overwrite.into()))?;
                }
                false
            }
            Err(error) => return Err(error.into()),
        };
        if let Some(file) = file {
            hide_file(&file).map_err(unwritable)?;
        }
        Ok(created)
    }

    /// Opens an object to be read piece by piece.
    ///
    /// # Errors
    /// [`StoreError::Failed`].
    pub fn get(&self, name: ObjectName) -> Result<Pieces, StoreError> {
        let found: GetResult = self.runtime.block_on(self.objects.get(&self.path(name)))?;
        Ok(Pieces { stream: found.into_stream(), runtime: self.runtime.clone() })
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
        name.to_string().split('/').fold(self.folder.clone(), |path, part| path.join(part))
    }

    /// The file of an object, where the store is a directory.
    fn file(&self, name: ObjectName) -> Option<PathBuf> {
        Some(self.directory.as_ref()?.join(name.to_string()))
    }
}

fn unwritable(error: std::io::Error) -> StoreError {
    StoreError::Failed(object_store::Error::Generic { store: "LocalFileSystem", source: Box::new(error) })
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
    make_folder(&path).map_err(|error| cannot(&error))?;
    let files = LocalFileSystem::new_with_prefix(&path).map_err(|error| cannot(&error))?;
    // Empty folders of deleted rounds go too; and what is written is on the disk before it counts.
    Ok(Arc::new(files.with_automatic_cleanup(true).with_fsync(true)))
}

/// Everything that is wrong with the options of a store, without asking it.
#[must_use]
pub fn try_options(snapshot: &SnapshotConfig) -> Vec<StoreError> {
    let Some(bucket) = snapshot.store.as_deref().and_then(|place| place.strip_prefix("s3://")) else {
        return Vec::new();
    };
    let unknown: Vec<StoreError> = snapshot.options.keys().filter_map(|name| option(name).err()).collect();
    if unknown.is_empty() { s3(bucket, &snapshot.options).err().into_iter().collect() } else { unknown }
}

/// The option of this name.
fn option(name: &str) -> Result<AmazonS3ConfigKey, StoreError> {
    name.parse().map_err(|_| StoreError::Option {
        name: name.to_owned(),
        allowed: "an option of S3 by the name that object_store gives it, such as aws_region, aws_endpoint or aws_allow_http",
    })
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
        builder = builder.with_config(option(name)?, value);
    }
    let objects = builder.build().map_err(|error| wrong(error.to_string()))?;
    let folder = Path::parse(folder).map_err(|error| wrong(error.to_string()))?;
    Ok((Arc::new(objects), folder))
}
