//! Which answers are asked for again, and when.

use std::time::Duration;

use jiff::fmt::rfc2822::DateTimeParser;

use super::transport::{FailureKind, Request, Response, TransportError};

/// Before the second attempt, without jitter; it doubles with each one.
const FIRST_WAIT: Duration = Duration::from_millis(500);
const LONGEST_BACKOFF: Duration = Duration::from_secs(30);

/// What an answer says about asking again.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Verdict {
    /// It is the answer.
    Done,
    /// The server refused because of its rate limit: after this time, where it said so.
    Limited(Option<Duration>),
    /// It may go better another time: after this time, where the server said so.
    Again(Option<Duration>),
}

/// What to do after an attempt. `now` is in microseconds since 1970.
pub(super) fn judge(request: &Request, outcome: &Result<Response, TransportError>, now: i64) -> Verdict {
    match outcome {
        Ok(response) => {
            let wait = || retry_after(response, now);
            match response.status {
                429 => Verdict::Limited(wait().or_else(|| reset(response, now))),
                // GitHub and others refuse with 403 when nothing remains.
                403 if remaining(response) == Some(0) => Verdict::Limited(wait().or_else(|| reset(response, now))),
                403 if may_repeat(request) && header(response, "retry-after").is_some() => Verdict::Limited(wait()),
                502..=504 if may_repeat(request) => Verdict::Again(wait()),
                _ => Verdict::Done,
            }
        }
        Err(TransportError::Failed { kind, .. }) => match kind {
            // Nothing was sent.
            FailureKind::Refused | FailureKind::Dns | FailureKind::Unreachable => Verdict::Again(None),
            kind if may_pass(*kind) && may_repeat(request) => Verdict::Again(None),
            _ => Verdict::Done,
        },
        Err(TransportError::RateLimited { .. } | TransportError::Fatal(_)) => Verdict::Done,
    }
}

/// The time until the server takes requests again, where it says that this one was the last for now.
pub(super) fn exhausted(response: &Response, now: i64) -> Option<Duration> {
    if remaining(response) == Some(0) { reset(response, now) } else { None }
}

/// How long to wait before the attempt after `attempt` where the server does not say it. `jitter` is from 0 to 1.
pub(super) fn backoff(attempt: u32, jitter: f64) -> Duration {
    let full = FIRST_WAIT.saturating_mul(1 << (attempt - 1).min(10)).min(LONGEST_BACKOFF);
    full.mul_f64(0.5 + jitter.clamp(0.0, 1.0) / 2.0)
}

/// Whether sending it twice does no harm: by its method, or because it carries a key that the server knows it by.
pub(super) fn may_repeat(request: &Request) -> bool {
    matches!(request.method.as_str(), "GET" | "HEAD" | "OPTIONS" | "PUT" | "DELETE")
        || request.headers.iter().any(|(name, value)| name == "idempotency-key" && !value.is_empty())
}

/// Whether a failure after the request was sent may go better another time.
pub(super) fn may_pass(kind: FailureKind) -> bool {
    matches!(kind, FailureKind::Reset | FailureKind::Timeout)
}

fn header<'a>(response: &'a Response, name: &str) -> Option<&'a str> {
    response.headers.iter().find(|(other, _)| other == name).map(|(_, value)| value.trim())
}

/// `Retry-After`: seconds, or an HTTP date.
fn retry_after(response: &Response, now: i64) -> Option<Duration> {
    let value = header(response, "retry-after")?;
    if let Some(seconds) = seconds(value) {
        return Some(seconds);
    }
    let date = DateTimeParser::new().parse_timestamp(value).ok()?;
    Some(until(date.as_microsecond(), now))
}

/// What the server's clock said, in microseconds.
pub(super) fn date(response: &Response) -> Option<i64> {
    let date = DateTimeParser::new().parse_timestamp(header(response, "date")?).ok()?;
    Some(date.as_microsecond())
}

fn remaining(response: &Response) -> Option<u64> {
    let names = ["x-ratelimit-remaining", "x-rate-limit-remaining", "ratelimit-remaining"];
    names.iter().find_map(|name| header(response, name)?.parse().ok())
}

/// When the limit starts anew: seconds or milliseconds since 1970, seconds from now, or a time as text.
fn reset(response: &Response, now: i64) -> Option<Duration> {
    if let Some(wait) = header(response, "x-ratelimit-reset-after").and_then(seconds) {
        return Some(wait);
    }
    let names = ["x-ratelimit-reset", "x-rate-limit-reset", "ratelimit-reset"];
    let value = names.iter().find_map(|name| header(response, name))?;
    match value.parse::<f64>() {
        Ok(number) if number >= 1e11 => Some(until((number.min(9e15) * 1e3) as i64, now)),
        Ok(number) if number >= 1e9 => Some(until((number * 1e6) as i64, now)),
        Ok(_) => seconds(value),
        Err(_) => value.parse::<jiff::Timestamp>().ok().map(|time| until(time.as_microsecond(), now)),
    }
}

fn seconds(text: &str) -> Option<Duration> {
    let seconds: f64 = text.parse().ok()?;
    Duration::try_from_secs_f64(seconds).ok()
}

fn until(time: i64, now: i64) -> Duration {
    Duration::from_micros(time.saturating_sub(now).max(0).unsigned_abs())
}

#[cfg(test)]
mod tests {
    use url::Url;

    use super::*;
    use crate::http::{RedirectMode, Terms};

