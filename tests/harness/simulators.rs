//! Small servers on loopback that answer in the shapes of public APIs, as their documentation describes them.
//!
//! They hold a fixed set of data, check what is sent to them, and misbehave when they are told to.

pub mod authentication;
mod form;
pub mod github;
pub mod salesforce;
pub mod slack;
pub mod stripe;

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use crate::server::{Call, Reply, Server, lock};

/// A misbehaviour, for one request.
#[derive(Clone, Debug)]
enum Fault {
    /// This is answered, and nothing done.
    Instead(Reply),
    /// The request is carried out, and then this is answered.
    Afterwards(Reply),
}

/// A running server with faults to come.
#[derive(Debug)]
struct Simulator {
    server: Server,
    faults: Arc<Mutex<VecDeque<Fault>>>,
}

impl Simulator {
    fn start(answer: impl Fn(&Call) -> Reply + Send + Sync + 'static) -> std::io::Result<Simulator> {
        let faults = Arc::new(Mutex::new(VecDeque::new()));
        let shared = Arc::clone(&faults);
        let server = Server::start(move |call| {
            let fault = lock(&shared).pop_front();
            match fault {
                Some(Fault::Instead(reply)) => reply,
                Some(Fault::Afterwards(reply)) => {
                    answer(call);
                    reply
                }
                None => answer(call),
            }
        })?;
        Ok(Simulator { server, faults })
    }

    fn add(&self, fault: Fault) {
        lock(&self.faults).push_back(fault);
    }
}

/// What every simulator offers: its address, its log, its faults. `$fields` names the field that is the [`Simulator`].
macro_rules! simulator {
    ($name:ident) => {
        impl $name {
            /// `http://127.0.0.1:PORT`
            pub fn url(&self) -> String {
                self.simulator.server.url()
            }

            /// The requests since the start or the last call of this, as `GET /items?limit=100`.
            pub fn take_requests(&self) -> Vec<String> {
                let requests = self.simulator.server.requests();
                self.simulator.server.forget_requests();
                requests
            }

            /// The next request is answered by this, and nothing is done. Several calls are for several requests.
            pub fn answer_next(&self, reply: $crate::server::Reply) {
                self.simulator.add(super::Fault::Instead(reply));
            }

            /// The next request is carried out, but its answer is this one.
            pub fn lose_next_answer(&self, reply: $crate::server::Reply) {
                self.simulator.add(super::Fault::Afterwards(reply));
            }
        }
    };
}
use simulator;

/// `2026-01-31T12:00:00Z`, from seconds since 1970.
fn iso(seconds: i64) -> String {
    let (days, rest) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    // Howard Hinnant's days-to-civil, with years that begin in March.
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let (month, year) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
    let year = year_of_era + era * 400 + year;
    format!("{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}Z", rest / 3_600, rest / 60 % 60, rest % 60)
}

/// 2026-01-01T00:00:00Z
const NEW_YEAR: i64 = 1_767_225_600;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_in_iso() {
        assert_eq!(iso(0), "1970-01-01T00:00:00Z");
        assert_eq!(iso(NEW_YEAR), "2026-01-01T00:00:00Z");
        assert_eq!(iso(NEW_YEAR + 58 * 86_400 + 3_661), "2026-02-28T01:01:01Z");
        assert_eq!(iso(1_709_164_800), "2024-02-29T00:00:00Z");
    }
}
