//! The sample API answers as its documentation says.

use std::io::{Read, Write};
use std::net::TcpStream;

use moltler_tests::sample_api::{ITEMS, KEY, SampleApi};
use serde_json::{Value, json};

fn request(api: &SampleApi, method: &str, path: &str, key: &str, body: &str) -> (u16, Value) {
    let address = api.url().trim_start_matches("http://").to_owned();
    let mut stream = TcpStream::connect(address).expect("it listens");
    write!(
        stream,
        "{method} {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {key}\r\nConnection: close\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .expect("it reads");
    let mut text = String::new();
    stream.read_to_string(&mut text).expect("it answers");
    let (head, body) = text.split_once("\r\n\r\n").expect("an answer has a head");
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("an answer has a status");
    (status, serde_json::from_str(body).unwrap_or(Value::Null))
}

#[test]
fn pages_hold_all_items_once() {
    let api = SampleApi::start().expect("a port is free");
    let mut ids = Vec::new();
    let mut cursor = String::new();
    loop {
        let (status, page) = request(&api, "GET", &format!("/items?limit=40{cursor}"), KEY, "");
        assert_eq!(status, 200);
        ids.extend(page["items"].as_array().expect("a page has items").iter().map(|item| item["id"].to_string()));
        let Some(next) = page["next_cursor"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    assert_eq!(ids.len(), ITEMS);
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), ITEMS);
    assert_eq!(api.requests()[0], "GET /items?limit=40");
}

#[test]
fn a_filter_and_a_page_go_together() {
    let api = SampleApi::start().expect("a port is free");
    let (_, page) = request(&api, "GET", "/items?status=active&limit=2", KEY, "");
    assert_eq!(page["items"].as_array().map(Vec::len), Some(2));
    assert!(page["next_cursor"].is_string());
    let (_, page) = request(&api, "GET", "/items?name=Item%20%37", KEY, "");
    assert_eq!((page["items"][0]["id"].as_str(), page["next_cursor"].is_null()), (Some("item-7"), true));
}

#[test]
fn items_are_created_found_and_deleted() {
    let api = SampleApi::start().expect("a port is free");
    let (status, item) = request(&api, "POST", "/items", KEY, &json!({"name": "New"}).to_string());
    assert_eq!((status, item["status"].as_str()), (201, Some("active")));
    let path = format!("/items/{}", item["id"].as_str().expect("an item has an id"));
    assert_eq!(request(&api, "GET", &path, KEY, "").1, item);
    assert_eq!(request(&api, "GET", "/items?limit=1", KEY, "").1["items"][0], item, "the newest comes first");
    assert_eq!(request(&api, "DELETE", &path, KEY, "").0, 204);
    assert_eq!(request(&api, "GET", &path, KEY, "").0, 404);
    assert_eq!(api.len(), ITEMS);
}

#[test]
fn a_wrong_key_and_a_wrong_request_are_refused() {
    let api = SampleApi::start().expect("a port is free");
    assert_eq!(request(&api, "GET", "/items", "wrong", "").0, 401);
    assert_eq!(request(&api, "GET", "/items?limit=x", KEY, "").0, 400);
    assert_eq!(request(&api, "POST", "/items", KEY, "[]").0, 400);
    assert_eq!(request(&api, "POST", "/items", KEY, "{}").0, 422);
    assert_eq!(request(&api, "PUT", "/items", KEY, "{}").0, 405);
    assert_eq!(request(&api, "GET", "/", KEY, "").0, 404);
    assert_eq!(request(&api, "GET", "/fail/429/items", KEY, "").0, 429);
}
