//! Stripe's API (version 2024-06-20): customers, charges, refunds, invoices, subscriptions.
//!
//! - Lists have `limit` (10, at most 100) and `starting_after`, newest first, and say `has_more`. Parameters that a list does
//!   not know are errors.
//! - Bodies are forms with nested keys; anything else is refused.
//! - A POST with an `Idempotency-Key` seen before gives the first answer again, and an error where it says something else.
//! - Without a valid key every answer is 401. A charge by `tok_chargeDeclined` is declined with 402.

mod data;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use self::data::Data;
use super::form::nested;
use super::{Simulator, simulator};
use crate::server::{Call, Parameters, Reply, lock};

/// The key that it accepts.
pub const KEY: &str = "sk_test_simulated0123456789abcdefghij";
/// Customers at first. Number 7 has a balance of [`BIG`].
pub const CUSTOMERS: usize = 230;
/// Charges at first: every thirteenth failed.
pub const CHARGES: usize = 320;
/// Invoices at first.
pub const INVOICES: usize = 60;
/// Subscriptions at first: every fourth is canceled.
pub const SUBSCRIPTIONS: usize = 40;
/// A number that a double cannot hold.
pub const BIG: i64 = 9_007_199_254_740_993;

/// A running Stripe; it stops with its value.
#[derive(Debug)]
pub struct Stripe {
    simulator: Simulator,
    state: Arc<Mutex<State>>,
}

simulator!(Stripe);

#[derive(Debug)]
struct State {
    data: Data,
    /// Request and answer of each idempotency key.
    answered: BTreeMap<String, (String, Reply)>,
}

impl Stripe {
    /// Starts it on a free port.
    pub fn start() -> std::io::Result<Stripe> {
        let state = Arc::new(Mutex::new(State { data: Data::new(), answered: BTreeMap::new() }));
        let shared = Arc::clone(&state);
        let simulator = Simulator::start(move |call| lock(&shared).answer(call))?;
        Ok(Stripe { simulator, state })
    }

    /// How many objects of a kind there are: `customers`, `charges`, …
    pub fn count(&self, kind: &str) -> usize {
        lock(&self.state).data.list(kind).map_or(0, Vec::len)
    }

    /// The newest object of a kind.
    pub fn newest(&self, kind: &str) -> Option<Value> {
        lock(&self.state).data.list(kind).and_then(|list| list.first().cloned())
    }

    /// The idempotency keys so far.
    pub fn keys(&self) -> Vec<String> {
        lock(&self.state).answered.keys().cloned().collect()
    }

    /// The answer to a request that was one too many.
    pub fn rate_limited() -> Reply {
        error(
            429,
            &json!({"type": "invalid_request_error", "code": "rate_limit", "message": "Request rate limit exceeded."}),
        )
    }
}

fn error(status: u16, error: &Value) -> Reply {
    Reply::new(status, json!({"error": error})).header("request-id", "req_simulated")
}

fn invalid(code: &str, parameter: &str, message: &str) -> Reply {
    error(400, &json!({"type": "invalid_request_error", "code": code, "param": parameter, "message": message}))
}

impl State {
    fn answer(&mut self, call: &Call) -> Reply {
        let given = call.header("authorization").strip_prefix("Bearer ").unwrap_or_default();
        if given != KEY {
            let end = given.get(given.len().saturating_sub(4)..).unwrap_or_default();
            let message = match given {
                "" => "You did not provide an API key.".to_owned(),
                _ => format!("Invalid API Key provided: sk_test_****{end}"),
            };
            return error(401, &json!({"type": "invalid_request_error", "message": message}));
        }
        let parts: Vec<&str> = call.path.split('/').skip(1).collect();
        match (call.method.as_str(), &*parts) {
            ("GET", ["v1", "balance"]) => Reply::new(200, json!({"object": "balance", "available": []})),
            ("GET", ["v1", kind]) => self.page(kind, &call.parameters()),
            ("GET", ["v1", kind, id]) => match self.data.find(kind, id).cloned() {
                Some(mut found) => {
                    if nested(&call.parameters()).is_ok_and(|given| given["expand"][0] == "balance_transaction") {
                        data::expand_balance(&mut found);
                    }
                    Reply::new(200, found)
                }
                None => missing(kind, id),
            },
            ("DELETE", ["v1", "subscriptions", id]) => {
                self.data.cancel(id).unwrap_or_else(|| missing("subscriptions", id))
            }
            ("DELETE", ["v1", "customers", id]) => match self.data.remove("customers", id) {
                Some(_) => Reply::new(200, json!({"id": id, "object": "customer", "deleted": true})),
                None => missing("customers", id),
            },
            ("POST", ["v1", ..]) => self.post(call, &parts[1..]),
            _ => {
                let message = format!("Unrecognized request URL ({}: {}).", call.method, call.path);
                error(404, &json!({"type": "invalid_request_error", "message": message}))
            }
        }
    }

