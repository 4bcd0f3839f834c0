//! What can be wrong with what a caller names: an image reference, a path, a destination.

use std::io;
use std::path::{Path, PathBuf};

use crate::domain::Problem;

/// A reference that cannot be used. The texts are fragments that follow the name of an argument.
#[derive(Debug, thiserror::Error)]
pub enum ReferenceError {
    /// More bytes than the limit.
    #[error("{bytes} bytes are more than the {most} accepted")]
    TooLarge {
        /// How many there are.
        bytes: u64,
        /// How many are accepted.
        most: u64,
    },
    /// The text is none of the forms of an image reference; holds the text and a hint.
    #[error("{given:?} is not an image reference")]
    NotAReference {
        /// The text, shortened.
        given: String,
        /// What to pass instead.
        hint: String,
    },
    /// The text names no place to save to; holds the text and a hint.
    #[error("{given:?} is not a path to save to")]
    NotAPlace {
        /// The text, shortened.
        given: String,
        /// What to pass instead.
        hint: String,
    },
    /// The path is outside every allowed root.
    #[error("{} is outside the allowed folders", path.display())]
    OutsideRoots {
        /// The path after links were followed.
        path: PathBuf,
        /// The folders.
        roots: Vec<PathBuf>,
    },
    /// The path leads through a hidden folder.
    #[error("{} is in a hidden folder", .0.display())]
    Hidden(PathBuf),
    /// Nothing is there.
    #[error("{} does not exist", .0.display())]
    Missing(PathBuf),
    /// Something is there, but no file.
    #[error("{} is not a file", .0.display())]
    NotAFile(PathBuf),
    /// Reading failed.
    #[error("{} cannot be read ({reason})", .0.display(), reason = .1)]
    Unreadable(PathBuf, #[source] io::Error),
}

impl ReferenceError {
    /// A failed read of a path.
    #[must_use]
    pub fn reading(path: &Path, error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::NotFound => Self::Missing(path.to_owned()),
            _ => Self::Unreadable(path.to_owned(), error),
        }
    }

    /// What the caller can do.
    #[must_use]
    pub fn remedy(&self) -> String {
        match self {
            Self::TooLarge { .. } => "Pass a smaller version of the image.".to_owned(),
            Self::NotAReference { hint, .. } | Self::NotAPlace { hint, .. } => hint.clone(),
            Self::OutsideRoots { roots, .. } => {
                let roots: Vec<_> = roots.iter().map(|root| root.display().to_string()).collect();
                format!(
                    "The allowed folders are {}. Use a path in one of them, or add its folder to the setting GPT_IMAGE_MCP_ROOTS.",
                    roots.join(", ")
                )
            }
            Self::Hidden(_) => {
                "Use a path without parts that begin with a dot, or add its folder to the setting \
                 GPT_IMAGE_MCP_ROOTS."
                    .to_owned()
            }
            Self::Missing(_) => "Check the path; an absolute one is safest.".to_owned(),
            Self::NotAFile(_) => "Pass the path of an image file.".to_owned(),
            Self::Unreadable(..) => "Check the file's permissions.".to_owned(),
        }
    }

    /// The problem, at the argument that led here.
    #[must_use]
    pub fn at(&self, argument: &str) -> Problem {
        Problem::argument(argument, self.to_string(), self.remedy())
    }
}
