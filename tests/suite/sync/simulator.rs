//! An API with one table that changes while it is read, and with faults. Everything it does follows from its seed and from the
//! order of the requests; its clock is its own.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use fastrand::Rng;
use moltler_tests::server::Parameters;
use serde_json::json;

/// Where the clock starts: 2024-03-01T00:00:00Z, in seconds.
const START: i64 = 1_709_251_200;
/// Changes become visible so many seconds after the time that they carry, at most.
pub(super) const LATE: i64 = 8;
/// Rows on a page.
const PAGE: usize = 7;

/// A row.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Row {
    /// Of its last change, in seconds; nothing for a few rows.
    pub(super) updated_at: Option<i64>,
    pub(super) value: i64,
}

/// What happens to the table while it is read.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Changes {
    pub(super) inserts: bool,
    pub(super) updates: bool,
    pub(super) deletes: bool,
}

/// The table and the server in front of it.
pub(super) struct World {
    rng: Rng,
    /// Seconds.
    now: i64,
    pub(super) rows: BTreeMap<String, Row>,
    /// What was changed and is not visible yet: when it will be.
    pending: Vec<(i64, String, Row)>,
    pub(super) changes: Changes,
    pub(super) faults: bool,
    ids: u32,
    /// The token that is good, and for how many more requests.
    token: (u32, u32),
    pub(super) requests: u64,
}

/// A running simulator; it ends with the process.
pub(super) struct Simulator {
    world: Arc<Mutex<World>>,
    address: SocketAddr,
}

impl Simulator {
    pub(super) fn start(seed: u64, changes: Changes) -> Simulator {
        let mut world = World {
            rng: Rng::with_seed(seed),
            now: START,
            rows: BTreeMap::new(),
            pending: Vec::new(),
            changes,
            faults: true,
            ids: 0,
            token: (0, 0),
            requests: 0,
        };
        for _ in 0..world.rng.u32(5..80) {
            world.insert();
            world.now += world.rng.i64(0..3);
        }
        world.quiet();
        let world = Arc::new(Mutex::new(world));
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port is free");
        let address = listener.local_addr().expect("it is bound");
        let served = Arc::clone(&world);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let world = Arc::clone(&served);
                std::thread::spawn(move || serve(stream, &world));
            }
        });
        Simulator { world, address }
    }

    pub(super) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(super) fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl World {
    /// All that was changed becomes visible, and some time goes by.
    pub(super) fn quiet(&mut self) {
        self.now += 60;
        self.show();
    }

    fn show(&mut self) {
        let (now, rows) = (self.now, &mut self.rows);
        self.pending.retain(|(at, id, row)| {
            if *at <= now {
                rows.insert(id.clone(), row.clone());
            }
            *at > now
        });
    }

    fn insert(&mut self) {
        self.ids += 1;
        // In no order of time.
        let id = format!("{:04}-{}", self.rng.u32(..10_000), self.ids);
        self.change(id);
    }

    fn change(&mut self, id: String) {
        let late = if self.rng.u8(..4) == 0 { self.rng.i64(0..=LATE) } else { 0 };
        let row = Row { updated_at: Some(self.now), value: self.rng.i64(..1_000_000) };
        // A later change of the same row is visible later.
        let after = self.pending.iter().filter(|(_, known, _)| *known == id).map(|(at, ..)| *at).max();
        self.pending.push(((self.now + late).max(after.unwrap_or(0)), id, row));
    }

    /// A little happens.
    fn tick(&mut self) {
        self.now += i64::from(self.rng.u8(..3) == 0);
        for _ in 0..self.rng.u8(..3) {
            let known = self.rows.len();
            let pick = |rng: &mut Rng, rows: &BTreeMap<String, Row>| rows.keys().nth(rng.usize(..known)).cloned();
            match self.rng.u8(..6) {
                0 | 1 if self.changes.inserts => self.insert(),
                2 | 3 if self.changes.updates && known > 0 => {
                    if let Some(id) = pick(&mut self.rng, &self.rows) {
                        self.change(id);
                    }
                }
                4 if self.changes.deletes && known > 0 => {
                    if let Some(id) = pick(&mut self.rng, &self.rows) {
                        self.rows.remove(&id);
                        self.pending.retain(|(_, known, _)| *known != id);
                    }
                }
                _ => {}
            }
        }
        self.show();
    }

    fn answer(&mut self, path: &str, query: &Parameters, token: &str) -> Answer {
        self.requests += 1;
        self.tick();
        if path == "/token" {
            self.token = (self.token.0 + 1, if self.faults { self.rng.u32(3..30) } else { u32::MAX });
            return Answer::json(200, json!({"token": format!("t{}", self.token.0)}));
        }
        if self.faults {
            match self.rng.u8(..60) {
                0 | 1 => return Answer::json(429, json!({"error": "slow down"})),
                2 | 3 => return Answer::json(503, json!({"error": "busy"})),
                4 => return Answer::json(500, json!({"error": "broken"})),
                5 => return Answer::Reset,
                6 => return Answer::Truncated,
                _ => {}
            }
        }
        if token != format!("Bearer t{}", self.token.0) || self.token.1 == 0 {
            return Answer::json(401, json!({"error": "who are you?"}));
        }
        self.token.1 -= 1;
        let since = query.get("since").map(seconds);
        let by_time = query.get("order") == Some("time");
        let key = |id: &str, row: &Row| {
            if by_time { format!("{:012}|{id}", row.updated_at.unwrap_or(0)) } else { id.to_owned() }
        };
        let after = query.get("after").unwrap_or_default();
        let mut found: Vec<(String, &String, &Row)> = self
            .rows
            .iter()
            .filter(|(_, row)| since.is_none_or(|since| row.updated_at.is_none_or(|at| at >= since)))
            .map(|(id, row)| (key(id, row), id, row))
            .filter(|(key, ..)| key.as_str() > after)
            .collect();
        found.sort();
        let next = (found.len() > PAGE).then(|| found[PAGE - 1].0.clone());
        found.truncate(PAGE);
        let rows = found.iter().map(|(_, id, row)| {
            json!({"id": id, "updated_at": row.updated_at.map(time), "value": row.value, "more": {"n": [row.value]}})
        });
        Answer::json(200, json!({"rows": rows.collect::<Vec<_>>(), "next": next}))
    }
}

