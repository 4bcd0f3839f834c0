//! Keys appear in the requests they sign and nowhere else.

use gpt_image_mcp::app::{Cli, Config, Environment, Settings};
use serde_json::json;

use crate::support::{Ran, Reply, Setup, Upstream, error_body, png, success_body};

const KEYS: [&str; 5] =
    ["sk-secret-one", "sk-secret-two", "sk-secret-three", "sk-secret-four", "header-secret-five"];

fn locked(upstream: &Upstream) -> Setup {
    Setup::bare()
        .variable("APIYI_API_KEY", KEYS[0])
        .variable("APIYI_OFFICIAL_API_KEY", KEYS[1])
        .variable("OPENAI_API_KEY", KEYS[2])
        .variable("LOCAL_KEY", KEYS[3])
        .variable("GPT_IMAGE_MCP_HEADERS", &format!("X-Gateway-Key: {}", KEYS[4]))
        .variable("APIYI_BASE_URL", &upstream.base_url())
        .variable("OPENAI_BASE_URL", &upstream.base_url())
        .variable("GPT_IMAGE_MCP_LOG", "trace")
        .settings(&format!(
            "[[provider]]\nid = \"local\"\nbase_url = {:?}\nkey_variables = \"LOCAL_KEY\"\nauth = {{ header = \"api-key\" }}\n\
             [[model]]\nprovider = \"local\"\nid = \"mine\"\nlike = \"openai/gpt-image-2\"\n",
            upstream.base_url()
        ))
}

fn holds_no_key(where_: &str, text: &str) {
    for key in KEYS {
        let around = text.find(key).map(|at| text.get(at.saturating_sub(200)..at + key.len()));
        assert!(around.is_none(), "{key} is in {where_}: {around:?}");
    }
}

fn nothing_shows(ran: &Ran) {
    holds_no_key("stdout", &ran.stdout);
    holds_no_key("the log", &ran.stderr);
}

#[tokio::test]
async fn no_key_is_logged_or_answered_whatever_happens() {
    let upstream = Upstream::start().await;
    let image = png(64, 48, 1);
    upstream.serve("/u.png", Reply::new(200, "image/png", image.clone()));
    let replies = [
        Reply::json(200, success_body("images_official.json", &image, "")),
        Reply::json(200, success_body("chat_markdown_link.json", &[], &format!("{}/u.png", upstream.url()))),
        Reply::json(401, error_body("unauthorized.json")),
        Reply::new(200, "text/html", "<html>hello</html>"),
        Reply::json(200, success_body("images_official.json", &image, "")).cut_after(100),
        Reply::new(302, "text/plain", "").header("location", "https://elsewhere.invalid/"),
    ];
    for format in ["text", "json"] {
        let mut app = locked(&upstream).variable("GPT_IMAGE_MCP_LOG_FORMAT", format).start().await;
        let models = ["apiyi/gpt-image-2-all", "apiyi/gpt-image-2", "openai/gpt-image-2", "local/mine"];
        for reply in &replies {
            for model in models {
                upstream.then(reply.clone());
                app.generate(json!({ "prompt": "a kite", "model": model, "output": "file" })).await;
            }
        }
        let ran = app.end().await;
        assert!(ran.stderr.contains("unauthorised"), "the log tells what happened");
        nothing_shows(&ran);
    }
    let signed = upstream.requests();
    for key in KEYS {
        assert!(
            signed.iter().any(|request| format!("{:?}", request.headers).contains(key)),
            "{key} signs requests"
        );
    }
}

#[tokio::test]
async fn a_key_that_the_upstream_repeats_is_not_passed_on() {
    let body = json!({ "error": { "message": format!("Incorrect API key provided: {}.", KEYS[0]), "code": "invalid_api_key" } });
    let upstream = Upstream::with([Reply::json(401, body.to_string())]).await;
    let mut app = locked(&upstream).start().await;
    assert!(app.generate(json!({ "prompt": "a kite" })).await.refusal().contains("APIYI_API_KEY"));
    nothing_shows(&app.end().await);
}

#[tokio::test]
async fn no_key_is_written_to_the_store() {
    let upstream =
        Upstream::with([Reply::json(200, success_body("images_official.json", &png(64, 48, 1), ""))]).await;
    let setup = locked(&upstream);
    let mut app = setup.start().await;
    app.generate(json!({ "prompt": "a kite" })).await.fields();
    app.end().await;
    let store = setup.home.store();
    let files: Vec<_> = std::fs::read_dir(&store).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert!(files.iter().any(|path| path.is_file()), "there is a record");
    for path in files.iter().filter(|path| path.is_file()) {
        holds_no_key(&path.display().to_string(), &String::from_utf8_lossy(&std::fs::read(path).unwrap()));
    }
}

#[tokio::test]
async fn commands_and_complaints_show_no_key() {
    let upstream = Upstream::start().await;
    let setup = locked(&upstream);
    for arguments in [
        ["--help"].as_slice(),
        &["schemas"],
        &["route", "generate_image", r#"{"prompt":"a kite"}"#],
        &["--log-format=xml"],
        &["--provider=nobody"],
        &["no-such-command"],
    ] {
        nothing_shows(&setup.run(arguments).await);
    }
    let bad_header = setup.clone().variable("GPT_IMAGE_MCP_HEADERS", KEYS[4]);
    nothing_shows(&bad_header.run(&["schemas"]).await);
    for text in [
        format!("apiyi_api_key = \"{}\n", KEYS[0]),
        format!("apiyi_api_key = {}\n", KEYS[0]),
        format!("openai_key = \"{}\"\n", KEYS[2]),
        format!("[[provider]]\nid = \"x\"\nbase_url = \"http://x\"\nkey_variables = [\"{}\"]\n", KEYS[3]),
        format!("[[provider]]\nid = \"x\"\nbase_url = \"http://x\"\nkey = \"{}\"\n", KEYS[3]),
    ] {
        let ran = Setup::bare().settings(&text).run(&["schemas"]).await;
        assert_eq!(ran.code, 2, "{text}");
        nothing_shows(&ran);
    }
}

#[test]
fn debug_output_of_everything_that_holds_keys_shows_none() {
    let arguments = [
        "gpt-image-mcp".to_owned(),
        format!("--apiyi-api-key={}", KEYS[0]),
        format!("--openai-api-key={}", KEYS[2]),
        format!("--header=X-Gateway-Key: {}", KEYS[4]),
    ];
    let cli = <Cli as clap::Parser>::try_parse_from(arguments).unwrap();
    holds_no_key("the arguments", &format!("{cli:#?}"));
    let variables = [("APIYI_OFFICIAL_API_KEY".to_owned(), KEYS[1].to_owned())];
    let environment = Environment { variables: variables.into(), ..Environment::default() };
    holds_no_key("the environment", &format!("{environment:#?}"));
    let settings: Settings = cli.settings;
    holds_no_key("the settings", &format!("{settings:#?}"));
    let file = gpt_image_mcp::app::SettingsFile::load(None, None).unwrap();
    let config = Config::resolve(settings, file, &environment).unwrap();
    assert_eq!(config.keys.len(), 3);
    holds_no_key("the configuration", &format!("{config:#?}"));
    let app = gpt_image_mcp::app::App::build(config);
    holds_no_key("the application", &format!("{app:#?}"));
}
