//! Keys of MOCK_API: which requests they mean, and which of two is the more exact one.

use url::Url;
use url::form_urlencoded::parse;

/// A key: `METHOD [https://host]/path[?query]`.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Route {
    /// As written.
    pub(super) key: String,
    method: String,
    /// `https://host[:port]`
    origin: Option<String>,
    segments: Vec<Segment>,
    query: Vec<(String, String)>,
}

/// In the order of exactness.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Segment {
    /// `*`: one segment; as the last one, any number but none.
    Any,
    /// `:id`
    Parameter,
    /// Decoded text.
    Text(String),
}

/// Orders the routes that match one request; the greatest is the most exact.
pub(super) type Exactness = (Vec<u8>, bool, usize);

impl Route {
    /// Reads a key; the error is a sentence.
    pub(super) fn parse(key: &str) -> Result<Route, String> {
        let wrong = |reason: &str| format!("`{key}` is not a key of MOCK_API: {reason}");
        let (method, target) =
            key.trim().split_once(char::is_whitespace).ok_or_else(|| wrong("it reads `GET /path`"))?;
        if method.is_empty() || !method.bytes().all(|byte| byte.is_ascii_alphabetic() || byte == b'-') {
            return Err(wrong("it starts with a method such as `GET`"));
        }
        let target = target.trim();
        let (origin, rest) = match target.find("://") {
            Some(scheme_end) => {
                let host_start = scheme_end + 3;
                let path = target[host_start..].find(['/', '?']).map_or(target.len(), |index| host_start + index);
                let url = Url::parse(&target[..path]).map_err(|_| wrong("its host is not valid"))?;
                (Some(origin(&url)), &target[path..])
            }
            None if target.starts_with('/') => (None, target),
            None => return Err(wrong("the path starts with `/`")),
        };
        let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
        Ok(Route {
            key: key.to_owned(),
            method: method.to_ascii_uppercase(),
            origin,
            segments: segments(path)
                .map(|segment| match segment {
                    "*" => Segment::Any,
                    _ if segment.len() > 1 && segment.starts_with(':') => Segment::Parameter,
                    _ => Segment::Text(decode(segment)),
                })
                .collect(),
            query: parse(query.as_bytes()).into_owned().collect(),
        })
    }

    /// How exactly the route means this request; `None` where it does not mean it.
    pub(super) fn matches(&self, method: &str, url: &Url) -> Option<Exactness> {
        if self.method != method || self.origin.as_ref().is_some_and(|expected| *expected != origin(url)) {
            return None;
        }
        let mut path = segments(url.path());
        for (index, segment) in self.segments.iter().enumerate() {
            let actual = path.next()?;
            match segment {
                Segment::Any if index + 1 == self.segments.len() => {
                    path.by_ref().for_each(drop);
                }
                Segment::Any => {}
                Segment::Parameter if actual.is_empty() => return None,
                Segment::Parameter => {}
                Segment::Text(text) if *text != decode(actual) => return None,
                Segment::Text(_) => {}
            }
        }
        if path.next().is_some() {
            return None;
        }
        let mut actual: Vec<(String, String)> = url.query_pairs().into_owned().collect();
        for pair in &self.query {
            let index = actual.iter().position(|other| other == pair)?;
            actual.swap_remove(index);
        }
        let weights = self
            .segments
            .iter()
            .map(|segment| match segment {
                Segment::Any => 0,
                Segment::Parameter => 1,
                Segment::Text(_) => 2,
            })
            .collect();
        Some((weights, self.origin.is_some(), self.query.len()))
    }
}

fn segments(path: &str) -> impl Iterator<Item = &str> {
    path.strip_prefix('/').unwrap_or(path).split('/')
}

fn origin(url: &Url) -> String {
    let host = url.host_str().unwrap_or("").to_ascii_lowercase();
    match url.port_or_known_default() {
        Some(port) => format!("{}://{host}:{port}", url.scheme()),
        None => format!("{}://{host}", url.scheme()),
    }
}

fn decode(segment: &str) -> String {
    let mut bytes = Vec::with_capacity(segment.len());
    let mut rest = segment.as_bytes();
    while let Some((byte, tail)) = rest.split_first() {
        let escaped = (*byte == b'%').then(|| tail.get(..2)).flatten().and_then(|digits| {
            let digits = std::str::from_utf8(digits).ok()?;
            u8::from_str_radix(digits, 16).ok().filter(|_| digits.bytes().all(|digit| digit.is_ascii_hexdigit()))
        });
        match escaped {
            Some(escaped) => {
                bytes.push(escaped);
                rest = &tail[2..];
            }
            None => {
                bytes.push(*byte);
                rest = tail;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(key: &str, method: &str, url: &str) -> bool {
        let route = Route::parse(key).expect("a valid key");
        route.matches(method, &Url::parse(url).expect("a valid URL")).is_some()
    }

    #[test]
    fn the_path_decides() {
        for url in ["mock:///items", "mock:///items?", "mock:///items?limit=100", "https://h/items", "mock://h/items"] {
            assert!(matches("GET /items", "GET", url), "{url}");
        }
        for url in ["mock:///items/1", "mock://items", "mock:///Items", "mock:///item", "mock:///items/"] {
            assert!(!matches("GET /items", "GET", url), "{url}");
        }
        assert!(!matches("GET /items", "POST", "mock:///items"));
        assert!(matches("GET /", "GET", "mock://items"));
        assert!(matches("get /items", "GET", "mock:///items"));
    }

    #[test]
    fn parameters_and_stars() {
        assert!(matches("GET /items/:id", "GET", "mock:///items/7"));
        assert!(!matches("GET /items/:id", "GET", "mock:///items/"));
        assert!(!matches("GET /items/:id", "GET", "mock:///items/7/x"));
        assert!(matches("GET /items/*", "GET", "mock:///items/7/x/y"));
        assert!(!matches("GET /items/*", "GET", "mock:///items"));
        assert!(matches("GET /*/x", "GET", "mock:///items/x"));
        assert!(!matches("GET /*/x", "GET", "mock:///items/a/x"));
        assert!(matches("GET /a b/é", "GET", "mock:///a%20b/%C3%A9"));
    }

    #[test]
    fn hosts_and_queries() {
        assert!(matches("GET https://api.x.com/items", "GET", "https://api.x.com/items"));
        assert!(matches("GET https://api.x.com/items", "GET", "https://API.x.com:443/items"));
        assert!(!matches("GET https://api.x.com/items", "GET", "https://b.x.com/items"));
        assert!(matches("GET /items?a=b", "GET", "mock:///items?z=1&a=b"));
        assert!(!matches("GET /items?a=b", "GET", "mock:///items?a=c"));
        assert!(matches("GET /items?q=a+b", "GET", "mock:///items?q=a%20b"));
    }

    #[test]
    fn the_more_exact_key_is_greater() {
        let url = Url::parse("https://h/items/7?a=b").expect("a valid URL");
        let keys = [
            "GET /*",
            "GET /*/*",
            "GET /:kind/7",
            "GET /items/*",
            "GET /items/:id",
            "GET /items/7",
            "GET /items/7?a=b",
            "GET https://h/items/7",
        ];
        let ranks: Vec<Exactness> = keys
            .iter()
            .map(|key| Route::parse(key).expect("a valid key").matches("GET", &url).expect("it matches"))
            .collect();
        assert!(ranks.is_sorted(), "{ranks:?}");
    }

    #[test]
    fn wrong_keys_are_told() {
        for key in ["", "GET", "/items", "GET items", "G=T /items", "GET https:///x"] {
            assert!(Route::parse(key).is_err(), "{key}");
        }
    }
}
