//! What can be asked for on the command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use moltler_runtime::operators::MAX_CALLS;

/// Checks, runs and builds Moltler programs.
#[derive(Debug, Parser)]
#[command(name = "moltlerc", version, about, arg_required_else_help = true)]
pub struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Report everything that is wrong in a file, a folder or the package of the current folder
    Check(CheckArguments),
    /// Run a program
    Run(RunArguments),
    /// Run one statement against the connectors of a package
    Query(QueryArguments),
    /// Say in words how a statement would be carried out: what the handlers are told, and what is done here
    Explain(ExplainArguments),
    /// Make a native executable that needs nothing installed
    Build(BuildArguments),
    /// Carry out the SYNC statements of a file, or of the package of the current folder
    Sync(SyncArguments),
    /// Run tests
    Test(TestArguments),
    /// Write each connector that a PACKAGE statement names as one file into dist/
    Package(PackageArguments),
    /// Check, test and publish each connector that a PUBLISH statement names
    Publish(PublishArguments),
    /// Write files in their one layout
    Fmt(FmtArguments),
    /// Make a folder with a connector that passes its own tests, to start from
    New(NewArguments),
    /// Keep the values of `{{secrets.name}}`, encrypted, for this user
    Secrets(SecretsArguments),
}

/// `moltlerc fmt`
#[derive(Debug, Args)]
pub struct FmtArguments {
    /// Files and folders; the package of the current folder when there are none
    #[arg(value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// Change nothing; name the files that would change, and fail when there are any
    #[arg(long)]
    pub check: bool,
    /// Read a text from standard input and write it to standard output
    #[arg(long, conflicts_with = "paths")]
    pub stdin: bool,
}

/// `moltlerc new`
#[derive(Debug, Args)]
pub struct NewArguments {
    /// The connector type and its folder: lower-case letters, digits and underscores
    pub name: String,
}

/// `moltlerc secrets`
#[derive(Debug, Args)]
pub struct SecretsArguments {
    /// What to do.
    #[command(subcommand)]
    pub command: SecretsCommand,
}

/// What to do with the user's secrets.
#[derive(Debug, Subcommand)]
pub enum SecretsCommand {
    /// Keep a value, in the place of a former one
    Set {
        /// As in `{{secrets.NAME}}`
        name: String,
        /// The value; read from standard input when it is left out, which keeps it out of the shell's history
        value: Option<String>,
    },
    /// Print the names, never the values
    List,
    /// Forget a value
    Remove {
        /// As in `{{secrets.NAME}}`
        name: String,
    },
}

/// `moltlerc check`
#[derive(Debug, Args)]
pub struct CheckArguments {
    /// Files and folders
    #[arg(value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// How diagnostics are written: for people on standard error, or for programs on standard output
    #[arg(long, value_enum, default_value_t = CheckFormat::Human)]
    pub format: CheckFormat,
    /// Fail on warnings too
    #[arg(long)]
    pub deny_warnings: bool,
    /// Make warnings of all advice
    #[arg(long)]
    pub pedantic: bool,
    /// Carry out the fixes of what has exactly one, and tell what is left
    #[arg(long)]
    pub fix: bool,
}

/// How `check` writes diagnostics.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum CheckFormat {
    /// With excerpts of the source.
    Human,
    /// One line for each.
    Json,
    /// One document, as scanners of code exchange it (SARIF 2.1.0).
    Sarif,
    /// Workflow commands, which GitHub shows beside the lines.
    Github,
}

/// `moltlerc run`
#[derive(Debug, Args)]
pub struct RunArguments {
    /// How results are written
    #[arg(long, value_enum)]
    pub format: Option<ResultFormat>,
    /// Leave plans as they come from the source: slower, with the same results
    #[arg(long, hide = true)]
    pub unoptimized: bool,
    /// How many calls of handlers one query may make
    #[arg(long, value_name = "NUMBER", default_value_t = MAX_CALLS)]
    pub max_calls: u64,
    /// Tell on standard error what the run does, as lines of JSON: requests, rows, nodes of plans and their times
    #[arg(long)]
    pub trace: bool,
    /// The program
    pub file: PathBuf,
    /// Values of the program's PARAMs, as `--NAME VALUE`
    #[arg(value_name = "--NAME VALUE", trailing_var_arg = true, allow_hyphen_values = true)]
    pub rest: Vec<String>,
}

