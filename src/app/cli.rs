//! The command line: reads it, builds what it asks for, ends with the right code.

use std::ffi::{OsStr, OsString};
use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::builder::Resettable;
use clap::{CommandFactory as _, FromArgMatches as _, Parser, Subcommand};

use super::build::App;
use super::commands::{
    client, completions, demo, doctor, gallery, http, jobs, man, models, prune, route, sandbox, schemas,
    serve, spend, tool, worker,
};
use super::config::Config;
use super::environment::{Environment, is_unset};
use super::exit::{FAILED, WRONG_USAGE};
use super::logs;
use super::settings::Settings;
use super::settings_file::SettingsFile;
use super::usage_error;

/// An image server for agents over the Model Context Protocol: generate, edit and inpaint
/// images. Without a command it serves stdin and stdout.
#[derive(Debug, Parser)]
#[command(name = env!("CARGO_PKG_NAME"), version, max_term_width = 80)]
pub struct Cli {
    /// Settings file [default: gpt-image-mcp/config.toml in the user's settings folder]
    #[arg(long, env = "GPT_IMAGE_MCP_CONFIG", value_name = "FILE", global = true, help_heading = "Files")]
    pub config: Option<PathBuf>,
    /// The settings given by flag or variable.
    #[command(flatten)]
    pub settings: Settings,
    /// The command to run instead of serving.
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// The subcommands, a file each.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Serve over HTTP, for several or remote clients: Streamable HTTP at /mcp, SSE at /sse
    Http,
    /// The tools.
    #[command(flatten)]
    Tool(tool::ToolCall),
    /// List the models in use: what each can do, its price, whether its key is set
    Models(models::ModelsArguments),
    /// Print how to set this server up in an MCP client; without a name, list the clients
    Client(client::ClientArguments),
    /// Call every tool with the sandbox, as an agent would, and show the results on one page
    Demo(demo::DemoArguments),
    /// Check, without paying, whether calls would succeed, and suggest fixes
    Doctor(doctor::DoctorArguments),
    /// Show which model a call would use, why, and its price; send nothing
    Route(route::RouteArguments),
    /// Write a page with every stored image: prompt, model, price and lineage
    ///
    /// The page is one file with thumbnails that link to the image files. The store keeps the
    /// thumbnails, so later pages are quick.
    Gallery(gallery::GalleryArguments),
    /// List the newest jobs with their cost, or show one in full
    ///
    /// A cost with ≤ is the maximum. DELIVERED says whether a client received the images; `get ID`
    /// delivers them. With an ID, the job is shown with its arguments, its requests and their cost, its
    /// images and their lineage.
    Jobs(jobs::JobsArguments),
    /// Show what was spent, by day and by model, and what the caps leave
    ///
    /// MAYBE is what may have been charged for requests that got no answer. IN FLIGHT is what running
    /// jobs may still cost. Both count towards the caps. Days follow the local time zone. Sandbox calls
    /// are free and hidden; --sandbox shows only them.
    Spend(spend::SpendArguments),
    /// Delete old images, after listing them; the record of spending stays
    ///
    /// Deletes the images that are older than an age, or the oldest until the rest fits a size. Lists
    /// them and asks first; --yes skips the question. Only files in the store are deleted: an image that
    /// was saved elsewhere or changed since keeps its file, and the database forgets it once it is old
    /// enough. Images made from a deleted image still name it. Running jobs are left alone.
    Prune(prune::PruneArguments),
    /// Run the sandbox alone: the image APIs on loopback, for any client
    Sandbox(sandbox::SandboxArguments),
    /// Print the schemas of the tools and of the settings file
    Schemas(schemas::SchemasArguments),
    /// Print the completion script of a shell
    Completions(completions::CompletionsArguments),
    /// Print a page of the manual
    Man(man::ManArguments),
    /// Do paid work for the server that started this
    #[command(hide = true)]
    Worker,
}

