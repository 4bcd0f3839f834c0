//! gpt-image-mcp: pictures for agents over the Model Context Protocol.
//!
//! The modules are floors, bottom to top; a floor names only floors above it in this list,
//! and a test keeps it so. ARCHITECTURE.md is the map in words.

pub mod catalog; // 1  providers and models as data
pub mod domain; // 0  plain words: no I/O, no async, no wire format
pub mod images;
pub mod routing; // 2  pure: request + catalogue + keys -> route, reasons, price
pub mod sandbox; // 3  beside upstream: a loopback server that speaks the real wire formats
pub mod upstream; // 3  the image APIs // 4  bytes in, bytes kept
