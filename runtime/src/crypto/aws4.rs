//! Signature Version 4 of AWS.

use url::Url;

use super::{Hash, hmac};
use crate::secrets::encoding::{hex, is_unreserved, percent};

/// Who signs, and for what.
#[derive(Clone, Copy, Debug)]
pub struct Credentials<'a> {
    /// The id of the access key.
    pub access_key: &'a str,
    /// Its secret.
    pub secret_key: &'a str,
    /// `eu-central-1`
    pub region: &'a str,
    /// `s3`, `execute-api`
    pub service: &'a str,
}

/// The value of `authorization` for a request as it leaves. `time` is `20150830T123600Z`. Signed are `host`, `content-type` and
/// every header whose name begins with `x-amz-`; `headers` have their names in lower case.
pub fn authorization(
    credentials: &Credentials<'_>,
    time: &str,
    method: &str,
    url: &Url,
    headers: &[(String, String)],
    payload_hash: &str,
) -> String {
    let Credentials { access_key, secret_key, region, service } = credentials;
    let (canonical, signed) = canonical_request(service, method, url, headers, payload_hash);
    let date = time.get(..8).unwrap_or(time);
    let scope = format!("{date}/{region}/{service}/aws4_request");
    let to_sign = format!("AWS4-HMAC-SHA256\n{time}\n{scope}\n{}", hex(&Hash::Sha256.digest(canonical.as_bytes())));
    let mut key = format!("AWS4{secret_key}").into_bytes();
    for part in [date, region, service, "aws4_request"] {
        key = hmac(Hash::Sha256, &key, part.as_bytes());
    }
    let signature = hex(&hmac(Hash::Sha256, &key, to_sign.as_bytes()));
    format!("AWS4-HMAC-SHA256 Credential={access_key}/{scope}, SignedHeaders={signed}, Signature={signature}")
}

/// The request in one form, and the names of the headers in it.
fn canonical_request(
    service: &str,
    method: &str,
    url: &Url,
    headers: &[(String, String)],
    payload_hash: &str,
) -> (String, String) {
    let host = match url.port() {
        Some(port) => format!("{}:{port}", url.host_str().unwrap_or_default()),
        None => url.host_str().unwrap_or_default().to_owned(),
    };
    let mut signed: Vec<(&str, String)> = vec![("host", host)];
    for (name, value) in headers {
        if name == "content-type" || name.starts_with("x-amz-") {
            let value = value.split_ascii_whitespace().collect::<Vec<_>>().join(" ");
            match signed.iter_mut().find(|(other, _)| other == name) {
                Some((_, values)) => values.push_str(&format!(",{value}")),
                None => signed.push((name, value)),
            }
        }
    }
    signed.sort();
    let names: Vec<&str> = signed.iter().map(|(name, _)| *name).collect();
    let names = names.join(";");
    let lines: String = signed.iter().map(|(name, value)| format!("{name}:{value}\n")).collect();
    // Every service but S3 encodes what is encoded already once more.
    let path = match service {
        "s3" => percent_again(url.path(), false),
        _ => percent_again(url.path(), true),
    };
    let canonical = format!("{method}\n{path}\n{}\n{lines}\n{names}\n{payload_hash}", canonical_query(url));
    (canonical, names)
}

fn percent_again(path: &str, twice: bool) -> String {
    percent(path, |byte| is_unreserved(byte) || byte == b'/' || (!twice && byte == b'%'))
}

fn canonical_query(url: &Url) -> String {
    let mut pairs: Vec<(String, String)> = url
        .query_pairs()
        .map(|(name, value)| (percent(&name, is_unreserved), percent(&value, is_unreserved)))
        .collect();
    pairs.sort();
    let pairs: Vec<String> = pairs.into_iter().map(|(name, value)| format!("{name}={value}")).collect();
    pairs.join("&")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Examples of the test suite that AWS publishes.
    #[test]
    fn the_published_examples_come_out() {
        let credentials = Credentials {
            access_key: "AKIDEXAMPLE",
            secret_key: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
            region: "us-east-1",
            service: "service",
        };
        let time = "20150830T123600Z";
        let signature = |method: &str, url: &str, headers: &[(&str, &str)], body: &str| {
            let mut headers: Vec<(String, String)> =
                headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
            headers.push(("x-amz-date".to_owned(), time.to_owned()));
            let hash = hex(&Hash::Sha256.digest(body.as_bytes()));
            let url = Url::parse(url).expect("a URL");
            let authorization = authorization(&credentials, time, method, &url, &headers, &hash);
            authorization.rsplit_once("Signature=").map(|(_, signature)| signature.to_owned()).unwrap_or_default()
        };
        let host = "https://example.amazonaws.com";
        assert_eq!(signature("GET", host, &[], ""), "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31");
        assert_eq!(
            signature("GET", &format!("{host}/?Param2=value2&Param1=value1"), &[], ""),
            "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"
        );
        assert_eq!(
            signature("POST", host, &[], ""),
            "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"
        );
        assert_eq!(
            signature("POST", host, &[("content-type", "application/x-www-form-urlencoded")], "Param1=value1"),
            "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a"
        );
    }
}
