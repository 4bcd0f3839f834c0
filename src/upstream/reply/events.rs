//! Reads a reply that comes as server-sent events, each with an image: partial ones first,
//! which take each other's place, then the finished one, which is the reply.
//!
//! The one place here that knows names: those of the events of the Images API (OpenAI's API
//! reference, "Image generation streaming events"). Lines and fields are those of the HTML
//! standard, section 9.2; each event's data is read by a [`Reader`] of its own.

use serde_json::{Value, json};

use super::document::{Body, Document};
use super::error::ReplyError;
use super::handle;
use super::reader::{Progress, Reader};
use crate::staging::{StagedFile, Staging};

/// A field name longer than this is none that means anything here.
const LONGEST_NAME: usize = 16;
/// The longest `event` value that is kept.
const LONGEST_VALUE: usize = 64;
const END: &str = "[DONE]";
/// How the names of partial images' events end.
const PARTIAL: &str = ".partial_image";

/// Where in a line the reading is.
#[derive(Debug)]
enum Line {
    /// In the name of a field.
    Name(Vec<u8>),
    /// After the colon of `data`, where one space means nothing.
    BeforeData,
    /// In data.
    Data,
    /// In the value of `event`.
    Event,
    /// In what means nothing here.
    Other,
}

/// Reads events from the bytes pushed into it.
#[derive(Debug)]
pub struct Events {
    staging: Staging,
    line: Line,
    /// The byte before was a carriage return, after which a line feed belongs to it.
    after_return: bool,
    /// The data of the event under way.
    reader: Option<Reader>,
    /// The name of the event under way.
    name: Vec<u8>,
    /// The last partial image.
    partial: Option<StagedFile>,
    partials: u32,
    finished: Option<Body>,
    bytes_read: u64,
}

impl Events {
    /// A reader that lands images here.
    #[must_use]
    pub fn new(staging: Staging) -> Self {
        Self {
            staging,
            line: Line::Name(Vec::new()),
            after_return: false,
            reader: None,
            name: Vec::new(),
            partial: None,
            partials: 0,
            finished: None,
            bytes_read: 0,
        }
    }

    /// How many partial images have come.
    #[must_use]
    pub fn partials(&self) -> u32 {
        self.partials
    }

    /// Takes the next bytes, of any number.
    pub fn push(&mut self, bytes: &[u8]) -> Result<Progress, ReplyError> {
        let mut rest = bytes;
        while !rest.is_empty() && self.finished.is_none() {
            rest = self.step(rest)?;
        }
        self.bytes_read += (bytes.len() - rest.len()) as u64;
        Ok(if self.finished.is_some() { Progress::Complete } else { Progress::More })
    }

