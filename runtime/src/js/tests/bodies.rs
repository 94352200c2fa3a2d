//! Bodies of answers that come in pieces, one each second.

use std::collections::VecDeque;
use std::future::Future as _;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use url::Url;

use super::*;
use crate::http::body::Source;
use crate::http::{Body, FailureKind, Request, Response, ResponseFuture, Transport, TransportError};
use crate::secrets::grants::Grants;
use crate::secrets::seal::Seal;
use crate::secrets::vault::{Origin, Vault};

/// Answers each request with a body in these pieces; `!` is a connection that breaks, `∞` begins anew.
struct Server {
    pieces: Vec<&'static str>,
    closed: Rc<RefCell<u32>>,
}

struct Pieces {
    all: Vec<&'static str>,
    left: VecDeque<&'static str>,
    sleep: Pin<Box<tokio::time::Sleep>>,
    closed: Rc<RefCell<u32>>,
}

impl Transport for Server {
    fn send(&self, request: Request) -> ResponseFuture {
        let source = Pieces {
            all: self.pieces.clone(),
            left: self.pieces.clone().into(),
            sleep: Box::pin(tokio::time::sleep(Duration::from_secs(1))),
            closed: Rc::clone(&self.closed),
        };
        Box::pin(async move {
            Ok(Response {
                status: 200,
                status_text: "OK".to_owned(),
                headers: vec![("content-type".to_owned(), "application/json".to_owned())],
                body: Body::stream(Box::new(source), 1 << 20),
                url: Url::parse("https://a.example/x").expect("a URL"),
                redirected: request.url.path().is_empty(),
            })
        })
    }
}

impl Source for Pieces {
    fn poll_next(&mut self, context: &mut Context<'_>, into: &mut Vec<u8>) -> Poll<Result<bool, TransportError>> {
        ready!(self.sleep.as_mut().poll(context));
        self.sleep.as_mut().reset(tokio::time::Instant::now() + Duration::from_secs(1));
        if self.left.front() == Some(&"∞") {
            self.left = self.all.clone().into();
        }
        Poll::Ready(match self.left.pop_front() {
            Some("!") => Err(TransportError::failed(FailureKind::Reset, "ECONNRESET", "connection reset")),
            Some(piece) => {
                into.extend_from_slice(piece.as_bytes());
                Ok(true)
            }
            None => Ok(false),
        })
    }
}

impl Drop for Pieces {
    fn drop(&mut self) {
        *self.closed.borrow_mut() += 1;
    }
}

