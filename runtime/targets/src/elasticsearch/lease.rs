//! One run at a time: a document that says who writes, and until when. Whoever writes renews it; whoever finds that the writer was
//! killed, because the time is over or because it was a process of this machine that is gone, takes it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use jiff::Timestamp;
use reqwest::Method;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::server::{Body, Server};
use crate::{Failure, Result, TargetError};

/// The index of leases.
const INDEX: &str = "moltler_leases";
/// How long it is held without being renewed.
const HELD: Duration = Duration::from_secs(60);
/// How often it is renewed.
const RENEWED: Duration = Duration::from_secs(10);

/// Who writes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Owner {
    /// A start of a machine with its processes; empty where that is not known.
    machine: String,
    process: u32,
    /// When the process started, in the machine's own count.
    started: String,
    /// Milliseconds since 1970.
    until: i64,
}

impl Owner {
    fn this() -> Owner {
        let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
        let processes = std::fs::read_link("/proc/self/ns/pid").unwrap_or_default();
        let process = std::process::id();
        let machine = match boot.trim() {
            "" => String::new(),
            boot => format!("{boot} {}", processes.display()),
        };
        let until = Timestamp::now().as_millisecond() + HELD.as_millis() as i64;
        Owner { machine, process, started: started(process).unwrap_or_default(), until }
    }

    /// Whether it can write no more.
    fn is_gone(&self) -> bool {
        let died = !self.machine.is_empty()
            && self.machine == Owner::this().machine
            && started(self.process).as_ref() != Some(&self.started);
        died || self.until < Timestamp::now().as_millisecond()
    }
}

/// When a process of this machine started; `None` where there is none of this number.
fn started(process: u32) -> Option<String> {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    // The name of the program, in parentheses, may hold anything; the 20th field behind it is the start.
    let (_, fields) = stat.rsplit_once(')')?;
    fields.split_whitespace().nth(19).map(str::to_owned)
}

/// Held as long as this lives.
pub(super) struct Lease {
    server: Arc<Server>,
    table: String,
    lost: Arc<AtomicBool>,
    stop: Option<Sender<()>>,
    renewing: Option<JoinHandle<String>>,
}

impl Lease {
    /// Takes it; an error where another run has it.
    pub(super) fn take(server: &Arc<Server>, table: &str) -> Result<Lease> {
        let owner = json!(Owner::this());
        let mut answer = server.call(&Method::PUT, &[INDEX, "_create", table], "", &Body::Json(&owner))?;
        if answer.status == 409 {
            let found = server.find(&[INDEX, "_doc", table], "")?;
            let Some(found) = found else { return Err(taken(table)) };
            let before: Option<Owner> = serde_json::from_value(found["_source"].clone()).ok();
            if before.is_some_and(|before| !before.is_gone()) {
                return Err(taken(table));
            }
            answer = server.call(&Method::PUT, &[INDEX, "_doc", table], &condition(&found), &Body::Json(&owner))?;
            if answer.status == 409 {
                return Err(taken(table));
            }
        }
        if !answer.is_success() {
            return Err(server.refused(&answer));
        }
        let (stop, stopped) = channel::<()>();
        let lost = Arc::new(AtomicBool::new(false));
        let mut last = condition(&answer.body);
        let renew = {
            let (server, lost, table) = (Arc::clone(server), Arc::clone(&lost), table.to_owned());
            move || {
                while stopped.recv_timeout(RENEWED) == Err(RecvTimeoutError::Timeout) {
                    let owner = json!(Owner::this());
                    match server.call(&Method::PUT, &[INDEX, "_doc", &table], &last, &Body::Json(&owner)) {
                        Ok(answer) if answer.is_success() => last = condition(&answer.body),
                        Ok(answer) if answer.status == 409 => lost.store(true, Ordering::Relaxed),
                        // Perhaps the next time: it is held for a while.
                        _ => {}
                    }
                }
                last
            }
        };
        let renewing = Some(std::thread::spawn(renew));
        Ok(Lease { server: Arc::clone(server), table: table.to_owned(), lost, stop: Some(stop), renewing })
    }

    /// An error where another run has taken it because this one did not renew it in time.
    pub(super) fn check(&self) -> Result<()> {
        if self.lost.load(Ordering::Relaxed) { Err(taken(&self.table)) } else { Ok(()) }
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.stop = None;
        let Some(Ok(last)) = self.renewing.take().map(JoinHandle::join) else { return };
        // It ends by itself where this does not come through.
        let _ = self.server.call(&Method::DELETE, &[INDEX, "_doc", &self.table], &last, &Body::None);
    }
}

/// That a document is as it was.
fn condition(document: &Value) -> String {
    format!("if_seq_no={}&if_primary_term={}", document["_seq_no"], document["_primary_term"])
}

fn taken(table: &str) -> TargetError {
    TargetError::new(Failure::Leased, format!("another run writes to `{table}` right now"))
        .help("wait for it to end; what a run on another machine held that was killed is free after a minute")
}
