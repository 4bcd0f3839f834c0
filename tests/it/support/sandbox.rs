//! A sandbox of the library that remembers the requests it received.

use std::sync::Mutex;
use std::sync::mpsc::{Receiver, channel};

use gpt_image_mcp::sandbox::{self, ReceivedRequest, SandboxOptions};

#[derive(Debug)]
pub struct Sandbox {
    running: sandbox::Sandbox,
    requests: Mutex<(Receiver<ReceivedRequest>, Vec<ReceivedRequest>)>,
}

impl Sandbox {
    pub async fn start(options: SandboxOptions) -> std::io::Result<Self> {
        let (sender, receiver) = channel();
        let running = sandbox::Sandbox::start(SandboxOptions { requests: Some(sender), ..options }).await?;
        Ok(Self { running, requests: Mutex::new((receiver, Vec::new())) })
    }

    pub fn base_url(&self) -> String {
        self.running.base_url()
    }

    /// The requests so far, oldest first.
    pub fn seen(&self) -> Vec<ReceivedRequest> {
        let (receiver, requests) = &mut *self.requests.lock().unwrap();
        requests.extend(receiver.try_iter());
        requests.clone()
    }
}