impl RunArguments {
    /// How it is run, and what is left for the program. `--format`, `--max-calls` and `--trace` may also stand behind values of parameters.
    pub fn options_and_parameters(&self) -> Result<(ResultOptions, Vec<String>), String> {
        let mut format = self.format.unwrap_or(ResultFormat::Table);
        let mut max_calls = self.max_calls;
        let mut trace = self.trace;
        let mut parameters = Vec::new();
        let mut rest = self.rest.iter();
        while let Some(argument) = rest.next() {
            let (name, value) = match argument.split_once('=') {
                Some((name, value)) => (name, Some(value)),
                None => (argument.as_str(), None),
            };
            if argument == "--trace" {
                trace = true;
                continue;
            }
            if !matches!(name, "--format" | "--max-calls") {
                parameters.push(argument.clone());
                continue;
            }
            let value = value.or_else(|| rest.next().map(String::as_str));
            let value = value.ok_or_else(|| format!("`{name}` needs a value"))?;
            if name == "--format" {
                format = ResultFormat::from_str(value, false).map_err(|error| format!("`--format`: {error}"))?;
            } else {
                max_calls = value.parse().map_err(|_| format!("`--max-calls`: `{value}` is not a number of calls"))?;
            }
        }
        Ok((ResultOptions { format, max_calls, trace }, parameters))
    }
}

/// How statements are run.
#[derive(Clone, Copy, Debug)]
pub struct ResultOptions {
    /// How results are written.
    pub format: ResultFormat,
    /// How many calls of handlers one query may make.
    pub max_calls: u64,
    /// Whether it is told what the run does.
    pub trace: bool,
}

/// How results are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ResultFormat {
    /// For people.
    Table,
    /// One line for each result.
    Json,
    /// One line for each row.
    Ndjson,
    /// With a header.
    Csv,
}

impl From<ResultFormat> for moltler_runtime::output::Format {
    fn from(format: ResultFormat) -> moltler_runtime::output::Format {
        match format {
            ResultFormat::Table => moltler_runtime::output::Format::Table,
            ResultFormat::Json => moltler_runtime::output::Format::Json,
            ResultFormat::Ndjson => moltler_runtime::output::Format::Ndjson,
            ResultFormat::Csv => moltler_runtime::output::Format::Csv,
        }
    }
}

/// `moltlerc query`
#[derive(Debug, Args)]
pub struct QueryArguments {
    /// The statement; its last `;` may be left out
    #[arg(value_name = "STATEMENT")]
    pub text: String,
    /// A file or folder of the package whose connectors it uses, instead of the current folder
    #[arg(long, value_name = "PATH")]
    pub project: Option<PathBuf>,
    /// How results are written
    #[arg(long, value_enum, default_value_t = ResultFormat::Table)]
    pub format: ResultFormat,
    /// How many calls of handlers the statement may make
    #[arg(long, value_name = "NUMBER", default_value_t = MAX_CALLS)]
    pub max_calls: u64,
    /// Tell on standard error what the statement does, as lines of JSON: requests, rows, nodes of plans and their times
    #[arg(long)]
    pub trace: bool,
}

/// `moltlerc explain`
#[derive(Debug, Args)]
pub struct ExplainArguments {
    /// The code of a diagnostic, or a statement whose queries are to be explained (its last `;` may be left out); all codes are listed
    /// when it is left out
    #[arg(value_name = "CODE|STATEMENT")]
    pub text: Option<String>,
    /// A file or folder of the package whose connectors the statement uses, instead of the current folder
    #[arg(long, value_name = "PATH")]
    pub project: Option<PathBuf>,
}

/// `moltlerc build`
#[derive(Debug, Args)]
pub struct BuildArguments {
    /// The program
    pub file: PathBuf,
    /// The file to write, instead of one named after the program in the current folder
    #[arg(short, long, value_name = "OUT")]
    pub output: Option<PathBuf>,
    /// What to write; with several, each gets its own ending
    #[arg(long, value_enum, value_delimiter = ',', default_value = "exe")]
    pub emit: Vec<Emit>,
}

/// What `build` writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Emit {
    /// An executable.
    Exe,
    /// An object file with the same machine code and its symbols.
    Obj,
    /// The code generator's input, as text.
    Clif,
    /// The query plans, as text.
    Plan,
}

impl Emit {
    /// The ending of its file, with the dot.
    pub fn ending(self) -> &'static str {
        match self {
            Emit::Exe => std::env::consts::EXE_SUFFIX,
            Emit::Obj => ".o",
            Emit::Clif => ".clif",
            Emit::Plan => ".plan",
        }
    }
}

