//! A provider that fails as it is told, a second one that does not, and the program.
//!
//! Paid requests are written as letters, in the order they came: `C` the flat-price model over
//! chat, `I` the same over the images endpoints, `O` the official model, `S` the official model
//! at the second provider.

use gpt_image_mcp::sandbox::{ReceivedRequest, ReplyForm, SandboxOptions};
use serde_json::{Value, json};
use sqlx::Row as _;

use crate::support::{Answer, App, Sandbox, Setup};

/// What a case is set in.
#[derive(Clone, Debug, Default)]
pub struct Scenario {
    fault: Option<&'static str>,
    reply: ReplyForm,
    second: bool,
    second_fault: Option<&'static str>,
    flags: Vec<String>,
    settings: String,
}

impl Scenario {
    /// A first provider with this fault, and no other.
    pub fn of(fault: &'static str) -> Self {
        Self { fault: Some(fault), ..Self::default() }
    }

    /// A first provider that works.
    pub fn calm() -> Self {
        Self::default()
    }

    /// A second provider that works.
    pub fn with_second(self) -> Self {
        Self { second: true, ..self }
    }

    /// A second provider with a fault of its own.
    pub fn with_second_failing(self, fault: &'static str) -> Self {
        Self { second_fault: Some(fault), ..self.with_second() }
    }

    /// Images come in the reply, not behind a link.
    pub fn in_base64(self) -> Self {
        Self { reply: ReplyForm::Base64, ..self }
    }

    pub fn flag(mut self, flag: &str) -> Self {
        self.flags.push(flag.to_owned());
        self
    }

    pub fn settings(mut self, text: &str) -> Self {
        self.settings.push_str(text);
        self
    }

    pub async fn start(self) -> RunningScenario {
        let sandbox = |fault: Option<&str>, reply| {
            let fault = fault.map(|fault| fault.parse().unwrap());
            Sandbox::start(SandboxOptions { fault, reply, ..SandboxOptions::default() })
        };
        let first = sandbox(self.fault, self.reply).await.unwrap();
        let mut setup = Setup::bare()
            .variable("APIYI_API_KEY", "sk-first")
            .variable("APIYI_BASE_URL", &first.base_url())
            .settings(&self.settings);
        let mut second = None;
        if self.second {
            let started = sandbox(self.second_fault, self.reply).await.unwrap();
            setup = setup
                .variable("OPENAI_API_KEY", "sk-second")
                .variable("OPENAI_BASE_URL", &started.base_url());
            second = Some(started);
        }
        for flag in self.flags {
            setup = setup.flag(flag);
        }
        RunningScenario { first, second, app: setup.start().await }
    }
}

#[derive(Debug)]
pub struct RunningScenario {
    pub first: Sandbox,
    second: Option<Sandbox>,
    pub app: App,
}

impl RunningScenario {
    /// Asks for a kite, with these arguments beside the prompt.
    pub async fn draw(&mut self, arguments: &Value) -> Answer {
        let mut all = json!({ "prompt": "a red kite", "output": "file" });
        all.as_object_mut().unwrap().extend(arguments.as_object().unwrap().clone());
        self.app.generate(all).await
    }

    fn paid(&self) -> Vec<(char, ReceivedRequest)> {
        let second = self.second.iter().flat_map(Sandbox::seen).map(|seen| ('S', seen));
        let first = self.first.seen().into_iter().map(|seen| {
            let official = seen.model.as_deref() == Some("gpt-image-2");
            let chat = seen.path.ends_with("/chat/completions");
            (
                if chat {
                    'C'
                } else if official {
                    'O'
                } else {
                    'I'
                },
                seen,
            )
        });
        first.chain(second).filter(|(_, seen)| seen.method == "POST").collect()
    }

    /// Every paid request so far, as letters; the second provider's come last.
    pub fn asked(&self) -> String {
        self.paid().iter().map(|(letter, _)| letter).collect()
    }

    /// How many images the providers charged for.
    pub fn charged(&self) -> u32 {
        self.paid().iter().map(|(_, seen)| seen.billed).sum()
    }