/// Runs the program with these arguments, its own name first.
#[must_use]
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let arguments: Vec<_> = arguments.into_iter().collect();
    let cli = match parse(&arguments) {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version go to stdout with code 0, errors to stderr with 2.
            let _ = error.print();
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(WRONG_USAGE));
        }
    };
    let environment = Environment::of_this_process();
    let usual = environment.settings_folder().map(|folder| SettingsFile::usual_path(&folder));
    let config = SettingsFile::load(cli.config.as_deref(), usual.as_deref())
        .and_then(|file| Config::resolve(cli.settings, file, &environment))
        .map_err(|error| error.to_string());
    let config = config.and_then(|config| match logs::start(&config.log, config.log_format) {
        Ok(()) => Ok(config),
        Err(error) => Err(format!("the setting log: {error}")),
    });
    match config {
        Ok(config) => dispatch(cli.command, config, cli.config.or(usual), &environment, &arguments),
        Err(error) => complain(&error, WRONG_USAGE),
    }
}

/// The command line with every flag, for help, manual and completion.
#[must_use]
pub fn command_line() -> clap::Command {
    let whole = tool::with_flags(Cli::command(), |_| true);
    let names = man::names(&whole);
    whole.mut_subcommand("man", |man| {
        man.mut_arg("command", |name| name.value_parser(names).hide_possible_values(true))
    })
}

fn parse(arguments: &[OsString]) -> Result<Cli, clap::Error> {
    // `help NAME` names a command, too.
    let command = tool::with_flags(Cli::command(), |name| arguments.iter().any(|word| word == name));
    let mut command = command.mut_args(|argument| {
        // Clients pass variables that the user did not fill in.
        let value = argument.get_env().and_then(std::env::var_os);
        let unset = value.as_deref().and_then(OsStr::to_str).is_some_and(is_unset);
        let argument = if unset { argument.env(Resettable::Reset) } else { argument };
        // The short help of a command shows its own flags, not every setting.
        let setting = argument.is_global_set();
        argument.hide_short_help(setting)
    });
    let matches = command
        .try_get_matches_from_mut(arguments)
        .map_err(|error| usage_error::complete(error, &mut command, arguments))?;
    Cli::from_arg_matches(&matches)
}

fn dispatch(
    command: Option<Command>,
    config: Config,
    settings_file: Option<PathBuf>,
    environment: &Environment,
    arguments: &[OsString],
) -> ExitCode {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let runtime = match runtime {
        Ok(runtime) => runtime,
        Err(error) => return complain(&format!("the runtime did not start: {error}"), FAILED),
    };
    let ended = runtime.block_on(async {
        match command {
            None => serve::run(config, arguments).await,
            Some(Command::Worker) => worker::run(App::build(config)).await,
            Some(Command::Http) => http::run(config).await,
            Some(Command::Tool(call)) => tool::run(call, &App::build(config)).await,
            Some(Command::Models(arguments)) => models::run(&arguments, &config),
            Some(Command::Client(arguments)) => client::run(&arguments, &config),
            Some(Command::Demo(arguments)) => demo::run(arguments).await,
            Some(Command::Doctor(arguments)) => {
                let read = settings_file.filter(|path| path.exists());
                doctor::run(&arguments, &config, read, environment).await
            }
            Some(Command::Route(arguments)) => route::run(&arguments, &App::build(config)),
            Some(Command::Gallery(arguments)) => gallery::run(arguments, &config).await,
            Some(Command::Jobs(arguments)) => jobs::run(&arguments, &App::build(config)).await,
            Some(Command::Prune(arguments)) => prune::run(&arguments, &config).await,
            Some(Command::Spend(arguments)) => spend::run(&arguments, &config).await,
            Some(Command::Sandbox(arguments)) => {
                sandbox::run(arguments, config.sandbox_delay, config.sandbox_fault).await
            }
            Some(Command::Schemas(arguments)) => schemas::run(&arguments, &config.catalog),
            Some(Command::Completions(arguments)) => completions::run(&arguments, &command_line()),
            Some(Command::Man(arguments)) => man::run(&arguments, command_line()),
        }
    });
    // A pending read of stdin would keep the process alive.
    runtime.shutdown_background();
    match ended {
        Ok(code) => ExitCode::from(code),
        Err(error) => complain(&error, FAILED),
    }
}

fn complain(error: &str, code: u8) -> ExitCode {
    let _ = writeln!(std::io::stderr(), "{}: {error}", env!("CARGO_PKG_NAME"));
    ExitCode::from(code)
}
