//! Salesforce's REST API (v61.0): SOQL over five objects, records to write, and OAuth 2 with refresh tokens that rotate.
//!
//! - A refresh gives a new access token and a new refresh token; the old refresh token is worth nothing from then on.
//! - Queries come in pages of [`PAGE`] records; `nextRecordsUrl` names the next one.
//! - Errors are an array of `{message, errorCode, fields}`.

mod soql;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use super::{NEW_YEAR, Simulator, iso, simulator};
use crate::server::{Call, Parameters, Reply, lock};

/// The application's id.
pub const CLIENT_ID: &str = "3MVG9simulated.client";
/// The application's secret.
pub const CLIENT_SECRET: &str = "0123456789SIMULATEDSECRET";
/// The refresh token that the user got when the application was allowed in. It works once.
pub const REFRESH_TOKEN: &str = "5Aep861simulated.first.refresh.token";
/// Records in a page.
pub const PAGE: usize = 100;
/// Accounts at first.
pub const ACCOUNTS: usize = 130;
/// Contacts at first: number n is `user-n@example.com`, at account n.
pub const CONTACTS: usize = 60;

/// A running Salesforce; it stops with its value.
#[derive(Debug)]
pub struct Salesforce {
    simulator: Simulator,
    state: Arc<Mutex<State>>,
}

simulator!(Salesforce);

#[derive(Debug)]
struct State {
    /// By the object's name: `Account`.
    objects: BTreeMap<&'static str, Vec<Value>>,
    /// Pages to come, by the end of their URL.
    cursors: BTreeMap<String, Vec<Value>>,
    access_token: Option<String>,
    refresh_token: String,
    refreshes: usize,
    refused: usize,
    made: usize,
}

impl Salesforce {
    /// Starts it on a free port.
    pub fn start() -> std::io::Result<Salesforce> {
        let state = Arc::new(Mutex::new(State::new()));
        let shared = Arc::clone(&state);
        let simulator = Simulator::start(move |call| lock(&shared).answer(call))?;
        Ok(Salesforce { simulator, state })
    }

    /// The access token is worth nothing from now on, as when a session has expired.
    pub fn expire_session(&self) {
        lock(&self.state).access_token = None;
    }

    /// How many refreshes went well, and how many were refused.
    pub fn refreshes(&self) -> (usize, usize) {
        let state = lock(&self.state);
        (state.refreshes, state.refused)
    }

    /// The tokens that are valid now.
    pub fn tokens(&self) -> (Option<String>, String) {
        let state = lock(&self.state);
        (state.access_token.clone(), state.refresh_token.clone())
    }

    /// The records of an object, in the order they were made.
    pub fn records(&self, object: &str) -> Vec<Value> {
        lock(&self.state).objects.get(object).cloned().unwrap_or_default()
    }
}

fn failure(status: u16, code: &str, message: &str) -> Reply {
    Reply::new(status, json!([{"message": message, "errorCode": code}]))
}

/// `2026-01-01T00:00:00.000+0000`
fn time(seconds: i64) -> String {
    iso(seconds).replace('Z', ".000+0000")
}

fn id(prefix: &str, number: usize) -> String {
    format!("{prefix}{number:012}AAA")
}

fn attributes(object: &str, id: &str) -> Value {
    json!({"type": object, "url": format!("/services/data/v61.0/sobjects/{object}/{id}")})
}

