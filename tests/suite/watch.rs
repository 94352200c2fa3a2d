//! `moltlerc test --watch`

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use moltler_tests::programs::programs;
use moltler_tests::scratch;

/// Ends the program when the test ends, however that is.
struct Running(std::process::Child);

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn a_changed_file_is_tested_again() {
    let folder = scratch();
    let file = folder.path().join("shop.molt");
    let write = |condition: &str| {
        let test = format!(
            "CREATE CONNECTOR TYPE 'shop';\nREGISTER CONNECTOR TYPE 'shop';\n\
             TEST CONNECTOR TYPE 'shop' NAME 'watched' BEGIN ASSERT {condition}; END TEST;\n"
        );
        // Under another name first: a file that is half written would be tested once more.
        let whole = folder.path().join("shop.new");
        std::fs::write(&whole, test).expect("the scratch folder can be written");
        std::fs::rename(&whole, &file).expect("the scratch folder can be written");
    };
    write("1 = 1");
    let mut command = Command::new(programs().moltlerc());
    command.args(["test", "--watch"]).current_dir(folder.path()).env_clear().env("NO_COLOR", "1");
    let child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("it starts");
    let mut running = Running(child);
    let (sender, lines) = mpsc::channel();
    let output = running.0.stdout.take().expect("it is a pipe");
    std::thread::spawn(move || {
        for line in BufReader::new(output).lines().map_while(Result::ok) {
            if sender.send(line).is_err() {
                return;
            }
        }
    });
    let sums = || loop {
        let line = lines.recv_timeout(Duration::from_secs(60)).expect("a line in time");
        if line.contains(" passed, ") {
            return line;
        }
    };
    assert_eq!(sums(), "1 passed, 0 failed, 0 skipped");
    write("1 = 2000");
    assert_eq!(sums(), "0 passed, 1 failed, 0 skipped");
    write("1 =");
    assert_eq!(sums(), "0 passed, 1 failed, 0 skipped");
    write("100 = 100");
    assert_eq!(sums(), "1 passed, 0 failed, 0 skipped");
}
