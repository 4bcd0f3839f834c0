//! What can be wrong with an image, a path to one, or the place it is to be kept in.

use std::path::{Path, PathBuf};

use crate::domain::{ImageFormat, ImageId, Pixels, Problem, ProblemKind};

const CONVERT: &str =
    "Convert it to PNG: `sips -s format png IN --out OUT.png` on macOS, `magick IN OUT.png` elsewhere.";

/// A fault of this layer. Texts are fragments that follow the name of an argument.
#[derive(Debug, thiserror::Error)]
pub enum ImageError {
    /// The bytes are no image we know; holds what they look like.
    #[error("not a PNG, JPEG, WebP or GIF image: it looks like {0}")]
    NotAnImage(String),
    /// The header claims more than is decoded here.
    #[error("the {0} image claims {1} pixels; at most {2} million, and 32,768 on an edge, are read here")]
    TooManyPixels(ImageFormat, Pixels, u64),
    /// The file ends before the image does.
    #[error("the {0} image is cut short")]
    CutShort(ImageFormat),
    /// The decoder gave up; holds its reason.
    #[error("the {0} image cannot be decoded ({1})")]
    Undecodable(ImageFormat, String),
    /// The decoder of a format that is only read gave up; holds the format and the reason.
    #[error("the {0} image cannot be decoded ({1})")]
    UndecodableForeign(&'static str, String),
    /// Of a kind of its format that nothing here reads; holds the format and what it is.
    #[error("the {0} image is of a kind that is not read here: {1}")]
    UnreadKind(&'static str, String),
    /// Reading the image failed; holds the system's words.
    #[error("the image cannot be read ({0})")]
    ReadFailed(String),
    /// A preview or a mask could not be written; holds the encoder's reason.
    #[error("the image cannot be written as {0} ({1})")]
    Unencodable(ImageFormat, String),
    /// More bytes than the limit.
    #[error("{bytes} bytes are more than the {most} accepted")]
    TooLarge {
        /// How many there are.
        bytes: u64,
        /// How many are accepted.
        most: u64,
    },
    /// Mask and image differ in size.
    #[error("the mask is {mask} and the image is {image}")]
    MaskSize {
        /// The mask's size.
        mask: Pixels,
        /// The image's size.
        image: Pixels,
    },
    /// A mask that should say by transparency what to repaint has none.
    #[error("the mask has no alpha channel")]
    MaskWithoutAlpha,
    /// Nothing to repaint.
    #[error("the mask marks nothing to repaint")]
    MaskEmpty,
    /// Softened until nothing of it is left.
    #[error("a feather of {0} pixels leaves nothing of the marked part")]
    FeatherTooWide(u32),
    /// What is marked makes a file that is too large for the API, however coarse.
    #[error("what it marks makes a mask of more than the {most} bytes accepted")]
    MaskTooIntricate {
        /// The most bytes.
        most: u64,
    },
    /// Nothing to keep.
    #[error("the mask marks the whole image to be repainted")]
    MaskFull,
    /// No file could hold the image; holds the system's words.
    #[error("no file could hold the image ({0})")]
    NoRoom(String),
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
    /// Reading failed; holds the system's words.
    #[error("{} cannot be read ({reason})", .0.display(), reason = .1)]
    Unreadable(PathBuf, String),
    /// Writing failed; holds the system's words.
    #[error("{} cannot be written ({reason})", .0.display(), reason = .1)]
    Unwritable(PathBuf, String),
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
    /// Processes of an older version depend on the database as it is.
    #[error("the store's database must be updated first, and older versions of this program still use it: {}", .0.join(", "))]
    OlderProcesses(Vec<String>),
    /// The store's database failed; holds its words.
    #[error("the store's record {} failed ({reason})", .0.display(), reason = .1)]
    Record(PathBuf, String),
}

impl ImageError {
    /// The system's words for a failed read of a path.
    #[must_use]
    pub fn reading(path: &Path, error: &std::io::Error) -> Self {
        match error.kind() {
            std::io::ErrorKind::NotFound => Self::Missing(path.to_owned()),
            _ => Self::Unreadable(path.to_owned(), error.to_string()),
        }
    }

    /// The system's words for a failed write of a path.
    #[must_use]
    pub fn writing(path: &Path, error: &std::io::Error) -> Self {
        Self::Unwritable(path.to_owned(), error.to_string())
    }

    /// What the caller can do.
    fn remedy(&self) -> String {
        match self {
            Self::NotAnImage(kind) if kind.contains("HEIC") || kind.contains("AVIF") => {
                "Convert it first: `sips -s format jpeg IN --out OUT.jpg` on macOS, `heif-convert IN OUT.jpg` or \
                 `magick IN OUT.jpg` elsewhere."
                    .to_owned()
            }
            // What is read elsewhere, but not as a mask.
            Self::NotAnImage(kind) if kind.contains("BMP") || kind.contains("TIFF") => CONVERT.to_owned(),
            Self::UnreadKind(..) => CONVERT.to_owned(),
            Self::NotAnImage(_) | Self::Undecodable(..) | Self::UndecodableForeign(..) => {
                "Pass a PNG, JPEG, WebP, GIF, BMP or TIFF file; convert other formats first.".to_owned()
            }
            Self::TooManyPixels(..) | Self::TooLarge { .. } | Self::Unencodable(..) => "Pass a smaller version of the image.".to_owned(),
            Self::CutShort(_) | Self::ReadFailed(_) => "Pass the whole file.".to_owned(),
            Self::MaskSize { image, .. } => format!("Make the mask {image}, the size of the image."),
            Self::MaskWithoutAlpha => {
                "Make what is to be repainted transparent, or pass a black and white mask with mask_means \
                 white_is_repainted or black_is_repainted."
                    .to_owned()
            }
            Self::MaskEmpty => {
                "Mark the part to repaint, or say with mask_means how the mask marks it.".to_owned()
            }
            Self::FeatherTooWide(_) => "Pass a smaller feather, or mark a larger part.".to_owned(),
            Self::MaskTooIntricate { .. } => {
                "Mark with fewer and simpler shapes, or pass a smaller image.".to_owned()
            }
            Self::MaskFull => {
                "Leave a part unmarked, say with mask_means how the mask marks it, or use edit_image to change \
                 the whole image."
                    .to_owned()
            }
            Self::NotAReference { hint, .. } | Self::NotAPlace { hint, .. } => hint.clone(),
            Self::OutsideRoots { roots, .. } => {
                let roots: Vec<_> = roots.iter().map(|root| root.display().to_string()).collect();
                format!(
                    "Allowed are: {}. Use a path in one of them, or add its folder to the setting GPT_IMAGE_MCP_ROOTS.",
                    roots.join(", ")
                )
            }
            Self::Hidden(_) => {
                "Use a path without parts that begin with a dot, or add its folder to the setting \
                 GPT_IMAGE_MCP_ROOTS."
                    .to_owned()
            }
            Self::NoRoom(_) => "Make room on the disk, or pass save_to with a folder on another.".to_owned(),
            Self::Missing(_) => "Check the path; an absolute one is safest.".to_owned(),
            Self::NotAFile(_) => "Pass the path of an image file.".to_owned(),
            Self::Unreadable(..) => "Check the file's permissions.".to_owned(),
            Self::Unwritable(..) => {
                "Pass save_to with a folder that can be written, or set GPT_IMAGE_MCP_STORE to one.".to_owned()
            }
            Self::UnknownId(_) => "Use an id from an earlier result, or list the stored images as resources.".to_owned(),
            Self::Gone { .. } | Self::Exchanged { .. } => {
                "Pass the path where it is now, or make the image again.".to_owned()
            }
            Self::OlderProcesses(_) => "End those processes (close the other clients), then call again.".to_owned(),
            Self::Record(..) => "Check that the store's folder is writable and on a local disk.".to_owned(),
        }
    }

    /// The problem, at the argument that led here.
    #[must_use]
    pub fn at(&self, argument: &str) -> Problem {
        match self {
            Self::Record(..) | Self::OlderProcesses(_) => {
                Problem::new(ProblemKind::Storage, self.to_string(), self.remedy())
            }
            _ => Problem::argument(argument, self.to_string(), self.remedy()),
        }
    }

    /// The problem of storing or reading back, which no argument led to.
    #[must_use]
    pub fn in_store(&self) -> Problem {
        let kind = match self {
            Self::UnknownId(_) | Self::Gone { .. } | Self::Exchanged { .. } => ProblemKind::NotFound,
            _ => ProblemKind::Storage,
        };
        Problem::new(kind, self.to_string(), self.remedy())
    }
}