    fn page(&self, kind: &str, parameters: &Parameters) -> Reply {
        let Some(list) = self.data.list(kind) else {
            return error(
                404,
                &json!({"type": "invalid_request_error", "message": format!("Unrecognized request URL (GET: /v1/{kind}).")}),
            );
        };
        let parameters = match nested(parameters) {
            Ok(parameters) => parameters,
            Err(message) => return invalid("parameter_invalid", "", &message),
        };
        let known = data::filters(kind);
        for (name, _) in parameters.as_object().into_iter().flatten() {
            if !["limit", "starting_after", "expand"].contains(&&**name) && !known.contains(&&**name) {
                return invalid("parameter_unknown", name, &format!("Received unknown parameter: {name}"));
            }
        }
        let limit = match parameters["limit"].as_str().map_or(Ok(10), str::parse::<usize>) {
            Ok(limit @ 1..=100) => limit,
            Ok(other) => {
                let message = format!("This value must be less than or equal to 100 (it currently is '{other}').");
                return invalid("parameter_invalid_integer", "limit", &message);
            }
            Err(_) => return invalid("parameter_invalid_integer", "limit", "Invalid integer"),
        };
        let start = match parameters["starting_after"].as_str() {
            None => 0,
            Some(id) => match list.iter().position(|object| object["id"] == id) {
                Some(position) => position + 1,
                None => return invalid("resource_missing", "starting_after", &format!("No such object: '{id}'")),
            },
        };
        let mut wanted = Vec::new();
        for object in &list[start..] {
            match data::matches(kind, object, &parameters) {
                Ok(true) => wanted.push(object.clone()),
                Ok(false) => {}
                Err(name) => return invalid("parameter_invalid", &name, "Invalid value"),
            }
        }
        let has_more = wanted.len() > limit;
        wanted.truncate(limit);
        for path in parameters["expand"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            match path {
                "data.balance_transaction" if kind == "charges" => wanted.iter_mut().for_each(data::expand_balance),
                "data.customer" => wanted.iter_mut().for_each(|object| self.data.expand_customer(object)),
                _ => return invalid("", "expand", &format!("This property cannot be expanded ({path}).")),
            }
        }
        Reply::new(200, json!({"object": "list", "url": format!("/v1/{kind}"), "has_more": has_more, "data": wanted}))
    }

    fn post(&mut self, call: &Call, parts: &[&str]) -> Reply {
        let body = String::from_utf8_lossy(&call.body).into_owned();
        if !body.is_empty() && !call.header("content-type").starts_with("application/x-www-form-urlencoded") {
            let message = "Invalid request (check that your POST content type is application/x-www-form-urlencoded).";
            return error(400, &json!({"type": "invalid_request_error", "message": message}));
        }
        let request = format!("{} {body}", call.path);
        let key = call.header("idempotency-key");
        if let Some((before, reply)) = self.answered.get(key) {
            if *before == request {
                return reply.clone().header("idempotent-replayed", "true");
            }
            let message = format!(
                "Keys for idempotent requests can only be used with the same parameters they were first used with. \
                 Try using a key other than '{key}' if you meant to execute a different request."
            );
            return error(400, &json!({"type": "idempotency_error", "message": message}));
        }
        let reply = match nested(&Parameters::parse(&body)) {
            Ok(given) => self.data.write(parts, &given),
            Err(message) => invalid("parameter_invalid", "", &message),
        };
        // What was refused before anything was done is not kept.
        if !key.is_empty() && reply.status != 400 {
            self.answered.insert(key.to_owned(), (request, reply.clone()));
        }
        reply
    }
}

fn missing(kind: &str, id: &str) -> Reply {
    let message = format!("No such {}: '{id}'", kind.trim_end_matches('s'));
    error(404, &json!({"type": "invalid_request_error", "code": "resource_missing", "param": "id", "message": message}))
}
