//! The connector for Salesforce: refresh tokens that rotate, SOQL, pages, arrays of errors.

use moltler_tests::command::Command;
use moltler_tests::server::Reply;
use moltler_tests::simulators::salesforce::{
    ACCOUNTS, CLIENT_ID, CLIENT_SECRET, CONTACTS, PAGE, REFRESH_TOKEN, Salesforce,
};
use serde_json::json;

use super::{FAST, Workshop, package_is_sound};

fn start() -> (Salesforce, Workshop) {
    let salesforce = Salesforce::start().expect("a port is free");
    let workshop = Workshop::with(&["salesforce"]);
    let state = workshop.path().join("state").display().to_string();
    let workshop = workshop
        .env("SALESFORCE_URL", salesforce.url())
        .env("MOLTLER_SECRET_SALESFORCE_CLIENT", CLIENT_SECRET)
        .env("MOLTLER_SECRET_SALESFORCE_REFRESH", REFRESH_TOKEN)
        .env("MOLTLER_STATE_DIR", state);
    (salesforce, workshop)
}

/// A program with an instance `crm`.
fn program(statements: &str) -> String {
    format!(
        "CREATE CONNECTOR crm TYPE 'salesforce'\n\
         CONFIG {{\"instance_url\": ENV('SALESFORCE_URL'), \"login_url\": ENV('SALESFORCE_URL'), \"client_id\": '{CLIENT_ID}',\n\
                 \"client_secret\": \"{{{{secrets.salesforce_client}}}}\", \"refresh_token\": \"{{{{secrets.salesforce_refresh}}}}\"}} {FAST};\n\
         {statements}\n"
    )
}

#[test]
fn the_package_is_sound() {
    let salesforce = Salesforce::start().expect("a port is free");
    let environment = [
        ("SALESFORCE_TEST_URL", &*salesforce.url()),
        ("SALESFORCE_TEST_LOGIN_URL", &*salesforce.url()),
        ("SALESFORCE_TEST_CLIENT_ID", CLIENT_ID),
        ("SALESFORCE_TEST_CLIENT_SECRET", CLIENT_SECRET),
        ("SALESFORCE_TEST_REFRESH_TOKEN", REFRESH_TOKEN),
    ];
    package_is_sound("salesforce", &environment);
    let cases = salesforce.records("Case");
    assert_eq!(cases.last().expect("the integration test made one")["Status"], "Closed");
}

#[test]
fn records_are_complete_and_conditions_right() {
    let (salesforce, workshop) = start();
    let results = workshop.results(&program(
        "SELECT COUNT(*) AS n, COUNT(DISTINCT Id) AS ids FROM crm.accounts;
         SELECT Name FROM crm.accounts WHERE Name = 'Account 7 O''Hara';
         SELECT COUNT(*) AS n, SUM(AnnualRevenue) AS sum FROM crm.accounts WHERE Type = 'Customer' AND AnnualRevenue > 50000;
         SELECT Name FROM crm.accounts WHERE CreatedDate > '2026-01-06T08:00:00.000500Z' ORDER BY CreatedDate DESC;
         SELECT c.Email, c.Account.Type AS type, COUNT(o.Id) AS deals, MAX(o.CloseDate) AS last FROM crm.contacts c
         JOIN crm.opportunities o ON o.AccountId = c.AccountId
         WHERE o.StageName = 'Closed Won' AND o.CloseDate <= '2026-01-20' GROUP BY c.Email, c.Account.Type ORDER BY deals DESC, c.Email LIMIT 2;
         SELECT record.Account.Name AS name FROM crm.records
         WHERE SOQL = 'SELECT Account.Name FROM Contact WHERE LastName = ''No. 3''';
         SELECT Id FROM crm.accounts WHERE Name = 'account 7 o''hara';",
    ));
    assert_eq!(results[0], json!([{"n": ACCOUNTS, "ids": ACCOUNTS}]));
    assert_eq!(results[1], json!([{"Name": "Account 7 O'Hara"}]));
    let rich = (1..=ACCOUNTS).filter(|n| n % 3 == 0 && !n.is_multiple_of(5) && *n as f64 * 1000.5 > 50_000.0);
    let sum: f64 = rich.clone().map(|n| n as f64 * 1000.5).sum();
    assert_eq!((results[2][0]["n"].as_u64(), results[2][0]["sum"].as_f64()), (Some(rich.count() as u64), Some(sum)));
    let newest = |n: usize| json!({"Name": format!("Account {n} O'Hara")});
    assert_eq!(results[3], json!([newest(130), newest(129)]));
    // Deals 1, 3, 5 … 19 are won by then, at accounts n modulo 10 + 1.
    let deal = |user: usize, kind: &str, last: &str| json!({"Email": format!("user-{user}@example.com"), "type": kind, "deals": 2, "last": last});
    assert_eq!(results[4], json!([deal(10, "Prospect", "2026-01-20"), deal(2, "Partner", "2026-01-12")]));
    assert_eq!(results[5], json!([{"name": "Account 3 O'Hara"}]));
    assert_eq!(results[6], json!([]), "SOQL finds it without regard to case, the query does not");
    let asked = salesforce.take_requests();
    assert!(asked[0].starts_with("POST /services/oauth2/token"), "{asked:#?}");
    assert!(asked[2].ends_with(&format!("/query/01gsimulated-{}", ACCOUNTS - PAGE)), "{asked:#?}");
    assert_eq!(salesforce.refreshes(), (1, 0), "one session for the whole program");
}

