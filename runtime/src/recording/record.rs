//! Keeping what goes by.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use super::scrub::{Masker, is_secret_name};
use super::{Body, Exchange, MASK, RecordedFailure, RecordedRequest, RecordedResponse, Recording};
use crate::coerce::timestamp_to_text;
use crate::context::Environment;
use crate::http::{Request, ResponseFuture, Transport, TransportError};
use crate::secrets::vault::{Origin, Vault};

/// Sends requests by another transport and keeps them with their answers. Clones share what they keep.
#[derive(Clone)]
pub struct Recorder {
    transport: Rc<dyn Transport>,
    /// In the order in which they were sent; `None` while the answer is not there.
    exchanges: Rc<RefCell<Vec<Option<Exchange>>>>,
}

impl Recorder {
    /// Before this transport.
    pub fn new(transport: Rc<dyn Transport>) -> Recorder {
        Recorder { transport, exchanges: Rc::default() }
    }

    /// What was kept, without the secrets of the vault and without the members that hold tokens. `started_at` is in microseconds
    /// since 1970, `environment` holds the variables that the test read. An exchange that was given up before its end is left
    /// out.
    pub fn finish(&self, started_at: i64, environment: &BTreeMap<String, String>, vault: &Vault) -> Recording {
        let mut exchanges: Vec<Exchange> = self.exchanges.borrow().iter().flatten().cloned().collect();
        let is_secret = |name: &str, value: &str| is_secret_name(name) || *vault.scrub(value) != *value;
        let (masked, plain): (Vec<_>, Vec<_>) = environment.iter().partition(|(name, value)| is_secret(name, value));
        for (name, value) in &masked {
            vault.add(Origin::Config, name, value);
        }
        Masker::new(vault, &exchanges).mask(&mut exchanges);
        let environment = plain
            .into_iter()
            .map(|(name, value)| (name.clone(), value.clone()))
            .chain(masked.into_iter().map(|(name, _)| (name.clone(), MASK.to_owned())))
            .collect();
        Recording { started_at: timestamp_to_text(started_at), environment, exchanges }
    }
}

impl Transport for Recorder {
    fn send(&self, request: Request) -> ResponseFuture {
        let position = self.exchanges.borrow().len();
        self.exchanges.borrow_mut().push(None);
        let recorded = RecordedRequest {
            method: request.method.clone(),
            url: request.url.to_string(),
            headers: request.headers.clone(),
            body: request.body.as_deref().map(Body::new),
        };
        let exchanges = Rc::clone(&self.exchanges);
        let answer = self.transport.send(request);
        Box::pin(async move {
            let start = Instant::now();
            let mut result = answer.await;
            if let Ok(response) = &mut result
                && let Err(error) = response.body.read().await
            {
                result = Err(error);
            }
            let (response, error) = match &result {
                Ok(response) => {
                    let response = RecordedResponse {
                        status: response.status,
                        status_text: response.status_text.clone(),
                        headers: response.headers.clone(),
                        body: Body::new(response.body.bytes()),
                    };
                    (Some(response), None)
                }
                Err(TransportError::Failed { code, message, .. }) => {
                    (None, Some(RecordedFailure { code: code.clone(), message: message.clone() }))
                }
                Err(_) => return result,
            };
            let milliseconds = start.elapsed().as_millis() as u64;
            exchanges.borrow_mut()[position] = Some(Exchange { request: recorded, milliseconds, response, error });
            result
        })
    }
}

/// The environment, and what is read from it from now on.
pub(crate) fn watched(environment: &Environment) -> (Environment, Arc<Mutex<BTreeMap<String, String>>>) {
    let read: Arc<Mutex<BTreeMap<String, String>>> = Arc::default();
    let (inner, kept) = (Arc::clone(environment), Arc::clone(&read));
    let watched = move |name: &str| {
        let value = inner(name);
        if let (Some(value), Ok(mut kept)) = (&value, kept.lock()) {
            kept.insert(name.to_owned(), value.clone());
        }
        value
    };
    (Arc::new(watched), read)
}
