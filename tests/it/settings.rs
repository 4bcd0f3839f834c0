//! Settings: which one wins, proxies, headers, and providers of the user's own.

use serde_json::{Value, json};

use crate::support::{Gate, Reply, Setup, Upstream, png, success_body};

fn drawn() -> Reply {
    Reply::json(200, success_body("chat_markdown_data_url.json", &png(64, 48, 1), ""))
}

fn official() -> Reply {
    Reply::json(200, success_body("images_official.json", &png(64, 48, 1), ""))
}

async fn draw(setup: &Setup) -> Value {
    let mut app = setup.start().await;
    let drawn = app.generate(json!({ "prompt": "a kite" })).await.fields();
    // Killed, it may not have recorded yet that the image was handed over.
    app.end().await;
    drawn
}

#[tokio::test]
async fn flags_win_over_variables_over_the_settings_file_over_defaults() {
    let [flag, variable, file] =
        [Upstream::with([drawn()]).await, Upstream::with([drawn()]).await, Upstream::with([drawn()]).await];
    let setup = Setup::bare()
        .settings(&format!("apiyi_base_url = {:?}\napiyi_api_key = \"sk-file\"\n", file.base_url()));
    draw(&setup).await;
    assert_eq!(file.only_request().header("authorization"), Some("Bearer sk-file"));

    let setup =
        setup.variable("APIYI_BASE_URL", &variable.base_url()).variable("APIYI_API_KEY", "sk-variable");
    draw(&setup).await;
    assert_eq!(variable.only_request().header("authorization"), Some("Bearer sk-variable"));

    let setup = setup.flag(format!("--apiyi-base-url={}", flag.base_url())).flag("--apiyi-api-key=sk-flag");
    draw(&setup).await;
    assert_eq!(flag.only_request().header("authorization"), Some("Bearer sk-flag"));
    assert_eq!((file.requests().len(), variable.requests().len()), (1, 1));
}

#[tokio::test]
async fn the_setting_of_the_output_holds_where_a_call_says_nothing() {
    let upstream = Upstream::with([drawn(), drawn()]).await;
    let mut app = Setup::at(&upstream).settings("output = \"file\"\n").start().await;
    assert!(app.generate(json!({ "prompt": "a kite" })).await.shown().is_empty());
    assert_eq!(app.generate(json!({ "prompt": "a kite", "output": "preview" })).await.shown().len(), 1);
}

#[tokio::test]
async fn previews_and_inline_images_are_as_small_as_they_are_set() {
    let image = crate::support::jpeg(1200, 800, 1);
    let reply = Reply::json(200, success_body("chat_markdown_data_url.json", &image, ""));
    let upstream = Upstream::with([reply.clone(), reply]).await;
    let settings = "preview_edge = 300\npreview_bytes = 4096\ninline_bytes = 65536\n";
    let mut app = Setup::at(&upstream).settings(settings).start().await;
    for output in ["preview", "inline"] {
        let answer = app.generate(json!({ "prompt": "a kite", "output": output })).await;
        let (_, shown) = answer.shown().remove(0);
        let (width, height) = crate::support::pixels_of(&shown);
        assert!(
            width <= 300 && height <= 200 && shown.len() <= 3072,
            "{output}: {width}x{height}, {}",
            shown.len()
        );
    }
}

#[tokio::test]
async fn the_time_a_model_is_given_can_be_set_and_a_late_reply_may_have_been_charged() {
    let upstream = Upstream::with([drawn().held_by(&Gate::shut())]).await;
    let setup = Setup::at(&upstream)
        .once()
        .settings("[[model]]\nprovider = \"apiyi\"\nid = \"gpt-image-2-all\"\ntimeouts = { auto = 1 }\n");
    let answer = setup.start().await.generate(json!({ "prompt": "a kite" })).await;
    let words = answer.refusal();
    assert!(words.contains("after 1 s") && words.contains("may have been charged"), "{words}");
    assert_eq!(upstream.requests().len(), 1);
}

#[tokio::test]
async fn logs_are_lines_of_json_where_the_setting_asks_for_them() {
    let upstream = Upstream::with([drawn()]).await;
    let setup = Setup::at(&upstream).variable("GPT_IMAGE_MCP_LOG", "info").flag("--log-format=json");
    let mut app = setup.start().await;
    app.generate(json!({ "prompt": "a kite" })).await.fields();
    let log = app.end().await.stderr;
    assert!(log.contains("gpt-image-2-all"), "{log}");
    for line in log.lines() {
        serde_json::from_str::<Value>(line).unwrap_or_else(|error| panic!("{error}: {line}"));
    }
}

