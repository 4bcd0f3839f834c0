//! A request that was found good: what to paint, what it costs, how it is answered.

use axum::body::{Body, Bytes};
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use image::DynamicImage;
use serde_json::Value;

use crate::domain::{ImageFormat, Pixels};
use crate::routing::{input_image_tokens, text_tokens};
use crate::sandbox::api_error::Refusal;
use crate::sandbox::faults::{Fault, FaultSpec};
use crate::sandbox::models::Model;
use crate::sandbox::painter::{Detail, Encoding, PaintRequest, encode};

/// What stands where a picture should.
const NOT_AN_IMAGE: &str = "upstream returned no image data";

/// One accepted request.
#[derive(Debug)]
pub(in crate::sandbox) struct Order {
    pub model: &'static Model,
    /// What is painted and lettered.
    pub prompt: String,
    pub size: Pixels,
    pub detail: Detail,
    pub references: Vec<DynamicImage>,
    pub mask: Option<DynamicImage>,
    /// How many pictures are answered.
    pub pictures: u32,
    /// How many are charged.
    pub billed: u32,
    pub encoding: Encoding,
    /// What goes wrong with its pictures or their links, if that is where it does.
    pub fault: Option<FaultSpec>,
    pub tokens: Tokens,
}

/// What goes in and comes out, in tokens.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::sandbox) struct Tokens {
    pub text: u64,
    pub images: u64,
    /// Of all pictures together.
    pub output: u64,
}

impl Tokens {
    /// Of the prompt as sent and the pictures as sent.
    pub(in crate::sandbox) fn of(prompt: &str, references: &[DynamicImage], output: u64) -> Self {
        let images = references.iter().map(|image| input_image_tokens(pixels(image))).sum();
        Self { text: text_tokens(prompt), images, output }
    }

    pub(in crate::sandbox) const fn input(self) -> u64 {
        self.text + self.images
    }

    pub(in crate::sandbox) const fn total(self) -> u64 {
        self.text + self.images + self.output
    }
}

/// The size of a picture.
pub(in crate::sandbox) fn pixels(image: &DynamicImage) -> Pixels {
    Pixels::new(image.width(), image.height())
}

impl Order {
    /// Paints one of the pictures, counted from 0, as the bytes of a file.
    pub(in crate::sandbox) fn paint(&self, variation: u32) -> Result<Vec<u8>, Refusal> {
        self.paint_with(variation, self.detail)
    }

    /// The same picture in coarse blocks, as it looks on its way.
    pub(super) fn paint_unfinished(&self, variation: u32) -> Result<Vec<u8>, Refusal> {
        self.paint_with(variation, Detail::Coarse)
    }

    fn paint_with(&self, variation: u32, detail: Detail) -> Result<Vec<u8>, Refusal> {
        let request = PaintRequest {
            prompt: &self.prompt,
            size: self.size,
            detail,
            transparent: self.encoding.transparent,
            references: &self.references,
            mask: self.mask.as_ref(),
            variation,
        };
        let image = request.paint().ok_or_else(|| Refusal::internal("the image does not fit into memory"))?;
        let file = encode(image, self.encoding).map_err(|error| Refusal::internal(&error.to_string()))?;
        Ok(match self.fault.as_ref().map(FaultSpec::fault) {
            Some(Fault::NotAnImage) => NOT_AN_IMAGE.as_bytes().to_vec(),
            Some(Fault::TruncatedPicture) => file.iter().take(file.len() / 2).copied().collect(),
            _ => file,
        })
    }

    /// A picture as base64 text.
    pub(in crate::sandbox) fn base64(&self, picture: &[u8]) -> String {
        let mut text = base64_simd::STANDARD.encode_to_string(picture);
        if self.fault.as_ref().map(FaultSpec::fault) == Some(Fault::BrokenBase64) {
            let middle = text.len() / 2;
            text.replace_range(middle..=middle, "!");
        }
        text
    }

    /// All pictures, in order.
    pub(in crate::sandbox) fn paint_all(&self) -> Result<Vec<Vec<u8>>, Refusal> {
        (0..self.pictures).map(|variation| self.paint(variation)).collect()
    }
}

/// The format a name stands for, among those that are painted.
pub(in crate::sandbox) fn painted_format(name: &str) -> Option<ImageFormat> {
    [ImageFormat::Png, ImageFormat::Jpeg, ImageFormat::Webp].into_iter().find(|format| format.name() == name)
}

/// A JSON body in pieces, without a length announced: so the gateways send theirs.
pub(in crate::sandbox) fn chunked(body: &Value) -> Response {
    const PIECE: usize = 64 * 1024;
    let body = Bytes::from(body.to_string());
    let pieces: Vec<_> = (0..body.len())
        .step_by(PIECE)
        .map(|from| Ok::<_, std::convert::Infallible>(body.slice(from..body.len().min(from + PIECE))))
        .collect();
    ([(CONTENT_TYPE, "application/json")], Body::from_stream(stream::iter(pieces))).into_response()
}
