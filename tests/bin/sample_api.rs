//! The sample API for hands and scripts: prints its URL and its key, and runs until standard input ends.

use std::io::{Read, Write};

use moltler_tests::sample_api::{KEY, SampleApi};

fn main() -> std::io::Result<()> {
    let api = SampleApi::start()?;
    writeln!(std::io::stdout(), "{}\n{KEY}", api.url())?;
    std::io::stdout().flush()?;
    let mut input = std::io::stdin();
    let mut ignored = [0; 1024];
    while input.read(&mut ignored)? > 0 {}
    Ok(())
}