#[tokio::test]
async fn a_variable_that_nobody_filled_in_is_not_set() {
    let upstream = Upstream::with([drawn()]).await;
    let mut setup = Setup::at(&upstream);
    for name in [
        "APIYI_OFFICIAL_API_KEY",
        "OPENAI_API_KEY",
        "OPENAI_BASE_URL",
        "GPT_IMAGE_MCP_CONFIG",
        "GPT_IMAGE_MCP_PROVIDER",
        "GPT_IMAGE_MCP_SANDBOX",
        "GPT_IMAGE_MCP_SANDBOX_DELAY_S",
        "GPT_IMAGE_MCP_HEADERS",
        "GPT_IMAGE_MCP_CA_FILE",
        "GPT_IMAGE_MCP_STORE",
        "GPT_IMAGE_MCP_ROOTS",
        "GPT_IMAGE_MCP_OUTPUT",
        "GPT_IMAGE_MCP_PREVIEW_EDGE",
        "GPT_IMAGE_MCP_PREVIEW_BYTES",
        "GPT_IMAGE_MCP_INLINE_BYTES",
        "GPT_IMAGE_MCP_RESOURCE_LINKS",
        "GPT_IMAGE_MCP_MAX_COST_USD",
        "GPT_IMAGE_MCP_LOG",
        "GPT_IMAGE_MCP_LOG_FORMAT",
    ] {
        setup = setup.variable(name, "");
    }
    assert_eq!(draw(&setup).await["provider"], "apiyi");
}

#[tokio::test]
async fn the_store_and_the_folders_are_where_they_are_set() {
    let upstream = Upstream::with([drawn(), drawn()]).await;
    let setup = Setup::at(&upstream);
    let elsewhere = setup.home.elsewhere();
    let setup = setup
        .flag(format!("--store={}", elsewhere.join("library").display()))
        .flag(format!("--root={}", elsewhere.display()));
    let mut app = setup.start().await;
    let kept = app.generate(json!({ "prompt": "a kite" })).await;
    assert!(kept.path().starts_with(elsewhere.join("library")), "{}", kept.text());
    let saved = app.generate(json!({ "prompt": "a kite", "save_to": elsewhere.join("kite.png") })).await;
    assert_eq!(saved.path(), elsewhere.join("kite.png"));
    let refused = app.generate(json!({ "prompt": "a kite", "save_to": "~/kite.png" })).await;
    assert!(refused.refusal().contains("outside the allowed folders"), "{}", refused.text());
}

#[tokio::test]
async fn a_bad_settings_file_ends_the_program_with_code_2_and_the_line() {
    let cases = [
        ("output = \"file\"\nouput = \"file\"\n", "line 2", "ouput"),
        ("\n\noutput = \"pictures\"\n", "line 3", "pictures"),
        ("preview_edge = \"large\"\n", "line 1", "\"large\""),
        ("roots = [\n", "line", ""),
        ("[[provider]]\nid = \"x\"\nbase_url = \"ftp://x\"\n", "line 3", "ftp"),
        ("[[provider]]\nid = \"x\"\nbase_urls = \"http://x\"\n", "line 3", "base_urls"),
        ("[[model]]\nprovider = \"nobody\"\nid = \"m\"\n", "line", "nobody"),
        (
            "[[provider]]\nid = \"x\"\nbase_url = \"http://x\"\nkey_variables = [\"sk-pasted-key\"]\n",
            "line 4",
            "environment variable",
        ),
    ];
    for (text, line, word) in cases {
        let setup = Setup::bare().settings(text);
        for arguments in [[].as_slice(), &["schemas"]] {
            let ran = setup.run(arguments).await;
            assert_eq!(ran.code, 2, "{text}: {}", ran.stderr);
            assert!(
                ran.stderr.contains("config.toml") && ran.stderr.contains(line),
                "{text}: {}",
                ran.stderr
            );
            assert!(ran.stderr.contains(word), "{text}: {}", ran.stderr);
            assert!(!ran.stderr.contains("sk-pasted-key"), "{}", ran.stderr);
            assert_eq!(ran.stdout, "");
        }
    }
}