/// `moltlerc test`
#[derive(Debug, Args)]
pub struct TestArguments {
    /// Files and folders
    #[arg(value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// Run only tests with this tag; may be given again
    #[arg(long, value_name = "TAG")]
    pub tag: Vec<String>,
    /// Leave out tests with this tag; may be given again
    #[arg(long, value_name = "TAG")]
    pub skip_tag: Vec<String>,
    /// Run only tests whose name contains this text
    #[arg(long, value_name = "TEXT")]
    pub filter: Option<String>,
    /// Run only tests whose name is the text of `--filter`
    #[arg(long, requires = "filter")]
    pub exact: bool,
    /// How outcomes are written
    #[arg(long, value_enum, default_value_t = TestFormat::Human)]
    pub format: TestFormat,
    /// Keep what tests without MOCK_API exchange with real servers, in a file beside the source: later runs get the same
    /// answers and open no socket
    #[arg(long)]
    pub record: bool,
    /// Run the tests again whenever a file of the package changes, until this is stopped
    #[arg(long)]
    pub watch: bool,
    /// Tell which entities, actions and lines of handlers no test ran
    #[arg(long)]
    pub coverage: bool,
    /// Write what of the handlers ran to this file, in the form of `lcov`
    #[arg(long, value_name = "FILE")]
    pub lcov: Option<PathBuf>,
    /// Try what PUSHDOWN claims of handlers on the mocks of the tests, and fail where one does not do it
    #[arg(long)]
    pub verify_pushdown: bool,
    /// Succeed when there is no test
    #[arg(long)]
    pub allow_empty: bool,
}

/// How `test` writes outcomes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum TestFormat {
    /// One line for each test, with the reason of a failure.
    Human,
    /// One line of JSON for each test, and one for the sums.
    Json,
    /// JUnit's XML.
    Junit,
}

/// `moltlerc sync`
#[derive(Debug, Args)]
pub struct SyncArguments {
    /// The program; all files of the package of the current folder when it is left out
    #[arg(value_name = "FILE")]
    pub path: Option<PathBuf>,
    /// Run each once and end, whatever its SCHEDULE; this is what happens anyway
    #[arg(long, conflicts_with = "daemon")]
    pub once: bool,
    /// Stay and run each when its SCHEDULE says so
    #[arg(long)]
    pub daemon: bool,
    /// Run nothing; forget the states, so that the next run reads all
    #[arg(long, conflicts_with_all = ["once", "daemon", "rewind_to"])]
    pub reset: bool,
    /// Run nothing; set the states to this value of the field of INCREMENTAL ON, so that the next run reads from there on
    #[arg(long, value_name = "VALUE", conflicts_with_all = ["once", "daemon"])]
    pub rewind_to: Option<String>,
    /// Delete rows that are not there any more even when they are more than 20 % of all
    #[arg(long)]
    pub allow_deletes: bool,
    /// How many calls of handlers one query may make
    #[arg(long, value_name = "NUMBER", default_value_t = MAX_CALLS)]
    pub max_calls: u64,
    /// Values of the program's PARAMs, as `--NAME VALUE`, behind `--`
    #[arg(value_name = "--NAME VALUE", last = true, allow_hyphen_values = true)]
    pub rest: Vec<String>,
}

/// `moltlerc package`
#[derive(Debug, Args)]
pub struct PackageArguments {
    /// A file or a folder
    pub path: Option<PathBuf>,
}

/// `moltlerc publish`
#[derive(Debug, Args)]
pub struct PublishArguments {
    /// A file or a folder
    pub path: Option<PathBuf>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_definition_is_sound() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn parameters_and_options_come_in_any_order() {
        let run = |arguments: &[&str]| {
            let all = ["moltlerc", "run"].iter().chain(arguments);
            let parsed = Arguments::try_parse_from(all).map_err(|error| error.to_string())?;
            let Command::Run(run) = parsed.command else { return Err("another command".to_owned()) };
            let (options, parameters) = run.options_and_parameters()?;
            Ok((options.format, options.max_calls, parameters))
        };
        let texts = |rest: &[&str]| rest.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
        let json = |rest: &[&str]| Ok((ResultFormat::Json, MAX_CALLS, texts(rest)));
        assert_eq!(run(&["a.molt", "--format", "json"]), json(&[]));
        assert_eq!(run(&["--format", "json", "a.molt", "--days", "-7"]), json(&["--days", "-7"]));
        assert_eq!(run(&["a.molt", "--days", "7", "--format=json"]), json(&["--days", "7"]));
        assert_eq!(run(&["a.molt", "--days=7"]), Ok((ResultFormat::Table, MAX_CALLS, texts(&["--days=7"]))));
        assert_eq!(run(&["--max-calls", "5", "a.molt"]), Ok((ResultFormat::Table, 5, texts(&[]))));
        assert_eq!(
            run(&["a.molt", "--days", "7", "--max-calls=5"]),
            Ok((ResultFormat::Table, 5, texts(&["--days", "7"])))
        );
        assert!(run(&["a.molt", "--max-calls", "few"]).is_err());
        assert!(run(&["a.molt", "--days", "7", "--format", "xml"]).is_err());
        assert!(run(&["a.molt", "--days", "7", "--format"]).is_err());
    }

    #[test]
    fn what_to_emit_is_a_list() {
        let arguments = Arguments::try_parse_from(["moltlerc", "build", "a.molt", "--emit", "exe,plan"]);
        let Ok(Arguments { command: Command::Build(build) }) = arguments else { panic!("{arguments:?}") };
        assert_eq!(build.emit, [Emit::Exe, Emit::Plan]);
    }
}
