//! Requests through a gateway, over mocks or a script of answers, on a virtual clock.

use std::cell::RefCell;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use url::Url;

use super::*;
use crate::http::body::Source;
use crate::http::{Body, Rate, RedirectMode, Terms};

/// What is answered, made anew each time.
type Answer = Box<dyn Fn() -> Result<Response, TransportError>>;

/// Answers in turn; the last one repeats. Keeps what it was asked and when (milliseconds).
struct Scripted {
    answers: Vec<Answer>,
    seen: RefCell<Vec<(u128, Request)>>,
    started: tokio::time::Instant,
}

impl Transport for Scripted {
    fn send(&self, request: Request) -> ResponseFuture {
        let mut seen = self.seen.borrow_mut();
        let index = seen.len().min(self.answers.len() - 1);
        seen.push((self.started.elapsed().as_millis(), request.clone()));
        let mut answer = self.answers[index]();
        if let Ok(response) = &mut answer {
            response.url = request.url;
        }
        Box::pin(std::future::ready(answer))
    }
}

/// The status, or what went wrong; the moments of the requests; the counters.
type Told = (String, Vec<u128>, (u64, u64, u64));

struct Case {
    method: &'static str,
    headers: Vec<(String, String)>,
    answers: Vec<Answer>,
    rate: Option<Rate>,
    limits: Limits,
    requests: usize,
}

impl Default for Case {
    fn default() -> Case {
        Case {
            method: "GET",
            headers: Vec::new(),
            answers: Vec::new(),
            rate: None,
            limits: Limits::default(),
            requests: 1,
        }
    }
}

fn response(status: u16, headers: Vec<(String, String)>, body: Body) -> Response {
    let url = Url::parse("https://a.example/").expect("a valid URL");
    Response { status, status_text: String::new(), headers, body, url, redirected: false }
}

fn answer(status: u16, headers: &[(&str, &str)]) -> Answer {
    let headers: Vec<(String, String)> =
        headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Box::new(move || Ok(response(status, headers.clone(), Vec::new().into())))
}

fn failed(kind: FailureKind) -> Answer {
    Box::new(move || Err(TransportError::failed(kind, "X", "it failed")))
}

/// A body in these pieces, one each second; after them it ends, or fails.
struct Pieces {
    pieces: std::vec::IntoIter<&'static str>,
    end: Option<FailureKind>,
    sleep: Pin<Box<tokio::time::Sleep>>,
}

impl Source for Pieces {
    fn poll_next(&mut self, context: &mut Context<'_>, into: &mut Vec<u8>) -> Poll<Result<bool, TransportError>> {
        ready!(self.sleep.as_mut().poll(context));
        self.sleep.as_mut().reset(tokio::time::Instant::now() + Duration::from_secs(1));
        Poll::Ready(match (self.pieces.next(), self.end) {
            (Some(piece), _) => {
                into.extend_from_slice(piece.as_bytes());
                Ok(true)
            }
            (None, Some(kind)) => Err(TransportError::failed(kind, "X", "it failed in the middle")),
            (None, None) => Ok(false),
        })
    }
}

