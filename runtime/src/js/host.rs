//! What the globals of a handler reach outside JavaScript: time, requests, the console; and the engine's limits.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::rc::Rc;
use std::task::Poll;
use std::time::Duration;

use tokio::time::{Instant, Sleep};

use super::clock::Clock;
use super::crypto::{Exchanges, Keys};
use crate::error::RequestInfo;
use crate::http::{Request, Response, Transport, TransportError};
use crate::secrets::seal::Seal;

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
    /// The request with this number is done.
    Response(u32, Result<Response, TransportError>),
}

type Exchange = Pin<Box<dyn Future<Output = Result<Response, TransportError>>>>;

/// The state behind the globals of one engine.
pub(super) struct Host {
    pub(super) transport: Rc<dyn Transport>,
    pub(super) clock: Clock,
    pub(super) seal: Rc<Seal>,
    pub(super) keys: Keys,
    pub(super) token_exchanges: Exchanges,
    pub(super) console: ConsoleHook,
    /// Of one request.
    pub(super) timeout: Duration,
    /// Of JavaScript without waiting.
    pub(super) run_limit: Duration,
    /// What relative URLs belong to.
    pub(super) base_url: Option<String>,
    pub(super) last_request: RefCell<Option<RequestInfo>>,
    /// By due time, then by number: in the order in which they were set.
    timers: RefCell<BTreeMap<(Instant, u32), ()>>,
    exchanges: RefCell<Vec<(u32, Exchange)>>,
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
        timeout: Duration,
        run_limit: Duration,
    ) -> Host {
        Host {
            transport,
            clock,
            seal,
            keys: Keys::default(),
            token_exchanges,
            console,
            timeout,
            run_limit,
            base_url: None,
            last_request: RefCell::default(),
            timers: RefCell::default(),
            exchanges: RefCell::default(),
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
        self.timers.borrow_mut().insert((Instant::now() + delay, id), ());
    }

    pub(super) fn stop_timer(&self, id: u32) {
        self.timers.borrow_mut().retain(|(_, other), ()| *other != id);
    }

    pub(super) fn start_request(&self, id: u32, mut request: Request) {
        request.seal = Some(Rc::clone(&self.seal));
        self.token_exchanges.start(id);
        *self.last_request.borrow_mut() = Some(RequestInfo {
            method: request.method.clone(),
            url: self.seal.vault().scrub(&shown_url(&request.url)).into_owned(),
            status: None,
        });
        let answer = self.transport.send(request);
        let limit = self.timeout;
        let exchange = async move {
            match tokio::time::timeout(limit, answer).await {
                Ok(result) => result,
                Err(_) => {
                    Err(TransportError::failed("ETIMEDOUT", format!("no answer within {} s", limit.as_secs_f64())))
                }
            }
        };
        self.exchanges.borrow_mut().push((id, Box::pin(exchange)));
    }

    pub(super) fn stop_request(&self, id: u32) {
        // The exchange is dropped after the borrow: it may hold anything.
        let mut exchanges = self.exchanges.borrow_mut();
        let stopped = exchanges.iter().position(|(other, _)| *other == id).map(|index| exchanges.remove(index));
        drop(exchanges);
        drop(stopped);
    }

    /// Waits for the next timer or response; `None` where nothing is under way.
    pub(super) async fn next_event(&self) -> Option<Event> {
        if self.exchanges.borrow().is_empty() && self.timers.borrow().is_empty() {
            return None;
        }
        let mut event = poll_fn(|context| {
            let mut exchanges = self.exchanges.borrow_mut();
            for index in 0..exchanges.len() {
                if let Poll::Ready(result) = exchanges[index].1.as_mut().poll(context) {
                    let (id, _) = exchanges.remove(index);
                    return Poll::Ready(Event::Response(id, result));
                }
            }
            drop(exchanges);
            let Some((due, id)) = self.timers.borrow().keys().next().copied() else { return Poll::Pending };
            let mut sleep = self.sleep.borrow_mut();
            let sleep = sleep.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(due)));
            if sleep.deadline() != due {
                sleep.as_mut().reset(due);
            }
            if sleep.as_mut().poll(context).is_pending() {
                return Poll::Pending;
            }
            self.timers.borrow_mut().remove(&(due, id));
            Poll::Ready(Event::Timer(id))
        })
        .await;
        // A sleep that has fired must not be polled again without a new deadline.
        if matches!(event, Event::Timer(_)) {
            self.sleep.borrow_mut().take();
        }
        if let Event::Response(_, Ok(response)) = &event
            && let Some(request) = self.last_request.borrow_mut().as_mut()
        {
            request.status = Some(response.status);
        }
        if let Event::Response(id, Ok(response)) = &mut event
            && let Err(error) = self.token_exchanges.accept(*id, response, &self.seal, &self.clock)
        {
            event = Event::Response(*id, Err(TransportError::Fatal(Box::new(error))));
        }
        Some(event)
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
    fn urls_are_shown_without_credentials() {
        let url = url::Url::parse("https://user:pass@h/p?q#f").expect("a valid URL");
        assert_eq!(shown_url(&url), "https://h/p?q#f");
    }
}
