//! An HTTP API on loopback, as a connector would find it: pages, filters, a bearer key.
//!
//! ```text
//! GET    /items?limit=100&cursor=…&id=…&name=…&status=…   {"items": [item, …], "next_cursor": "…" or null}, newest first
//! POST   /items          {"name": "…", "status": "…"}      201 and the item
//! GET    /items/:id                                        the item, or 404
//! DELETE /items/:id                                        204, or 404
//! any    /fail/:status/…                                   that status, and `Retry-After: 7`
//! ```
//!
//! An item is `{"id", "name", "status", "created_at", "extra"}`. Without `Authorization: Bearer KEY` every answer is 401.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use crate::server::{Call, Parameters, Reply, Server, lock};

/// The key that it accepts.
pub const KEY: &str = "sample-key-0123456789";
/// How many items there are at first.
pub const ITEMS: usize = 250;
/// How many items a page has when `limit` does not say, and at most.
pub const PAGE: usize = 100;

const STATUSES: [&str; 3] = ["active", "pending", "closed"];

/// A running API; it stops with its value.
#[derive(Debug)]
pub struct SampleApi {
    server: Server,
    shop: Arc<Mutex<Shop>>,
}

#[derive(Debug)]
struct Shop {
    /// By number; an id is `item-N`.
    items: BTreeMap<u64, Value>,
    next: u64,
}

impl SampleApi {
    /// Starts it on a free port, with [`ITEMS`] items.
    pub fn start() -> std::io::Result<SampleApi> {
        let items = (1..=ITEMS as u64).map(|number| (number, first_item(number))).collect();
        let shop = Arc::new(Mutex::new(Shop { items, next: ITEMS as u64 + 1 }));
        let shared = Arc::clone(&shop);
        let server = Server::start(move |call| lock(&shared).answer(call))?;
        Ok(SampleApi { server, shop })
    }

    /// `http://127.0.0.1:PORT`
    pub fn url(&self) -> String {
        self.server.url()
    }

    /// The requests so far, as `GET /items?limit=100`.
    pub fn requests(&self) -> Vec<String> {
        self.server.requests()
    }

    /// How many items there are now.
    pub fn len(&self) -> usize {
        lock(&self.shop).items.len()
    }

    /// Whether all items were deleted.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// The items that are there at first: three statuses in turn, an hour and a minute between two of them.
fn first_item(number: u64) -> Value {
    let minutes = number * 61;
    let (day, hour, minute) = (1 + minutes / 1440, minutes / 60 % 24, minutes % 60);
    json!({
        "id": format!("item-{number}"),
        "name": format!("Item {number}"),
        "status": STATUSES[(number % 3) as usize],
        "created_at": format!("2026-01-{day:02}T{hour:02}:{minute:02}:00Z"),
        "extra": {"shelf": number % 7, "tags": ["sample"]},
    })
}

impl Shop {
    fn answer(&mut self, call: &Call) -> Reply {
        if call.header("authorization") != format!("Bearer {KEY}") {
            return Reply::new(401, json!({"error": "a valid bearer key is needed"}));
        }
        if let Some(status) = call.path.strip_prefix("/fail/").and_then(|rest| rest.split('/').next()) {
            let reply = Reply::new(status.parse().unwrap_or(400), json!({"error": "as you wished"}));
            return reply.header("retry-after", 7);
        }
        let number = call.path.strip_prefix("/items/item-").and_then(|number| number.parse::<u64>().ok());
        let not_found = Reply::new(404, json!({"error": format!("there is nothing at {}", call.path)}));
        match (call.method.as_str(), call.path.as_str(), number) {
            ("GET", "/items", _) => self.page(&call.parameters()),
            ("POST", "/items", _) => self.create(&call.body),
            ("GET", _, Some(number)) => self.items.get(&number).map_or(not_found, |item| Reply::new(200, item)),
            ("DELETE", _, Some(number)) => self.items.remove(&number).map_or(not_found, |_| Reply::new(204, "")),
            (_, "/items", _) | (_, _, Some(_)) => {
                Reply::new(405, json!({"error": format!("{} is not for {}", call.method, call.path)}))
            }
            _ => not_found,
        }
    }

    /// The cursor is the number of the last item of the page before.
    fn page(&self, query: &Parameters) -> Reply {
        let number = |name: &str| query.get(name).map(|text| text.parse::<u64>());
        let (limit, cursor) = match (number("limit").transpose(), number("cursor").transpose()) {
            (Ok(limit), Ok(cursor)) => (limit.map_or(PAGE, |limit| (limit as usize).clamp(1, PAGE)), cursor),
            _ => return Reply::new(400, json!({"error": "limit and cursor are numbers"})),
        };
        let wanted = |item: &&Value| {
            let matches = |name: &str| query.get(name).is_none_or(|value| item[name] == value);
            ["id", "name", "status"].into_iter().all(matches)
        };
        let below = self.items.range(..cursor.unwrap_or(u64::MAX)).rev();
        let mut items: Vec<(&u64, &Value)> = below.filter(|(_, item)| wanted(item)).take(limit + 1).collect();
        let more = items.len() > limit;
        items.truncate(limit);
        let next_cursor = items.last().filter(|_| more).map(|(number, _)| number.to_string());
        let items: Vec<&Value> = items.into_iter().map(|(_, item)| item).collect();
        Reply::new(200, json!({"items": items, "next_cursor": next_cursor}))
    }

    fn create(&mut self, body: &[u8]) -> Reply {
        let Ok(Value::Object(given)) = serde_json::from_slice(body) else {
            return Reply::new(400, json!({"error": "the body is a JSON object"}));
        };
        let Some(name) = given.get("name").and_then(Value::as_str) else {
            return Reply::new(422, json!({"error": "name is missing"}));
        };
        let number = self.next;
        self.next += 1;
        let item = json!({
            "id": format!("item-{number}"),
            "name": name,
            "status": given.get("status").and_then(Value::as_str).unwrap_or("active"),
            "created_at": "2026-02-01T12:00:00Z",
            "extra": given.get("extra").cloned().unwrap_or_else(|| json!({})),
        });
        let reply = Reply::new(201, &item);
        self.items.insert(number, item);
        reply
    }
}
