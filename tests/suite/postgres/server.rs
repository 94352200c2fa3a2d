//! A PostgreSQL of the test's own: a new cluster in a scratch folder, on loopback, gone with its value.

use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::fs::{MetadataExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// A running server.
pub(super) struct Postgres {
    programs: PathBuf,
    folder: tempfile::TempDir,
    owner: Option<(u32, u32)>,
    port: u16,
    server: Child,
}

impl Postgres {
    /// Starts one; `None` where PostgreSQL is not installed.
    pub(super) fn start() -> Option<Postgres> {
        let programs = find_programs()?;
        let folder = tempfile::tempdir().expect("the folder for temporary files can be written");
        let root = folder.path().metadata().expect("the scratch folder can be read").uid() == 0;
        // The server refuses to run as root.
        let owner = if root { Some(unprivileged()?) } else { None };
        if let Some((user, group)) = owner {
            chown(folder.path(), Some(user), Some(group)).expect("root may give a folder away");
        }
        let data = folder.path().join("data");
        let made = command(&programs.join("initdb"), folder.path(), owner)
            .args([
                "--username=moltler",
                "--auth=trust",
                "--encoding=UTF8",
                "--locale=C.UTF-8",
                "--no-sync",
                "--pgdata",
            ])
            .arg(&data)
            .output()
            .expect("initdb can be started");
        assert!(made.status.success(), "initdb: {}", String::from_utf8_lossy(&made.stderr));
        let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).and_then(|listener| listener.local_addr());
        let port = free.expect("a port is free").port();
        let server = command(&programs.join("postgres"), folder.path(), owner)
            .arg("-D")
            .arg(&data)
            .args(["-h", "127.0.0.1", "-k", "", "-F", "-p", &port.to_string()])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("the server can be started");
        let mut postgres = Postgres { programs, folder, owner, port, server };
        for _ in 0..600 {
            if postgres.psql("SELECT 1;\n").is_ok() {
                return Some(postgres);
            }
            if let Ok(Some(status)) = postgres.server.try_wait() {
                panic!("the server ended with {status}");
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        panic!("the server does not answer");
    }

    /// Where it is.
    #[allow(dead_code, reason = "not every test that has a server connects to it by itself")]
    pub(super) fn url(&self) -> String {
        format!("postgres://moltler@127.0.0.1:{}/postgres", self.port)
    }

    /// What `psql` prints as CSV for a script; the error is what it says when it cannot run it. A statement that fails does not
    /// end the script.
    pub(super) fn psql(&self, script: &str) -> Result<String, String> {
        let file = self.folder.path().join("script.sql");
        std::fs::write(&file, script).map_err(|error| error.to_string())?;
        let output = command(&self.programs.join("psql"), self.folder.path(), None)
            .args(["-X", "-q", "--csv", "-h", "127.0.0.1", "-U", "moltler", "-d", "postgres"])
            .arg(format!("--port={}", self.port))
            .arg("-f")
            .arg(&file)
            .output()
            .map_err(|error| error.to_string())?;
        if !output.status.success() {
            return Err(String::from_utf8_lossy(&output.stderr).into_owned());
        }
        String::from_utf8(output.stdout).map_err(|error| error.to_string())
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        let stopped = command(&self.programs.join("pg_ctl"), self.folder.path(), self.owner)
            .args(["stop", "-s", "-m", "immediate", "-D"])
            .arg(self.folder.path().join("data"))
            .status();
        if !stopped.is_ok_and(|status| status.success()) {
            let _ = self.server.kill();
        }
        let _ = self.server.wait();
    }
}

/// A program of PostgreSQL with nothing of the user's environment.
fn command(program: &Path, folder: &Path, owner: Option<(u32, u32)>) -> Command {
    let mut command = Command::new(program);
    command.env_clear().env("TZ", "UTC").env("LC_ALL", "C.UTF-8").current_dir(folder).stdin(Stdio::null());
    if let Some((user, group)) = owner {
        command.uid(user).gid(group);
    }
    command
}

/// Debian keeps the server's programs out of PATH.
fn find_programs() -> Option<PathBuf> {
    let mut found: Vec<PathBuf> = Vec::new();
    if let Ok(versions) = std::fs::read_dir("/usr/lib/postgresql") {
        found.extend(versions.flatten().map(|version| version.path().join("bin")));
        found.sort_by_key(|folder| {
            let version = folder.parent().and_then(Path::file_name).and_then(|name| name.to_str());
            std::cmp::Reverse(version.and_then(|version| version.parse::<u32>().ok()))
        });
    }
    found.extend(std::env::var_os("PATH").iter().flat_map(std::env::split_paths));
    found
        .into_iter()
        .find(|folder| ["initdb", "postgres", "psql", "pg_ctl"].iter().all(|name| folder.join(name).exists()))
}

/// User and group that a server may run as.
fn unprivileged() -> Option<(u32, u32)> {
    let users = std::fs::read_to_string("/etc/passwd").ok()?;
    ["postgres", "nobody"].into_iter().find_map(|wanted| {
        let line = users.lines().find(|line| line.split(':').next() == Some(wanted))?;
        let mut fields = line.split(':').skip(2);
        Some((fields.next()?.parse().ok()?, fields.next()?.parse().ok()?))
    })
}
