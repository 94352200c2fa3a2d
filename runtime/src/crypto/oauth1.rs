//! Signatures of OAuth 1.0: RFC 5849.

use url::Url;

use super::{Hash, hmac};
use crate::secrets::encoding::{base64, is_unreserved, percent};

/// How a request is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// HMAC-SHA1, which all servers know.
    HmacSha1,
    /// HMAC-SHA256
    HmacSha256,
    /// The secrets themselves.
    Plaintext,
}

impl Method {
    /// By its name in `oauth_signature_method`.
    pub fn named(name: &str) -> Option<Method> {
        match name {
            "HMAC-SHA1" => Some(Method::HmacSha1),
            "HMAC-SHA256" => Some(Method::HmacSha256),
            "PLAINTEXT" => Some(Method::Plaintext),
            _ => None,
        }
    }
}

/// `oauth_signature` of a request as it leaves. `parameters` are those of the `oauth_…` header without `realm`, and of a form in the
/// body, decoded.
pub fn signature(
    method: Method,
    consumer_secret: &str,
    token_secret: &str,
    http_method: &str,
    url: &Url,
    parameters: &[(String, String)],
) -> String {
    let encode = |text: &str| percent(text, is_unreserved);
    let key = format!("{}&{}", encode(consumer_secret), encode(token_secret));
    let hash = match method {
        Method::Plaintext => return key,
        Method::HmacSha1 => Hash::Sha1,
        Method::HmacSha256 => Hash::Sha256,
    };
    let base = base_string(http_method, url, parameters);
    base64(&hmac(hash, key.as_bytes(), base.as_bytes()))
}

fn base_string(http_method: &str, url: &Url, parameters: &[(String, String)]) -> String {
    let encode = |text: &str| percent(text, is_unreserved);
    let mut pairs: Vec<(String, String)> = url
        .query_pairs()
        .map(|(name, value)| (encode(&name), encode(&value)))
        .chain(parameters.iter().map(|(name, value)| (encode(name), encode(value))))
        .collect();
    pairs.sort();
    let pairs: Vec<String> = pairs.into_iter().map(|(name, value)| format!("{name}={value}")).collect();
    let address = &url[..url::Position::AfterPath];
    format!("{}&{}&{}", http_method.to_ascii_uppercase(), encode(address), encode(&pairs.join("&")))
}

/// The header of these parameters, the signature among them.
pub fn header(realm: Option<&str>, parameters: &[(String, String)]) -> String {
    let encode = |text: &str| percent(text, is_unreserved);
    let realm = realm.map(|realm| format!("realm=\"{}\"", realm.replace(['"', '\\'], "")));
    let parameters = parameters.iter().map(|(name, value)| format!("{}=\"{}\"", encode(name), encode(value)));
    let members: Vec<String> = realm.into_iter().chain(parameters).collect();
    format!("OAuth {}", members.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    /// Section 3.4.1 of RFC 5849.
    #[test]
    fn the_base_string_of_the_standard_comes_out() {
        let url = Url::parse("http://example.com/request?b5=%3D%253D&a3=a&c%40=&a2=r%20b").expect("a URL");
        let parameters = pairs(&[
            ("oauth_consumer_key", "9djdj82h48djs9d2"),
            ("oauth_token", "kkk9d7dh3k39sjv7"),
            ("oauth_signature_method", "HMAC-SHA1"),
            ("oauth_timestamp", "137131201"),
            ("oauth_nonce", "7d8f3e4a"),
            ("c2", ""),
            ("a3", "2 q"),
        ]);
        assert_eq!(
            base_string("POST", &url, &parameters),
            "POST&http%3A%2F%2Fexample.com%2Frequest&a2%3Dr%2520b%26a3%3D2%2520q%26a3%3Da%26b5%3D%253D%25253D%26c%2540%3D%26c2%3D\
             %26oauth_consumer_key%3D9djdj82h48djs9d2%26oauth_nonce%3D7d8f3e4a%26oauth_signature_method%3DHMAC-SHA1%26\
             oauth_timestamp%3D137131201%26oauth_token%3Dkkk9d7dh3k39sjv7"
        );
    }

    /// Section 1.2 of RFC 5849.
    #[test]
    fn the_signatures_of_the_standard_come_out() {
        let url = Url::parse("http://photos.example.net/photos?file=vacation.jpg&size=original").expect("a URL");
        let parameters = pairs(&[
            ("oauth_consumer_key", "dpf43f3p2l4k3l03"),
            ("oauth_token", "nnch734d00sl2jdk"),
            ("oauth_signature_method", "HMAC-SHA1"),
            ("oauth_timestamp", "137131202"),
            ("oauth_nonce", "chapoH"),
        ]);
        let sign = |method| signature(method, "kd94hf93k423kf44", "pfkkdhi9sl3r4s00", "GET", &url, &parameters);
        assert_eq!(sign(Method::HmacSha1), "MdpQcU8iPSUjWoN/UDMsK2sui9I=");
        assert_eq!(sign(Method::Plaintext), "kd94hf93k423kf44&pfkkdhi9sl3r4s00");
        let signed = pairs(&[("oauth_token", "a b"), ("oauth_signature", "MdpQcU8iPSUjWoN/UDMsK2sui9I=")]);
        assert_eq!(
            header(Some("Photos"), &signed),
            "OAuth realm=\"Photos\", oauth_token=\"a%20b\", oauth_signature=\"MdpQcU8iPSUjWoN%2FUDMsK2sui9I%3D\""
        );
    }
}
