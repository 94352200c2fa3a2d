//! The site that the tests are served from: the folder's files, and a few of the scripts that answer requests there.

use std::cell::RefCell;
use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::time::{Instant, Sleep};
use url::Url;

use crate::http::body::Source;
use crate::http::transport::status_text;
use crate::http::{Body, FailureKind, RedirectMode, Request, Response, ResponseFuture, Transport, TransportError};

/// Where the tests believe themselves to be.
pub(super) const ORIGIN: &str = "http://web-platform.test:8000/";

pub(super) struct Site {
    folder: Rc<Path>,
    stash: Stash,
}

impl Site {
    pub(super) fn new(folder: &Path) -> Site {
        Site { folder: folder.into(), stash: Rc::default() }
    }

    /// A script that a file names: from the root, or beside the file.
    pub(super) fn text(&self, script: &str, path: &str) -> String {
        let script = if script == "/resources/WebIDLParser.js" { "/resources/webidl2/lib/webidl2.js" } else { script };
        let file = match script.strip_prefix('/') {
            Some(rooted) => self.folder.join(rooted),
            None => self.folder.join(path).with_file_name("").join(script),
        };
        let text = fs::read(&file).unwrap_or_default();
        substitute(script, &String::from_utf8_lossy(&text))
    }
}

/// Fills in the names of hosts and ports where a file's name asks for it.
pub(super) fn substitute(path: &str, text: &str) -> String {
    if !path.contains(".sub.") {
        return text.to_owned();
    }
    let names = [
        ("{{host}}", "web-platform.test"),
        ("{{hosts[][]}}", "web-platform.test"),
        ("{{hosts[alt][]}}", "not-web-platform.test"),
        ("{{domains[]}}", "web-platform.test"),
        ("{{domains[www]}}", "www.web-platform.test"),
        ("{{domains[www1]}}", "www1.web-platform.test"),
        ("{{domains[www2]}}", "www2.web-platform.test"),
        ("{{ports[http][0]}}", "8000"),
        ("{{ports[http][1]}}", "8001"),
        ("{{ports[https][0]}}", "8443"),
        ("{{ports[https][1]}}", "8444"),
    ];
    names.iter().fold(text.to_owned(), |text, (name, value)| text.replace(name, value))
}

impl Transport for Site {
    fn send(&self, request: Request) -> ResponseFuture {
        let (folder, stash) = (Rc::clone(&self.folder), Rc::clone(&self.stash));
        Box::pin(async move { follow(&folder, &stash, request) })
    }
}

type Stash = Rc<RefCell<HashMap<String, String>>>;

/// A body that comes slowly.
struct Trickle {
    text: &'static str,
    left: usize,
    pause: Duration,
    sleep: Pin<Box<Sleep>>,
    end: Option<Box<dyn Fn()>>,
}

impl Trickle {
    fn of(text: &'static str, count: usize, pause: Duration) -> Body {
        Trickle::body(text, count, pause, None)
    }

    fn until_dropped(text: &'static str, pause: Duration, end: impl Fn() + 'static) -> Body {
        Trickle::body(text, usize::MAX, pause, Some(Box::new(end)))
    }

    fn body(text: &'static str, left: usize, pause: Duration, end: Option<Box<dyn Fn()>>) -> Body {
        let sleep = Box::pin(tokio::time::sleep(pause));
        Body::stream(Box::new(Trickle { text, left, pause, sleep, end }), u64::MAX)
    }
}

impl Source for Trickle {
    fn poll_next(&mut self, context: &mut Context<'_>, into: &mut Vec<u8>) -> Poll<Result<bool, TransportError>> {
        if self.left == 0 {
            return Poll::Ready(Ok(false));
        }
        ready!(self.sleep.as_mut().poll(context));
        self.left -= 1;
        self.sleep.as_mut().reset(Instant::now() + self.pause);
        into.extend_from_slice(self.text.as_bytes());
        Poll::Ready(Ok(true))
    }
}

impl Drop for Trickle {
    fn drop(&mut self) {
        if let Some(end) = &self.end {
            end();
        }
    }
}