impl PartialOrd for Row {
    fn partial_cmp(&self, other: &Row) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Eq for Row {}

impl Ord for Row {
    fn cmp(&self, other: &Row) -> std::cmp::Ordering {
        (self.updated_at, self.value).cmp(&(other.updated_at, other.value))
    }
}

enum Answer {
    Json(u16, String),
    /// The connection ends without an answer.
    Reset,
    /// The connection ends in the middle of the body.
    Truncated,
}

impl Answer {
    fn json(status: u16, body: serde_json::Value) -> Answer {
        Answer::Json(status, body.to_string())
    }
}

fn serve(stream: TcpStream, world: &Mutex<World>) -> Option<()> {
    let mut writer = stream.try_clone().ok()?;
    let mut reader = BufReader::new(stream);
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        let (mut token, mut length) = (String::new(), 0);
        loop {
            let mut header = String::new();
            reader.read_line(&mut header).ok()?;
            let Some((name, value)) = header.trim().split_once(": ") else { break };
            match name.to_ascii_lowercase().as_str() {
                "authorization" => token = value.to_owned(),
                "content-length" => length = value.parse().ok()?,
                _ => {}
            }
        }
        std::io::copy(&mut reader.by_ref().take(length), &mut std::io::sink()).ok()?;
        let target = line.split(' ').nth(1)?;
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let (answer, now) = {
            let mut world = world.lock().unwrap_or_else(PoisonError::into_inner);
            let now = world.now;
            (world.answer(path, &Parameters::parse(query), &token), now)
        };
        let head = |status: u16, length: usize| {
            format!(
                "HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nContent-Length: {length}\r\nRetry-After: 0\r\n\
                 Date: {}\r\n\r\n",
                http_date(now)
            )
        };
        match answer {
            Answer::Json(status, body) => {
                writer.write_all(format!("{}{body}", head(status, body.len())).as_bytes()).ok()?;
            }
            Answer::Reset => return None,
            Answer::Truncated => {
                writer.write_all(format!("{}{{\"rows\": [", head(200, 1000)).as_bytes()).ok()?;
                return None;
            }
        }
    }
}

/// `2024-03-01T00:00:00Z`
pub(super) fn time(seconds: i64) -> String {
    let of_day = seconds - START;
    let (days, rest) = (of_day.div_euclid(86_400), of_day.rem_euclid(86_400));
    assert!(days < 31, "a history takes less than a month");
    format!("2024-03-{:02}T{:02}:{:02}:{:02}Z", days + 1, rest / 3600, rest / 60 % 60, rest % 60)
}

/// The other way round, of times of this month; before it, the start.
pub(super) fn seconds(text: &str) -> i64 {
    let number = |range: std::ops::Range<usize>| text.get(range).and_then(|text| text.parse::<i64>().ok()).unwrap_or(0);
    if !text.starts_with("2024-03-") {
        return START - 1;
    }
    START + (number(8..10) - 1) * 86_400 + number(11..13) * 3600 + number(14..16) * 60 + number(17..19)
}

/// `Fri, 01 Mar 2024 00:00:00 GMT`
fn http_date(seconds: i64) -> String {
    const NAMES: [&str; 7] = ["Fri", "Sat", "Sun", "Mon", "Tue", "Wed", "Thu"];
    let text = time(seconds);
    let day = (seconds - START).div_euclid(86_400);
    format!("{}, {} Mar 2024 {} GMT", NAMES[day as usize % 7], &text[8..10], &text[11..19])
}
