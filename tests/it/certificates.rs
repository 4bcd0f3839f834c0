//! Certificates of the user's own: a file of them is trusted, and a bad one is named.

use serde_json::json;

use crate::support::{Setup, Upstream};

#[tokio::test]
async fn a_bad_certificate_file_is_named_with_what_is_wrong_with_it() {
    let upstream = Upstream::start().await;
    let setup = Setup::at(&upstream);
    setup.home.put("text.pem", "these are no certificates");
    setup.home.put("broken.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
    for name in ["missing.pem", "text.pem", "broken.pem"] {
        let path = setup.home.work().join(name);
        let setup = setup.clone().variable("GPT_IMAGE_MCP_CA_FILE", &path.to_string_lossy());
        let answer = setup.start().await.generate(json!({ "prompt": "a kite" })).await;
        let words = answer.refusal();
        assert!(words.contains("CA file") && words.contains(name), "{name}: {words}");
        assert!(
            words.contains("GPT_IMAGE_MCP_CA_FILE") && words.contains("Nothing was charged"),
            "{name}: {words}"
        );
    }
    assert!(upstream.requests().is_empty());
}

// Elsewhere the system judges certificates too, and takes none that is valid for so long.
#[cfg(target_os = "linux")]
mod over_tls {
    use std::io::{Read as _, Write as _};
    use std::net::{SocketAddr, TcpListener};
    use std::path::{Path, PathBuf};
    use std::sync::Arc;

    use rustls::pki_types::pem::PemObject as _;
    use rustls::pki_types::{CertificateDer, PrivateKeyDer};
    use rustls::{ServerConfig, ServerConnection, StreamOwned};
    use serde_json::json;

    use crate::support::{Setup, png, success_body};

    fn fixture(name: &str) -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/tls").join(name)
    }

    /// Answers every connection with this body.
    fn serve(body: String) -> SocketAddr {
        let certificates = CertificateDer::pem_file_iter(fixture("server.pem")).unwrap().map(Result::unwrap);
        let key = PrivateKeyDer::from_pem_file(fixture("server.key")).unwrap();
        let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(certificates.collect(), key)
            .unwrap();
        let config = Arc::new(config);
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        std::thread::spawn(move || {
            for socket in listener.incoming().flatten() {
                let mut stream =
                    StreamOwned::new(ServerConnection::new(Arc::clone(&config)).unwrap(), socket);
                // The requests of these tests fit in one record; a client that trusts nobody sends none.
                if matches!(stream.read(&mut [0; 4096]), Ok(1..)) {
                    let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close";
                    let _ = write!(stream, "{head}\r\ncontent-length: {}\r\n\r\n{body}", body.len());
                    stream.conn.send_close_notify();
                    let _ = stream.flush();
                }
            }
        });
        address
    }

    #[tokio::test]
    async fn an_upstream_signed_by_the_users_own_authority_is_trusted_where_its_file_is_set() {
        let image = png(64, 48, 1);
        let address = serve(success_body("chat_markdown_data_url.json", &image, ""));
        let setup = Setup::bare()
            .variable("APIYI_API_KEY", "sk-test")
            .variable("APIYI_BASE_URL", &format!("https://{address}/v1"));
        let untrusted = setup.start().await.generate(json!({ "prompt": "a kite" })).await;
        assert!(untrusted.refusal().contains("certificate"), "{}", untrusted.text());
        assert!(untrusted.refusal().contains("Nothing was charged"), "{}", untrusted.text());

        let setup = setup.variable("GPT_IMAGE_MCP_CA_FILE", &fixture("authority.pem").to_string_lossy());
        let mut app = setup.start().await;
        assert_eq!(app.generate(json!({ "prompt": "a kite" })).await.file(), image);
    }
}