    /// The `Range` of every download so far; empty where the whole file was asked for.
    pub fn downloads(&self) -> Vec<String> {
        let files = self.first.seen().into_iter().filter(|seen| seen.method == "GET");
        files.map(|seen| seen.range.unwrap_or_default()).collect()
    }

    /// How the last job ended and what it is recorded to have cost, in dollars.
    pub async fn recorded(&self) -> (String, f64) {
        let options =
            sqlx::sqlite::SqliteConnectOptions::new().filename(self.app.home.store().join("library.db"));
        let mut record = <sqlx::SqliteConnection as sqlx::Connection>::connect_with(&options).await.unwrap();
        let job =
            sqlx::query("SELECT state, cost_micros / 1e6 AS usd FROM jobs ORDER BY created_at DESC LIMIT 1");
        let job = job.fetch_one(&mut record).await.unwrap();
        (job.get("state"), job.get("usd"))
    }

    /// That the store holds so many whole images and nothing else.
    pub fn holds(&self, count: usize, case: &str) {
        let files = self.app.home.images();
        assert_eq!(files.len(), count, "{case}: {files:?}");
        for file in files {
            let bytes = std::fs::read(&file).unwrap();
            assert!(image::load_from_memory(&bytes).is_ok(), "{case}: {} is no image", file.display());
        }
    }
}

/// One line of a table: what is set up and asked, and what must come of it.
#[derive(Debug)]
pub struct Row {
    scenario: Scenario,
    arguments: Value,
    asked: &'static str,
    charged: u32,
    cost: f64,
    words: Vec<&'static str>,
    made: bool,
}

impl Row {
    /// `asked`: the paid requests; `charged`: the images charged for, at `cost` dollars.
    pub fn new(scenario: Scenario, arguments: Value, asked: &'static str, charged: u32, cost: f64) -> Self {
        Self { scenario, arguments, asked, charged, cost, words: Vec::new(), made: false }
    }

    /// An image comes; these words are in its warnings.
    pub fn makes(self, words: &[&'static str]) -> Self {
        Self { words: words.to_vec(), made: true, ..self }
    }

    /// No image comes; these words are in the refusal.
    pub fn fails(self, words: &[&'static str]) -> Self {
        Self { words: words.to_vec(), made: false, ..self }
    }

    async fn check(self) {
        let case = format!("{:?} {}", self.scenario, self.arguments);
        let mut running = self.scenario.start().await;
        let answer = running.draw(&self.arguments).await;
        assert_eq!(answer.is_error(), !self.made, "{case}: {}", answer.text());
        assert_eq!(running.asked(), self.asked, "{case}: {}", answer.text());
        assert_eq!(running.charged(), self.charged, "{case}: charged by the providers");
        let (end, recorded) = running.recorded().await;
        assert_eq!(end, if self.made { "done" } else { "failed" }, "{case}");
        assert!((recorded - self.cost).abs() < 1e-6, "{case}: {recorded} is recorded: {}", answer.text());
        let said = if self.made {
            let fields = answer.fields();
            assert_eq!(fields["cost_usd"], recorded, "{case}");
            assert_eq!(fields["images"].as_array().unwrap().len(), 1, "{case}");
            fields["warnings"]
                .as_array()
                .into_iter()
                .flatten()
                .map(|line| line.as_str().unwrap())
                .collect::<Vec<_>>()
                .join("\n")
        } else {
            answer.text().to_owned()
        };
        if self.made && self.words.is_empty() {
            assert_eq!(said, "", "{case}");
        }
        for words in self.words {
            assert!(said.contains(words), "{case}: no {words:?} in {said}");
        }
        running.holds(usize::from(self.made), &case);
    }
}

/// Checks all rows at once, since most of their time is pauses. One that fails hides no other.
pub async fn check(rows: impl IntoIterator<Item = Row>) {
    let rows: Vec<_> = rows.into_iter().map(|row| tokio::spawn(row.check())).collect();
    let ends = futures_util::future::join_all(rows).await;
    let failed = ends.iter().filter(|end| end.is_err()).count();
    assert_eq!(failed, 0, "rows failed, of {}", ends.len());
}
