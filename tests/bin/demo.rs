//! The whole way at once: builds Moltler, starts the sample API, makes a native executable of `tests/examples/shop.molt`, and
//! runs it in an empty folder with an empty PATH.

use std::io::Write;
use std::process::ExitCode;
use std::time::Instant;

use moltler_tests::command::{Command, Outcome};
use moltler_tests::sample_api::{KEY, SampleApi};
use moltler_tests::{programs, scratch, test_file};

fn main() -> ExitCode {
    let source = test_file("examples/shop.molt");

    tell("Building moltlerc and the runtime (the first time takes some minutes) …");
    programs::programs();

    let api = match SampleApi::start() {
        Ok(api) => api,
        Err(error) => {
            tell(&format!("error: the sample API cannot be started: {error}"));
            return ExitCode::FAILURE;
        }
    };
    tell(&format!("The sample API listens on {} and wants a bearer key.", api.url()));

    let workshop = scratch();
    let program = workshop.path().join("shop");
    let start = Instant::now();
    let built = Command::moltlerc(workshop.path()).arg("build").arg(&source).arg("-o").arg(&program).run();
    if built.status != Some(0) {
        return failed("moltlerc build", &built);
    }
    let size = std::fs::metadata(&program).map_or(0, |metadata| metadata.len());
    tell(&format!(
        "moltlerc build tests/examples/shop.molt: {} ms, an executable of {} MB.",
        start.elapsed().as_millis(),
        size / 1_000_000
    ));

    let elsewhere = scratch();
    let start = Instant::now();
    let run =
        Command::new(&program, elsewhere.path()).env("SHOP_URL", api.url()).env("MOLTLER_SECRET_SHOP_KEY", KEY).run();
    if run.status != Some(0) || run.stdout.is_empty() {
        return failed("the executable", &run);
    }
    tell(&format!(
        "The executable ran in {} ms, in an empty folder with an empty PATH, and sent {} requests:\n",
        start.elapsed().as_millis(),
        api.requests().len()
    ));
    match write!(std::io::stdout(), "{}", run.stdout) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

fn tell(text: &str) {
    let _ = writeln!(std::io::stderr(), "{text}");
}

fn failed(what: &str, outcome: &Outcome) -> ExitCode {
    tell(&format!("error: {what} ended with {:?}\n{}{}", outcome.status, outcome.stdout, outcome.stderr));
    ExitCode::FAILURE
}
