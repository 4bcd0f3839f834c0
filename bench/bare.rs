//! The least that the jobs in `bench/run` can cost in Rust, as baselines.
//!
//! `serve` answers MCP on standard input and output with a server that can do nothing.
//! `receive PORT FILE` asks the upstream of the benchmark for its image and receives,
//! decodes, hashes and writes it, with no client, no record and no reading of JSON.

use std::error::Error;
use std::io::{self, BufRead as _, BufReader, Write as _};
use std::net::TcpStream;

use rmcp::transport::stdio_pipes;
use rmcp::{ServerHandler, ServiceExt as _};

/// Read at most at a time, and decoded and written at once.
const BLOCK: usize = 128 * 1024;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["serve"] => serve(),
        ["receive", port, file] => Ok(receive(port.parse()?, file)?),
        _ => Err("accepted are `serve` and `receive PORT FILE`".into()),
    }
}

struct Nothing;

impl ServerHandler for Nothing {}

fn serve() -> Result<(), Box<dyn Error>> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let served: Result<(), Box<dyn Error>> = runtime.block_on(async {
        Nothing.serve(stdio_pipes()).await?.waiting().await?;
        Ok(())
    });
    runtime.shutdown_background();
    served
}

fn receive(port: u16, path: &str) -> io::Result<()> {
    let mut connection = TcpStream::connect(("127.0.0.1", port))?;
    connection.write_all(
        b"POST /v1/images/generations HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: 2\r\n\r\n{}",
    )?;
    let mut connection = BufReader::with_capacity(BLOCK, connection);
    let mut file = std::fs::File::create_new(path)?;
    let mut hasher = blake3::Hasher::new();
    let mut begun = false;
    let mut digits = Vec::with_capacity(BLOCK);
    loop {
        let chunk = connection.fill_buf()?;
        digits.extend_from_slice(chunk);
        let came = chunk.len();
        connection.consume(came);
        if !begun {
            let start = memchr::memmem::find(&digits, b"64_json\":\"");
            digits.drain(..start.map_or(0, |start| start + 10));
            begun = true;
        }
        let end = memchr::memchr(b'"', &digits);
        let run = end.unwrap_or(digits.len() / 4 * 4);
        let later = digits.split_off(run);
        let padding = digits.iter().rev().take_while(|digit| **digit == b'=').count();
        digits.truncate(run - padding);
        let bytes = base64_simd::STANDARD_NO_PAD.decode_inplace(&mut digits).map_err(io::Error::other)?;
        hasher.update(bytes);
        file.write_all(bytes)?;
        if end.is_some() || came == 0 {
            break;
        }
        digits.clear();
        digits.extend(later);
    }
    writeln!(io::stdout(), "{}", hasher.finalize())
}
