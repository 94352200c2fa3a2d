//! The way of a handler's request: policy, rate limit, secrets, the exchange, retries, redirects.

use std::cell::{Cell, OnceCell};
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::body;
use super::limiter::{Limiter, TooLong};
use super::policy::Policy;
use super::redirect;
use super::retry::{self, Verdict};
use super::transport::{FailureKind, Request, Response, ResponseFuture, Transport, TransportError};
use crate::js::Clock;
use crate::trace::Trace;

/// What the requests of a run cost.
#[derive(Debug, Default)]
pub struct Counters {
    /// Requests that were sent, those of redirects and retries too.
    pub requests: Cell<u64>,
    /// Of these, how many were sent again.
    pub retries: Cell<u64>,
    /// For rate limits and before retries, on the run's clock.
    pub waited_micros: Cell<u64>,
    /// Requests that did not come to a success (2xx) in the end, whatever the handler made of it.
    pub failures: Cell<u64>,
    /// How often a handler gave rows.
    pub pages: Cell<u64>,
    /// Rows that handlers gave.
    pub rows: Cell<u64>,
    /// Is told of each exchange.
    pub trace: OnceCell<Trace>,
    /// What the clock of the server said in its first answer since this was last emptied, in microseconds.
    pub server_time: Cell<Option<i64>>,
}

impl Counters {
    fn add_waited(&self, time: Duration) {
        self.waited_micros.set(self.waited_micros.get() + time.as_micros() as u64);
        if let Some(trace) = self.trace.get() {
            trace.wait(time);
        }
    }
}

/// What one request may cost.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Limits {
    /// Of waiting for the answer and its body, for each exchange.
    pub timeout: Duration,
    /// How often it is sent again.
    pub retries: u32,
    /// The longest single wait for a rate limit.
    pub max_wait: Duration,
    /// The largest body that is read, in bytes, decoded.
    pub max_response: u64,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            timeout: Duration::from_secs(30),
            retries: 3,
            max_wait: Duration::from_secs(120),
            max_response: 128 << 20,
        }
    }
}

/// Sends the requests of an instance's handlers.
///
/// For each step of a redirect: the policy grants the host or refuses it. Then for each attempt: the rate limit is waited for,
/// secrets are put in, the exchange is carried out, secrets are taken out of the answer; a failure that may pass is tried again.
#[derive(Clone)]
pub struct Gateway {
    state: Rc<State>,
}

struct State {
    policy: Policy,
    limiter: Arc<Limiter>,
    limits: Limits,
    clock: Clock,
    transport: Rc<dyn Transport>,
    counters: Rc<Counters>,
}

impl Gateway {
    /// A gateway in front of `transport`.
    pub fn new(
        transport: Rc<dyn Transport>,
        policy: Policy,
        limiter: Arc<Limiter>,
        limits: Limits,
        clock: Clock,
        counters: Rc<Counters>,
    ) -> Gateway {
        Gateway { state: Rc::new(State { policy, limiter, limits, clock, transport, counters }) }
    }
}

impl Transport for Gateway {
    fn send(&self, request: Request) -> ResponseFuture {
        let state = Rc::clone(&self.state);
        Box::pin(async move {
            let hop = |request: Request| -> ResponseFuture {
                let state = Rc::clone(&state);
                Box::pin(state.hop(request))
            };
            let outcome = redirect::follow(request, hop).await;
            if !outcome.as_ref().is_ok_and(|response| (200..300).contains(&response.status)) {
                let failures = &state.counters.failures;
                failures.set(failures.get() + 1);
            }
            outcome
        })
    }
}

