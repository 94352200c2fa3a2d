//! Slack's Web API: channels, messages, users of one workspace.
//!
//! Every answer but "too many requests" has status 200; `ok` says whether it went well, `error` what did not. Lists have
//! `limit` and `cursor`, and name the next page in `response_metadata.next_cursor`, which is empty on the last one.

use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use super::{NEW_YEAR, Simulator, simulator};
use crate::server::{Call, Parameters, Reply, lock};

/// The bot's token.
pub const TOKEN: &str = "xoxb-simulated-0123456789-abcdefghij";
/// Channels: every sixth is archived, every fifth private. Number 1 is `C0001`, `general`.
pub const CHANNELS: usize = 45;
/// Messages of `general` at first, a minute apart.
pub const MESSAGES: usize = 330;
/// Users: number 1 is `U0001`, with the address `user-1@example.com`.
pub const USERS: usize = 25;

/// A running Slack; it stops with its value.
#[derive(Debug)]
pub struct Slack {
    simulator: Simulator,
    posted: Arc<Mutex<Vec<Value>>>,
}

simulator!(Slack);

impl Slack {
    /// Starts it on a free port.
    pub fn start() -> std::io::Result<Slack> {
        let posted = Arc::new(Mutex::new(Vec::new()));
        let shared = Arc::clone(&posted);
        let simulator = Simulator::start(move |call| answer(&mut lock(&shared), call))?;
        Ok(Slack { simulator, posted })
    }

    /// The messages and reactions that were posted.
    pub fn posted(&self) -> Vec<Value> {
        lock(&self.posted).clone()
    }

    /// The answer to a request that was one too many.
    pub fn rate_limited(seconds: u32) -> Reply {
        Reply::new(429, json!({"ok": false, "error": "ratelimited"})).header("retry-after", seconds)
    }
}

fn failure(error: &str) -> Reply {
    Reply::new(200, json!({"ok": false, "error": error}))
}

fn answer(posted: &mut Vec<Value>, call: &Call) -> Reply {
    match call.header("authorization") {
        "" => return failure("not_authed"),
        given if given != format!("Bearer {TOKEN}") => return failure("invalid_auth"),
        _ => {}
    }
    let parameters = call.parameters();
    match (call.method.as_str(), call.path.strip_prefix("/api/").unwrap_or_default()) {
        (_, "auth.test") => Reply::new(200, json!({"ok": true, "team": "Acme", "user": "bot", "bot_id": "B0001"})),
        ("GET", "conversations.list") => {
            let types = parameters.get("types").unwrap_or("public_channel");
            let archived = parameters.get("exclude_archived") != Some("true");
            let wanted = |channel: &Value| {
                let kind = if channel["is_private"] == true { "private_channel" } else { "public_channel" };
                types.split(',').any(|one| one == kind) && (archived || channel["is_archived"] == false)
            };
            page("channels", (1..=CHANNELS).map(channel).filter(wanted).collect(), &parameters)
        }
        ("GET", "users.list") => page("members", (1..=USERS).map(user).collect(), &parameters),
        ("GET", "conversations.history") => history(&parameters),
        ("POST", method @ ("chat.postMessage" | "chat.update" | "reactions.add")) => post(posted, call, method),
        _ => failure("unknown_method"),
    }
}

fn channel(number: usize) -> Value {
    let name = if number == 1 { "general".to_owned() } else { format!("channel-{number}") };
    json!({
        "id": format!("C{number:04}"), "name": name, "is_channel": true, "created": NEW_YEAR - number as i64 * 86_400,
        "is_private": number.is_multiple_of(5), "is_archived": number.is_multiple_of(6), "num_members": number * 3 % 17,
        "creator": format!("U{:04}", number % USERS + 1),
        "topic": {"value": if number == 1 { "All of us" } else { "" }}, "purpose": {"value": ""},
    })
}

fn user(number: usize) -> Value {
    let bot = number.is_multiple_of(8);
    let mut profile = json!({"real_name": format!("User No. {number}")});
    if !bot {
        profile["email"] = json!(format!("user-{number}@example.com"));
    }
    json!({
        "id": format!("U{number:04}"), "name": format!("user-{number}"), "real_name": format!("User No. {number}"),
        "deleted": number.is_multiple_of(9), "is_bot": bot, "is_admin": number == 1, "tz": "Europe/Berlin", "profile": profile,
    })
}

/// The message of this number, in whole microseconds since 1970.
fn sent(number: usize) -> i64 {
    (NEW_YEAR + number as i64 * 60) * 1_000_000 + number as i64 * 100
}

fn stamp(micros: i64) -> String {
    format!("{}.{:06}", micros / 1_000_000, micros % 1_000_000)
}

