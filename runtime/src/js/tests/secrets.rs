//! What handlers do with secrets that they never see.

use url::Url;

use super::*;
use crate::secrets::placeholder::LENGTH;
use crate::secrets::vault::Origin;

const VALUE: &str = "p\"ss w/rd+é1";

/// What a body gives whose `config.api_key` is a secret, and the requests that the server saw: method, path with query,
/// authorization, body.
fn with_secret(value: &str, body: &str, mock_api: &str) -> (String, Vec<String>) {
    run(async {
        let mut seal = None;
        let mut bench = Bench::with(mock_api, |settings| seal = Some(Rc::clone(&settings.seal)));
        let vault = Rc::clone(seal.expect("the settings have one").vault());
        let placeholder = vault.add(Origin::Config, "api_key", value);
        assert_eq!(placeholder.len(), LENGTH);
        bench.config = Value::Document(Rc::new(Document::from([
            ("api_key".into(), Value::String(placeholder.as_ref().into())),
            ("api_url".into(), Value::String("mock://".into())),
        ])));
        let script = script("execute", &[], &format!("async function execute(config, params) {{\n{body}\n}}"));
        let result = match bench.execute(&script, &empty()).await {
            Ok(value) => value_to_json(&value),
            Err(error) => error.to_string(),
        };
        assert!(!result.contains(value), "{result}");
        let calls = ["GET", "POST"].map(|method| bench.mock.calls(&format!("{method} /*")).expect("a key"));
        let text = |call: &Value, path: &[&str]| {
            let Value::Document(mut members) = call.clone() else { return String::new() };
            for name in &path[..path.len() - 1] {
                match members.get(*name) {
                    Some(Value::Document(inner)) => members = Rc::clone(inner),
                    _ => return String::new(),
                }
            }
            match members.get(path[path.len() - 1]) {
                Some(Value::String(text)) => text.to_string(),
                None | Some(Value::Null) => String::new(),
                Some(other) => value_to_json(other),
            }
        };
        let mut seen = Vec::new();
        for calls in calls {
            let Value::Array(calls) = calls else { continue };
            for call in calls.iter() {
                let url = Url::parse(&text(call, &["url"])).expect("a URL");
                let parts = [
                    text(call, &["method"]),
                    url[url::Position::BeforePath..].to_owned(),
                    text(call, &["headers", "authorization"]),
                    text(call, &["body"]),
                ];
                seen.push(parts.join("|").trim_end_matches('|').to_owned());
            }
        }
        (result, seen)
    })
}

const ANY: &str = r#"{"GET /*": {"body": {}}, "POST /*": {"body": {}}}"#;

#[track_caller]
fn sends(body: &str, expected: &str) {
    let (result, seen) = with_secret(VALUE, body, ANY);
    assert_eq!(seen, [expected], "{result}");
}

#[test]
fn values_are_put_in_where_requests_leave() {
    let fetch = |url: &str, init: &str| format!("await fetch(`mock:///{url}`, {init});");
    sends(&fetch("a", "{headers: {authorization: 'Bearer ' + config.api_key}}"), "GET|/a|Bearer p\"ss w/rd+é1");
    let basic = "cDpwInNzIHcvcmQrw6kx";
    sends(
        &fetch("a", "{headers: {authorization: 'Basic ' + btoa('p:' + config.api_key)}}"),
        &format!("GET|/a|Basic {basic}"),
    );
    let encoded = "p%22ss%20w%2Frd%2B%C3%A91";
    for url in ["a?k=${config.api_key}", "a?k=${encodeURIComponent(config.api_key)}"] {
        sends(&fetch(url, "{}"), &format!("GET|/a?k={encoded}"));
    }
    sends(
        "const url = new URL('mock:///a'); url.searchParams.set('k', config.api_key); await fetch(url);",
        "GET|/a?k=p%22ss+w%2Frd%2B%C3%A91",
    );
    sends(
        "await fetch('mock:///a?' + new URLSearchParams({k: config.api_key, l: 1}));",
        "GET|/a?k=p%22ss+w%2Frd%2B%C3%A91&l=1",
    );
    let json = r#"POST|/a||{"k":["p\"ss w/rd+é1"]}"#;
    sends(&fetch("a", "{method: 'POST', body: JSON.stringify({k: [config.api_key]})}"), json);
    sends(
        &fetch(
            "a",
            "{method: 'POST', headers: {'content-type': 'application/json'}, body: `{\"k\":[\"${config.api_key}\"]}`}",
        ),
        json,
    );
    sends(
        &fetch("a", "{method: 'POST', body: new URLSearchParams({k: config.api_key})}"),
        r#"POST|/a||{"k":"p\"ss w/rd+é1"}"#,
    );
    sends(
        &fetch("a", "{method: 'POST', body: new TextEncoder().encode('<' + config.api_key + '>')}"),
        "POST|/a||<p\"ss w/rd+é1>",
    );
    sends(&fetch("a", "{method: 'POST', body: new Blob(['<', config.api_key, '>'])}"), "POST|/a||<p\"ss w/rd+é1>");
}