#[tokio::test]
async fn a_settings_file_that_was_named_must_be_there() {
    let ran = Setup::bare().run(&["--config", "no-such.toml"]).await;
    assert_eq!(ran.code, 2);
    assert!(ran.stderr.contains("no-such.toml"), "{}", ran.stderr);
}

#[tokio::test]
async fn a_setting_that_makes_no_sense_ends_the_program_with_code_2_and_its_name() {
    let cases: [(&[&str], &[&str]); 11] = [
        (&["--apiyi-base-url=api.example.com"], &["apiyi_base_url", "api.example.com", "https"]),
        (&["--openai-base-url=ftp://x"], &["openai_base_url", "ftp://x"]),
        (&["--provider=nobody"], &["provider", "nobody", "sandbox, apiyi, openai"]),
        (&["--output=base64"], &["output", "base64", "preview"]),
        (&["--preview-edge=5"], &["preview-edge", "5", "16"]),
        (&["--max-cost-usd=-1"], &["max_cost_usd", "-1"]),
        (&["--sandbox", "--sandbox-delay-s=-1"], &["sandbox_delay_s", "-1"]),
        (&["--header=no colon here"], &["headers", "Name: value"]),
        (&["--log=a=b=c"], &["log"]),
        (&["--log-format=xml"], &["log-format", "xml", "json"]),
        (&["--no-such-flag"], &["--no-such-flag"]),
    ];
    for (flags, said) in cases {
        let ran = Setup::bare().run(flags).await;
        assert_eq!(ran.code, 2, "{flags:?}: {}", ran.stderr);
        for word in said {
            assert!(ran.stderr.contains(word), "{flags:?}: no {word:?} in {}", ran.stderr);
        }
    }
}

#[tokio::test]
async fn extra_headers_arrive_from_flag_variable_and_file() {
    let setups = [
        Setup::bare().flag("--header=X-Team: blue").flag("--header=X-Trace: a:b"),
        Setup::bare().variable("GPT_IMAGE_MCP_HEADERS", "X-Team: blue; X-Trace: a:b"),
        Setup::bare().settings("headers = [\"X-Team: blue\", \"X-Trace: a:b\"]\n"),
    ];
    for setup in setups {
        let upstream = Upstream::with([drawn(), official()]).await;
        let setup =
            setup.variable("APIYI_API_KEY", "sk-test").variable("APIYI_BASE_URL", &upstream.base_url());
        let mut app = setup.start().await;
        app.generate(json!({ "prompt": "a kite" })).await.fields();
        app.generate(json!({ "prompt": "a kite", "quality": "low" })).await.fields();
        for request in upstream.requests() {
            assert_eq!((request.header("x-team"), request.header("x-trace")), (Some("blue"), Some("a:b")));
        }
    }
}

#[tokio::test]
async fn a_base_url_may_end_in_a_slash() {
    let upstream = Upstream::with([drawn()]).await;
    let setup = Setup::at(&upstream).variable("APIYI_BASE_URL", &format!("{}/", upstream.base_url()));
    draw(&setup).await;
    assert_eq!(upstream.only_request().target, "/v1/chat/completions");
}

#[tokio::test]
async fn one_provider_alone_can_be_chosen() {
    let upstream = Upstream::with([official()]).await;
    let setup = Setup::at(&upstream)
        .variable("OPENAI_API_KEY", "sk-openai")
        .variable("OPENAI_BASE_URL", &upstream.base_url())
        .flag("--provider=openai");
    assert_eq!(draw(&setup).await["provider"], "openai");
    let sandbox = Setup::bare().flag("--provider=sandbox");
    assert_eq!(draw(&sandbox).await["sandbox"], true);
}

#[tokio::test]
async fn calls_go_through_the_proxy_of_the_environment() {
    for variable in ["HTTP_PROXY", "http_proxy"] {
        let proxy = Upstream::with([drawn()]).await;
        let setup = Setup::bare()
            .variable("APIYI_API_KEY", "sk-test")
            .variable("APIYI_BASE_URL", "http://images.invalid/v1")
            .variable(variable, &proxy.url());
        draw(&setup).await;
        let request = proxy.only_request();
        assert_eq!(request.target, "http://images.invalid/v1/chat/completions", "{variable}");
        assert_eq!(request.header("host"), Some("images.invalid"));
    }
}

