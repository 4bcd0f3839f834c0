//! What can go wrong with the store: its files, its database, and the images that it is asked for.

use std::io;
use std::path::{Path, PathBuf};

use crate::codec::CodecError;
use crate::domain::{ImageId, Problem, ProblemKind};
use crate::references::ReferenceError;

/// A failure of the store. The texts are fragments that follow the name of an argument.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// An image that cannot be used.
    #[error(transparent)]
    Codec(#[from] CodecError),
    /// A file that cannot be read.
    #[error(transparent)]
    Reference(#[from] ReferenceError),
    /// No file could hold the image.
    #[error("no file could hold the image ({0})")]
    NoRoom(#[source] io::Error),
    /// Writing failed.
    #[error("{} cannot be written ({reason})", .0.display(), reason = .1)]
    Unwritable(PathBuf, #[source] io::Error),
    /// An id that the store does not hold, or holds for another owner.
    #[error("nothing stored has the id {0}")]
    UnknownId(String),
    /// The record knows the image, but its file is no longer where it was kept.
    #[error("the file of {id} is no longer at {}", path.display())]
    Gone {
        /// The image.
        id: ImageId,
        /// Where it was kept.
        path: PathBuf,
    },
    /// Another file is where an image was kept.
    #[error("{} is no longer the image that was kept as {id}", path.display())]
    Exchanged {
        /// The image.
        id: ImageId,
        /// Where it was kept.
        path: PathBuf,
    },
    /// The database failed.
    #[error("the store's database {} failed ({source})", path.display())]
    Database {
        /// Its file.
        path: PathBuf,
        /// Why.
        source: sqlx::Error,
    },
    /// The database cannot be opened.
    #[error("the store's database {} failed ({reason})", .0.display(), reason = .1)]
    Unusable(PathBuf, String),
    /// Processes of an older version depend on the database as it is.
    #[error("the store's database must be updated first, and older versions of this program still use it: {}", .0.join(", "))]
    OlderProcesses(Vec<String>),
}

impl StoreError {
    /// A failed read of a path.
    #[must_use]
    pub fn reading(path: &Path, error: io::Error) -> Self {
        ReferenceError::reading(path, error).into()
    }

    /// A failed write of a path.
    #[must_use]
    pub fn writing(path: &Path, error: io::Error) -> Self {
        Self::Unwritable(path.to_owned(), error)
    }

    /// What the caller can do.
    #[must_use]
    pub fn remedy(&self) -> String {
        match self {
            Self::Codec(error) => error.remedy(),
            Self::Reference(error) => error.remedy(),
            Self::NoRoom(_) => "Make room on the disk, or pass save_to with a folder on another.".to_owned(),
            Self::Unwritable(..) => {
                "Pass save_to with a folder that can be written, or set GPT_IMAGE_MCP_STORE to one."
                    .to_owned()
            }
            Self::UnknownId(_) => {
                "Use an id from an earlier result, or list the stored images as resources.".to_owned()
            }
            Self::Gone { .. } | Self::Exchanged { .. } => {
                "Pass the path where it is now, or make the image again.".to_owned()
            }
            Self::OlderProcesses(_) => {
                "End those processes (close the other clients), then call again.".to_owned()
            }
            Self::Database { .. } | Self::Unusable(..) => {
                "Check that the store's folder is writable and on a local disk.".to_owned()
            }
        }
    }

    /// The problem, at the argument that led here.
    #[must_use]
    pub fn at(&self, argument: &str) -> Problem {
        match self {
            Self::Database { .. } | Self::Unusable(..) | Self::OlderProcesses(_) => {
                Problem::new(ProblemKind::Storage, self.to_string(), self.remedy())
            }
            _ => Problem::argument(argument, self.to_string(), self.remedy()),
        }
    }

    /// The problem where no argument led here.
    #[must_use]
    pub fn in_store(&self) -> Problem {
        let kind = match self {
            Self::UnknownId(_) | Self::Gone { .. } | Self::Exchanged { .. } => ProblemKind::NotFound,
            _ => ProblemKind::Storage,
        };
        Problem::new(kind, self.to_string(), self.remedy())
    }
}
