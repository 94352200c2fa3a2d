//! Bodies of responses: whole, or as they come from the network.

use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::time::{Instant, Sleep};

use super::retry;
use super::transport::{FailureKind, TransportError};
use crate::secrets::mask::Masker;
use crate::secrets::seal::Seal;

/// Pieces of a body are joined up to this size.
const CHUNK: usize = 64 << 10;
/// A body that is read in pieces may be so many times as large as one that is read whole: it needs no memory, but it has an end.
const STREAM_FACTOR: u64 = 64;

/// Where the bytes of a body come from.
pub trait Source {
    /// Appends the next bytes to `into`; `false` at the end. Dropping the source gives the rest up and closes the connection.
    fn poll_next(&mut self, context: &mut Context<'_>, into: &mut Vec<u8>) -> Poll<Result<bool, TransportError>>;
}

/// Asks for a body anew after a failure.
type Again = Box<dyn FnOnce() -> BodyFuture>;
type BodyFuture = Pin<Box<dyn Future<Output = Result<Body, TransportError>>>>;

/// The body of a response, decoded where it was compressed. Whoever asks for a part of it waits for the network; nothing is read
/// ahead.
///
/// Secrets in it are masked, in whatever pieces it is read.
pub struct Body {
    /// What was read and not given out; without a source it is masked, and all that is left.
    bytes: Vec<u8>,
    source: Option<Box<dyn Source>>,
    /// In bytes, of what is read whole.
    limit: u64,
    /// In bytes, to the reader of pieces.
    given: u64,
    patience: Option<Patience>,
    seal: Option<Rc<Seal>>,
    masker: Option<Masker>,
    /// After the piece that came before it.
    failure: Option<TransportError>,
    again: Option<Again>,
    asked_again: Option<BodyFuture>,
}

/// How long the reader of a body waits for the network, all in all; what he does between two pieces does not count.
struct Patience {
    limit: Duration,
    left: Duration,
    sleep: Option<(Instant, Pin<Box<Sleep>>)>,
}

impl From<Vec<u8>> for Body {
    fn from(bytes: Vec<u8>) -> Body {
        Body {
            bytes,
            source: None,
            limit: u64::MAX,
            given: 0,
            patience: None,
            seal: None,
            masker: None,
            failure: None,
            again: None,
            asked_again: None,
        }
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let more = if self.is_whole() { "" } else { " and more" };
        write!(formatter, "Body({} bytes{more})", self.bytes.len())
    }
}

impl Body {
    /// Read from `source`, of which at most `limit` bytes are read as a whole.
    pub fn stream(source: Box<dyn Source>, limit: u64) -> Body {
        Body { source: Some(source), limit, ..Body::from(Vec::new()) }
    }

    /// Whether all of it is here.
    pub fn is_whole(&self) -> bool {
        self.source.is_none() && self.asked_again.is_none() && self.failure.is_none()
    }

    /// What is here: all of it, where it is whole.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Takes what is here.
    pub fn take(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.bytes)
    }

    /// How many bytes are kept.
    pub fn held(&self) -> usize {
        self.bytes.len()
    }

    /// Masks secrets in what is here and in what comes.
    pub(crate) fn mask_by(&mut self, seal: &Rc<Seal>) {
        if self.is_whole() {
            if let Some(masked) = seal.vault().mask(&self.bytes) {
                self.bytes = masked;
            }
        } else {
            self.seal = Some(Rc::clone(seal));
        }
    }

    /// Its readers wait no longer than `left`; `limit` is what the message says.
    pub(super) fn set_patience(&mut self, limit: Duration, left: Duration) {
        if !self.is_whole() {
            self.patience = Some(Patience { limit, left, sleep: None });
        }
    }

    /// How to get it anew where the connection breaks before any of it was given out.
    pub(super) fn set_again(&mut self, again: impl FnOnce() -> BodyFuture + 'static) {
        if !self.is_whole() {
            self.again = Some(Box::new(again));
        }
    }

    /// Reads all of it.
    ///
    /// # Errors
    ///
    /// The network failed, it took too long, or there is more than the limit.
    pub async fn read(&mut self) -> Result<(), TransportError> {
        poll_fn(|context| self.poll_whole(context)).await
    }

