//! Grants and refusals.

use moltler_abi::DataType;

use super::*;
use crate::coerce::value_from_json;
use crate::testing::config_field;

fn document(json: &str) -> Document {
    match value_from_json(json) {
        Ok(Value::Document(document)) => (*document).clone(),
        other => panic!("a document is expected: {other:?}"),
    }
}

fn fields() -> Vec<ConfigField> {
    let field = |name: &str, format: Option<&str>| ConfigField {
        format: format.map(str::to_owned),
        ..config_field(name, DataType::String)
    };
    vec![
        field("api_url", None),
        field("site", Some("uri")),
        field("host", Some("hostname")),
        field("subdomain", None),
        field("note", None),
        ConfigField { secret: true, ..field("key", None) },
    ]
}

/// A policy of a CONFIG (JSON) and ALLOW_HOSTS.
fn policy(config: &str, allow_hosts: &[&str]) -> Policy {
    let config = document(config);
    let allow_hosts: Vec<String> = allow_hosts.iter().map(|host| (*host).to_owned()).collect();
    Policy::new(&fields(), &config, &config, &allow_hosts, false).expect("a valid policy")
}

fn url(text: &str) -> Url {
    Url::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

/// The code of the refusal; `config`, `allow` or `mock` where it is granted.
fn verdict(policy: &Policy, text: &str) -> String {
    match policy.check(&url(text)) {
        Ok(Grant { by: GrantedBy::Config { .. }, .. }) => "config".to_owned(),
        Ok(Grant { by: GrantedBy::AllowHosts { .. }, .. }) => "allow".to_owned(),
        Ok(Grant { by: GrantedBy::Mock, .. }) => "mock".to_owned(),
        Err(TransportError::Failed { code, kind, .. }) => {
            assert!(matches!(kind, FailureKind::Policy | FailureKind::Invalid), "{text}");
            code
        }
        Err(other) => panic!("{text}: {other:?}"),
    }
}

#[track_caller]
fn check(policy: &Policy, expected: &str, urls: &[&str]) {
    for text in urls {
        assert_eq!(verdict(policy, text), expected, "{text}");
    }
}

fn message(policy: &Policy, text: &str) -> String {
    match policy.check(&url(text)) {
        Err(TransportError::Failed { message, .. }) => message,
        other => panic!("a refusal is expected: {other:?}"),
    }
}

#[test]
fn urls_of_config_grant_their_host_and_port() {
    let plain = policy(r#"{"api_url": "https://API.x.com/v1"}"#, &[]);
    check(
        &plain,
        "config",
        &["https://api.x.com/", "https://api.x.com:443/a?b#c", "http://api.x.com/", "HTTPS://API.X.COM/"],
    );
    check(
        &plain,
        "ERR_HOST_NOT_GRANTED",
        &[
            "https://x.com/",
            "https://a.api.x.com/",
            "https://api.x.com.evil.com/",
            "https://evil.com/api.x.com",
            "https://api.x.com:8443/",
            "https://xapi.x.com/",
        ],
    );
    let with_port = policy(r#"{"api_url": "http://api.x.com:8080"}"#, &[]);
    check(&with_port, "config", &["http://api.x.com:8080/", "https://api.x.com:8080/"]);
    check(&with_port, "ERR_HOST_NOT_GRANTED", &["http://api.x.com/", "https://api.x.com/"]);
}

#[test]
fn host_names_need_a_format() {
    let named =
        policy(r#"{"host": "db.example.com", "note": "other.example.com", "site": "https://s.example.com"}"#, &[]);
    check(&named, "config", &["https://db.example.com/", "https://db.example.com:9243/", "https://s.example.com/"]);
    check(&named, "ERR_HOST_NOT_GRANTED", &["https://other.example.com/"]);
    let nested = policy(r#"{"note": ["https://a.example.com", {"b": "https://b.example.com"}]}"#, &[]);
    check(&nested, "config", &["https://a.example.com/", "https://b.example.com/"]);
    check(&policy(r#"{"host": "db.example.com:9243"}"#, &[]), "config", &["https://db.example.com:9243/"]);
    check(&policy(r#"{"host": "[::1]:9243"}"#, &[]), "config", &["http://[::1]:9243/", "http://[0:0::1]:9243/"]);
}

#[test]
fn patterns_of_the_type() {
    let allowed = policy(
        r#"{"subdomain": "acme"}"#,
        &["api.x.com", "*.y.com", "{subdomain}.zendesk.com", "p.x.com:8443", "{note}.nope.com", "*.{subdomain}.z.com"],
    );
    check(
        &allowed,
        "allow",
        &[
            "https://api.x.com/",
            "https://a.y.com/",
            "https://a.b.y.com/",
            "https://acme.zendesk.com/",
            "https://p.x.com:8443/",
            "https://a.acme.z.com/",
        ],
    );
    check(
        &allowed,
        "ERR_HOST_NOT_GRANTED",
        &[
            "https://y.com/",
            "https://ay.com/",
            "https://a.y.com:444/",
            "https://evil.zendesk.com/",
            "https://p.x.com/",
            "https://nope.com/",
            "https://acme.z.com/",
        ],
    );
    check(&policy("{}", &["bücher.example"]), "allow", &["https://xn--bcher-kva.example/", "https://BÜCHER.example/"]);
}

#[test]
fn defaults_are_the_authors() {
    let policy = Policy::new(
        &fields(),
        &document("{}"),
        &document(r#"{"api_url": "https://api.x.com", "site": "http://localhost:8080"}"#),
        &[],
        false,
    )
    .expect("a valid policy");
    check(&policy, "allow", &["https://api.x.com/"]);
    check(&policy, "ERR_PRIVATE_ADDRESS", &["http://localhost:8080/"]);
}

#[test]
fn private_addresses_are_named_by_config_only() {
    let allowed =
        policy("{}", &["localhost", "127.0.0.1", "10.0.0.1", "[::1]", "*.localhost.example", "sub.localhost"]);
    check(
        &allowed,
        "ERR_PRIVATE_ADDRESS",
        &[
            "http://localhost/",
            "http://127.0.0.1/",
            "http://10.0.0.1/",
            "http://[::1]/",
            "http://sub.localhost/",
            "http://0.0.0.0/",
            "http://192.168.1.1/",
        ],
    );
    let named = policy(r#"{"api_url": "http://127.0.0.1:8080", "site": "http://10.1.2.3", "host": "localhost"}"#, &[]);
    check(
        &named,
        "config",
        &["http://127.0.0.1:8080/", "http://10.1.2.3/", "http://localhost:1234/", "http://LocalHost:9/"],
    );
    check(
        &named,
        "ERR_PRIVATE_ADDRESS",
        &["http://127.0.0.1/", "http://127.0.0.2:8080/", "http://10.1.2.4/", "http://[::1]:8080/"],
    );
}

/// Everything that means 127.0.0.1, 10.0.0.1 or 169.254.169.254 without saying so.
#[test]
fn notations_that_hide_an_address() {
    let anything = policy("{}", &["api.x.com", "*.nip.io"]);
    let private = [
        "http://2130706433/",
        "http://0x7f000001/",
        "http://0x7f.1/",
        "http://0177.0.0.1/",
        "http://017700000001/",
        "http://127.1/",
        "http://127.0.1/",
        "http://127.0.0.1./",
        "http://①②⑦.0.0.1/",
        "http://%31%32%37.0.0.1/",
        "http://0/",
        "http://0x0a000001/",
        "http://167772161/",
        "http://012.0.0.1/",
        "http://[::]/",
        "http://[0:0:0:0:0:0:0:1]/",
        "http://[fc00::1]/",
        "https://api.x.com@127.0.0.1/",
    ];
    for text in private {
        let code = verdict(&anything, text);
        assert!(code == "ERR_PRIVATE_ADDRESS" || code == "ERR_USERINFO", "{text}: {code}");
    }
    check(
        &anything,
        "ERR_HIDDEN_ADDRESS",
        &[
            "http://[::ffff:127.0.0.1]/",
            "http://[::ffff:7f00:1]/",
            "http://[::127.0.0.1]/",
            "http://[::ffff:169.254.169.254]/",
            "http://[64:ff9b::10.0.0.1]/",
            "http://[64:ff9b::a9fe:a9fe]/",
            "http://[2002:7f00:1::1]/",
            "http://[2002:a9fe:a9fe::]/",
            "http://[2001:0:a00:1::f7f7:f7f7]/",
            "http://[2001:0:808:808::80ff:fffe]/",
            "http://[2001:4860::5efe:10.0.0.1]/",
        ],
    );
    check(
        &anything,
        "ERR_FORBIDDEN_ADDRESS",
        &[
            "http://169.254.169.254/latest/meta-data/",
            "http://2852039166/",
            "http://0xa9fea9fe/",
            "http://0251.0376.0251.0376/",
            "http://169.254.43518/",
            "http://[fe80::1]/",
            "http://[fd00:ec2::254]/",
            "http://100.100.100.200/",
            "http://metadata.google.internal/",
            "http://METADATA.google.internal/",
            "http://metadata/",
            "http://instance-data.us-east-1.compute.internal/",
            "http://255.255.255.255/",
            "http://224.0.0.1/",
        ],
    );
    // They are no URLs at all.
    for text in [
        "http://[fe80::1%25eth0]/",
        "http://[::1%eth0]/",
        "http://127.0.0.1.5/",
        "http://256.0.0.1/",
        "http://1.2.3.4.5/",
        "http://a b/",
    ] {
        assert!(Url::parse(text).is_err(), "{text}");
    }
}

#[test]
fn metadata_is_for_nobody() {
    let named = policy(
        r#"{"api_url": "http://169.254.169.254", "site": "http://[fe80::1]", "host": "metadata.google.internal"}"#,
        &["169.254.169.254", "metadata.google.internal"],
    );
    check(
        &named,
        "ERR_FORBIDDEN_ADDRESS",
        &["http://169.254.169.254/", "http://[fe80::1]/", "http://metadata.google.internal/"],
    );
    let mapped = policy(r#"{"api_url": "http://[::ffff:10.0.0.1]"}"#, &[]);
    check(&mapped, "ERR_HIDDEN_ADDRESS", &["http://[::ffff:10.0.0.1]/"]);
}

#[test]
fn names_that_look_like_others() {
    let granted = policy(r#"{"api_url": "https://api.x.com"}"#, &["*.y.com"]);
    check(&granted, "ERR_HOST", &["https://api.x.com./", "https://evil.y.com./"]);
    check(
        &granted,
        "ERR_USERINFO",
        &[
            "https://api.x.com@evil.com/",
            "https://api.x.com:443@evil.com/",
            "https://user:pass@api.x.com/",
            "https://evil.com%2f@api.x.com/",
            "https://@x@api.x.com/",
        ],
    );
    check(
        &granted,
        "ERR_HOST_NOT_GRANTED",
        &[
            "https://evil.com/@api.x.com",
            "https://evil.com#@api.x.com",
            "https://evil.com?@api.x.com",
            r"https://evil.com\@api.x.com",
            "https://аpi.x.com/",
            "https://api-x.com/",
            "https://api.x.com-evil.com/",
            "https://y.com.evil.com/",
            "https://api.x.co/",
            "https://evil.com/",
        ],
    );
    // A tab in a URL is left out, a full-width dot is a dot: the host is what is connected to.
    check(&granted, "config", &["https://api\t.x.com/", "https://api。x.com/"]);
    check(
        &granted,
        "ERR_SCHEME",
        &["file:///etc/passwd", "ftp://api.x.com/", "ws://api.x.com/", "data:text/plain,x", "javascript:1"],
    );
}

#[test]
fn config_that_hides_what_it_names_grants_nothing() {
    for config in [
        r#"{"api_url": "https://api.x.com@evil.com"}"#,
        r#"{"api_url": "http://2130706433/"}"#,
        r#"{"api_url": "http://0x7f.1/"}"#,
        r#"{"api_url": "http://127.1/?127.0.0.1"}"#,
        r#"{"host": "0177.0.0.1"}"#,
        r#"{"host": "a.com/b"}"#,
        r#"{"host": "a.com:99999"}"#,
        r#"{"api_url": "ftp://a.com"}"#,
        r#"{"api_url": "https://evil.com./"}"#,
    ] {
        let policy = policy(config, &[]);
        let granted: Vec<_> = policy.entries.iter().filter(|entry| entry.rule.host() != "a.com").collect();
        assert!(granted.is_empty(), "{config}: {granted:?}");
    }
}

#[test]
fn patterns_that_grant_too_much_are_errors() {
    let wrong = |pattern: &str, config: &str| {
        let config = document(config);
        let allow_hosts = [pattern.to_owned()];
        Policy::new(&fields(), &config, &config, &allow_hosts, false).expect_err(pattern).message
    };
    for pattern in [
        "*",
        "*.com",
        "*.",
        "a.*.com",
        "https://api.x.com",
        "api.x.com/path",
        "a@b.com",
        "*.127.0.0.1",
        "a b",
        "",
        "api.x.com:0",
        "api.x.com:x",
        "api.x.com.",
        "{nope}.x.com",
        "{subdomain",
    ] {
        assert!(
            wrong(pattern, r#"{"subdomain": "a"}"#).starts_with(&format!("ALLOW_HOSTS '{pattern}': ")),
            "{pattern}"
        );
    }
    for value in ["evil.com/", "evil.com#", "a@b", "a:b", "-a", "", "a..b", "*", "a%2eb", "é"] {
        let config = format!(r#"{{"subdomain": "{value}"}}"#);
        let message = wrong("{subdomain}.zendesk.com", &config);
        assert!(message.contains("is not part of a host name"), "{value}: {message}");
    }
    assert!(wrong("{key}.x.com", r#"{"key": "a"}"#).contains("is a secret"));
}

#[test]
fn mock_is_granted_in_tests() {
    let config = document(r#"{"api_url": "mock://"}"#);
    let with_mock = Policy::new(&fields(), &config, &config, &[], true).expect("a valid policy");
    check(&with_mock, "mock", &["mock:///items", "mock://items"]);
    check(&with_mock, "ERR_HOST_NOT_GRANTED", &["https://evil.com/"]);
    check(&policy(r#"{"api_url": "mock://"}"#, &[]), "ERR_MOCK_URL", &["mock:///items"]);
}

#[test]
fn refusals_say_how_to_grant() {
    let granted = policy(r#"{"api_url": "https://api.x.com"}"#, &["*.y.com", "p.x.com:8443"]);
    assert_eq!(
        message(&granted, "https://evil.com/?key=1"),
        "the host `evil.com` is not granted to the connector: CONFIG does not name it, nor does ALLOW_HOSTS of its type; \
         granted: `api.x.com`, `*.y.com`, `p.x.com:8443`"
    );
    assert_eq!(
        message(&granted, "https://p.x.com/"),
        "port 443 of `p.x.com` is not granted to the connector: granted: `api.x.com`, `*.y.com`, `p.x.com:8443`"
    );
    assert_eq!(
        message(&policy("{}", &["localhost"]), "http://localhost:80/"),
        "`localhost:80` is this machine or a private network, which only CONFIG can grant, by naming it"
    );
    assert!(message(&policy("{}", &[]), "https://a.com/").ends_with("nothing is granted"));
}
