//! The bytes of files that people send in chats: in the data folder, or in a bucket that speaks S3.
//!
//! A file is written under its id, whole or not at all; what it is called, who may have it and what kind it is are the
//! domain's business. A picture's thumbnail lies beside it.

mod picture;
#[cfg(test)]
mod tests;

use bytes::Bytes;
use domain::id::FileId;
use futures_util::{Stream, StreamExt as _};
use object_store::aws::AmazonS3Builder;
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{
    GetOptions, GetRange, MultipartUpload, ObjectStore, ObjectStoreExt as _, PutPayload,
};
use std::ops::Range;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

/// So many bytes of the beginning are handed back, for a look at what they are.
pub const START: usize = 512;

/// Parts of an upload to a bucket: S3 takes no smaller ones, but for the last.
const PART_S3: usize = 5 << 20;

/// Parts of an upload to a folder.
const PART_FOLDER: usize = 256 << 10;

/// Where files are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// In this folder, which is made if it is not there.
    Folder(std::path::PathBuf),
    /// In a bucket. The key's halves come from `AWS_ACCESS_KEY_ID` and `AWS_SECRET_ACCESS_KEY`.
    Bucket {
        /// Its name.
        name: String,
        /// Its region.
        region: String,
        /// The address of the store; none is Amazon's.
        endpoint: Option<String>,
    },
}

/// Why bytes were not kept, or not given.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// There were more or fewer bytes than was said.
    #[error("not as many bytes as was said")]
    WrongSize,
    /// They ended before their end.
    #[error("the bytes stopped coming")]
    Broken,
    /// There is no such file.
    #[error("there is no such file")]
    None,
    /// The range lies beyond the end of the file, which is so long.
    #[error("the range lies beyond the end, {0}")]
    Range(u64),
    /// There is no space.
    #[error("the disk is full")]
    Full,
    /// The store failed.
    #[error("the file store failed")]
    Store(#[source] object_store::Error),
}

impl From<object_store::Error> for Fault {
    fn from(error: object_store::Error) -> Self {
        use std::io::ErrorKind::{FileTooLarge, QuotaExceeded, StorageFull};
        if matches!(error, object_store::Error::NotFound { .. }) {
            return Self::None;
        }
        let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(&error);
        while let Some(inner) = cause {
            if inner
                .downcast_ref::<std::io::Error>()
                .is_some_and(|e| matches!(e.kind(), StorageFull | QuotaExceeded | FileTooLarge))
            {
                return Self::Full;
            }
            cause = inner.source();
        }
        Self::Store(error)
    }
}

/// What was kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// How many bytes.
    pub size: u64,
    /// The first of them, up to [`START`].
    pub start: Vec<u8>,
}

/// How long a file shall be, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Size {
    /// So long.
    Exactly(u64),
    /// At most so long.
    UpTo(u64),
}

impl Size {
    const fn most(self) -> u64 {
        match self {
            Self::Exactly(size) | Self::UpTo(size) => size,
        }
    }

    const fn misses(self, size: u64) -> bool {
        matches!(self, Self::Exactly(wanted) if wanted != size)
    }
}

/// Which bytes are wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Span {
    /// From here on, up to (and not with) there, or to the end.
    From(u64, Option<u64>),
    /// So many at the end.
    Last(u64),
}

/// Bytes on their way.
pub struct Given {
    /// The length of the whole file.
    pub size: u64,
    /// Which part of it comes.
    pub range: Range<u64>,
    /// The bytes.
    pub bytes: Pin<Box<dyn Stream<Item = Result<Bytes, Fault>> + Send>>,
}

impl std::fmt::Debug for Given {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Given")
            .field("size", &self.size)
            .field("range", &self.range)
            .finish_non_exhaustive()
    }
}

/// All files.
#[derive(Debug)]
pub struct Blobs {
    store: Arc<dyn ObjectStore>,
    part: usize,
}

impl Blobs {
    /// Opens the place that the configuration names: a bucket, or `files` in the data folder.
    ///
    /// # Errors
    ///
    /// As [`Self::at`].
    pub fn open(files: &crate::config::Files, data: &std::path::Path) -> Result<Self, Fault> {
        Self::at(&if files.bucket.is_empty() {
            Place::Folder(data.join("files"))
        } else {
            let endpoint = Some(files.endpoint.clone()).filter(|endpoint| !endpoint.is_empty());
            Place::Bucket { name: files.bucket.clone(), region: files.region.clone(), endpoint }
        })
    }

    /// Opens this place.
    ///
    /// # Errors
    ///
    /// [`Fault`] when the folder cannot be made, or the bucket is not described well enough.
    pub fn at(place: &Place) -> Result<Self, Fault> {
        Ok(match place {
            Place::Folder(folder) => {
                std::fs::create_dir_all(folder).map_err(|e| object_store::Error::Generic {
                    store: "folder",
                    source: Box::new(e),
                })?;
                // A file that was acknowledged must be there after a power cut.
                let store = LocalFileSystem::new_with_prefix(folder)?
                    .with_automatic_cleanup(true)
                    .with_fsync(true);
                Self { store: Arc::new(store), part: PART_FOLDER }
            }
            Place::Bucket { name, region, endpoint } => {
                let mut builder =
                    AmazonS3Builder::from_env().with_bucket_name(name).with_region(region);
                if let Some(endpoint) = endpoint {
                    builder = builder
                        .with_endpoint(endpoint)
                        .with_allow_http(endpoint.starts_with("http://"));
                }
                Self { store: Arc::new(builder.build()?), part: PART_S3 }
            }
        })
    }

