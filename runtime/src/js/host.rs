//! What the globals of a handler reach outside JavaScript: time, requests, the console; and the engine's limits.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::rc::Rc;
use std::task::Poll;
use std::time::Duration;

use tokio::time::{Instant, Sleep};

use super::bodies::Bodies;
use super::clock::Clock;
use super::crypto::{Exchanges, Keys};
use crate::error::RequestInfo;
use crate::http::{Request, Response, Transport, TransportError};
use crate::secrets::seal::Seal;

/// A handler that has so many requests under way does not wait for any.
const MAX_EXCHANGES: usize = 10_000;
/// So many timers in turn, without any request, are taken for a loop without end.
const MAX_TIMERS_IN_TURN: u32 = 10_000;

/// How loud a line of the console is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConsoleLevel {
    /// `console.debug`, `console.trace`
    Debug,
    /// `console.log`, `console.info`
    Info,
    /// `console.warn`
    Warn,
    /// `console.error`
    Error,
}

/// Takes each line of the console.
pub type ConsoleHook = Rc<dyn Fn(ConsoleLevel, &str)>;

/// Something that a handler waits for has come.
pub(super) enum Event {
    /// The timer with this number is due.
    Timer(u32),
    /// The request with this number has its answer, whose body may be on its way.
    Response(u32, Box<Response>),
    /// The request with this number has none.
    Failed(u32, TransportError),
    /// The host has all of the body of this request's answer.
    Body(u32, Result<(), TransportError>),
    /// The next piece of the body of this request's answer; `None` at its end.
    Chunk(u32, Result<Option<Vec<u8>>, TransportError>),
}

type Exchange = Pin<Box<dyn Future<Output = Result<Response, TransportError>>>>;

/// A request under way.
struct Under {
    id: u32,
    /// Bytes of its body.
    size: usize,
    exchange: Exchange,
}

/// What there was to wait for.
pub(super) enum Waited {
    /// It has come.
    For(Event),
    /// Nothing is under way.
    Nothing,
    /// Timers fire again and again, and nothing else has happened for too long.
    TooLong,
}

/// The state behind the globals of one engine.
pub(super) struct Host {
    pub(super) transport: Rc<dyn Transport>,
    pub(super) clock: Clock,
    pub(super) seal: Rc<Seal>,
    pub(super) keys: Keys,
    pub(super) token_exchanges: Exchanges,
    pub(super) console: ConsoleHook,
    /// Of JavaScript without waiting.
    /// What relative URLs belong to.
    pub(super) base_url: Option<String>,
    run_limit: Duration,
    /// Of waiting for nothing but timers.
    idle_limit: Duration,
    /// Of the bodies of requests under way, in bytes; of those of answers, too.
    pub(super) memory_limit: usize,
    pub(super) last_request: RefCell<Option<RequestInfo>>,
    /// By due time, then by number: in the order in which they were set. `true` for one that starts itself again.
    timers: RefCell<BTreeMap<(Instant, u32), bool>>,
    /// The timer that fired last.
    fired: Cell<u32>,
    /// Since when nothing but timers has happened, and how many of them fired once only.
    idle: Cell<Option<(Instant, u32)>>,
    exchanges: RefCell<Vec<Under>>,
    pub(super) bodies: Bodies,
    sleep: RefCell<Option<Pin<Box<Sleep>>>>,
    deadline: Cell<std::time::Instant>,
    overrun: Cell<bool>,
}

impl Host {
    pub(super) fn new(
        transport: Rc<dyn Transport>,
        clock: Clock,
        seal: Rc<Seal>,
        token_exchanges: Exchanges,
        console: ConsoleHook,
        run_limit: Duration,
        idle_limit: Duration,
    ) -> Host {
        Host {
            transport,
            clock,
            seal,
            keys: Keys::default(),
            token_exchanges,
            console,
            run_limit,
            base_url: None,
            idle_limit,
            memory_limit: usize::MAX,
            last_request: RefCell::default(),
            timers: RefCell::default(),
            fired: Cell::default(),
            idle: Cell::default(),
            exchanges: RefCell::default(),
            bodies: Bodies::default(),
            sleep: RefCell::default(),
            deadline: Cell::new(std::time::Instant::now() + run_limit),
            overrun: Cell::new(false),
        }
    }

    /// JavaScript starts to run: the limit counts anew.
    pub(super) fn start_running(&self) {
        self.deadline.set(std::time::Instant::now() + self.run_limit);
    }

