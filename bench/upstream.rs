//! An images API on loopback for `bench/run`: answers at once, always with the same image.
//!
//! A reply is made before the first call and sent in one write, so what is measured is the
//! client. It prints its port, answers every POST, and ends when its standard input closes.
//! Its arguments are the delay of every reply in milliseconds and the image's width and height.

use std::error::Error;
use std::io::{self, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use base64::prelude::{BASE64_STANDARD, Engine as _};

/// Levels of noise: so many make a 4K PNG of about 14 MB, as a detailed image does.
const NOISE: u8 = 10;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<u32> = std::env::args().skip(1).map(|text| text.parse()).collect::<Result<_, _>>()?;
    let [milliseconds, width, height] = arguments[..] else {
        return Err("accepted are three numbers".into());
    };
    let delay = Duration::from_millis(milliseconds.into());
    let reply: Arc<[u8]> = reply(&image(width, height)?).into();
    let listener = TcpListener::bind("127.0.0.1:0")?;
    writeln!(io::stdout(), "{}", listener.local_addr()?.port())?;
    std::thread::spawn(move || {
        for connection in listener.incoming().flatten() {
            let reply = Arc::clone(&reply);
            std::thread::spawn(move || serve(connection, &reply, delay));
        }
    });
    io::copy(&mut io::stdin(), &mut io::sink())?;
    Ok(())
}

/// A gradient with noise (xorshift), in RGB.
fn image(width: u32, height: u32) -> Result<Vec<u8>, png::EncodingError> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut pixels = Vec::new();
    for y in 0..height {
        for x in 0..width {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            let [red, green, blue, ..] = state.to_le_bytes();
            let across = u8::try_from(x * 200 / width).unwrap_or(u8::MAX);
            let down = u8::try_from(y * 200 / height).unwrap_or(u8::MAX);
            pixels.extend([across + (red % NOISE), down + (green % NOISE), 100 + (blue % NOISE)]);
        }
    }
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, width, height);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_compression(png::Compression::Fast);
    encoder.write_header()?.write_image_data(&pixels)?;
    Ok(file)
}

fn reply(image: &[u8]) -> Vec<u8> {
    let base64 = BASE64_STANDARD.encode(image);
    let usage = r#"{"input_tokens":9,"output_tokens":1372,"total_tokens":1381}"#;
    let body = format!(r#"{{"created":1776832476,"data":[{{"b64_json":"{base64}"}}],"usage":{usage}}}"#);
    let length = body.len();
    format!("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}")
        .into_bytes()
}

fn serve(mut connection: TcpStream, reply: &[u8], delay: Duration) -> io::Result<()> {
    connection.set_nodelay(true)?;
    let mut request = Vec::new();
    let mut buffer = [0; 16 * 1024];
    loop {
        match connection.read(&mut buffer)? {
            0 => return Ok(()),
            bytes => request.extend(buffer.iter().take(bytes)),
        }
        if is_whole(&request) {
            request.clear();
            std::thread::sleep(delay);
            connection.write_all(reply)?;
        }
    }
}

fn is_whole(request: &[u8]) -> bool {
    let request = String::from_utf8_lossy(request);
    let Some((head, body)) = request.split_once("\r\n\r\n") else { return false };
    let length = head.lines().filter_map(|line| line.split_once(':')).find_map(|(name, value)| {
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse().ok())?
    });
    body.len() >= length.unwrap_or(0)
}
