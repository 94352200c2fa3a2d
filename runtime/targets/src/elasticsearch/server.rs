//! Calls of an Elasticsearch server.

use std::sync::Arc;
use std::time::Duration;

use reqwest::{Client, Method};
use serde_json::Value;
use url::Url;

use crate::blocking::Blocking;
use crate::{Failure, Result, TargetError};

/// How often a call is tried that may be sent twice.
const TRIES: u32 = 7;
/// How long a call may take: a bulk into a busy cluster takes a while.
const TIMEOUT: Duration = Duration::from_secs(120);

/// A server.
pub(super) struct Server {
    client: Client,
    blocking: Blocking,
    base: Url,
    user: Option<(String, Option<String>)>,
}

/// A body of a request.
pub(super) enum Body<'b> {
    None,
    Json(&'b Value),
    /// Lines of JSON, each with its end.
    Lines(&'b str),
}

/// What a server answered.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) body: Value,
}

impl Answer {
    pub(super) const fn is_success(&self) -> bool {
        self.status >= 200 && self.status < 300
    }

    /// What kind of error it is.
    pub(super) fn error_type(&self) -> &str {
        self.body["error"]["type"].as_str().unwrap_or_default()
    }
}

impl Server {
    /// A server at a URL. Nothing is sent yet.
    pub(super) fn new(url: &str) -> Result<Server> {
        let wrong = |what: String| {
            TargetError::new(Failure::Unavailable, format!("the target is no URL of Elasticsearch: {what}"))
                .help("a URL is `elasticsearch+https://user:password@host:9200/index`")
        };
        let mut base = Url::parse(url).map_err(|error| wrong(error.to_string()))?;
        let decoded = |text: &str| {
            let query = format!("x={}", text.replace('+', "%2B"));
            let mut pairs = url::form_urlencoded::parse(query.as_bytes());
            pairs.next().map(|(_, value)| value.into_owned()).unwrap_or_default()
        };
        let user = (!base.username().is_empty()).then(|| (decoded(base.username()), base.password().map(decoded)));
        let cleared = base.set_username("").is_ok() && base.set_password(None).is_ok();
        if !cleared || base.host_str().is_none() {
            return Err(wrong("it names no host".to_owned()));
        }
        base.set_query(None);
        let failed = |error: &dyn std::fmt::Display| TargetError::new(Failure::Unavailable, format!("TLS: {error}"));
        let roots = rustls::RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
        let tls = rustls::ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|error| failed(&error))?
            .with_root_certificates(roots)
            .with_no_client_auth();
        let client = Client::builder()
            .tls_backend_preconfigured(tls)
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(Duration::from_secs(15))
            .timeout(TIMEOUT)
            .user_agent(concat!("moltler/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| failed(&error))?;
        Ok(Server { client, blocking: Blocking::new()?, base, user })
    }

    /// Host and port, for people.
    fn place(&self) -> String {
        let port = self.base.port().map(|port| format!(":{port}")).unwrap_or_default();
        format!("Elasticsearch at {}{port}", self.base.host_str().unwrap_or_default())
    }

    /// Sends a request to `/a/b?query`, again where the server is busy or not there for a moment. Segments of the path are escaped.
    pub(super) fn call(&self, method: &Method, path: &[&str], query: &str, body: &Body<'_>) -> Result<Answer> {
        let mut url = self.base.clone();
        url.path_segments_mut()
            .map_err(|()| TargetError::new(Failure::Unavailable, "the target is no URL of Elasticsearch"))?
            .pop_if_empty()
            .extend(path);
        url.set_query(Some(query).filter(|query| !query.is_empty()));
        let mut wait = Duration::from_millis(100);
        for tried in 1.. {
            let answer = self.blocking.run(self.send(method, url.clone(), body));
            let is_busy = match &answer {
                Ok(answer) => matches!(answer.status, 429 | 502 | 503 | 504),
                Err(error) => !error.is_builder(),
            };
            if !is_busy || tried == TRIES {
                return answer.map_err(|error| {
                    let error = error.without_url();
                    let mut text = error.to_string();
                    let mut source = std::error::Error::source(&error);
                    while let Some(cause) = source {
                        text.push_str(&format!(": {cause}"));
                        source = cause.source();
                    }
                    TargetError::unavailable(&self.place(), text)
                });
            }
            std::thread::sleep(wait);
            wait = (wait * 2).min(Duration::from_secs(10));
        }
        unreachable!("Invariant: the last try returns")
    }

    async fn send(&self, method: &Method, url: Url, body: &Body<'_>) -> reqwest::Result<Answer> {
        let mut request = self.client.request(method.clone(), url);
        if let Some((name, password)) = &self.user {
            request = request.basic_auth(name, password.as_ref());
        }
        request = match body {
            Body::None => request,
            Body::Json(value) => request.header("content-type", "application/json").body(value.to_string()),
            Body::Lines(lines) => request.header("content-type", "application/x-ndjson").body((*lines).to_owned()),
        };
        let response = request.send().await?;
        let status = response.status().as_u16();
        let bytes = response.bytes().await?;
        Ok(Answer { status, body: serde_json::from_slice(&bytes).unwrap_or(Value::Null) })
    }

    /// The same; an answer that is no success is an error.
    pub(super) fn ask(&self, method: &Method, path: &[&str], query: &str, body: &Body<'_>) -> Result<Value> {
        let answer = self.call(method, path, query, body)?;
        if answer.is_success() { Ok(answer.body) } else { Err(self.refused(&answer)) }
    }

    /// The same; `None` where the thing is not there.
    pub(super) fn find(&self, path: &[&str], query: &str) -> Result<Option<Value>> {
        let answer = self.call(&Method::GET, path, query, &Body::None)?;
        match answer.status {
            404 => Ok(None),
            _ if answer.is_success() => Ok(Some(answer.body)),
            _ => Err(self.refused(&answer)),
        }
    }

    /// An answer that is no success as an error.
    pub(super) fn refused(&self, answer: &Answer) -> TargetError {
        let reason = answer.body["error"]["reason"].as_str().or(answer.body["error"].as_str());
        let text = match reason {
            Some(reason) => format!("status {}, {reason}", answer.status),
            None => format!("status {}", answer.status),
        };
        let error = TargetError::unavailable(&self.place(), text);
        match answer.status {
            401 | 403 => {
                error.help("the URL has user and password: `elasticsearch+https://user:password@host:9200/index`")
            }
            _ => error,
        }
    }
}
