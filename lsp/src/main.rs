//! `moltler-lsp`: the language server on standard input and output.

use std::process::ExitCode;
use std::sync::Arc;

fn main() -> ExitCode {
    match std::env::args().nth(1).as_deref() {
        None | Some("--stdio") => {
            let system = Arc::new(moltler_lsp::Disk);
            let code = match output() {
                Ok(output) => moltler_lsp::serve(std::io::stdin(), output, system),
                Err(_) => moltler_lsp::serve(std::io::stdin(), std::io::stdout(), system),
            };
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

/// Standard output without the buffer for lines that the library puts before it: a message is written at once.
#[cfg(unix)]
fn output() -> std::io::Result<std::fs::File> {
    use std::os::fd::AsFd;
    Ok(std::io::stdout().as_fd().try_clone_to_owned()?.into())
}

/// Standard output without the buffer for lines that the library puts before it: a message is written at once.
#[cfg(windows)]
fn output() -> std::io::Result<std::fs::File> {
    use std::os::windows::io::AsHandle;
    Ok(std::io::stdout().as_handle().try_clone_to_owned()?.into())
}

#[expect(clippy::print_stdout, reason = "answers to people who start it by hand; no message is on its way yet")]
fn print(text: &str) {
    println!("{text}");
}