/// What a body of `execute` gives, the seconds that it took, and how many connections were closed when it was done.
fn told(pieces: &[&'static str], body: &str) -> (String, u64, u32) {
    told_with(pieces, Limits { retries: 0, ..Limits::default() }, None, body)
}

fn told_with(pieces: &[&'static str], limits: Limits, secret: Option<&str>, body: &str) -> (String, u64, u32) {
    run(async {
        let closed = Rc::default();
        let server = Server { pieces: pieces.to_vec(), closed: Rc::clone(&closed) };
        let clock = Clock::virtual_at(START);
        let gateway = Gateway::new(
            Rc::new(server),
            Policy::open(),
            Arc::new(Limiter::new(None)),
            limits,
            clock.clone(),
            Rc::default(),
        );
        let vault = Rc::new(Vault::default());
        if let Some(secret) = secret {
            vault.add(Origin::Config, "token", secret);
        }
        let mut settings = Settings::new(Rc::new(gateway));
        settings.clock = clock;
        settings.max_memory_mb = 8;
        settings.seal = Rc::new(Seal::new(vault, Grants::default()));
        let mut engine = Engine::new(settings);
        let text = format!(
            "const get = init => fetch('https://a.example/x', init);
            const decoder = new TextDecoder();
            async function execute(config, params) {{\n{body}\n}}"
        );
        let script = script("execute", &[], &text);
        let (config, params) = (empty(), empty());
        let start = tokio::time::Instant::now();
        let call =
            ActionCall { source: "test_conn.items.create", script: &script, config: &config, params: Some(&params) };
        let result = match engine.execute(&call).await {
            Ok(value) => value_to_json(&value),
            Err(error) => error.to_string(),
        };
        let count = *closed.borrow();
        (result, start.elapsed().as_secs(), count)
    })
}

const READ: &str =
    "const seen = []; for await (const chunk of response.body) seen.push(decoder.decode(chunk, {stream: true}));";

#[test]
fn an_answer_is_there_before_its_body() {
    let (result, seconds, _) = told(
        &["[1,", "2]"],
        "const start = Date.now(); const r = await get(); const head = Date.now() - start; return [head, r.bodyUsed, await r.json(), r.bodyUsed, Date.now() - start]",
    );
    assert_eq!((result.as_str(), seconds), ("[0,false,[1,2],true,3000]", 3));
    let all = "const ways = ['text', 'json', 'bytes', 'arrayBuffer', 'blob']; const found = [];
        for (const way of ways) { const value = await (await get())[way](); found.push(value.size ?? value.byteLength ?? value) } return found";
    assert_eq!(told(&["[\"é", "\"]"], all).0, r#"["[\"é\"]",["é"],6,6,6]"#);
    assert_eq!(told(&[], "return (await get()).text()").0, r#""""#);
    // Two at once.
    let both = told(&["1", "2"], "return Promise.all([get(), get()].map(async each => (await each).json()))");
    assert_eq!((both.0.as_str(), both.1), ("[12,12]", 3));
    assert!(told(&["<html>"], "return (await get()).json()").0.ends_with("it starts with '<html>'"));
}

#[test]
fn a_body_is_read_in_pieces() {
    let (result, seconds, closed) = told(&["ab", "cd"], &format!("const response = await get(); {READ} return seen"));
    assert_eq!((result.as_str(), seconds, closed), (r#"["ab","cd"]"#, 3, 1));
    let clone = "const r = await get(); const c = r.clone(); return [await r.text(), await c.json()]";
    assert_eq!(told(&["1", "2"], clone).0, r#"["12",12]"#);
    let reader = "const r = (await get()).body.getReader(); const a = await r.read(); const b = await r.read(); const c = await r.read(); return [decoder.decode(a.value), b.done, c.done]";
    assert_eq!(told(&["x"], reader).0, r#"["x",true,true]"#);
    assert_eq!(told(&["x"], "const r = await get(); r.body; return [await r.text(), r.bodyUsed]").0, r#"["x",true]"#);
    let twice = told(
        &["x"],
        "const r = await get(); const first = r.text(); try { await r.json() } catch (error) { return [error.name, await first] }",
    );
    assert_eq!(twice.0, r#"["TypeError","x"]"#);
}

#[test]
fn whoever_stops_reading_closes_the_connection() {
    let early = "const response = await get(); for await (const chunk of response.body) break; await null; return 1";
    assert_eq!(told(&["x", "∞"], early), ("1".to_owned(), 1, 1));
    let cancel = "const response = await get(); await response.body.cancel(); return 1";
    assert_eq!(told(&["x", "∞"], cancel), ("1".to_owned(), 0, 1));
    // Nobody holds the answer any more.
    let forgotten =
        "const status = (await get()).status; await new Promise(resolve => setTimeout(resolve, 1)); return status";
    assert_eq!(told(&["x", "∞"], forgotten), ("200".to_owned(), 0, 1));
}

#[test]
fn signals_work_in_the_middle_of_a_body() {
    let whole = "const response = await get({signal: AbortSignal.timeout(2500)}); try { await response.text() } catch (error) { return [error.name, response.bodyUsed] }";
    assert_eq!(told(&["x", "∞"], whole), (r#"["TimeoutError",true]"#.to_owned(), 2, 1));
    let pieces = "const controller = new AbortController(); const response = await get({signal: controller.signal}); const seen = [];
        try { for await (const chunk of response.body) { seen.push(chunk.length); if (seen.length === 2) controller.abort() } } catch (error) { return [error.name, seen] }";
    assert_eq!(told(&["x", "∞"], pieces), (r#"["AbortError",[1,1]]"#.to_owned(), 2, 1));
    let before = "const controller = new AbortController(); const response = await get({signal: controller.signal}); controller.abort();
        try { await response.text() } catch (error) { return error.name }";
    assert_eq!(told(&["x", "∞"], before), (r#""AbortError""#.to_owned(), 0, 1));
}

#[test]
fn failures_in_the_middle_of_a_body() {
    let told = |pieces: &[&'static str], body: &str| {
        told_with(pieces, Limits { retries: 0, timeout: Duration::from_millis(2500), ..Limits::default() }, None, body)
            .0
    };
    let whole = "try { await (await get()).text() } catch (error) { return [error.name, error.code, error.message] }";
    assert_eq!(
        told(&["x", "!"], whole),
        r#"["FetchError","reset","GET https://a.example/x failed: connection reset"]"#
    );
    assert_eq!(
        told(&["x", "∞"], whole),
        r#"["FetchError","timeout","GET https://a.example/x failed: no answer within 2.5 s (`timeout_seconds`)"]"#
    );
    let pieces =
        format!("const response = await get(); try {{ {READ} }} catch (error) {{ return [error.name, error.code] }}");
    assert_eq!(told(&["x", "!"], &pieces), r#"["FetchError","reset"]"#);
    assert_eq!(told(&["x", "∞"], &pieces), r#"["FetchError","timeout"]"#);
    // The handler's own time between two pieces does not count.
    let slowly = "const response = await get(); let count = 0;
        for await (const chunk of response.body) { count++; await new Promise(resolve => setTimeout(resolve, 60_000)); } return count";
    assert_eq!(told(&["x", "y"], slowly), "2");
    assert!(told(&["x", "!"], "await (await get()).text()").starts_with("FetchError: GET https://a.example/x failed"));
}

#[test]
fn large_bodies_end() {
    let large = "x".repeat(200_000).leak() as &'static str;
    let whole = "try { await (await get()).text() } catch (error) { return [error.name, error.code] }";
    assert_eq!(told(&[large, "∞"], whole).0, r#"["FetchError","too-large"]"#);
    // Each of them is small enough, but not all of them at once.
    let many = "const all = await Promise.allSettled(Array.from({length: 20}, async () => (await get()).text()));
        return [...new Set(all.filter(each => each.status === 'rejected').map(each => each.reason.message))]";
    let (result, _, _) = told(&[large, large, large, large, large], many);
    assert_eq!(
        result,
        r#"["GET https://a.example/x failed: the bodies of answers that are under way are larger than 8 MB (`max_memory_mb`)"]"#
    );
    let stream = "const response = await get(); let size = 0; for await (const chunk of response.body) size += chunk.length; return size";
    let pieces = [large; 20];
    assert_eq!(told(&pieces, stream).0, "4000000");
}

#[test]
fn secrets_do_not_come_through_in_pieces() {
    let pieces = ["{\"key\": \"s3cr", "3t/Hun", "ter+2&k3y\", \"b\": \"dTpzM2NyM3Qv", "SHVudGVyKzImazN5\"}"];
    let told = |body: &str| told_with(&pieces, Limits::default(), Some("s3cr3t/Hunter+2&k3y"), body).0;
    let whole = told("const {key, b} = await (await get()).json(); return [key.length, b.length, key === b]");
    assert_eq!(whole, "[40,40,true]");
    let cut = told(&format!(
        "const response = await get(); {READ} const {{key, b}} = JSON.parse(seen.join('')); return [key.length, b.length, key === b, seen.length]"
    ));
    assert_eq!(cut, "[40,40,true,3]");
    let text = told("return (await (await get()).clone().text()).includes('s3cr')");
    assert_eq!(text, "false");
}