#[test]
fn rotated_tokens_are_kept_from_run_to_run() {
    let (salesforce, workshop) = start();
    let count = program("SELECT COUNT(*) AS n FROM crm.contacts;");
    let expected = [json!([{"n": CONTACTS}])];
    assert_eq!(workshop.results(&count), expected);
    assert_eq!(salesforce.refreshes(), (1, 0));
    // The session still lives: nothing is asked for.
    assert_eq!(workshop.results(&count), expected);
    assert_eq!(salesforce.refreshes(), (1, 0));
    // It has ended: the refresh token of the first run is good, the one in CONFIG is not any more.
    salesforce.expire_session();
    assert_eq!(workshop.results(&count), expected);
    assert_eq!(salesforce.refreshes(), (2, 0));
    // An executable goes on with what `run` has kept.
    salesforce.expire_session();
    workshop.executable_agrees(&count);
    assert_eq!(salesforce.refreshes(), (3, 0));

    let (access, refresh) = salesforce.tokens();
    let secrets = [access.expect("there is a session"), refresh, CLIENT_SECRET.to_owned(), REFRESH_TOKEN.to_owned()];
    let kept = std::fs::read_dir(workshop.path().join("state")).expect("the state folder is there");
    for file in kept.map(|entry| entry.expect("it can be read").path()).filter(|path| path.is_file()) {
        let text = String::from_utf8_lossy(&std::fs::read(&file).expect("it can be read")).into_owned();
        assert!(secrets.iter().all(|secret| !text.contains(secret)), "{} shows a token", file.display());
    }
}

#[test]
fn processes_at_once_refresh_once() {
    let (salesforce, workshop) = start();
    workshop.write(&program("SELECT COUNT(*) AS n FROM crm.leads;"));
    workshop.start(Command::moltlerc(workshop.path()).args(["run", "program.molt"])).expect_status(0);
    salesforce.expire_session();
    std::thread::scope(|scope| {
        let runs: Vec<_> = (0..4)
            .map(|_| scope.spawn(|| workshop.start(Command::moltlerc(workshop.path()).args(["run", "program.molt"]))))
            .collect();
        for run in runs {
            run.join().expect("it does not panic").expect_status(0);
        }
    });
    assert_eq!(salesforce.refreshes(), (2, 0));
}

#[test]
fn actions_write_records() {
    let (salesforce, workshop) = start();
    let results = workshop.results(&program(
        "DECLARE made = CONNECTOR_EXEC crm.cases.create(Subject => 'It''s down', Priority => 'High', AccountId => '001000000000007AAA');
         CONNECTOR_EXEC crm.cases.update(record_id => made.Id, data => {\"Status\": 'Working'});
         SELECT Subject, Status, Priority FROM crm.cases WHERE Id = made.Id;
         DECLARE contacts = CONNECTOR_EXEC crm.contacts.create_many(records => [{\"LastName\": 'A'}, {\"LastName\": 'B'}]);
         SELECT ARRAY_LENGTH(contacts) AS n;
         DECLARE found = CONNECTOR_EXEC crm.query(soql => 'SELECT Id FROM Account');
         SELECT ARRAY_LENGTH(found) AS n;",
    ));
    assert_eq!(results[1], json!([{"Subject": "It's down", "Status": "Working", "Priority": "High"}]));
    assert_eq!(results[2], json!([{"n": 2}]));
    assert_eq!(results[3], json!([{"n": ACCOUNTS}]));
    assert_eq!(salesforce.records("Contact").len(), CONTACTS + 2);
}

#[test]
fn failures_are_told_as_what_they_are() {
    let (salesforce, workshop) = start();
    let told = workshop.failure(&program("SELECT Id FROM crm.records WHERE SOQL = 'SELECT Id FORM Account';"));
    assert!(
        told.contains("error: ConnectorError: Salesforce answered 400: unexpected token: expecting FROM\n"),
        "{told}"
    );
    assert!(told.contains("= code: MALFORMED_QUERY\n"), "{told}");

    let many = "CONNECTOR_EXEC crm.contacts.create_many(records => [{\"LastName\": 'A'}, {\"FirstName\": 'B'}]);";
    let told = workshop.failure(&program(many));
    let message =
        "error: ConnectorError: Salesforce made no contact: record 1: Required fields are missing: [LastName]\n";
    assert!(told.contains(message), "{told}");
    assert!(told.contains("= code: REQUIRED_FIELD_MISSING\n"), "{told}");
    assert_eq!(salesforce.records("Contact").len(), CONTACTS);

    salesforce.answer_next(Reply::new(200, "<html>Maintenance</html>"));
    let told = workshop.failure(&program("SELECT Id FROM crm.leads LIMIT 1;"));
    assert!(told.contains("Salesforce answered 200 with something that is no JSON: "), "{told}");

    let other = workshop.env("MOLTLER_SECRET_SALESFORCE_REFRESH", "5Aep861.of.nobody");
    let told = other.failure(&program("SELECT Id FROM crm.leads LIMIT 1;"));
    assert!(told.contains("error: ConnectorAuthError: "), "{told}");
    assert!(told.contains("invalid_grant (expired access/refresh token)"), "{told}");
    assert!(!told.contains("of.nobody") && !told.contains(CLIENT_SECRET), "{told}");
}
