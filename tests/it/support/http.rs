//! HTTP/1.1 requests as they come off the wire, read without any library's leniency.

use serde_json::Value;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, BufReader};
use tokio::net::tcp::OwnedReadHalf;

/// A whole request.
#[derive(Clone, Debug)]
pub struct Recorded {
    pub method: String,
    /// Path and query, or the whole address where a proxy is asked.
    pub target: String,
    /// In order; names in lower case.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

/// One part of a multipart form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FormPart {
    pub name: String,
    pub file_name: Option<String>,
    pub content_type: Option<String>,
    pub bytes: Vec<u8>,
}

impl Recorded {
    /// `None` where the connection closes before a whole request came.
    pub async fn read(from: &mut BufReader<OwnedReadHalf>) -> Option<Self> {
        let mut lines = Vec::new();
        loop {
            let mut line = String::new();
            if from.read_line(&mut line).await.ok()? == 0 {
                return None;
            }
            match line.trim_end() {
                "" => break,
                line => lines.push(line.to_owned()),
            }
        }
        let mut first = lines.first()?.split(' ');
        let (method, target) = (first.next()?.to_owned(), first.next()?.to_owned());
        let headers = lines.iter().skip(1).map(|line| {
            let (name, value) = line.split_once(':').unwrap();
            (name.to_ascii_lowercase(), value.trim().to_owned())
        });
        let mut request = Self { method, target, headers: headers.collect(), body: Vec::new() };
        if let Some(length) = request.header("content-length") {
            request.body = vec![0; length.parse().unwrap()];
            from.read_exact(&mut request.body).await.ok()?;
        } else if request.header("transfer-encoding").is_some() {
            request.body = chunked(from).await?;
        }
        Some(request)
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    /// The parts of a multipart form, in order.
    pub fn parts(&self) -> Vec<FormPart> {
        let kind = self.header("content-type").unwrap();
        let boundary = kind.strip_prefix("multipart/form-data; boundary=").unwrap();
        let delimiter = format!("\r\n--{}", boundary.trim_matches('"'));
        let body = [b"\r\n", self.body.as_slice()].concat();
        let mut parts = Vec::new();
        let starts: Vec<_> = memchr::memmem::find_iter(&body, delimiter.as_bytes()).collect();
        for pair in starts.windows(2) {
            let part = &body[pair[0] + delimiter.len() + 2..pair[1]];
            let head_end = memchr::memmem::find(part, b"\r\n\r\n").unwrap();
            let head = std::str::from_utf8(&part[..head_end]).unwrap();
            let quoted = |name: &str| {
                let (_, rest) = head.split_once(&format!("{name}=\""))?;
                Some(rest.split('"').next().unwrap().to_owned())
            };
            let content_type =
                head.lines().find_map(|line| line.split_once("Content-Type: ").map(|(_, kind)| kind));
            parts.push(FormPart {
                name: quoted(" name").unwrap(),
                file_name: quoted("filename"),
                content_type: content_type.map(str::to_owned),
                bytes: part[head_end + 4..].to_vec(),
            });
        }
        parts
    }

    /// The parts of this name.
    pub fn parts_named(&self, name: &str) -> Vec<FormPart> {
        self.parts().into_iter().filter(|part| part.name == name).collect()
    }
}

async fn chunked(from: &mut BufReader<OwnedReadHalf>) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let mut size = String::new();
        from.read_line(&mut size).await.ok()?;
        let size = usize::from_str_radix(size.trim(), 16).unwrap();
        let mut chunk = vec![0; size + 2];
        from.read_exact(&mut chunk).await.ok()?;
        if size == 0 {
            return Some(body);
        }
        body.extend_from_slice(&chunk[..size]);
    }
}