    /// Asked by the engine every few thousand steps; `true` ends the script, which cannot catch it.
    pub(super) fn must_stop(&self) -> bool {
        if std::time::Instant::now() >= self.deadline.get() {
            self.overrun.set(true);
        }
        self.overrun.get()
    }

    /// Whether the script was ended by [`Host::must_stop`].
    pub(super) fn has_overrun(&self) -> bool {
        self.overrun.get()
    }

    /// Milliseconds since 1970, as `Date.now()` has them.
    pub(super) fn now_ms(&self) -> f64 {
        self.clock.now_micros().div_euclid(1000) as f64
    }

    pub(super) fn start_timer(&self, id: u32, ms: f64) {
        let delay = Duration::from_micros((ms.clamp(0.0, f64::from(i32::MAX)) * 1000.0) as u64);
        let repeats = self.fired.get() == id;
        self.timers.borrow_mut().insert((Instant::now() + delay, id), repeats);
    }

    pub(super) fn stop_timer(&self, id: u32) {
        self.timers.borrow_mut().retain(|(_, other), _| *other != id);
    }

    pub(super) fn start_request(&self, id: u32, mut request: Request) {
        request.seal = Some(Rc::clone(&self.seal));
        let asks_for_tokens = self.token_exchanges.start(id);
        *self.last_request.borrow_mut() = Some(RequestInfo {
            method: request.method.clone(),
            url: self.seal.vault().scrub(&shown_url(&request.url)).into_owned(),
            status: None,
        });
        let size = request.body.as_ref().map_or(0, Vec::len);
        let mut exchange = self.transport.send(request);
        if asks_for_tokens {
            // They are kept before JavaScript sees the answer.
            exchange = Box::pin(async move {
                let mut response = exchange.await?;
                response.body.read().await?;
                Ok(response)
            });
        }
        self.idle.set(None);
        self.exchanges.borrow_mut().push(Under { id, size, exchange });
    }

    pub(super) fn stop_request(&self, id: u32) {
        // The exchange is dropped after the borrow: it may hold anything.
        let mut exchanges = self.exchanges.borrow_mut();
        let stopped = exchanges.iter().position(|other| other.id == id).map(|index| exchanges.remove(index));
        drop(exchanges);
        drop(stopped);
    }

    /// Why another request with so large a body may not start: too many are under way. They are kept outside of the memory that
    /// JavaScript is limited to.
    pub(super) fn refuse_request(&self, size: usize) -> Option<String> {
        let exchanges = self.exchanges.borrow();
        if exchanges.len() + self.bodies.count() >= MAX_EXCHANGES {
            return Some(format!(
                "{MAX_EXCHANGES} requests are under way; wait for some of them, and read their bodies"
            ));
        }
        let sum: usize = exchanges.iter().map(|other| other.size).sum();
        let limit = self.memory_limit;
        (sum + size > limit)
            .then(|| format!("the bodies of requests under way are larger than {} MB (`max_memory_mb`)", limit >> 20))
    }

    /// A call starts to wait.
    pub(super) fn start_waiting(&self) {
        self.idle.set(None);
    }

