//! A request body, JSON or multipart, as named parameters and the files that came with them.
//!
//! Only the form is checked here; `official` and `gateway` check the parameters.

use axum::body::Bytes;
use axum::extract::multipart::MultipartError;
use axum::extract::{FromRequest, Multipart, Request};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use serde_json::{Map, Value};

use crate::sandbox::api_error::ApiError;

/// The longest data: URL a JSON edit may hold, in characters (OpenAI's specification).
const LONGEST_DATA_URL: usize = 20_971_520;

/// What was sent.
#[derive(Debug, Default)]
pub(in crate::sandbox) struct RequestBody {
    /// All parameters but images. In a form every value is a string.
    parameters: Map<String, Value>,
    /// The images to edit, in order.
    pub images: Vec<Bytes>,
    /// The mask.
    pub mask: Option<Bytes>,
    /// Whether it was a multipart form, where numbers are strings.
    form: bool,
}

/// The bytes of a `data:` URL; `None` for another URL or broken base64.
pub(in crate::sandbox) fn data_url(url: &str) -> Option<Bytes> {
    let (head, payload) = url.split_once(',')?;
    let base64 = head.strip_prefix("data:")?.ends_with(";base64");
    base64.then(|| base64_simd::STANDARD.decode_to_vec(payload).ok()).flatten().map(Bytes::from)
}

impl RequestBody {
    /// Reads the body of a generation: JSON only.
    pub(in crate::sandbox) async fn of_generation(request: Request) -> Result<Self, ApiError> {
        let sent = content_type(&request);
        if !sent.starts_with("application/json") {
            return Err(ApiError::content_type(&sent, "application/json"));
        }
        Self::from_json(request).await
    }

    /// Reads the body of an edit: a form, or JSON with `images` and `mask` as `image_url`.
    pub(in crate::sandbox) async fn of_edit(request: Request) -> Result<Self, ApiError> {
        let sent = content_type(&request);
        if sent.starts_with("multipart/form-data") {
            return Self::from_form(request).await;
        }
        if !sent.starts_with("application/json") {
            return Err(ApiError::content_type(&sent, "multipart/form-data"));
        }
        let mut body = Self::from_json(request).await?;
        if let Some(images) = body.parameters.remove("images") {
            let Value::Array(images) = images else {
                return Err(ApiError::wrong_type("images", "an array of objects", &images));
            };
            for (index, image) in images.iter().enumerate() {
                body.images.push(linked(image, &format!("images[{index}]"))?);
            }
        }
        if let Some(mask) = body.parameters.remove("mask") {
            body.mask = Some(linked(&mask, "mask")?);
        }
        Ok(body)
    }

    async fn from_json(request: Request) -> Result<Self, ApiError> {
        let mut parameters = json_object(request).await?;
        // OpenAI's parameters are nullable; null is the same as absent.
        parameters.retain(|_, value| !value.is_null());
        Ok(Self { parameters, ..Self::default() })
    }

    async fn from_form(request: Request) -> Result<Self, ApiError> {
        let mut form = Multipart::from_request(request, &())
            .await
            .map_err(|error| refused_form(error.status(), &error.body_text()))?;
        let mut body = Self { form: true, ..Self::default() };
        let refused = |error: MultipartError| refused_form(error.status(), &error.body_text());
        loop {
            let field = form.next_field().await;
            let Some(field) = field.map_err(refused)? else { return Ok(body) };
            let name = field.name().unwrap_or_default().to_owned();
            let bytes = field.bytes().await.map_err(refused)?;
            match name.as_str() {
                "image" | "image[]" => body.images.push(bytes),
                "mask" => body.mask = Some(bytes),
                _ => {
                    let text = String::from_utf8_lossy(&bytes).into_owned();
                    body.parameters.insert(name, Value::String(text));
                }
            }
        }
    }

    /// The names of all parameters but images, in their order.
    pub(in crate::sandbox) fn names(&self) -> impl Iterator<Item = &str> {
        self.parameters.keys().map(String::as_str)
    }

    /// A parameter as text, `None` if it is absent or something else.
    pub(in crate::sandbox) fn text(&self, name: &str) -> Option<&str> {
        self.parameters.get(name).and_then(Value::as_str)
    }

    /// A parameter that must be text if it is present.
    pub(super) fn strict_text(&self, name: &str) -> Result<Option<&str>, ApiError> {
        match self.parameters.get(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(other) => Err(ApiError::wrong_type(name, "a string", other)),
        }
    }

    /// A parameter that must be a whole number if it is present; in a form, digits.
    pub(in crate::sandbox) fn integer(&self, name: &str) -> Result<Option<i64>, ApiError> {
        let Some(value) = self.parameters.get(name) else { return Ok(None) };
        let number = match value {
            Value::Number(number) => number.as_i64(),
            Value::String(digits) if self.form => digits.parse().ok(),
            _ => None,
        };
        number.map(Some).ok_or_else(|| ApiError::wrong_type(name, "an integer", value))
    }

    /// A parameter that must be true or false if it is present.
    pub(super) fn boolean(&self, name: &str) -> Result<bool, ApiError> {
        match self.parameters.get(name) {
            None => Ok(false),
            Some(Value::Bool(value)) => Ok(*value),
            Some(Value::String(text)) if self.form && (text == "true" || text == "false") => {
                Ok(text == "true")
            }
            Some(other) => Err(ApiError::wrong_type(name, "a boolean", other)),
        }
    }
}

/// The JSON object in a body.
pub(in crate::sandbox) async fn json_object(request: Request) -> Result<Map<String, Value>, ApiError> {
    let body = Bytes::from_request(request, &())
        .await
        .map_err(|error| refused_form(error.status(), &error.body_text()))?;
    serde_json::from_slice(&body).map_err(|_| ApiError::unreadable_json())
}

fn content_type(request: &Request) -> String {
    let sent = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    sent.unwrap_or_default().to_ascii_lowercase()
}

fn refused_form(status: StatusCode, fault: &str) -> ApiError {
    if status == StatusCode::PAYLOAD_TOO_LARGE {
        ApiError::too_large()
    } else {
        ApiError::unreadable_form(fault)
    }
}

/// The image of `{"image_url": "data:…"}`. Other links are not fetched, and `file_id` is not
/// supported.
fn linked(value: &Value, param: &str) -> Result<Bytes, ApiError> {
    let Some(url) = value.get("image_url").and_then(Value::as_str) else {
        return Err(ApiError::missing(&format!("{param}.image_url")));
    };
    if url.len() > LONGEST_DATA_URL {
        let message = format!("Invalid '{param}.image_url': string too long.");
        return Err(ApiError::invalid_value(&format!("{param}.image_url"), message));
    }
    data_url(url).ok_or_else(|| ApiError::unreachable_image(url))
}