fn follow(folder: &Path, stash: &Stash, mut request: Request) -> Result<Response, TransportError> {
    let mut redirected = false;
    for _ in 0..21 {
        let mut response = answer(folder, stash, &request)?;
        response.redirected = redirected;
        let location = header(&response.headers, "location").map(str::to_owned);
        let is_redirect = matches!(response.status, 301 | 302 | 303 | 307 | 308);
        let (true, Some(location)) = (is_redirect, location) else { return Ok(response) };
        match request.redirect {
            RedirectMode::Manual => return Ok(response),
            RedirectMode::Error => {
                return Err(TransportError::failed(FailureKind::Redirect, "EREDIRECT", "a redirect"));
            }
            RedirectMode::Follow => {}
        }
        let fragment = request.url.fragment().map(str::to_owned);
        let failed = |_| TransportError::failed(FailureKind::Redirect, "EREDIRECT", "the redirect's target is no URL");
        let mut target = request.url.join(&location).map_err(failed)?;
        if target.fragment().is_none() {
            target.set_fragment(fragment.as_deref());
        }
        if !matches!(target.scheme(), "http" | "https") {
            return Err(TransportError::failed(FailureKind::Redirect, "EREDIRECT", "a redirect to another scheme"));
        }
        let becomes_get = match response.status {
            303 => request.method != "GET" && request.method != "HEAD",
            301 | 302 => request.method == "POST",
            _ => false,
        };
        if becomes_get {
            request.method = "GET".to_owned();
            request.body = None;
            request.headers.retain(|(name, _)| !name.starts_with("content-"));
        }
        request.url = target;
        redirected = true;
    }
    Err(TransportError::failed(FailureKind::Redirect, "EREDIRECT", "too many redirects"))
}

fn header<'a>(headers: &'a [(String, String)], name: &str) -> Option<&'a str> {
    headers.iter().find(|(other, _)| other.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
}

