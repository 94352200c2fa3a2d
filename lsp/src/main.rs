//! `moltler-lsp`: the language server on standard input and output.

use std::process::ExitCode;
use std::sync::Arc;

fn main() -> ExitCode {
    match std::env::args().nth(1).as_deref() {
        None | Some("--stdio") => {
            let code = moltler_lsp::serve(std::io::stdin(), std::io::stdout(), Arc::new(moltler_lsp::Disk));
            ExitCode::from(code as u8)
        }
        Some("--version") => {
            print(concat!("moltler-lsp ", env!("CARGO_PKG_VERSION")));
            ExitCode::SUCCESS
        }
        Some("--help" | "-h") => {
            print("moltler-lsp speaks the Language Server Protocol on standard input and output; editors start it.");
            ExitCode::SUCCESS
        }
        Some(_) => {
            print("usage: moltler-lsp [--stdio | --version | --help]");
            ExitCode::from(2)
        }
    }
}

#[expect(clippy::print_stdout, reason = "answers to people who start it by hand; no message is on its way yet")]
fn print(text: &str) {
    println!("{text}");
}
