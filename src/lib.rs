//! gpt-image-mcp: images for agents over the Model Context Protocol.
//!
//! The modules are layers, bottom to top. A layer imports only layers above it in this list, and a test enforces that.
//! ARCHITECTURE.md describes them.

pub mod domain; // plain types: no I/O, no async, no wire format
pub mod catalog; // providers and models as data
pub mod routing; // pure: request + catalogue + keys -> route, reasons, price
pub mod codec; // image bytes and pixels
pub mod staging; // files while they are received
pub mod references; // what a caller may name
pub mod store; // jobs, attempts, images and money on record, and the files
pub mod upstream; // the image APIs
pub mod sandbox; // beside upstream: the image APIs on loopback
pub mod jobs; // paid work, which belongs to the server and not to the request
pub mod tools; // what a client can call, and the words of the answers
pub mod transports; // how a client's bytes reach the tools
pub mod app; // settings, commands and the wiring
