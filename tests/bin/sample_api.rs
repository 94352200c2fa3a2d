//! An API on loopback for hands and scripts: `sample-api [sample|github|salesforce|slack|stripe]`. Prints its URL and its key, and runs until standard
//! input ends.

use std::io::{Error, Read, Write};

use moltler_tests::sample_api::{self, SampleApi};
use moltler_tests::simulators::github::{self, GitHub};
use moltler_tests::simulators::salesforce::{self, Salesforce};
use moltler_tests::simulators::slack::{self, Slack};
use moltler_tests::simulators::stripe::{self, Stripe};

fn main() -> std::io::Result<()> {
    let name = std::env::args().nth(1).unwrap_or_else(|| "sample".to_owned());
    match name.as_str() {
        "sample" => serve(SampleApi::start()?, SampleApi::url, sample_api::KEY),
        "github" => serve(GitHub::start()?, GitHub::url, github::TOKEN),
        "salesforce" => serve(Salesforce::start()?, Salesforce::url, salesforce::REFRESH_TOKEN),
        "slack" => serve(Slack::start()?, Slack::url, slack::TOKEN),
        "stripe" => serve(Stripe::start()?, Stripe::url, stripe::KEY),
        _ => Err(Error::other(format!("there is no API `{name}`"))),
    }
}

/// The value is the server: it stops when this returns.
#[expect(clippy::needless_pass_by_value, reason = "the server is held until standard input ends")]
fn serve<S>(server: S, url: impl Fn(&S) -> String, key: &str) -> std::io::Result<()> {
    writeln!(std::io::stdout(), "{}\n{key}", url(&server))?;
    std::io::stdout().flush()?;
    let mut input = std::io::stdin();
    let mut ignored = [0; 1024];
    while input.read(&mut ignored)? > 0 {}
    Ok(())
}