    /// 2015-10-21T07:28:00Z
    const NOW: i64 = 1_445_412_480_000_000;

    fn request(method: &str, headers: &[(&str, &str)]) -> Request {
        Request {
            method: method.to_owned(),
            url: Url::parse("https://a.example/x").expect("a valid URL"),
            headers: headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
            body: None,
            redirect: RedirectMode::Follow,
            seal: None,
            terms: Terms::default(),
        }
    }

    fn response(status: u16, headers: &[(&str, &str)]) -> Response {
        Response {
            status,
            status_text: String::new(),
            headers: headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
            body: Vec::new().into(),
            url: Url::parse("https://a.example/x").expect("a valid URL"),
            redirected: false,
        }
    }

    fn verdict(method: &str, status: u16, headers: &[(&str, &str)]) -> Verdict {
        judge(&request(method, &[]), &Ok(response(status, headers)), NOW)
    }

    fn after(seconds: u64) -> Option<Duration> {
        Some(Duration::from_secs(seconds))
    }

    #[test]
    fn servers_say_when() {
        assert_eq!(verdict("POST", 429, &[("retry-after", "7")]), Verdict::Limited(after(7)));
        assert_eq!(
            verdict("GET", 429, &[("retry-after", "Wed, 21 Oct 2015 07:28:30 GMT")]),
            Verdict::Limited(after(30))
        );
        assert_eq!(
            verdict("GET", 429, &[("retry-after", "Wed, 21 Oct 2015 07:00:00 GMT")]),
            Verdict::Limited(after(0))
        );
        assert_eq!(verdict("GET", 429, &[("retry-after", "soon")]), Verdict::Limited(None));
        assert_eq!(verdict("GET", 429, &[("retry-after", "-1")]), Verdict::Limited(None));
        assert_eq!(verdict("GET", 429, &[("x-ratelimit-reset", "1445412490")]), Verdict::Limited(after(10)));
        assert_eq!(verdict("GET", 429, &[("x-ratelimit-reset", "1445412490000")]), Verdict::Limited(after(10)));
        assert_eq!(verdict("GET", 429, &[("ratelimit-reset", "12")]), Verdict::Limited(after(12)));
        assert_eq!(verdict("GET", 429, &[("x-ratelimit-reset", "2015-10-21T07:28:05Z")]), Verdict::Limited(after(5)));
        assert_eq!(
            verdict("GET", 429, &[("x-ratelimit-reset-after", "0.5")]),
            Verdict::Limited(Some(Duration::from_millis(500)))
        );
        assert_eq!(verdict("GET", 429, &[]), Verdict::Limited(None));
        assert_eq!(verdict("GET", 429, &[("retry-after", "1e300")]), Verdict::Limited(None));
    }

    #[test]
    fn nothing_remains() {
        let headers = [("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "1445412540")];
        assert_eq!(verdict("GET", 403, &headers), Verdict::Limited(after(60)));
        assert_eq!(verdict("GET", 200, &headers), Verdict::Done);
        assert_eq!(exhausted(&response(200, &headers), NOW), after(60));
        assert_eq!(exhausted(&response(200, &headers[1..]), NOW), None);
        assert_eq!(verdict("GET", 403, &[("x-ratelimit-remaining", "1")]), Verdict::Done);
        assert_eq!(verdict("GET", 403, &[("retry-after", "3")]), Verdict::Limited(after(3)));
    }

    #[test]
    fn what_may_have_arrived_is_not_sent_twice() {
        for status in [502, 503, 504] {
            assert_eq!(verdict("GET", status, &[("retry-after", "2")]), Verdict::Again(after(2)));
            assert_eq!(verdict("DELETE", status, &[]), Verdict::Again(None));
            assert_eq!(verdict("POST", status, &[]), Verdict::Done);
            assert_eq!(verdict("PATCH", status, &[("retry-after", "2")]), Verdict::Done);
            let keyed = request("POST", &[("idempotency-key", "k")]);
            assert_eq!(judge(&keyed, &Ok(response(status, &[])), NOW), Verdict::Again(None));
        }
        for status in [200, 304, 400, 401, 403, 404, 500, 501] {
            assert_eq!(verdict("GET", status, &[]), Verdict::Done, "{status}");
        }
        let failed =
            |method: &str, kind| judge(&request(method, &[]), &Err(TransportError::failed(kind, "X", "x")), NOW);
        for kind in [FailureKind::Refused, FailureKind::Dns, FailureKind::Unreachable] {
            assert_eq!(failed("POST", kind), Verdict::Again(None));
        }
        for kind in [FailureKind::Reset, FailureKind::Timeout] {
            assert_eq!((failed("GET", kind), failed("POST", kind)), (Verdict::Again(None), Verdict::Done));
        }
        for kind in
            [FailureKind::Policy, FailureKind::Tls, FailureKind::TooLarge, FailureKind::Body, FailureKind::Secret]
        {
            assert_eq!(failed("GET", kind), Verdict::Done);
        }
    }

    #[test]
    fn waits_grow() {
        let waits: Vec<u128> = (1..=4).map(|attempt| backoff(attempt, 1.0).as_millis()).collect();
        assert_eq!(waits, [500, 1000, 2000, 4000]);
        assert_eq!(backoff(1, 0.0).as_millis(), 250);
        assert_eq!(backoff(100, 1.0), LONGEST_BACKOFF);
    }
}
