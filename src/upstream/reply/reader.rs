//! The push parser: it walks JSON only as far as it must to know strings from structure and
//! the end of the top value. What it keeps is parsed, and judged, at the end.

use super::base64_run::Base64Run;
use super::character::leading_digits;
use super::document::{Body, Document};
use super::error::{MOST_IMAGES, MOST_KEPT_BYTES, ReplyError};
use super::handle;
use super::held::{Held, Place, Verdict};
use crate::domain::ImageFormat;
use crate::staging::{StagedFile, StagedWriter, Staging};

/// How much is kept of a reply that is not JSON, in bytes.
pub const MOST_WORDS_BYTES: usize = 2048;

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Whether more bytes are needed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// They are.
    More,
    /// The JSON value is closed. Further bytes are ignored, so the connection need not end.
    Complete,
}

/// Where in the reply the reading is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Nothing but white space has come.
    Start,
    /// In a reply that is not JSON.
    Words,
    /// In a reply that is an image's file.
    File,
    /// In JSON, outside strings.
    Structure,
    /// In a string, at text; `escaped` after a backslash.
    Text { escaped: bool },
    /// In a string, where an image may begin, go on or end.
    Held,
    /// In an image.
    Run,
    /// After the top value.
    Complete,
}

/// Reads one JSON value from the bytes pushed into it. After an error it is of no more use;
/// for another value (the next server-sent event) make another one, which costs nothing.
#[derive(Debug)]
pub struct Reader {
    staging: Staging,
    state: State,
    depth: usize,
    bytes_read: u64,
    kept: Vec<u8>,
    held: Held,
    run: Option<Base64Run>,
    file: Option<StagedWriter>,
    staged: Vec<StagedFile>,
}

impl Reader {
    /// A reader that lands images here.
    #[must_use]
    pub fn new(staging: Staging) -> Self {
        Self {
            staging,
            state: State::Start,
            depth: 0,
            bytes_read: 0,
            kept: Vec::new(),
            held: Held::default(),
            run: None,
            file: None,
            staged: Vec::new(),
        }
    }

    /// Bytes read so far, none of those after the value.
    #[must_use]
    pub fn bytes_read(&self) -> u64 {
        self.bytes_read
    }

    /// Takes the next bytes, of any number.
    pub fn push(&mut self, bytes: &[u8]) -> Result<Progress, ReplyError> {
        let mut rest = bytes;
        while !rest.is_empty() && self.state != State::Complete {
            rest = match self.state {
                State::Start => self.start(rest),
                State::Words => self.words(rest)?,
                State::File => self.file(rest)?,
                State::Structure => self.structure(rest)?,
                State::Text { escaped } => self.text(rest, escaped)?,
                State::Held => self.held(rest)?,
                State::Run => self.run(rest)?,
                State::Complete => rest,
            };
        }
        self.bytes_read += (bytes.len() - rest.len()) as u64;
        Ok(if self.state == State::Complete { Progress::Complete } else { Progress::More })
    }

    /// What was read: call it after [`Progress::Complete`] or when the bytes have ended.
    pub fn finish(&mut self) -> Result<Body, ReplyError> {
        match self.state {
            State::Start if self.kept.is_empty() => Ok(Body::Empty),
            State::Start | State::Words => {
                let text = String::from_utf8_lossy(&self.kept);
                // The limit may have cut a character in two.
                let text = text.trim_end_matches(char::REPLACEMENT_CHARACTER);
                Ok(Body::Text(text.to_owned()))
            }
            State::File => {
                self.end_file();
                Ok(Body::Json(Document::of_images(&mut self.staged)))
            }
            State::Complete => Document::parse(&self.kept, &mut self.staged).map(Body::Json),
            _ => Err(ReplyError::CutShort { bytes: self.bytes_read }),
        }
    }

    /// The images of a reply that broke: after an error, or where the bytes stopped coming.
    /// They are paid for. The last one may be cut short; nothing here can tell.
    #[must_use]
    pub fn rescue(mut self) -> Vec<StagedFile> {
        // An ending that cannot be written leaves the images before it.
        let _ = self.end_run();
        self.end_file();
        self.staged
    }

