//! The schemes of authentication, against a server that checks each: the credentials come out right, and connector code never has
//! them.

use moltler_tests::simulators::authentication::Authentication;
use serde_json::Value;

use super::{Workshop, package_is_sound, sources};

/// Types, their field with a secret, and the name of the secret.
const SCHEMES: [(&str, &str, &str); 10] = [
    ("bearer", "token", "bearer_token"),
    ("query_key", "api_key", "query_key"),
    ("basic", "password", "basic_password"),
    ("hmac", "signing_secret", "hmac_secret"),
    ("aws4", "secret_key", "aws_secret"),
    ("oauth1", "consumer_secret", "oauth1_consumer"),
    ("oauth1", "token_secret", "oauth1_token"),
    ("jwt", "private_key", "jwt_key"),
    ("client_credentials", "client_secret", "oauth2_client"),
    ("webhook", "signing_secret", "webhook_secret"),
];

fn environment(server: &Authentication) -> Vec<(String, String)> {
    let secrets = Authentication::secrets();
    let mut environment: Vec<(String, String)> = secrets
        .iter()
        .map(|(name, value)| (format!("MOLTLER_SECRET_{}", name.to_uppercase()), (*value).to_owned()))
        .collect();
    environment.push(("AUTHENTICATION_URL".to_owned(), server.url()));
    environment
}

#[test]
fn every_scheme_is_accepted() {
    let server = Authentication::start().expect("a port is free");
    let environment = environment(&server);
    let environment: Vec<(&str, &str)> =
        environment.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    package_is_sound("authentication", &environment);
    let mut accepted = server.accepted();
    accepted.sort();
    let paths = [
        "/aws/some%20users",
        "/aws/users",
        "/basic",
        "/bearer",
        "/hmac",
        "/jwt",
        "/key",
        "/oauth1",
        "/oauth1",
        "/oauth2/me",
        "/oauth2/token",
        "/webhook",
    ];
    assert_eq!(accepted, paths);
}

#[test]
fn a_wrong_secret_is_refused() {
    let server = Authentication::start().expect("a port is free");
    for (name, scheme, config) in [
        ("HMAC_SECRET", "hmac", "\"signing_secret\": \"{{secrets.hmac_secret}}\""),
        ("BASIC_PASSWORD", "basic", "\"user\": \"ada\", \"password\": \"{{secrets.basic_password}}\""),
    ] {
        let workshop = Workshop::with(&["authentication"])
            .env("AUTHENTICATION_URL", server.url())
            .env(&format!("MOLTLER_SECRET_{name}"), "not-the-secret-0123456789");
        let told = workshop.failure(&format!(
            "CREATE CONNECTOR api TYPE '{scheme}' CONFIG {{\"api_url\": ENV('AUTHENTICATION_URL'), {config}}};\n\
             SELECT user FROM api.me;\n"
        ));
        assert!(told.contains("error: ConnectorAuthError: the "), "{told}");
        assert!(!told.contains("not-the-secret"), "{told}");
    }
    assert_eq!(server.accepted(), Vec::<String>::new());
}

/// A handler in each type that gives away, letter by letter, what it has of the secret.
#[test]
fn connector_code_never_has_the_secret() {
    let server = Authentication::start().expect("a port is free");
    let mut workshop = Workshop::with(&["authentication"]);
    workshop.environment = environment(&server);
    let tests = sources("authentication").into_iter().find(|path| path.ends_with("tests.molt")).expect("it has tests");
    let tests = std::fs::read_to_string(tests).expect("it can be read");
    let mut program = String::new();
    for (number, (scheme, field, _)) in SCHEMES.iter().enumerate() {
        // The instance that the connector's own test makes.
        let start = tests.find(&format!("    CREATE CONNECTOR api TYPE '{scheme}'")).expect("each has a test");
        let made = &tests[start..start + tests[start..].find(';').expect("a statement ends")];
        let made = made.replacen("CONNECTOR api", &format!("CONNECTOR api{number}"), 1);
        program.push_str(&format!(
            "CREATE CONNECTOR ENTITY '{scheme}.spy{number}' FIELDS {{\"letters\": {{\"type\": \"array\"}}}} QUERY_HANDLER '''\n\
             function query(config) {{ return [{{letters: Array.from(config.{field}, letter => letter.codePointAt(0))}}]; }}\n\
             ''';\n{made};\nSELECT letters FROM api{number}.spy{number};\n"
        ));
    }
    let results = workshop.results(&program);
    let values = Authentication::secrets();
    for ((scheme, field, name), rows) in SCHEMES.iter().zip(&results) {
        let letters = rows[0]["letters"].as_array().expect("the handler gives an array").iter();
        let seen: String = letters.filter_map(Value::as_u64).filter_map(|code| char::from_u32(code as u32)).collect();
        let is_placeholder =
            seen.len() == 40 && seen.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
        assert!(is_placeholder, "{scheme}.{field} is shown as {seen}");
        let value = values.iter().find(|(known, _)| known == name).expect("each has a value").1;
        assert!(!seen.contains(value) && !value.contains(&seen), "{scheme}.{field}");
    }
    assert_eq!(results.len(), SCHEMES.len());
}

#[test]
fn executables_authenticate_too() {
    let server = Authentication::start().expect("a port is free");
    let mut workshop = Workshop::with(&["authentication"]);
    workshop.environment = environment(&server);
    workshop.executable_agrees(
        "CREATE CONNECTOR signed TYPE 'jwt'
         CONFIG {\"api_url\": ENV('AUTHENTICATION_URL'), \"app_id\": 'app-1', \"private_key\": \"{{secrets.jwt_key}}\"};
         SELECT user FROM signed.me;",
    );
}
