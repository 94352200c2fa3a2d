//! Redirects, followed by ourselves so that credentials never travel to another host.

use url::Url;

use super::transport::{FailureKind, RedirectMode, Request, Response, ResponseFuture, TransportError};

/// As many as the fetch standard allows.
const MAX_REDIRECTS: usize = 20;

/// Headers that may follow to another origin: none of them carries a credential, whatever the API calls its key header.
const HARMLESS_HEADERS: &[&str] =
    &["accept", "accept-language", "content-language", "content-type", "range", "user-agent"];

/// Sends `request` by `hop`, once for each step.
pub(super) async fn follow(
    mut request: Request,
    hop: impl Fn(Request) -> ResponseFuture,
) -> Result<Response, TransportError> {
    for step in 0..=MAX_REDIRECTS {
        let mut response = hop(request.clone()).await?;
        response.redirected = step > 0;
        let Some(target) = target(&response) else { return Ok(response) };
        match request.redirect {
            RedirectMode::Manual => return Ok(response),
            RedirectMode::Error => {
                return Err(failed("ERR_REDIRECT", format!("answered with a redirect (status {})", response.status)));
            }
            RedirectMode::Follow => {}
        }
        let url = request.url.join(&target).map_err(|_| failed("ERR_REDIRECT", "redirects to an invalid URL"))?;
        next(&mut request, response.status, url);
    }
    Err(failed("ERR_TOO_MANY_REDIRECTS", format!("redirects more than {MAX_REDIRECTS} times")))
}

fn failed(code: &str, message: impl Into<String>) -> TransportError {
    TransportError::failed(FailureKind::Redirect, code, message)
}

/// Where a redirect leads; `None` for any other response.
fn target(response: &Response) -> Option<String> {
    if !matches!(response.status, 301 | 302 | 303 | 307 | 308) {
        return None;
    }
    response.headers.iter().find(|(name, _)| name == "location").map(|(_, value)| value.clone())
}

fn next(request: &mut Request, status: u16, mut url: Url) {
    if url.fragment().is_some() {
        url.set_fragment(None);
    }
    let becomes_get = match status {
        303 => request.method != "GET" && request.method != "HEAD",
        301 | 302 => request.method == "POST",
        _ => false,
    };
    if becomes_get {
        request.method = "GET".to_owned();
        request.body = None;
        request.headers.retain(|(name, _)| !name.starts_with("content-"));
    }
    if !same_origin(&request.url, &url) {
        request.headers.retain(|(name, _)| HARMLESS_HEADERS.contains(&name.as_str()));
    }
    request.url = url;
}

fn same_origin(left: &Url, right: &Url) -> bool {
    left.scheme() == right.scheme()
        && left.host_str() == right.host_str()
        && left.port_or_known_default() == right.port_or_known_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::Terms;

    fn request(method: &str) -> Request {
        Request {
            method: method.to_owned(),
            url: Url::parse("https://a.example/x").expect("a valid URL"),
            headers: vec![
                ("authorization".to_owned(), "Bearer k".to_owned()),
                ("x-api-key".to_owned(), "k".to_owned()),
                ("accept".to_owned(), "*/*".to_owned()),
                ("content-type".to_owned(), "text/plain".to_owned()),
            ],
            body: Some(b"body".to_vec()),
            redirect: RedirectMode::Follow,
            seal: None,
            terms: Terms::default(),
        }
    }

    fn names(request: &Request) -> Vec<&str> {
        request.headers.iter().map(|(name, _)| name.as_str()).collect()
    }

    fn check(method: &str, status: u16, to: &str, expected_method: &str, expected_names: &[&str]) {
        let mut request = request(method);
        let url = request.url.join(to).expect("a valid URL");
        next(&mut request, status, url);
        assert_eq!((request.method.as_str(), names(&request)), (expected_method, expected_names.to_vec()), "{to}");
    }

    #[test]
    fn credentials_stay_with_their_origin() {
        check("GET", 302, "/y", "GET", &["authorization", "x-api-key", "accept", "content-type"]);
        check("GET", 302, "https://b.example/y", "GET", &["accept", "content-type"]);
        check("GET", 302, "http://a.example/y", "GET", &["accept", "content-type"]);
        check("GET", 302, "https://a.example:8443/y", "GET", &["accept", "content-type"]);
    }

    #[test]
    fn methods_change_as_in_fetch() {
        check("POST", 302, "/y", "GET", &["authorization", "x-api-key", "accept"]);
        check("POST", 307, "/y", "POST", &["authorization", "x-api-key", "accept", "content-type"]);
        check("PUT", 302, "/y", "PUT", &["authorization", "x-api-key", "accept", "content-type"]);
        check("PUT", 303, "/y", "GET", &["authorization", "x-api-key", "accept"]);
    }
}