    /// Keeps a file of this size; one that was there under the same id is replaced. Nothing is kept, and
    /// nothing is replaced, unless all of them came `within` this time.
    ///
    /// # Errors
    ///
    /// [`Fault::WrongSize`] as soon as there are too many, or at the end if there are too few; [`Fault::Broken`] when
    /// `bytes` fail, or take too long; [`Fault::Full`] or [`Fault::Store`] when they cannot be written.
    pub async fn put<E>(
        &self,
        file: FileId,
        size: Size,
        within: Duration,
        mut bytes: impl Stream<Item = Result<Bytes, E>> + Unpin,
    ) -> Result<Stored, Fault> {
        let mut upload = self
            .store
            .put_multipart_opts(&key(file, false), object_store::PutMultipartOptions::default())
            .await?;
        // Whoever is too slow is stopped here, where what came so far can be taken away.
        let received =
            tokio::time::timeout(within, self.receive(upload.as_mut(), size, &mut bytes)).await;
        match received.unwrap_or(Err(Fault::Broken)) {
            Ok(stored) => {
                // An earlier file of this id may have had a picture.
                let _ = self.store.delete(&key(file, true)).await;
                Ok(stored)
            }
            Err(fault) => {
                // What cannot be taken away is not named by anything, and is in nobody's way.
                let _ = upload.abort().await;
                Err(fault)
            }
        }
    }

    async fn receive<E>(
        &self,
        upload: &mut dyn MultipartUpload,
        size: Size,
        bytes: &mut (impl Stream<Item = Result<Bytes, E>> + Unpin),
    ) -> Result<Stored, Fault> {
        let mut stored = Stored { size: 0, start: Vec::new() };
        let (mut part, mut part_size) = (Vec::new(), 0);
        while let Some(some) = bytes.next().await {
            let some = some.map_err(|_| Fault::Broken)?;
            stored.size += some.len() as u64;
            if stored.size > size.most() {
                return Err(Fault::WrongSize);
            }
            let room = START.saturating_sub(stored.start.len()).min(some.len());
            stored.start.extend_from_slice(&some[..room]);
            part_size += some.len();
            part.push(some);
            if part_size >= self.part {
                upload.put_part(part.drain(..).collect::<PutPayload>()).await?;
                part_size = 0;
            }
        }
        if size.misses(stored.size) {
            return Err(Fault::WrongSize);
        }
        if part_size > 0 {
            upload.put_part(part.into_iter().collect::<PutPayload>()).await?;
        }
        upload.complete().await?;
        Ok(stored)
    }

    /// Gives a file, or a part of it; or its thumbnail.
    ///
    /// # Errors
    ///
    /// [`Fault::None`] when there is none (or no thumbnail), [`Fault::Range`] when nothing of the file is wanted.
    pub async fn get(
        &self,
        file: FileId,
        thumbnail: bool,
        span: Option<Span>,
    ) -> Result<Given, Fault> {
        let key = key(file, thumbnail);
        let mut range = None;
        if let Some(span) = span {
            let size = self.store.head(&key).await?.size;
            let wanted = match span {
                Span::From(from, to) => from..to.map_or(size, |to| to.min(size)),
                Span::Last(count) => size.saturating_sub(count)..size,
            };
            if wanted.is_empty() {
                return Err(Fault::Range(size));
            }
            range = Some(GetRange::Bounded(wanted));
        }
        let got = self.store.get_opts(&key, GetOptions { range, ..GetOptions::default() }).await?;
        let (size, range) = (got.meta.size, got.range.clone());
        Ok(Given {
            size,
            range,
            bytes: Box::pin(got.into_stream().map(|bytes| bytes.map_err(Fault::from))),
        })
    }

    /// Removes a file and its thumbnail. One that is not there is as good as removed.
    ///
    /// # Errors
    ///
    /// [`Fault`] when the store fails.
    pub async fn delete(&self, file: FileId) -> Result<(), Fault> {
        for key in [key(file, false), key(file, true)] {
            match self.store.delete(&key).await.map_err(Fault::from) {
                Ok(()) | Err(Fault::None) => {}
                Err(fault) => return Err(fault),
            }
        }
        Ok(())
    }

    /// Makes a picture's thumbnail and keeps it beside the file: at most 320 pixels a side. False when
    /// the file is no picture that can be read within its limits.
    ///
    /// # Errors
    ///
    /// [`Fault`] when the file cannot be read, or the thumbnail cannot be written.
    pub async fn thumbnail(&self, file: FileId) -> Result<bool, Fault> {
        let got = self.store.get(&key(file, false)).await?;
        if got.meta.size > picture::BYTES {
            return Ok(false);
        }
        let bytes = got.bytes().await?;
        // A decoder that panics has met a file that is no picture.
        let Ok(Some(small)) =
            crate::tasks::blocking("thumbnail", move || picture::small(&bytes)).await
        else {
            return Ok(false);
        };
        self.store.put(&key(file, true), small.into()).await?;
        Ok(true)
    }
}

/// Where a file lies below the folder: 256 folders by the last byte of its id, which is random. Nothing that anyone wrote is
/// in it.
pub fn place(file: FileId) -> String {
    let last = file.0.as_bytes()[15];
    format!("{last:02x}/{file}")
}

fn key(file: FileId, thumbnail: bool) -> Path {
    Path::from(format!("{}{}", place(file), if thumbnail { ".small" } else { "" }))
}