    /// The finished event's data. Where the stream ended before, it was cut short.
    pub fn finish(&mut self) -> Result<Body, ReplyError> {
        // The last event need not be followed by an empty line once its data is whole.
        if self.finished.is_none() {
            match self.dispatch() {
                Ok(()) | Err(ReplyError::CutShort { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        self.finished.take().ok_or(ReplyError::CutShort { bytes: self.bytes_read })
    }

    /// The images of a stream that broke: the one that was under way, of which it is not
    /// known whether it is whole, then the last partial one.
    #[must_use]
    pub fn rescue(self) -> Vec<StagedFile> {
        let under_way = self.reader.map(Reader::rescue).unwrap_or_default();
        under_way.into_iter().chain(self.partial).collect()
    }

    fn step<'bytes>(&mut self, bytes: &'bytes [u8]) -> Result<&'bytes [u8], ReplyError> {
        let Some((&byte, after)) = bytes.split_first() else { return Ok(bytes) };
        let returned = std::mem::replace(&mut self.after_return, byte == b'\r');
        if byte == b'\n' && returned {
            return Ok(after);
        }
        if matches!(byte, b'\n' | b'\r') {
            self.end_line()?;
            return Ok(after);
        }
        match &mut self.line {
            Line::Name(name) if byte == b':' => {
                self.line = match name.as_slice() {
                    b"data" => Line::BeforeData,
                    b"event" => {
                        self.name.clear();
                        Line::Event
                    }
                    _ => Line::Other,
                };
            }
            // A value without a field's name before it stands for itself.
            Line::Name(name) if name.is_empty() && byte == b'{' => {
                self.dispatch()?;
                self.line = Line::Data;
                self.begin_data();
                return Ok(bytes);
            }
            Line::Name(name) if name.len() < LONGEST_NAME => name.push(byte),
            Line::Name(_) => self.line = Line::Other,
            Line::Event if self.name.len() < LONGEST_VALUE => self.name.push(byte),
            Line::Event | Line::Other => {}
            Line::BeforeData => {
                self.line = Line::Data;
                // Lines of one event's data are joined by line feeds.
                self.begin_data().push(b"\n")?;
                return Ok(if byte == b' ' { after } else { bytes });
            }
            Line::Data => {
                let end = memchr::memchr2(b'\n', b'\r', bytes).unwrap_or(bytes.len());
                let (data, rest) = bytes.split_at_checked(end).unwrap_or((bytes, &[]));
                if let Some(reader) = &mut self.reader {
                    reader.push(data)?;
                }
                return Ok(rest);
            }
        }
        Ok(after)
    }

    /// The reader of the event under way.
    fn begin_data(&mut self) -> &mut Reader {
        self.reader.get_or_insert_with(|| {
            let partial = self.name.trim_ascii_end().ends_with(PARTIAL.as_bytes());
            Reader::new(if partial { self.staging.of_partials() } else { self.staging.clone() })
        })
    }

    fn end_line(&mut self) -> Result<(), ReplyError> {
        let empty = matches!(&self.line, Line::Name(name) if name.is_empty());
        self.line = Line::Name(Vec::new());
        if empty { self.dispatch() } else { Ok(()) }
    }

    /// Takes the event that an empty line ended.
    fn dispatch(&mut self) -> Result<(), ReplyError> {
        let name = std::mem::take(&mut self.name);
        let name = String::from_utf8_lossy(&name).trim().to_owned();
        let Some(mut reader) = self.reader.take() else { return Ok(()) };
        match reader.finish() {
            Ok(Body::Json(document)) => self.take(&name, document),
            // Some servers say that they are done, and are.
            Err(ReplyError::NotJson { quote, .. }) if quote.trim() == END => {}
            // An error in words.
            Ok(Body::Text(text)) if name == "error" => {
                self.fail(Document::of(json!({ "error": text })));
            }
            Ok(Body::Text(_) | Body::Empty) => {}
            Err(error) => {
                self.reader = Some(reader);
                return Err(error);
            }
        }
        Ok(())
    }

    fn take(&mut self, name: &str, mut document: Document) {
        let kind = document.value.get("type").and_then(Value::as_str).unwrap_or(name);
        if kind.ends_with(PARTIAL) {
            let text = document.value.get("b64_json").and_then(Value::as_str).unwrap_or_default();
            if let Some(staged) = handle::whole(text).and_then(|image| document.images.take(image)) {
                self.partial = Some(StagedFile { partial: true, ..staged });
                self.partials += 1;
            }
        } else if document.error().is_some() {
            self.fail(document);
        } else if kind == "error" || name == "error" {
            self.fail(Document::of(json!({ "error": document.value })));
        } else if kind.ends_with(".completed") || document.images.count() > 0 || has_data(&document.value) {
            self.finished = Some(Body::Json(document));
        }
        // Anything else says that the connection is alive.
    }

    /// Ends with an error, beside which the last partial image may be all there is.
    fn fail(&mut self, mut error: Document) {
        error.images.add(self.partial.take());
        self.finished = Some(Body::Json(error));
    }
}

/// Whether this is an ordinary reply of the Images API, sent as an event.
fn has_data(value: &Value) -> bool {
    value.get("data").and_then(Value::as_array).is_some_and(|data| !data.is_empty())
}