    /// Skips white space and a byte order mark, of which half may have come.
    fn start<'bytes>(&mut self, bytes: &'bytes [u8]) -> &'bytes [u8] {
        let Some((&byte, rest)) = bytes.split_first() else { return bytes };
        if self.kept.is_empty() && byte.is_ascii_whitespace() {
            return rest;
        }
        if self.kept.is_empty() && matches!(byte, b'{' | b'[') {
            self.state = State::Structure;
            return bytes;
        }
        self.kept.push(byte);
        if self.kept == BYTE_ORDER_MARK {
            self.kept.clear();
        } else if !BYTE_ORDER_MARK.starts_with(&self.kept) {
            self.state = State::Words;
        }
        rest
    }

    /// Keeps words, unless they announce an image.
    fn words<'bytes>(&mut self, bytes: &'bytes [u8]) -> Result<&'bytes [u8], ReplyError> {
        let missing = ImageFormat::SIGNATURE_BYTES.saturating_sub(self.kept.len());
        let room = if missing > 0 { missing } else { MOST_WORDS_BYTES - self.kept.len() };
        let (words, rest) = bytes.split_at_checked(room).unwrap_or((bytes, &[]));
        self.kept.extend_from_slice(words);
        if missing > 0 && ImageFormat::sniff(&self.kept).is_some() {
            let head = std::mem::take(&mut self.kept);
            self.state = State::File;
            self.file = Some(self.staging.begin());
            self.file(&head)?;
        }
        let full = self.kept.len() == MOST_WORDS_BYTES;
        Ok(if full { &[] } else { rest })
    }

    fn file(&mut self, bytes: &[u8]) -> Result<&'static [u8], ReplyError> {
        if let Some(file) = &mut self.file {
            file.write(bytes)?;
        }
        Ok(&[])
    }

    fn end_file(&mut self) {
        self.staged.extend(self.file.take().map(StagedWriter::finish));
    }

    fn structure<'bytes>(&mut self, bytes: &'bytes [u8]) -> Result<&'bytes [u8], ReplyError> {
        let place = bytes.iter().position(|byte| matches!(byte, b'"' | b'{' | b'}' | b'[' | b']'));
        let (byte, rest) = self.keep_through(bytes, place)?;
        match byte {
            Some(b'"') => self.hold(Place::BeforeRun),
            Some(b'{' | b'[') => self.depth += 1,
            Some(_) => {
                self.depth -= 1;
                if self.depth == 0 {
                    self.state = State::Complete;
                }
            }
            None => {}
        }
        Ok(rest)
    }

    fn text<'bytes>(&mut self, bytes: &'bytes [u8], escaped: bool) -> Result<&'bytes [u8], ReplyError> {
        let place = if escaped { Some(0) } else { memchr::memchr3(b'"', b'\\', b',', bytes) };
        let (byte, rest) = self.keep_through(bytes, place)?;
        self.state = State::Text { escaped: false };
        match byte {
            _ if escaped => {}
            Some(b'"') => self.state = State::Structure,
            Some(b'\\') => self.state = State::Text { escaped: true },
            Some(_) if self.kept.ends_with(b"base64,") => self.hold(Place::BeforeRun),
            _ => {}
        }
        Ok(rest)
    }

    fn held<'bytes>(&mut self, bytes: &'bytes [u8]) -> Result<&'bytes [u8], ReplyError> {
        let Some((&byte, rest)) = bytes.split_first() else { return Ok(bytes) };
        let escaped = self.held.after_backslash();
        match self.held.step(byte) {
            Verdict::Hold => {
                self.keep(&[byte])?;
                return Ok(rest);
            }
            Verdict::Run => {
                self.claim()?;
                self.state = State::Run;
                return Ok(rest);
            }
            Verdict::Padding => {
                self.claim()?;
                self.hold(Place::AfterPadding);
                return Ok(rest);
            }
            Verdict::End => {
                self.claim()?;
                self.end_run()?;
            }
            Verdict::Release => self.end_run()?,
        }
        self.state = State::Text { escaped };
        Ok(bytes)
    }

    fn run<'bytes>(&mut self, bytes: &'bytes [u8]) -> Result<&'bytes [u8], ReplyError> {
        let (digits, rest) = bytes.split_at_checked(leading_digits(bytes)).unwrap_or((bytes, &[]));
        self.digest(digits)?;
        if !rest.is_empty() {
            self.hold(Place::InRun);
        }
        Ok(rest)
    }

    /// Holds what follows.
    fn hold(&mut self, place: Place) {
        self.held.begin(place, self.kept.len());
        self.state = State::Held;
    }

    /// Gives what is held to the image, which begins here unless it is under way.
    fn claim(&mut self) -> Result<(), ReplyError> {
        self.kept.truncate(self.held.mark);
        if self.run.is_none() {
            if self.staged.len() == MOST_IMAGES {
                return Err(ReplyError::TooManyImages);
            }
            self.keep(handle::spell(self.staged.len()).as_bytes())?;
            self.run = Some(Base64Run::begin(&self.staging));
        }
        let digits = std::mem::take(&mut self.held.digits);
        self.digest(&digits)?;
        self.held.digits = digits;
        Ok(())
    }

    /// Gives digits to the image under way.
    fn digest(&mut self, digits: &[u8]) -> Result<(), ReplyError> {
        Ok(self.run.as_mut().map_or(Ok(()), |run| run.push(digits))?)
    }

    /// Ends the image under way, if any. A digit too many stays behind its handle, where
    /// whatever else breaks a run also stands.
    fn end_run(&mut self) -> Result<(), ReplyError> {
        if let Some(run) = self.run.take() {
            let (staged, dangling) = run.finish()?;
            self.staged.push(staged);
            if let Some(digit) = dangling {
                self.kept.insert(self.held.mark, digit);
            }
        }
        Ok(())
    }

    /// Keeps bytes up to and with the one at `place`, or all; gives that one and what follows.
    fn keep_through<'bytes>(
        &mut self,
        bytes: &'bytes [u8],
        place: Option<usize>,
    ) -> Result<(Option<u8>, &'bytes [u8]), ReplyError> {
        let cut = place.and_then(|place| bytes.split_at_checked(place + 1));
        let (kept, rest) = cut.unwrap_or((bytes, &[]));
        self.keep(kept)?;
        Ok((cut.and(kept.last().copied()), rest))
    }

    fn keep(&mut self, bytes: &[u8]) -> Result<(), ReplyError> {
        if self.kept.len() + bytes.len() > MOST_KEPT_BYTES {
            return Err(ReplyError::TooLong);
        }
        self.kept.extend_from_slice(bytes);
        Ok(())
    }
}
