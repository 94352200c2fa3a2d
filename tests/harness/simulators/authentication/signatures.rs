//! Signatures of whole requests, made again from what arrived: Signature Version 4 of AWS and OAuth 1.

use ring::{digest, hmac};

use super::encoding::{base64, hex, percent};
use super::{AWS_ACCESS_KEY, AWS_SECRET_KEY, OAUTH1, is};
use crate::server::{Call, Parameters, decode};

fn mac(key: &[u8], text: &str) -> Vec<u8> {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), text.as_bytes()).as_ref().to_vec()
}

fn sha256(bytes: &[u8]) -> String {
    hex(digest::digest(&digest::SHA256, bytes).as_ref())
}

/// `a=1&b=2` with each pair encoded, in order.
fn joined(pairs: &Parameters) -> String {
    let mut pairs: Vec<(String, String)> =
        pairs.0.iter().map(|(name, value)| (percent(name), percent(value))).collect();
    pairs.sort();
    pairs.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<String>>().join("&")
}

/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html>
pub(super) fn aws4(call: &Call) -> Result<(), String> {
    let given = call.header("authorization").strip_prefix("AWS4-HMAC-SHA256 ").ok_or("no AWS4-HMAC-SHA256")?;
    let part = |name: &str| {
        given.split(',').find_map(|part| part.trim().strip_prefix(name)?.strip_prefix('=')).ok_or(format!("no {name}"))
    };
    let credential: Vec<&str> = part("Credential")?.split('/').collect();
    let [access_key, day, region, service, "aws4_request"] = *credential else {
        return Err("the scope is wrong".to_owned());
    };
    is((access_key, region, service) == (AWS_ACCESS_KEY, "eu-central-1", "execute-api"), "the scope is wrong")?;
    let time = call.header("x-amz-date");
    is(time.len() == 16 && time.starts_with(day), "x-amz-date is wrong")?;

    let names: Vec<&str> = part("SignedHeaders")?.split(';').collect();
    is(names.is_sorted() && names.contains(&"host") && names.contains(&"x-amz-date"), "SignedHeaders is wrong")?;
    let headers: String = names
        .iter()
        .map(|name| format!("{name}:{}\n", call.header(name).split_whitespace().collect::<Vec<&str>>().join(" ")))
        .collect();
    // Every service but S3 encodes the segments of the path once more.
    let path: Vec<String> = call.path.split('/').map(percent).collect();
    let body = sha256(&call.body);
    let request = format!(
        "{}\n{}\n{}\n{headers}\n{}\n{body}",
        call.method,
        path.join("/"),
        joined(&call.parameters()),
        names.join(";")
    );
    let scope = format!("{day}/{region}/{service}/aws4_request");
    let text = format!("AWS4-HMAC-SHA256\n{time}\n{scope}\n{}", sha256(request.as_bytes()));
    let key = [day, region, service, "aws4_request"]
        .iter()
        .fold(format!("AWS4{AWS_SECRET_KEY}").into_bytes(), |key, part| mac(&key, part));
    is(
        part("Signature")? == hex(&mac(&key, &text)),
        &format!("the signature is wrong; the canonical request is\n{request}"),
    )
}

/// RFC 5849, section 3.4.
pub(super) fn oauth1(call: &Call) -> Result<(), String> {
    let given = call.header("authorization").strip_prefix("OAuth ").ok_or("no OAuth")?;
    let mut pairs = Vec::new();
    for part in given.split(',') {
        let (name, value) = part.trim().split_once('=').ok_or("a parameter without value")?;
        let value =
            value.strip_prefix('"').and_then(|value| value.strip_suffix('"')).ok_or("a value without quotes")?;
        pairs.push((decode(name), decode(value)));
    }
    let header = Parameters(pairs);
    let [consumer, consumer_secret, token, token_secret] = OAUTH1;
    let right = header.get("oauth_consumer_key") == Some(consumer)
        && header.get("oauth_token") == Some(token)
        && header.get("oauth_signature_method") == Some("HMAC-SHA1")
        && header.get("oauth_nonce").is_some_and(|nonce| nonce.len() >= 8)
        && header.get("oauth_timestamp").is_some_and(|time| time.parse::<u64>().is_ok());
    is(right, "a parameter is wrong")?;

    let mut signed = header.clone();
    signed.0.retain(|(name, _)| name != "oauth_signature" && name != "realm");
    signed.0.extend(call.parameters().0);
    if call.header("content-type").starts_with("application/x-www-form-urlencoded") {
        signed.0.extend(Parameters::parse(&String::from_utf8_lossy(&call.body)).0);
    }
    let url = format!("{}{}", call.origin(), call.path);
    let text = format!("{}&{}&{}", call.method, percent(&url), percent(&joined(&signed)));
    let key = format!("{}&{}", percent(consumer_secret), percent(token_secret));
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, key.as_bytes());
    let signature = base64(hmac::sign(&key, text.as_bytes()).as_ref());
    is(
        header.get("oauth_signature") == Some(&*signature),
        &format!("the signature is wrong; the base string is\n{text}"),
    )
}