fn pieces(status: u16, pieces: &[&'static str], end: Option<FailureKind>) -> Answer {
    let pieces = pieces.to_vec();
    Box::new(move || {
        let sleep = Box::pin(tokio::time::sleep(Duration::from_secs(1)));
        let source = Pieces { pieces: pieces.clone().into_iter(), end, sleep };
        Ok(response(status, Vec::new(), Body::stream(Box::new(source), 1000)))
    })
}

/// The body of an answer, read whole or in pieces (with `|` between them), or why not; the time in milliseconds; how many requests.
fn body_told(answers: Vec<Answer>, limits: Limits, whole: bool) -> (String, u128, usize) {
    run(async move {
        let started = tokio::time::Instant::now();
        let transport = Rc::new(Scripted { answers, seen: RefCell::default(), started });
        let gateway = Gateway::new(
            Rc::clone(&transport) as Rc<dyn Transport>,
            Policy::open(),
            Arc::new(Limiter::new(None)),
            limits,
            Clock::virtual_at(0),
            Rc::default(),
        );
        let mut response = gateway.send(request("GET", "https://a.example/x")).await.expect("the head comes");
        let mut read = async || -> Result<String, TransportError> {
            if whole {
                response.body.read().await?;
                return Ok(String::from_utf8(response.body.take()).expect("a text"));
            }
            let mut all = Vec::new();
            while let Some(chunk) = std::future::poll_fn(|context| response.body.poll_chunk(context)).await? {
                all.push(String::from_utf8(chunk).expect("a text"));
            }
            Ok(all.join("|"))
        };
        let told = match read().await {
            Ok(text) => text,
            Err(TransportError::Failed { kind, message, .. }) => format!("{}: {message}", kind.name()),
            Err(other) => format!("{other:?}"),
        };
        let count = transport.seen.borrow().len();
        (told, started.elapsed().as_millis(), count)
    })
}

#[test]
fn bodies_are_read_whole_or_in_pieces() {
    let limits = Limits::default();
    let good = || pieces(200, &["a", "b", "c"], None);
    assert_eq!(body_told(vec![good()], limits, true), ("abc".to_owned(), 4000, 1));
    assert_eq!(body_told(vec![good()], limits, false), ("a|b|c".to_owned(), 4000, 1));
    // A connection that breaks: asked for anew where nothing was given out.
    let broken = || pieces(200, &["a", "b"], Some(FailureKind::Reset));
    assert_eq!(body_told(vec![broken(), good()], limits, true), ("abc".to_owned(), 3000 + 500 + 4000, 2));
    assert_eq!(body_told(vec![broken(), good()], limits, false).0, "reset: it failed in the middle");
    let told = body_told(vec![broken()], limits, true);
    assert_eq!((told.0.as_str(), told.2), ("reset: it failed in the middle", 4));
    assert_eq!(body_told(vec![broken()], Limits { retries: 0, ..limits }, true).2, 1);
    assert_eq!(
        body_told(vec![broken(), answer(404, &[])], limits, true).0,
        "body: the connection broke in the middle of the answer, and then the server answered with status 404"
    );
    // What cannot be decoded is not asked for again.
    let wrong = pieces(200, &["a"], Some(FailureKind::Body));
    assert_eq!(body_told(vec![wrong, good()], limits, true), ("body: it failed in the middle".to_owned(), 2000, 1));
}

#[test]
fn bodies_have_limits() {
    let limits = Limits { timeout: Duration::from_millis(2500), retries: 0, ..Limits::default() };
    let slow = || pieces(200, &["a", "b", "c"], None);
    for whole in [true, false] {
        let (told, time, _) = body_told(vec![slow()], limits, whole);
        assert_eq!((told.as_str(), time), ("timeout: no answer within 2.5 s (`timeout_seconds`)", 2500), "{whole}");
    }
    let large = |count: usize| pieces(200, &vec!["x".repeat(600).leak() as &'static str; count], None);
    let limits = Limits { timeout: Duration::from_secs(3600), ..limits };
    let (told, _, _) = body_told(vec![large(2)], limits, true);
    assert!(told.starts_with("too-large: the response is larger than 0 MB"), "{told}");
    assert!(body_told(vec![large(100)], limits, false).0.starts_with("xxx"));
    let (told, _, _) = body_told(vec![large(107)], limits, false);
    assert!(told.starts_with("too-large: the stream is larger than 0 MB, 64 times"), "{told}");
}

fn run<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build();
    runtime.expect("a runtime").block_on(future)
}

fn request(method: &str, url: &str) -> Request {
    Request {
        method: method.to_owned(),
        url: Url::parse(url).expect("a valid URL"),
        headers: Vec::new(),
        body: None,
        redirect: RedirectMode::Follow,
        seal: None,
        terms: Terms::default(),
    }
}

fn told(case: Case) -> Told {
    run(async move {
        let transport =
            Rc::new(Scripted { answers: case.answers, seen: RefCell::default(), started: tokio::time::Instant::now() });
        let counters = Rc::new(Counters::default());
        let gateway = Gateway::new(
            Rc::clone(&transport) as Rc<dyn Transport>,
            Policy::open(),
            Arc::new(Limiter::new(case.rate)),
            case.limits,
            Clock::virtual_at(1_445_412_480_000_000),
            Rc::clone(&counters),
        );
        let mut result = String::new();
        for _ in 0..case.requests {
            let mut request = request(case.method, "https://a.example/x");
            request.headers = case.headers.clone();
            result = match gateway.send(request).await {
                Ok(response) => response.status.to_string(),
                Err(TransportError::Failed { kind, message, .. }) => format!("{}: {message}", kind.name()),
                Err(TransportError::RateLimited { message, retry_after }) => format!("{retry_after}: {message}"),
                Err(TransportError::Fatal(error)) => error.to_string(),
            };
        }
        let times = transport.seen.borrow().iter().map(|(time, _)| *time).collect();
        let counted = (counters.requests.get(), counters.retries.get(), counters.waited_micros.get() / 1000);
        for (index, (_, request)) in transport.seen.borrow().iter().enumerate() {
            assert!(case.requests > 1 || request.terms.attempt as usize == index + 1);
        }
        (result, times, counted)
    })
}

#[test]
fn servers_that_recover() {
    let answers =
        vec![answer(503, &[]), failed(FailureKind::Refused), answer(502, &[("retry-after", "5")]), answer(200, &[])];
    assert_eq!(told(Case { answers, ..Case::default() }), ("200".into(), vec![0, 500, 1500, 6500], (4, 3, 6500)));
}

#[test]
fn the_last_answer_is_the_answer() {
    let case = |answers| told(Case { answers, ..Case::default() }).0;
    assert_eq!(case(vec![answer(503, &[])]), "503");
    assert_eq!(case(vec![answer(429, &[("retry-after", "1")])]), "429");
    assert_eq!(case(vec![failed(FailureKind::Reset)]), "reset: it failed");
    let limits = Limits { retries: 0, ..Limits::default() };
    let answers = vec![answer(429, &[("retry-after", "1")])];
    assert_eq!(told(Case { answers, limits, ..Case::default() }), ("429".into(), vec![0], (1, 0, 0)));
}

#[test]
fn a_post_is_sent_again_only_where_that_is_safe() {
    let post = |answers, headers| told(Case { method: "POST", answers, headers, ..Case::default() }).1.len();
    assert_eq!(post(vec![answer(503, &[])], Vec::new()), 1);
    assert_eq!(post(vec![failed(FailureKind::Reset)], Vec::new()), 1);
    assert_eq!(post(vec![failed(FailureKind::Refused), answer(200, &[])], Vec::new()), 2);
    assert_eq!(post(vec![answer(429, &[]), answer(200, &[])], Vec::new()), 2);
    let keyed = vec![("idempotency-key".to_owned(), "k".to_owned())];
    assert_eq!(post(vec![answer(503, &[]), answer(200, &[])], keyed), 2);
}

#[test]
fn limits_of_the_server() {
    let answers = vec![
        answer(429, &[("retry-after", "2")]),
        answer(429, &[("x-ratelimit-reset", "1445412485")]),
        answer(200, &[]),
    ];
    assert_eq!(told(Case { answers, ..Case::default() }), ("200".into(), vec![0, 2000, 5000], (3, 2, 5000)));
    let answers = vec![answer(429, &[("retry-after", "3600")])];
    let (result, times, _) = told(Case { answers, ..Case::default() });
    assert_eq!(
        (result.as_str(), times),
        (
            "3600: the rate limit allows the next request in 3600 s, which is longer than `max_wait_seconds` (120 s)",
            vec![0]
        )
    );
    // The last request of a window: the next one waits for the new window.
    let answers =
        vec![answer(200, &[("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "1445412510")]), answer(200, &[])];
    assert_eq!(told(Case { answers, requests: 3, ..Case::default() }).1, [0, 30_000, 30_000]);
}

#[test]
fn the_rate_holds_for_retries_too() {
    let rate = Some(Rate { interval: Duration::from_secs(2), burst: 1 });
    let answers = vec![answer(200, &[]), answer(503, &[]), answer(200, &[])];
    assert_eq!(told(Case { answers, rate, requests: 3, ..Case::default() }).1, [0, 2000, 4000, 6000]);
    let limits = Limits { max_wait: Duration::from_secs(1), ..Limits::default() };
    let (result, times, _) =
        told(Case { answers: vec![answer(200, &[])], rate, limits, requests: 2, ..Case::default() });
    assert!(result.starts_with("2: the rate limit allows the next request in 2 s"), "{result}");
    assert_eq!(times, [0]);
}

/// What a redirect leads to is checked like the request itself, and nothing of it leaves when it is refused.
#[test]
fn redirects_are_checked_at_each_step() {
    let targets = [
        "https://evil.example/",
        "//evil.example/",
        "http://169.254.169.254/latest/meta-data/",
        "http://127.0.0.1/",
        "http://2130706433/",
        "http://localhost/",
        "http://[::ffff:127.0.0.1]/",
        "https://user:pass@a.example/",
        "https://a.example@evil.example/",
        "https://a.example./",
        "https://a.example:8443/",
        r"\\evil.example/",
        "https://%65vil.example/",
        "file:///etc/passwd",
        "data:text/plain,x",
        "javascript:alert(1)",
    ];
    for target in targets {
        let (outcome, count) = run(async {
            let transport = Rc::new(Scripted {
                answers: vec![answer(302, &[("location", target)]), answer(200, &[])],
                seen: RefCell::default(),
                started: tokio::time::Instant::now(),
            });
            let none = crate::value::Document::new();
            let policy = Policy::new(&[], &none, &none, &["a.example".to_owned()], false).expect("a valid policy");
            let gateway = Gateway::new(
                Rc::clone(&transport) as Rc<dyn Transport>,
                policy,
                Arc::new(Limiter::new(None)),
                Limits::default(),
                Clock::virtual_at(0),
                Rc::default(),
            );
            let outcome = gateway.send(request("GET", "https://a.example/x")).await;
            let count = transport.seen.borrow().len();
            (outcome, count)
        });
        assert!(
            matches!(&outcome, Err(TransportError::Failed { kind: FailureKind::Policy, .. })),
            "{target}: {outcome:?}"
        );
        assert_eq!(count, 1, "{target}");
    }
}

#[test]
fn an_exchange_that_takes_too_long() {
    struct Silent;
    impl Transport for Silent {
        fn send(&self, _: Request) -> ResponseFuture {
            Box::pin(std::future::pending())
        }
    }
    let limits = Limits { timeout: Duration::from_secs(7), retries: 1, ..Limits::default() };
    let (outcome, time) = run(async {
        let started = tokio::time::Instant::now();
        let gateway = Gateway::new(
            Rc::new(Silent),
            Policy::open(),
            Arc::new(Limiter::new(None)),
            limits,
            Clock::virtual_at(0),
            Rc::default(),
        );
        (gateway.send(request("GET", "https://a.example/x")).await, started.elapsed().as_millis())
    });
    let expected =
        TransportError::failed(FailureKind::Timeout, "ETIMEDOUT", "no answer within 7 s (`timeout_seconds`)");
    assert_eq!((outcome.expect_err("nobody answers"), time), (expected, 14_500));
}

/// Eight threads, each with an event loop, a client and a gateway of its own, over the limiter of one instance: the server sees no
/// more requests than the rate allows.
#[test]
fn threads_share_the_rate_of_an_instance() {
    use std::io::{Read, Write};
    use std::time::Instant;

    const RATE: Rate = Rate { interval: Duration::from_millis(25), burst: 2 };
    const THREADS: usize = 8;
    const EACH: usize = 5;
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("loopback");
    let port = listener.local_addr().expect("an address").port();
    let started = Instant::now();
    let arrivals = std::thread::scope(|scope| {
        let server = scope.spawn(move || {
            let mut arrivals = Vec::new();
            for _ in 0..THREADS * EACH {
                let (mut stream, _) = listener.accept().expect("a connection");
                arrivals.push(started.elapsed());
                // The whole head of such a request comes at once.
                let _ = stream.read(&mut [0; 4096]);
                stream.write_all(b"HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n").expect("it is sent");
            }
            arrivals
        });
        for _ in 0..THREADS {
            scope.spawn(|| {
                let limiter = crate::http::limiter::shared("type\ninstance\nconfig".to_owned(), Some(RATE));
                let gateway = Gateway::new(
                    Rc::new(crate::http::HttpClient::new()),
                    policy_of(&format!("http://127.0.0.1:{port}")),
                    limiter,
                    Limits::default(),
                    Clock::real(),
                    Rc::default(),
                );
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
                for _ in 0..EACH {
                    let response = runtime.block_on(gateway.send(request("GET", &format!("http://127.0.0.1:{port}/"))));
                    assert_eq!(response.expect("it answers").status, 204);
                }
            });
        }
        server.join().expect("the server ends")
    });
    for (index, arrival) in arrivals.iter().enumerate() {
        let turn = RATE.interval * (index as u32).saturating_sub(RATE.burst - 1);
        assert!(*arrival >= turn, "request {index} after {arrival:?}");
    }
}

/// That of an instance whose CONFIG names this URL.
fn policy_of(url: &str) -> Policy {
    let config = crate::value::Document::from([("url".into(), crate::value::Value::String(url.into()))]);
    Policy::new(&[], &config, &config, &[], false).expect("a valid policy")
}