#[test]
fn copies_of_the_configuration_keep_their_placeholders() {
    let body = "const copy = JSON.parse(JSON.stringify(config)); const other = structuredClone(config);
        return [copy.api_key === config.api_key, other.api_key === config.api_key,
            decodeURIComponent(encodeURIComponent(config.api_key)) === config.api_key,
            new URLSearchParams(new URLSearchParams({k: config.api_key}).toString()).get('k') === config.api_key,
            config.api_key.length, /^[a-z0-9]{40}$/.test(config.api_key), btoa(config.api_key).length];";
    assert_eq!(with_secret(VALUE, body, "{}").0, "[true,true,true,true,40,true,40]");
}

#[test]
fn what_a_server_sends_back_has_placeholders() {
    let mock = r#"{"GET /echo": {"headers": {"x-echo": "hunter2-hunter2"}, "body": {"k": "hunter2-hunter2", "b": "aHVudGVyMi1odW50ZXIy"}}}"#;
    let body = "const response = await fetch('mock:///echo');
        const {k, b} = await response.json();
        return [k === config.api_key, b.includes('aHVudGVy'), response.headers.get('x-echo') === config.api_key];";
    assert_eq!(with_secret("hunter2-hunter2", body, mock).0, "[true,false,true]");
}

#[test]
fn broken_placeholders_are_refused() {
    for body in [
        "await fetch('mock:///a/' + config.api_key.slice(0, 20));",
        "await fetch('mock:///a', {headers: {x: config.api_key.toUpperCase()}});",
        "await fetch('mock:///a', {method: 'POST', body: config.api_key.substring(10)});",
        "btoa(config.api_key.slice(1));",
    ] {
        let (result, seen) = with_secret(VALUE, body, ANY);
        assert!(result.contains("a piece of the placeholder of the secret `api_key`"), "{result}");
        assert_eq!(seen, Vec::<String>::new());
    }
}