    /// Waits for the next timer or response.
    ///
    /// A timer that starts itself again (`setInterval`), or thousands in turn, can go on for ever: where for so long no request was
    /// under way, nothing but such timers is left, and nobody will settle what is waited for.
    pub(super) async fn next_event(&self) -> Waited {
        if self.exchanges.borrow().is_empty() && !self.bodies.are_wanted() && self.timers.borrow().is_empty() {
            return Waited::Nothing;
        }
        let mut waited = poll_fn(|context| {
            let mut exchanges = self.exchanges.borrow_mut();
            for index in 0..exchanges.len() {
                if let Poll::Ready(result) = exchanges[index].exchange.as_mut().poll(context) {
                    let id = exchanges.remove(index).id;
                    return Poll::Ready(Waited::For(match result {
                        Ok(response) => Event::Response(id, Box::new(response)),
                        Err(error) => Event::Failed(id, error),
                    }));
                }
            }
            let is_idle = exchanges.is_empty() && !self.bodies.are_wanted();
            drop(exchanges);
            if let Poll::Ready(event) = self.bodies.poll(context, self.memory_limit) {
                return Poll::Ready(Waited::For(event));
            }
            let Some((due, id)) = self.timers.borrow().keys().next().copied() else { return Poll::Pending };
            let give_up = if is_idle { self.give_up_at() } else { None };
            let until = give_up.map_or(due, |give_up| give_up.min(due));
            let mut sleep = self.sleep.borrow_mut();
            let sleep = sleep.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(until)));
            if sleep.deadline() != until {
                sleep.as_mut().reset(until);
            }
            if sleep.as_mut().poll(context).is_pending() {
                return Poll::Pending;
            }
            if until < due {
                return Poll::Ready(Waited::TooLong);
            }
            let repeats = self.timers.borrow_mut().remove(&(due, id)) == Some(true);
            self.fired.set(id);
            let (since, count) = self.idle.get().unwrap_or_else(|| (Instant::now(), 0));
            self.idle.set(Some((since, count + u32::from(!repeats))));
            Poll::Ready(Waited::For(Event::Timer(id)))
        })
        .await;
        // A sleep that has fired must not be polled again without a new deadline.
        if matches!(waited, Waited::For(Event::Timer(_)) | Waited::Nothing | Waited::TooLong) {
            self.sleep.borrow_mut().take();
        }
        match &waited {
            Waited::For(Event::Response(_, response)) => {
                self.idle.set(None);
                if let Some(request) = self.last_request.borrow_mut().as_mut() {
                    request.status = Some(response.status);
                }
            }
            Waited::For(Event::Failed(..) | Event::Body(..) | Event::Chunk(..)) => self.idle.set(None),
            Waited::For(Event::Timer(_)) | Waited::Nothing | Waited::TooLong => {}
        }
        if let Waited::For(Event::Response(id, response)) = &mut waited
            && let Err(error) = self.token_exchanges.accept(*id, response, &self.seal, &self.clock)
        {
            waited = Waited::For(Event::Failed(*id, TransportError::Fatal(Box::new(error))));
        }
        waited
    }

    /// When waiting for timers has been too long; `None` while one is left that fires once.
    fn give_up_at(&self) -> Option<Instant> {
        let (since, count) = self.idle.get()?;
        let only_repeated = self.timers.borrow().values().all(|repeats| *repeats);
        (only_repeated || count >= MAX_TIMERS_IN_TURN).then(|| since + self.idle_limit)
    }
}

/// Without user name and password.
fn shown_url(url: &url::Url) -> String {
    let mut url = url.clone();
    if !url.username().is_empty() || url.password().is_some() {
        // Both fail only for URLs that cannot have them.
        let _ = url.set_password(None);
        let _ = url.set_username("");
    }
    url.into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::HttpClient;
    use crate::secrets::grants::Grants;

    fn host() -> Host {
        let console: ConsoleHook = Rc::new(|_, _| {});
        let limit = Duration::from_secs(3600);
        let seal = Rc::new(Seal::new(Rc::default(), Grants::default()));
        Host::new(
            Rc::new(HttpClient::new()),
            Clock::real(),
            seal,
            Exchanges::new(Rc::default(), String::new()),
            console,
            limit,
            limit,
        )
    }

    #[test]
    fn waiting_starts_the_limit_anew() {
        let host = host();
        let past = std::time::Instant::now();
        host.deadline.set(past);
        host.start_running();
        assert!(!host.must_stop());
        host.deadline.set(past);
        assert!(host.must_stop() && host.has_overrun());
        // Once it has run away, a script is not allowed to go on.
        host.start_running();
        assert!(host.must_stop());
    }

    #[test]
    fn requests_under_way_have_a_limit() {
        let mut host = host();
        host.memory_limit = 10 << 20;
        assert_eq!(host.refuse_request(10 << 20), None);
        let refused = host.refuse_request((10 << 20) + 1).expect("too large");
        assert_eq!(refused, "the bodies of requests under way are larger than 10 MB (`max_memory_mb`)");
        let exchange = || -> Exchange { Box::pin(std::future::pending()) };
        host.exchanges.borrow_mut().push(Under { id: 1, size: 6 << 20, exchange: exchange() });
        assert!(host.refuse_request(4 << 20).is_none() && host.refuse_request(5 << 20).is_some());
        host.stop_request(1);
        assert!(host.refuse_request(5 << 20).is_none());
        let all = (0..MAX_EXCHANGES as u32).map(|id| Under { id, size: 0, exchange: exchange() });
        host.exchanges.borrow_mut().extend(all);
        assert_eq!(
            host.refuse_request(0).as_deref(),
            Some("10000 requests are under way; wait for some of them, and read their bodies")
        );
    }

    #[test]
    fn urls_are_shown_without_credentials() {
        let url = url::Url::parse("https://user:pass@h/p?q#f").expect("a valid URL");
        assert_eq!(shown_url(&url), "https://h/p?q#f");
    }
}
