//! An accepted request: what to paint, what it costs, and the replies made of it.

use axum::body::{Body, Bytes};
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use image::DynamicImage;
use serde_json::Value;

use crate::domain::{ImageFormat, Pixels};
use crate::sandbox::api_error::ApiError;
use crate::sandbox::faults::{Fault, FaultSpec};
use crate::sandbox::models::SandboxModel;
use crate::sandbox::painter::{Detail, Encoding, PaintRequest, encode};
use crate::sandbox::tokens::TokenCounts;

/// Stands where an image should.
const NOT_AN_IMAGE: &str = "upstream returned no image data";

/// One accepted request.
#[derive(Debug)]
pub(in crate::sandbox) struct AcceptedRequest {
    pub model: &'static SandboxModel,
    /// The prompt to paint.
    pub prompt: String,
    pub size: Pixels,
    pub detail: Detail,
    pub references: Vec<DynamicImage>,
    pub mask: Option<DynamicImage>,
    /// How many images the reply holds.
    pub count: u32,
    /// How many images are charged.
    pub billed: u32,
    pub encoding: Encoding,
    /// The fault of its images or of their links.
    pub fault: Option<FaultSpec>,
    pub tokens: TokenCounts,
}

/// The size of an image.
pub(in crate::sandbox) fn pixels(image: &DynamicImage) -> Pixels {
    Pixels::new(image.width(), image.height())
}

impl AcceptedRequest {
    /// A request for one PNG, by the prompt without the words that steer the sandbox.
    pub(in crate::sandbox) fn new(
        model: &'static SandboxModel,
        prompt: &str,
        size: Pixels,
        references: Vec<DynamicImage>,
    ) -> Self {
        Self {
            model,
            prompt: without_sandbox_words(prompt),
            size,
            detail: Detail::Plain,
            references,
            mask: None,
            count: 1,
            billed: 1,
            encoding: Encoding { format: ImageFormat::Png, compression: 100, transparent: false },
            fault: None,
            tokens: TokenCounts::default(),
        }
    }

    /// Paints one of the images, counted from 0; returns a file.
    pub(in crate::sandbox) fn paint(&self, variation: u32) -> Result<Vec<u8>, ApiError> {
        self.paint_with(variation, self.detail)
    }

    /// The same image, coarser, as a stream sends it before it is finished.
    pub(super) fn paint_unfinished(&self, variation: u32) -> Result<Vec<u8>, ApiError> {
        self.paint_with(variation, Detail::Coarse)
    }

    fn paint_with(&self, variation: u32, detail: Detail) -> Result<Vec<u8>, ApiError> {
        let request = PaintRequest {
            prompt: &self.prompt,
            size: self.size,
            detail,
            transparent: self.encoding.transparent,
            references: &self.references,
            mask: self.mask.as_ref(),
            variation,
        };
        let image =
            request.paint().ok_or_else(|| ApiError::internal("the image does not fit into memory"))?;
        let file = encode(image, self.encoding).map_err(|error| ApiError::internal(&error.to_string()))?;
        Ok(match self.fault.as_ref().map(FaultSpec::fault) {
            Some(Fault::NotAnImage) => NOT_AN_IMAGE.as_bytes().to_vec(),
            Some(Fault::TruncatedImage) => file.iter().take(file.len() / 2).copied().collect(),
            _ => file,
        })
    }

    /// An image as base64 text.
    pub(in crate::sandbox) fn base64(&self, image: &[u8]) -> String {
        let mut text = base64_simd::STANDARD.encode_to_string(image);
        if self.fault.as_ref().map(FaultSpec::fault) == Some(Fault::BrokenBase64) {
            let middle = text.len() / 2;
            text.replace_range(middle..=middle, "!");
        }
        text
    }

    pub(in crate::sandbox) fn paint_all(&self) -> Result<Vec<Vec<u8>>, ApiError> {
        (0..self.count).map(|variation| self.paint(variation)).collect()
    }
}

/// The format of this name, if the sandbox paints it.
pub(in crate::sandbox) fn painted_format(name: &str) -> Option<ImageFormat> {
    [ImageFormat::Png, ImageFormat::Jpeg, ImageFormat::Webp].into_iter().find(|format| format.name() == name)
}

/// A JSON body in pieces, without its length, as the gateways send it.
pub(in crate::sandbox) fn chunked(body: &Value) -> Response {
    const PIECE: usize = 64 * 1024;
    let body = Bytes::from(body.to_string());
    let pieces: Vec<_> = (0..body.len())
        .step_by(PIECE)
        .map(|from| Ok::<_, std::convert::Infallible>(body.slice(from..body.len().min(from + PIECE))))
        .collect();
    ([(CONTENT_TYPE, "application/json")], Body::from_stream(stream::iter(pieces))).into_response()
}

/// The prompt without the words that steer the sandbox.
fn without_sandbox_words(prompt: &str) -> String {
    let kept = prompt.split_whitespace().filter(|word| !word.starts_with("sandbox:"));
    kept.collect::<Vec<_>>().join(" ")
}