#[test]
fn values_sign_inside_the_host() {
    let body = "const encoder = new TextEncoder();
        const key = await crypto.subtle.importKey('raw', encoder.encode(config.api_key), {name: 'HMAC', hash: 'SHA-256'}, true, ['sign']);
        const hex = buffer => Array.from(new Uint8Array(buffer), byte => byte.toString(16).padStart(2, '0')).join('');
        const digest = hex(await crypto.subtle.digest('SHA-256', encoder.encode(config.api_key)));
        return [key.extractable, hex(await crypto.subtle.sign('HMAC', key, encoder.encode('what do ya want for nothing?'))), digest,
            await crypto.subtle.exportKey('raw', key).catch(error => error.name)];";
    // RFC 4231, test case 2, whose key is `Jefe`.
    let hmac = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
    let digest = crate::secrets::encoding::hex(&crate::crypto::Hash::Sha256.digest(b"Jefe"));
    let expected = format!(r#"[false,"{hmac}","{digest}","InvalidAccessError"]"#);
    assert_eq!(with_secret("Jefe", body, "{}").0, expected);
}

#[test]
fn keys_of_secrets_never_come_out() {
    let body = "const {subtle} = crypto, encoder = new TextEncoder(), bytes = encoder.encode(config.api_key), iv = new Uint8Array(12);
        const failed = async promise => promise.then(() => 'given out', error => error.name);
        const own = await subtle.generateKey({name: 'AES-GCM', length: 256}, true, ['wrapKey', 'unwrapKey', 'encrypt', 'decrypt']);
        const aes = await subtle.importKey('raw', bytes, 'AES-GCM', true, ['encrypt', 'decrypt', 'wrapKey']);
        const jwk = await subtle.importKey('jwk', {kty: 'oct', k: btoa(config.api_key)}, 'AES-GCM', true, ['encrypt']).catch(error => error.name);
        const base = await subtle.importKey('raw', bytes, 'HKDF', false, ['deriveKey', 'deriveBits']);
        const how = {name: 'HKDF', hash: 'SHA-256', salt: new Uint8Array(0), info: new Uint8Array(0)};
        const derived = await subtle.deriveKey(how, base, {name: 'AES-GCM', length: 128}, true, ['encrypt']);
        const hmac = await subtle.deriveKey(how, base, {name: 'HMAC', hash: 'SHA-256'}, true, ['sign']);
        const results = [];
        for (const key of [aes, derived, hmac]) {
            for (const format of ['raw', 'jwk']) {
                results.push(key.extractable, await failed(subtle.exportKey(format, key)), await failed(subtle.wrapKey(format, key, own, {name: 'AES-GCM', iv})));
            }
        }
        results.push(await failed(subtle.encrypt({name: 'AES-GCM', iv}, own, bytes)));
        results.push(await failed(subtle.encrypt({name: 'AES-GCM', iv, additionalData: bytes}, own, iv)));
        results.push(await failed(subtle.decrypt({name: 'AES-GCM', iv}, own, bytes)));
        const sealed = await subtle.encrypt({name: 'AES-GCM', iv}, aes, encoder.encode('text'));
        results.push(new TextDecoder().decode(await subtle.decrypt({name: 'AES-GCM', iv}, aes, sealed)));
        results.push((await subtle.deriveBits(how, base, 256)).byteLength, typeof jwk);
        return [...new Set(results)];";
    let (result, _) = with_secret("0123456789abcdef", body, "{}");
    assert_eq!(result, r#"[false,"InvalidAccessError","NotSupportedError","text",32,"string"]"#);
}

/// A server encrypted the secret that it knows with a key that connector code has: what comes out is the placeholder.
#[test]
fn what_is_decrypted_holds_no_secret() {
    let key = crate::crypto::key::Key::Secret(vec![7; 16]);
    let jwk = br#"{"kty":"oct","k":"MDEyMzQ1Njc4OWFiY2RlZg"}"#;
    for (plain, read) in [
        (&b"the key is 0123456789abcdef"[..], "return (await open()).replace(config.api_key, 'a placeholder')"),
        (
            &b"0123456789abcdef"[..],
            "const key = await subtle.unwrapKey('raw', bytes, own, {name: 'AES-GCM', iv}, 'AES-GCM', true, ['encrypt']); return [key.extractable, await subtle.exportKey('raw', key).catch(error => error.name)]",
        ),
        (
            &jwk[..],
            "const key = await subtle.unwrapKey('jwk', bytes, own, {name: 'AES-GCM', iv}, 'AES-GCM', true, ['encrypt']); return key.extractable",
        ),
    ] {
        let sealed = crate::crypto::cipher::encrypt(&key, &[0; 12], b"", plain).expect("it encrypts");
        let body = format!(
            "const {{subtle}} = crypto, iv = new Uint8Array(12), bytes = new Uint8Array({sealed:?});
            const own = await subtle.importKey('raw', new Uint8Array(16).fill(7), 'AES-GCM', false, ['decrypt', 'unwrapKey']);
            const open = async () => new TextDecoder().decode(await subtle.decrypt({{name: 'AES-GCM', iv}}, own, bytes));
            {read}"
        );
        let (result, _) = with_secret("0123456789abcdef", &body, "{}");
        assert!(!result.contains("0123456789abcdef") && !result.contains("true"), "{result}");
        assert!(
            ["\"the key is a placeholder\"", "[false,\"InvalidAccessError\"]", "false"].contains(&result.as_str())
                || result.contains("DataError"),
            "{result}"
        );
    }
}

#[test]
fn tokens_signed_with_a_secret_are_secrets() {
    let body = "const token = moltler.sign.jwt({alg: 'HS256', key: config.api_key, claims: {sub: '1'}});
        await fetch('mock:///a', {headers: {authorization: 'Bearer ' + token}});
        return [token.length, moltler.sign.jwt({alg: 'HS256', key: 'k', claims: {}}).split('.').length];";
    let (result, seen) = with_secret("0123456789abcdef", body, ANY);
    assert_eq!(result, "[40,3]");
    let token =
        crate::crypto::jwt::sign("HS256", "0123456789abcdef", r#"{"alg":"HS256","typ":"JWT"}"#, r#"{"sub":"1"}"#);
    assert_eq!(seen, [format!("GET|/a|Bearer {}", token.expect("a token"))]);
}

#[test]
fn requests_are_signed() {
    let body = "await fetch(moltler.sign.aws4('mock://example.amazonaws.com/', {access_key: 'AKIDEXAMPLE', secret_key: config.api_key, region: 'us-east-1', service: 'service'}));";
    let (result, seen) = with_secret("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", body, ANY);
    assert_eq!(result, "null");
    // The time is 2024-01-15T10:00:00Z.
    let start = "GET|/|AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20240115/us-east-1/service/aws4_request, SignedHeaders=host;x-amz-date, Signature=";
    assert!(seen[0].starts_with(start), "{seen:?}");

    let body = "await fetch(moltler.sign.oauth1('mock:///a?b=c', {consumer_key: 'ck', consumer_secret: config.api_key, token: 't', method: 'PLAINTEXT', realm: 'r'}));";
    let (_, seen) = with_secret("a&b", body, ANY);
    assert!(seen[0].starts_with("GET|/a?b=c|OAuth realm=\"r\", oauth_consumer_key=\"ck\", oauth_nonce="), "{seen:?}");
    assert!(seen[0].ends_with("oauth_token=\"t\", oauth_signature=\"a%2526b%26\""), "{seen:?}");
    for (wrong, message) in [
        ("moltler.sign.jwt({alg: 'none', key: 'k', claims: {}})", "TypeError: `alg` is HS256, RS256"),
        (
            "moltler.sign.jwt({alg: 'RS256', key: config.api_key, claims: {}})",
            "TypeError: `key`: the text is no private key",
        ),
        (
            "moltler.sign.jwt({alg: 'HS256', key: 'k', claims: 1})",
            "TypeError: 'claims' of moltler.sign.jwt is an object",
        ),
        ("moltler.sign.aws4('mock:///', {secret: 1})", "TypeError: moltler.sign.aws4 has no option 'secret'"),
        ("moltler.oauth2({token_url: 'mock:///'})", "TypeError: moltler.oauth2 needs 'client_id'"),
    ] {
        let (result, _) = with_secret(VALUE, wrong, "{}");
        assert!(result.starts_with(message), "{result}");
    }
}

#[test]
fn handlers_make_secrets() {
    let body = "const secret = moltler.secret('made-at-run-time'); console.log(secret);
        await fetch('mock:///a', {headers: {authorization: secret}}); return secret.length;";
    let (result, seen) = with_secret(VALUE, body, ANY);
    assert_eq!((result.as_str(), seen), ("40", vec!["GET|/a|made-at-run-time".to_owned()]));
}

#[test]
fn tokens_of_servers_are_never_seen() {
    let mock = r#"{
        "POST /token": [
            {"body": {"access_token": "access-one-1", "refresh_token": "refresh-two-2", "expires_in": 100}},
            {"body": {"access_token": "access-two-2", "refresh_token": "refresh-three-3", "expires_in": 100}}
        ],
        "GET /a": [{"status": 200, "body": {}}, {"status": 401, "body": {}}, {"status": 200, "body": {"echo": "access-two-2"}}]
    }"#;
    let body = "const oauth = moltler.oauth2({token_url: 'mock:///token', client_id: 'me', client_secret: config.api_key, refresh_token: 'refresh-one-1'});
        const [token] = await Promise.all([oauth.token(), oauth.token()]);
        const first = await oauth.fetch('mock:///a');
        const second = await oauth.fetch('mock:///a');
        const {echo} = await second.json();
        return [token.length, first.status, second.status, echo === await oauth.token()];";
    let (result, seen) = with_secret(VALUE, body, mock);
    assert_eq!(result, "[40,200,200,true]");
    assert_eq!(
        seen,
        [
            "GET|/a|Bearer access-one-1",
            "GET|/a|Bearer access-one-1",
            "GET|/a|Bearer access-two-2",
            r#"POST|/token||{"grant_type":"refresh_token","refresh_token":"refresh-one-1","client_id":"me","client_secret":"p\"ss w/rd+é1"}"#,
            r#"POST|/token||{"grant_type":"refresh_token","refresh_token":"refresh-two-2","client_id":"me","client_secret":"p\"ss w/rd+é1"}"#,
        ]
    );
}

#[test]
fn a_refused_exchange_is_an_authentication_error() {
    let mock = r#"{"POST /token": {"status": 400, "body": {"error": "invalid_client", "error_description": "no such client"}}}"#;
    let body = "await moltler.oauth2({token_url: 'mock:///token', client_id: 'me', client_secret: config.api_key, auth: 'basic'}).token();";
    let (result, seen) = with_secret("s3cret-s3cret", body, mock);
    assert_eq!(result, "ConnectorAuthError: mock:///token gave no token (status 400): invalid_client (no such client)");
    assert_eq!(seen, [r#"POST|/token|Basic bWU6czNjcmV0LXMzY3JldA==|{"grant_type":"client_credentials"}"#]);
}
