//! What can be wrong with the bytes or the pixels of an image, or with a mask.

use std::io;

use crate::domain::{ImageFormat, Pixels, Problem};

const CONVERT: &str =
    "Convert it to PNG: `sips -s format png IN --out OUT.png` on macOS, `magick IN OUT.png` elsewhere.";

/// An image or a mask that cannot be used. The texts are fragments that follow the name of an argument.
#[derive(Debug, thiserror::Error)]
pub enum CodecError {
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
    /// More bytes than the limit.
    #[error("{bytes} bytes are more than the {most} accepted")]
    TooLarge {
        /// How many there are.
        bytes: u64,
        /// How many are accepted.
        most: u64,
    },
    /// Reading the image failed.
    #[error("the image cannot be read ({0})")]
    ReadFailed(#[source] io::Error),
    /// A preview or a mask could not be written; holds the encoder's reason.
    #[error("the image cannot be written as {0} ({1})")]
    Unencodable(ImageFormat, String),
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
}

impl CodecError {
    /// What the caller can do.
    #[must_use]
    pub fn remedy(&self) -> String {
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
        }
    }

    /// The problem, at the argument that led here.
    #[must_use]
    pub fn at(&self, argument: &str) -> Problem {
        Problem::argument(argument, self.to_string(), self.remedy())
    }
}