fn message(number: usize) -> Value {
    let mut message = json!({
        "type": "message", "user": format!("U{:04}", number % USERS + 1), "ts": stamp(sent(number)),
        "text": format!("Message {number} <@U0001> :tada: a &amp; b"),
    });
    if number.is_multiple_of(10) {
        message["reactions"] = json!([{"name": "thumbsup", "count": 2, "users": ["U0001", "U0002"]}]);
    }
    if number.is_multiple_of(50) {
        message["thread_ts"] = message["ts"].clone();
        message["reply_count"] = json!(number / 50);
    }
    message
}

/// Newest first; the bounds `oldest` and `latest` are exclusive unless `inclusive` is set.
fn history(parameters: &Parameters) -> Reply {
    let count = match parameters.get("channel") {
        None => return failure("channel_not_found"),
        Some("C0001") => MESSAGES,
        Some("C0002") => 3,
        Some("C0005") => return failure("not_in_channel"),
        Some(id) if (1..=CHANNELS).any(|number| channel(number)["id"] == id) => 0,
        Some(_) => return failure("channel_not_found"),
    };
    let micros = |name: &str| -> Result<Option<i64>, ()> {
        let Some(text) = parameters.get(name) else { return Ok(None) };
        let (seconds, fraction) = text.split_once('.').unwrap_or((text, ""));
        let fraction = format!("{fraction:0<6}");
        match (seconds.parse::<i64>(), fraction.get(..6).unwrap_or_default().parse::<i64>()) {
            (Ok(seconds), Ok(fraction)) => Ok(Some(seconds * 1_000_000 + fraction)),
            _ => Err(()),
        }
    };
    let (Ok(oldest), Ok(latest)) = (micros("oldest"), micros("latest")) else { return failure("invalid_ts_oldest") };
    let inclusive = matches!(parameters.get("inclusive"), Some("true" | "1"));
    let wanted = |number: &usize| {
        let at = sent(*number);
        oldest.is_none_or(|oldest| at > oldest || (inclusive && at == oldest))
            && latest.is_none_or(|latest| at < latest || (inclusive && at == latest))
    };
    page("messages", (1..=count).rev().filter(wanted).map(message).collect(), parameters)
}

fn page(name: &str, rows: Vec<Value>, parameters: &Parameters) -> Reply {
    let limit = match parameters.number("limit") {
        Ok(limit) => limit.unwrap_or(100),
        Err(_) => return failure("invalid_limit"),
    };
    if !(1..=999).contains(&limit) {
        return failure("invalid_limit");
    }
    // A cursor is opaque, and ends as base64 does: with what must be encoded in a query.
    let start = match parameters.get("cursor").filter(|cursor| !cursor.is_empty()) {
        None => 0,
        Some(cursor) => {
            let position = cursor.strip_prefix("bmV4dDo+").and_then(|rest| rest.strip_suffix("=="));
            match position.and_then(|position| position.parse::<usize>().ok()) {
                Some(position) => position,
                None => return failure("invalid_cursor"),
            }
        }
    };
    let end = start + limit as usize;
    let next = if end < rows.len() { format!("bmV4dDo+{end}==") } else { String::new() };
    let wanted: Vec<&Value> = rows.iter().skip(start).take(limit as usize).collect();
    let mut body = json!({"ok": true, "response_metadata": {"next_cursor": next}, "has_more": end < rows.len()});
    body[name] = json!(wanted);
    Reply::new(200, body)
}

fn post(posted: &mut Vec<Value>, call: &Call, method: &str) -> Reply {
    if !call.header("content-type").starts_with("application/json") {
        return failure("invalid_form_data");
    }
    let Ok(body @ Value::Object(_)) = serde_json::from_slice::<Value>(&call.body) else {
        return failure("json_not_object");
    };
    let known = body["channel"].as_str().is_some_and(|id| (1..=CHANNELS).any(|number| channel(number)["id"] == id));
    if !known {
        return failure("channel_not_found");
    }
    let says_nothing = |name: &str| body[name].is_null() || body[name] == "";
    match method {
        "reactions.add" if body["name"].as_str().is_none_or(|name| name.contains(':')) => {
            return failure("invalid_name");
        }
        "reactions.add" if posted.contains(&json!({"method": method, "body": body})) => {
            return failure("already_reacted");
        }
        "chat.postMessage" | "chat.update" if ["text", "blocks", "attachments"].into_iter().all(says_nothing) => {
            return failure("no_text");
        }
        _ => {}
    }
    posted.push(json!({"method": method, "body": body}));
    if method == "reactions.add" {
        return Reply::new(200, json!({"ok": true}));
    }
    let ts = stamp(sent(MESSAGES + posted.len()));
    Reply::new(
        200,
        json!({"ok": true, "channel": body["channel"], "ts": ts, "message": {"text": body["text"], "type": "message"}}),
    )
}