fn pick(n: usize, names: &[&'static str]) -> &'static str {
    names[n % names.len()]
}

fn account(n: usize) -> Value {
    json!({
        "attributes": attributes("Account", &id("001", n)), "Id": id("001", n), "Name": format!("Account {n} O'Hara"),
        "Type": pick(n, &["Customer", "Prospect", "Partner"]), "Industry": if n.is_multiple_of(7) { Value::Null } else { json!("Retail") },
        "AnnualRevenue": if n.is_multiple_of(5) { Value::Null } else { json!(n as f64 * 1000.5) },
        "Website": format!("https://account-{n}.example.com"),
        "CreatedDate": time(NEW_YEAR + n as i64 * 3_600), "LastModifiedDate": time(NEW_YEAR + n as i64 * 7_200),
    })
}

fn contact(n: usize) -> Value {
    let of = account(n);
    json!({
        "attributes": attributes("Contact", &id("003", n)), "Id": id("003", n), "Name": format!("User No. {n}"),
        "FirstName": "User", "LastName": format!("No. {n}"), "Email": format!("user-{n}@example.com"), "Phone": null,
        "AccountId": id("001", n), "CreatedDate": time(NEW_YEAR + n as i64 * 60), "LastModifiedDate": time(NEW_YEAR + n as i64 * 60),
        "Account": {"attributes": of["attributes"], "Name": of["Name"], "Type": of["Type"]},
    })
}

fn opportunity(n: usize) -> Value {
    let day = iso(NEW_YEAR + n as i64 * 86_400);
    json!({
        "attributes": attributes("Opportunity", &id("006", n)), "Id": id("006", n), "Name": format!("Deal {n}"),
        "StageName": pick(n, &["Prospecting", "Closed Won"]), "Amount": n as f64 * 250.25, "CloseDate": &day[..10],
        "Probability": n % 101, "AccountId": id("001", n % 10 + 1),
        "CreatedDate": time(NEW_YEAR), "LastModifiedDate": time(NEW_YEAR),
    })
}

fn case(n: usize) -> Value {
    json!({
        "attributes": attributes("Case", &id("500", n)), "Id": id("500", n), "CaseNumber": format!("{n:08}"),
        "Subject": format!("Case {n}"), "Description": null, "Status": pick(n, &["New", "Working", "Closed"]), "Priority": pick(n, &["High", "Low"]),
        "Origin": "Web", "AccountId": id("001", n), "ContactId": id("003", n),
        "CreatedDate": time(NEW_YEAR + n as i64 * 3_600), "LastModifiedDate": time(NEW_YEAR + n as i64 * 3_600),
    })
}

fn lead(n: usize) -> Value {
    json!({
        "attributes": attributes("Lead", &id("00Q", n)), "Id": id("00Q", n), "Name": format!("Lead {n}"), "Company": format!("Company {n}"),
        "Email": format!("lead-{n}@example.com"), "Status": "Open", "LeadSource": null,
        "CreatedDate": time(NEW_YEAR), "LastModifiedDate": time(NEW_YEAR),
    })
}

impl State {
    fn new() -> State {
        let some = |count: usize, make: fn(usize) -> Value| (1..=count).map(make).collect::<Vec<Value>>();
        let objects = BTreeMap::from([
            ("Account", some(ACCOUNTS, account)),
            ("Contact", some(CONTACTS, contact)),
            ("Opportunity", some(40, opportunity)),
            ("Case", some(30, case)),
            ("Lead", some(20, lead)),
        ]);
        State {
            objects,
            cursors: BTreeMap::new(),
            access_token: None,
            refresh_token: REFRESH_TOKEN.to_owned(),
            refreshes: 0,
            refused: 0,
            made: 1_000,
        }
    }

    fn answer(&mut self, call: &Call) -> Reply {
        if call.path == "/services/oauth2/token" {
            return self.token(call);
        }
        let valid = self.access_token.as_ref().map(|token| format!("Bearer {token}"));
        if valid.as_deref() != Some(call.header("authorization")) {
            return failure(401, "INVALID_SESSION_ID", "Session expired or invalid");
        }
        let path = call.path.strip_prefix("/services/data/v61.0/").unwrap_or_default();
        let parts: Vec<&str> = path.split('/').collect();
        let body: Value = serde_json::from_slice(&call.body).unwrap_or_default();
        match (call.method.as_str(), &*parts) {
            ("GET", ["limits"]) => Reply::new(200, json!({"DailyApiRequests": {"Max": 15000, "Remaining": 14998}})),
            ("GET", ["query"]) => self.query(call.parameters().get("q").unwrap_or_default()),
            ("GET", ["query", cursor]) => match self.cursors.remove(*cursor) {
                Some(rest) => self.page(rest.len(), rest),
                None => failure(400, "INVALID_QUERY_LOCATOR", "invalid query locator"),
            },
            ("POST", ["sobjects", object]) => match self.create(object, &body) {
                Ok(id) => Reply::new(201, json!({"id": id, "success": true, "errors": []})),
                Err((code, message, fields)) => {
                    Reply::new(400, json!([{"message": message, "errorCode": code, "fields": fields}]))
                }
            },
            ("PATCH", ["sobjects", object, id]) => self.update(object, id, &body),
            ("POST", ["composite", "sobjects"]) => self.create_many(&body),
            _ => failure(404, "NOT_FOUND", "The requested resource does not exist"),
        }
    }

    fn token(&mut self, call: &Call) -> Reply {
        let refused =
            |error: &str, description: &str| Reply::new(400, json!({"error": error, "error_description": description}));
        let form = Parameters::parse(&String::from_utf8_lossy(&call.body));
        if !call.header("content-type").starts_with("application/x-www-form-urlencoded") {
            return refused("invalid_request", "the body is no form");
        }
        if form.get("client_id") != Some(CLIENT_ID) || form.get("client_secret") != Some(CLIENT_SECRET) {
            self.refused += 1;
            return refused("invalid_client", "invalid client credentials");
        }
        if form.get("grant_type") != Some("refresh_token") {
            return refused("unsupported_grant_type", "grant type not supported");
        }
        if form.get("refresh_token") != Some(&*self.refresh_token) {
            self.refused += 1;
            return refused("invalid_grant", "expired access/refresh token");
        }
        self.refreshes += 1;
        let access_token = format!("00Dsimulated!AQEAQ.access.{:04}", self.refreshes);
        self.refresh_token = format!("5Aep861simulated.rotated.{:04}.token", self.refreshes);
        self.access_token = Some(access_token.clone());
        Reply::new(
            200,
            json!({
                "access_token": access_token, "refresh_token": self.refresh_token, "token_type": "Bearer",
                "instance_url": call.origin(), "scope": "refresh_token api", "issued_at": "1767225600000",
            }),
        )
    }

    fn query(&mut self, text: &str) -> Reply {
        let query = match soql::parse(text) {
            Ok(query) => query,
            Err(message) => return failure(400, "MALFORMED_QUERY", &message),
        };
        let Some(records) = self.objects.get(&*query.object) else {
            return failure(400, "INVALID_TYPE", &format!("sObject type '{}' is not supported.", query.object));
        };
        let known = |name: &str| {
            records.first().is_some_and(|one| one.pointer(&format!("/{}", name.replace('.', "/"))).is_some())
        };
        if let Some(unknown) = query.names().find(|name| !known(name)) {
            let message = format!("No such column '{unknown}' on entity '{}'.", query.object);
            return failure(400, "INVALID_FIELD", &message);
        }
        let found = query.run(records);
        self.page(found.len(), found)
    }

    fn page(&mut self, total: usize, mut records: Vec<Value>) -> Reply {
        if records.len() <= PAGE {
            return Reply::new(200, json!({"totalSize": total, "done": true, "records": records}));
        }
        let rest = records.split_off(PAGE);
        let cursor = format!("01gsimulated-{}", rest.len());
        let next = format!("/services/data/v61.0/query/{cursor}");
        self.cursors.insert(cursor, rest);
        Reply::new(200, json!({"totalSize": total, "done": false, "nextRecordsUrl": next, "records": records}))
    }

    fn create(&mut self, object: &str, given: &Value) -> Result<String, (&'static str, String, Vec<&'static str>)> {
        let (prefix, make, required): (&str, fn(usize) -> Value, &'static str) = match object {
            "Case" => ("500", case, "Subject"),
            "Contact" => ("003", contact, "LastName"),
            _ => return Err(("NOT_FOUND", "The requested resource does not exist".to_owned(), Vec::new())),
        };
        if given[required].as_str().is_none_or(str::is_empty) {
            let message = format!("Required fields are missing: [{required}]");
            return Err(("REQUIRED_FIELD_MISSING", message, vec![required]));
        }
        self.made += 1;
        let mut record = make(self.made);
        for (name, value) in given.as_object().into_iter().flatten().filter(|(name, _)| *name != "attributes") {
            if record.get(name).is_none() {
                return Err((
                    "INVALID_FIELD",
                    format!("No such column '{name}' on sobject of type {object}"),
                    Vec::new(),
                ));
            }
            record[name] = value.clone();
        }
        if let Some(records) = self.objects.get_mut(object) {
            records.push(record);
        }
        Ok(id(prefix, self.made))
    }

    fn update(&mut self, object: &str, id: &str, changes: &Value) -> Reply {
        let records = self.objects.get_mut(object).into_iter().flatten();
        let Some(record) = records.into_iter().find(|record| record["Id"] == id) else {
            return failure(404, "NOT_FOUND", "Provided external ID field does not exist or is not accessible");
        };
        for (name, value) in changes.as_object().into_iter().flatten() {
            record[name] = value.clone();
        }
        Reply::new(204, "")
    }

    /// All or nothing where `allOrNone` says so; the status is 200 in any case.
    fn create_many(&mut self, body: &Value) -> Reply {
        let before = self.objects.clone();
        let records = body["records"].as_array().cloned().unwrap_or_default();
        let results: Vec<Result<String, _>> = records
            .iter()
            .map(|record| self.create(record["attributes"]["type"].as_str().unwrap_or_default(), record))
            .collect();
        let failed = results.iter().any(Result::is_err) && body["allOrNone"] == true;
        if failed {
            self.objects = before;
        }
        let rolled_back = json!({
            "statusCode": "ALL_OR_NONE_OPERATION_ROLLED_BACK", "fields": [],
            "message": "Record rolled back because not all records were valid and the request was using AllOrNone header",
        });
        let shown = results.into_iter().map(|result| match result {
            Ok(_) if failed => json!({"success": false, "errors": [rolled_back]}),
            Ok(id) => json!({"id": id, "success": true, "errors": []}),
            Err((code, message, fields)) => {
                json!({"success": false, "errors": [{"statusCode": code, "message": message, "fields": fields}]})
            }
        });
        Reply::new(200, json!(shown.collect::<Vec<Value>>()))
    }
}