    /// Like [`Body::read`].
    pub fn poll_whole(&mut self, context: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        loop {
            if let Some(asked) = &mut self.asked_again {
                let body = ready!(asked.as_mut().poll(context));
                self.asked_again = None;
                let body = body?;
                let seal = self.seal.take();
                *self = Body { seal: body.seal.clone().or(seal), ..body };
            }
            if let Some(failure) = self.failure.take() {
                return Poll::Ready(Err(self.give_up(failure)));
            }
            let Some(source) = &mut self.source else { break };
            let read = match source.poll_next(context, &mut self.bytes) {
                Poll::Ready(read) => read,
                Poll::Pending => Err(ready!(self.poll_patience(context))),
            };
            match read {
                Ok(true) if self.bytes.len() as u64 > self.limit => {
                    let error = self.too_large(self.limit);
                    return Poll::Ready(Err(self.give_up(error)));
                }
                Ok(true) => {}
                Ok(false) => self.source = None,
                Err(error) => {
                    let passes = matches!(&error, TransportError::Failed { kind, .. } if retry::may_pass(*kind));
                    let Some(again) = self.again.take().filter(|_| passes && self.given == 0) else {
                        return Poll::Ready(Err(self.give_up(error)));
                    };
                    self.bytes.clear();
                    self.source = None;
                    self.asked_again = Some(again());
                }
            }
        }
        self.patience = None;
        if let Some(masked) = self.seal.take().and_then(|seal| seal.vault().mask(&self.bytes)) {
            self.bytes = masked;
        }
        Poll::Ready(Ok(()))
    }

    /// The next piece; `None` at the end. A reader of pieces reads pieces to the end.
    pub fn poll_chunk(&mut self, context: &mut Context<'_>) -> Poll<Result<Option<Vec<u8>>, TransportError>> {
        self.again = None;
        loop {
            if let Some(failure) = self.failure.take() {
                return Poll::Ready(Err(self.give_up(failure)));
            }
            let mut chunk = self.take();
            if self.source.is_none() {
                // What was whole before is masked already.
                chunk.extend(self.masker.take().map(|mut masker| masker.finish()).unwrap_or_default());
                return Poll::Ready(Ok((!chunk.is_empty()).then_some(chunk)));
            }
            while let Some(source) = &mut self.source
                && chunk.len() < CHUNK
            {
                match source.poll_next(context, &mut chunk) {
                    Poll::Ready(Ok(true)) => {}
                    Poll::Ready(Ok(false)) => self.source = None,
                    Poll::Ready(Err(error)) => {
                        self.source = None;
                        self.failure = Some(error);
                    }
                    Poll::Pending if chunk.is_empty() => {
                        self.failure = Some(ready!(self.poll_patience(context)));
                        self.source = None;
                    }
                    Poll::Pending => break,
                }
            }
            self.stop_waiting();
            self.given += chunk.len() as u64;
            let limit = self.limit.saturating_mul(STREAM_FACTOR);
            if self.given > limit {
                let error = self.too_large(limit);
                return Poll::Ready(Err(self.give_up(error)));
            }
            if let Some(seal) = &self.seal {
                chunk = self.masker.get_or_insert_with(|| Masker::new(Rc::clone(seal.vault()))).push(chunk);
            }
            if !chunk.is_empty() {
                return Poll::Ready(Ok(Some(chunk)));
            }
        }
    }

    /// Ready when the reader has waited long enough.
    fn poll_patience(&mut self, context: &mut Context<'_>) -> Poll<TransportError> {
        let Some(patience) = &mut self.patience else { return Poll::Pending };
        let left = patience.left;
        let (_, sleep) = patience.sleep.get_or_insert_with(|| (Instant::now(), Box::pin(tokio::time::sleep(left))));
        ready!(sleep.as_mut().poll(context));
        Poll::Ready(timed_out(patience.limit))
    }

    fn stop_waiting(&mut self) {
        if let Some(patience) = &mut self.patience
            && let Some((start, _)) = patience.sleep.take()
        {
            patience.left = patience.left.saturating_sub(start.elapsed());
        }
    }

    /// Closes the connection; the failure without values of secrets.
    fn give_up(&mut self, mut failure: TransportError) -> TransportError {
        self.source = None;
        self.bytes = Vec::new();
        self.again = None;
        if let Some(seal) = &self.seal {
            seal.mask_failure(&mut failure);
        }
        failure
    }

    fn too_large(&self, limit: u64) -> TransportError {
        let message = if limit > self.limit {
            format!("the stream is larger than {} MB, {STREAM_FACTOR} times what may be read whole", limit >> 20)
        } else {
            format!(
                "the response is larger than {} MB, half of `max_memory_mb`; `body` reads it in pieces",
                limit >> 20
            )
        };
        TransportError::failed(FailureKind::TooLarge, "ERR_BODY_TOO_LARGE", message)
    }
}

/// No answer, or no more of it, in time.
pub(super) fn timed_out(limit: Duration) -> TransportError {
    TransportError::failed(
        FailureKind::Timeout,
        "ETIMEDOUT",
        format!("no answer within {} s (`timeout_seconds`)", limit.as_secs_f64()),
    )
}
