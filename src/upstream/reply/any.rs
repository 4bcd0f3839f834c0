//! Reads a reply of which only its first bytes tell whether it comes whole or as events:
//! some servers send either under the other's content type, or what was not asked for.

use super::document::Body;
use super::error::ReplyError;
use super::events::Events;
use super::reader::{Progress, Reader};
use crate::staging::{StagedFile, Staging};

/// How the lines of events begin.
const FIELDS: [&[u8]; 5] = [b":", b"id:", b"data:", b"event:", b"retry:"];
const LONGEST_FIELD: usize = 6;

/// What the head of a reply says of its body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Announced {
    /// Nothing that means anything here.
    Nothing,
    /// Server-sent events.
    Events,
    /// A JSON value on each line.
    Lines,
}

/// Reads a reply from the bytes pushed into it.
#[derive(Debug)]
pub struct AnyReader {
    staging: Staging,
    announced: Announced,
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    /// Too little has come; holds it.
    Unknown(Vec<u8>),
    Whole(Box<Reader>),
    Events(Box<Events>),
}

impl AnyReader {
    /// A reader that lands images here.
    #[must_use]
    pub fn new(staging: Staging, announced: Announced) -> Self {
        Self { staging, announced, kind: Kind::Unknown(Vec::new()) }
    }

    /// Takes the next bytes, of any number.
    pub fn push(&mut self, bytes: &[u8]) -> Result<Progress, ReplyError> {
        match &mut self.kind {
            Kind::Unknown(head) => {
                head.extend_from_slice(bytes);
                let begun = head.trim_ascii_start();
                let json = matches!(begun, [b'{' | b'[', ..]);
                if !json && begun.len() < LONGEST_FIELD {
                    return Ok(Progress::More);
                }
                self.decide()
            }
            Kind::Whole(reader) => reader.push(bytes),
            Kind::Events(events) => events.push(bytes),
        }
    }

    /// How many partial images have come.
    #[must_use]
    pub fn partials(&self) -> u32 {
        match &self.kind {
            Kind::Unknown(_) | Kind::Whole(_) => 0,
            Kind::Events(events) => events.partials(),
        }
    }

    /// What was read: call it after [`Progress::Complete`] or when the bytes have ended.
    pub fn finish(&mut self) -> Result<Body, ReplyError> {
        if matches!(self.kind, Kind::Unknown(_)) {
            self.decide()?;
        }
        match &mut self.kind {
            Kind::Unknown(_) => Ok(Body::Empty),
            Kind::Whole(reader) => reader.finish(),
            Kind::Events(events) => events.finish(),
        }
    }

    /// The images of a reply that broke; see [`Reader::rescue`] and [`Events::rescue`].
    #[must_use]
    pub fn rescue(self) -> Vec<StagedFile> {
        match self.kind {
            Kind::Unknown(_) => Vec::new(),
            Kind::Whole(reader) => reader.rescue(),
            Kind::Events(events) => events.rescue(),
        }
    }

    /// Chooses by what has come, and reads it.
    fn decide(&mut self) -> Result<Progress, ReplyError> {
        let Kind::Unknown(head) = &mut self.kind else { return Ok(Progress::More) };
        let head = std::mem::take(head);
        let begun = head.trim_ascii_start();
        let events = match self.announced {
            Announced::Lines => true,
            _ if matches!(begun, [b'{' | b'[', ..]) => false,
            Announced::Events => true,
            Announced::Nothing => FIELDS.iter().any(|field| begun.starts_with(field)),
        };
        self.kind = if events {
            Kind::Events(Box::new(Events::new(self.staging.clone())))
        } else {
            Kind::Whole(Box::new(Reader::new(self.staging.clone())))
        };
        self.push(&head)
    }
}