fn answer(folder: &Path, stash: &Stash, request: &Request) -> Result<Response, TransportError> {
    let url = &request.url;
    if !url.host_str().is_some_and(|host| host.ends_with("web-platform.test")) {
        return Err(TransportError::failed(FailureKind::Dns, "ENOTFOUND", "there is no such host"));
    }
    let query: HashMap<String, String> = url.query_pairs().into_owned().collect();
    let path = url.path().trim_start_matches('/').to_owned();
    let mut response = Response {
        status: 200,
        status_text: "OK".to_owned(),
        headers: Vec::new(),
        body: Vec::new().into(),
        url: url.clone(),
        redirected: false,
    };
    let set = |response: &mut Response, name: &str, value: &str| {
        response.headers.push((name.to_owned(), value.to_owned()));
    };
    let code = |name: &str| query.get(name).and_then(|code| code.parse::<u16>().ok());
    match path.rsplit('/').next().unwrap_or_default() {
        "status.py" => {
            response.status = code("code").unwrap_or(200);
            response.status_text = query.get("text").cloned().unwrap_or_else(|| "OMG".to_owned());
            let kind = query.get("type").map_or("", String::as_str);
            set(&mut response, "content-type", kind);
            response.body = query.get("content").cloned().unwrap_or_default().into_bytes().into();
            set(&mut response, "x-request-method", &request.method);
        }
        "method.py" => {
            set(&mut response, "x-request-method", &request.method);
            let kind = header(&request.headers, "content-type").unwrap_or("NO").to_owned();
            set(&mut response, "x-request-content-type", &kind);
            response.body = request.body.clone().unwrap_or_default().into();
        }
        "echo-content.py" | "echo-content.h2.py" => {
            set(&mut response, "x-request-method", &request.method);
            let length = request.body.as_ref().map_or("NO".to_owned(), |body| body.len().to_string());
            set(&mut response, "x-request-content-length", &length);
            let kind = header(&request.headers, "content-type").unwrap_or("NO").to_owned();
            set(&mut response, "x-request-content-type", &kind);
            set(&mut response, "content-type", "text/plain");
            response.body = request.body.clone().unwrap_or_default().into();
        }
        "inspect-headers.py" => {
            let names = query.get("headers").map_or("", String::as_str);
            for name in names.split('|').filter(|name| !name.is_empty()) {
                let length = request.body.as_ref().map(|body| body.len().to_string());
                let value = match name {
                    "content-length" if request.method == "POST" || request.method == "PUT" => {
                        length.or_else(|| Some("0".to_owned()))
                    }
                    _ => {
                        let values: Vec<&str> = request
                            .headers
                            .iter()
                            .filter(|(other, _)| other.eq_ignore_ascii_case(name))
                            .map(|(_, value)| value.as_str())
                            .collect();
                        (!values.is_empty()).then(|| values.join(", "))
                    }
                };
                if let Some(value) = value {
                    set(&mut response, &format!("x-request-{}", name.to_ascii_lowercase()), &value);
                }
            }
            set(&mut response, "content-type", "text/plain");
        }
        "redirect.py" => {
            response.status = code("redirect_status").unwrap_or(302);
            set(&mut response, "location", query.get("location").map_or("", String::as_str));
        }
        "clean-stash.py" => {
            response.body = b"1".to_vec().into();
        }
        "stash-put.py" => {
            let value = query.get("value").cloned().unwrap_or_default();
            stash.borrow_mut().insert(query.get("key").cloned().unwrap_or_default(), value);
            set(&mut response, "content-type", "text/plain");
            response.body = b"OK".to_vec().into();
        }
        "stash-take.py" => {
            let value = query.get("key").and_then(|key| stash.borrow_mut().remove(key));
            set(&mut response, "content-type", "application/json");
            response.body = serde_json::to_vec(&value).unwrap_or_default().into();
        }
        "trickle.py" => {
            let number = |name: &str| query.get(name).and_then(|number| number.parse::<u32>().ok());
            let (count, pause) = (number("count").unwrap_or(50) as usize, u64::from(number("ms").unwrap_or(500)));
            response.body = Trickle::of("TEST_TRICKLE\n", count, Duration::from_millis(pause));
            if !query.contains_key("notype") {
                set(&mut response, "content-type", "text/plain");
            }
        }
        "infinite-slow-response.py" => {
            let state = query.get("stateKey").cloned();
            set(&mut response, "content-type", "text/plain");
            let stash = Rc::clone(stash);
            let tell = move |value: &str| {
                if let Some(key) = &state {
                    stash.borrow_mut().insert(key.clone(), value.to_owned());
                }
            };
            tell("open");
            response.body = Trickle::until_dropped(".", Duration::from_millis(10), move || tell("closed"));
        }
        name if name.ends_with(".py") => {
            return Err(TransportError::failed(FailureKind::Invalid, "ENOSYS", format!("the site has no `{name}`")));
        }
        _ => read(folder, &path, &mut response),
    }
    if response.status_text == "OK" && response.status != 200 {
        response.status_text = status_text(response.status).to_owned();
    }
    if request.method == "HEAD" {
        response.body = Vec::new().into();
    }
    Ok(response)
}

fn read(folder: &Path, path: &str, response: &mut Response) {
    let file: PathBuf = folder.join(path);
    let Ok(body) = fs::read(&file) else {
        response.status = 404;
        return;
    };
    response.body = body.into();
    let kind = match file.extension().and_then(|extension| extension.to_str()) {
        Some("txt" | "any") => "text/plain",
        Some("json") => "application/json",
        Some("html") => "text/html",
        Some("js") => "text/javascript",
        Some("png") => "image/png",
        _ => "application/octet-stream",
    };
    let mut headers = Vec::new();
    let sidecar = fs::read_to_string(format!("{}.headers", file.display())).unwrap_or_default();
    for line in sidecar.lines() {
        if let Some((name, value)) = line.split_once(':') {
            headers.push((name.trim().to_ascii_lowercase(), value.trim().to_owned()));
        }
    }
    if header(&headers, "content-type").is_none() {
        headers.push(("content-type".to_owned(), kind.to_owned()));
    }
    // The parser of URLs is what decides here; this is only the way back to a text.
    if let Ok(url) = Url::parse(response.url.as_str()) {
        response.url = url;
    }
    response.headers = headers;
}
