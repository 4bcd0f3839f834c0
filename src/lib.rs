//! gpt-image-mcp: images for agents over the Model Context Protocol.
//!
//! The modules are layers, bottom to top; a layer names only layers above it in this list,
//! and a test keeps it so. ARCHITECTURE.md is the map in words.

pub mod domain; // 0  plain words: no I/O, no async, no wire format
pub mod catalog; // 1  providers and models as data
pub mod routing; // 2  pure: request + catalogue + keys -> route, reasons, price
pub mod codec; // image bytes and pixels
pub mod staging; // files while they are received
pub mod references; // what a caller may name
pub mod store; // jobs, attempts, images and money on record, and the files
pub mod upstream; // the image APIs
pub mod sandbox; // beside upstream: the image APIs on loopback
pub mod jobs; // paid work, which belongs to the server and not to the request
pub mod tools; // 6  what a client can call, and the words it is answered in
pub mod transports; // 7  how a client's bytes reach the tools
pub mod app; // 8  settings, commands and the wiring