#[tokio::test]
async fn images_are_fetched_through_the_proxy_too() {
    let image = png(64, 48, 1);
    let proxy = Upstream::start().await;
    proxy.serve("http://cdn.invalid/u.png?sig=1", Reply::new(200, "image/png", image.clone()));
    proxy.then(Reply::json(
        200,
        success_body("chat_markdown_link.json", &[], "http://cdn.invalid/u.png?sig=1"),
    ));
    let setup = Setup::bare()
        .variable("APIYI_API_KEY", "sk-test")
        .variable("APIYI_BASE_URL", "http://images.invalid/v1")
        .variable("HTTP_PROXY", &proxy.url());
    let mut app = setup.start().await;
    assert_eq!(app.generate(json!({ "prompt": "a kite" })).await.file(), image);
    assert!(!format!("{:?}", proxy.requests()[1].headers).contains("sk-test"));
}

#[tokio::test]
async fn calls_over_tls_ask_the_proxy_for_a_tunnel_and_show_it_no_key() {
    for variable in ["HTTPS_PROXY", "https_proxy", "ALL_PROXY"] {
        let proxy = Upstream::with([Reply::new(403, "text/plain", "no tunnels here")]).await;
        let setup = Setup::bare()
            .variable("APIYI_API_KEY", "sk-test")
            .variable("APIYI_BASE_URL", "https://images.invalid/v1")
            .variable(variable, &proxy.url())
            .once();
        let answer = setup.start().await.generate(json!({ "prompt": "a kite" })).await;
        assert!(answer.refusal().contains("Nothing was charged"), "{}", answer.text());
        assert!(answer.refusal().contains("proxy"), "{}", answer.text());
        let tunnel = proxy.only_request();
        assert_eq!(
            (tunnel.method.as_str(), tunnel.target.as_str()),
            ("CONNECT", "images.invalid:443"),
            "{variable}"
        );
        assert!(!format!("{:?}", tunnel.headers).contains("sk-test"));
    }
}

#[tokio::test]
async fn hosts_excepted_from_the_proxy_are_reached_directly() {
    for variable in ["NO_PROXY", "no_proxy"] {
        let (proxy, upstream) = (Upstream::start().await, Upstream::with([drawn()]).await);
        let setup = Setup::at(&upstream)
            .variable("HTTP_PROXY", &proxy.url())
            .variable("ALL_PROXY", &proxy.url())
            .variable(variable, "example.com,127.0.0.1");
        draw(&setup).await;
        assert!(proxy.requests().is_empty(), "{variable}");
        assert_eq!(upstream.requests().len(), 1);
    }
}

#[tokio::test]
async fn the_sandbox_is_reached_past_any_proxy() {
    let proxy = Upstream::start().await;
    let setup = Setup::sandbox().variable("HTTP_PROXY", &proxy.url()).variable("ALL_PROXY", &proxy.url());
    assert_eq!(draw(&setup).await["sandbox"], true);
    assert!(proxy.requests().is_empty());
}

#[tokio::test]
async fn help_and_version_are_asked_for_in_the_usual_way() {
    let help = Setup::bare().run(&["--help"]).await;
    assert_eq!(help.code, 0);
    for word in ["--sandbox", "APIYI_API_KEY", "GPT_IMAGE_MCP_STORE", "--header"] {
        assert!(help.stdout.contains(word), "{word}");
    }
    let version = Setup::bare().run(&["--version"]).await;
    assert_eq!(version.stdout.trim(), concat!("gpt-image-mcp ", env!("CARGO_PKG_VERSION")));
}

#[tokio::test]
async fn the_route_of_a_call_is_told_without_making_it() {
    let setup = Setup::bare().variable("APIYI_API_KEY", "sk-test");
    let ran = setup.run(&["route", "generate_image", r#"{"prompt":"a kite","size":"2K"}"#]).await;
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let route: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!((&route["model"], &route["provider"]), (&json!("gpt-image-2"), &json!("apiyi")));
    assert_eq!(route["dropped"][0]["model"], "apiyi/gpt-image-2-all");
    let cases = [
        (["route", "generate_image", r#"{"prompt":"a kite","n":0}"#], 1),
        (["route", "draw", "{}"], 2),
        (["route", "get_image", r#"{"id":"img_0123456789ab"}"#], 2),
        (["route", "generate_image", "not JSON"], 2),
    ];
    for (arguments, code) in cases {
        assert_eq!(setup.run(&arguments).await.code, code, "{arguments:?}");
    }
}