impl State {
    /// One step of a redirect: as many exchanges as it takes.
    async fn hop(self: Rc<Self>, mut request: Request) -> Result<Response, TransportError> {
        let grant = self.policy.check(&request.url)?;
        request.terms.allow_private = grant.is_by_config();
        request.terms.max_response = self.limits.max_response;
        loop {
            let attempt = request.terms.attempt;
            let waited =
                self.limiter.acquire(&grant.host, self.limits.max_wait).await.map_err(|wait| self.too_long(wait))?;
            self.counters.add_waited(waited);
            self.counters.requests.set(self.counters.requests.get() + 1);
            if attempt > 1 {
                self.counters.retries.set(self.counters.retries.get() + 1);
            }
            let start = Instant::now();
            let outcome = self.exchange(&request).await;
            if let Some(trace) = self.counters.trace.get() {
                trace.request(&request, &outcome, start.elapsed());
            }
            let now = self.clock.now_micros();
            if let (Ok(response), None) = (&outcome, self.counters.server_time.get()) {
                self.counters.server_time.set(retry::date(response));
            }
            let verdict = retry::judge(&request, &outcome, now);
            if let Ok(response) = &outcome
                && verdict == Verdict::Done
                && let Some(wait) = retry::exhausted(response, now)
                && wait <= self.limits.max_wait
            {
                // The next request would be refused; a reset that is far away is left to the server to tell.
                self.limiter.pause(&grant.host, wait);
            }
            let wait = match verdict {
                Verdict::Limited(wait) | Verdict::Again(wait) => wait,
                Verdict::Done => {
                    return outcome.map(|mut response| {
                        self.ask_again_for_body(&mut response, request);
                        response
                    });
                }
            };
            if attempt > self.limits.retries {
                return outcome;
            }
            let wait = wait.unwrap_or_else(|| retry::backoff(attempt, self.jitter()));
            if wait > self.limits.max_wait {
                return match verdict {
                    Verdict::Limited(_) => Err(self.too_long(TooLong(wait))),
                    Verdict::Again(_) | Verdict::Done => outcome,
                };
            }
            if matches!(verdict, Verdict::Limited(_)) {
                // Others of the instance need not find out by themselves.
                self.limiter.pause(&grant.host, wait);
            } else {
                tokio::time::sleep(wait).await;
                self.counters.add_waited(wait);
            }
            request.terms.attempt += 1;
        }
    }

    /// The body of an answer may still be on its way: where the connection breaks then, it is asked for anew.
    fn ask_again_for_body(self: Rc<Self>, response: &mut Response, mut request: Request) {
        let attempt = request.terms.attempt;
        if attempt > self.limits.retries || !retry::may_repeat(&request) {
            return;
        }
        let status = response.status;
        response.body.set_again(move || {
            Box::pin(async move {
                let wait = retry::backoff(attempt, self.jitter());
                tokio::time::sleep(wait).await;
                self.counters.add_waited(wait);
                request.terms.attempt += 1;
                let response = self.hop(request).await?;
                if response.status == status {
                    return Ok(response.body);
                }
                let message = format!(
                    "the connection broke in the middle of the answer, and then the server answered with status {}",
                    response.status
                );
                Err(TransportError::failed(FailureKind::Body, "ERR_BODY", message))
            })
        });
    }

    /// One exchange: with secrets in the place of their placeholders on the wire, and nowhere else.
    async fn exchange(&self, request: &Request) -> Result<Response, TransportError> {
        let mut sealed = request.clone();
        if let Some(seal) = &request.seal {
            seal.seal(&mut sealed)?;
        }
        let limit = self.limits.timeout;
        let start = tokio::time::Instant::now();
        let mut outcome = tokio::time::timeout(limit, self.transport.send(sealed))
            .await
            .unwrap_or_else(|_| Err(body::timed_out(limit)));
        if let Ok(response) = &mut outcome {
            response.body.set_patience(limit, limit.saturating_sub(start.elapsed()));
        }
        if let Some(seal) = &request.seal {
            match &mut outcome {
                Ok(response) => seal.mask(response, &request.url),
                Err(error) => seal.mask_failure(error),
            }
        }
        outcome
    }

    fn too_long(&self, TooLong(wait): TooLong) -> TransportError {
        let (seconds, limit) = (wait.as_secs_f64(), self.limits.max_wait.as_secs_f64());
        TransportError::RateLimited {
            message: format!(
                "the rate limit allows the next request in {} s, which is longer than `max_wait_seconds` ({limit} s)",
                round(seconds)
            ),
            retry_after: round(seconds),
        }
    }

    /// From 0 to 1; always 1 under a virtual clock, so that tests repeat.
    fn jitter(&self) -> f64 {
        use std::hash::{BuildHasher, Hasher};
        if self.clock.is_virtual() {
            return 1.0;
        }
        let random = std::hash::RandomState::new().build_hasher().finish();
        (random >> 11) as f64 / (1u64 << 53) as f64
    }
}

/// To milliseconds.
fn round(seconds: f64) -> f64 {
    (seconds * 1000.0).ceil() / 1000.0
}

#[cfg(test)]
mod tests;
