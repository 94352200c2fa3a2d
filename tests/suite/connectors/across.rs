//! Queries over several connectors at once.

use moltler_tests::command::Command;
use moltler_tests::simulators::github::{self, GitHub, NUMBERS};
use moltler_tests::simulators::stripe::{self, CHARGES, CUSTOMERS, Stripe};
use serde_json::{Value, json};

use super::{FAST, Workshop};

struct Both {
    github: GitHub,
    stripe: Stripe,
    workshop: Workshop,
}

fn start() -> Both {
    let github = GitHub::start().expect("a port is free");
    let stripe = Stripe::start().expect("a port is free");
    let workshop = Workshop::with(&["github", "stripe"])
        .env("GITHUB_URL", github.url())
        .env("MOLTLER_SECRET_GITHUB_TOKEN", github::TOKEN)
        .env("STRIPE_URL", stripe.url())
        .env("MOLTLER_SECRET_STRIPE_KEY", stripe::KEY);
    Both { github, stripe, workshop }
}

fn program(statements: &str) -> String {
    format!(
        "CREATE CONNECTOR gh TYPE 'github'\n\
         CONFIG {{\"token\": \"{{{{secrets.github_token}}}}\", \"org\": \"acme\", \"api_url\": ENV('GITHUB_URL')}} {FAST};\n\
         CREATE CONNECTOR pay TYPE 'stripe'\n\
         CONFIG {{\"api_key\": \"{{{{secrets.stripe_key}}}}\", \"api_url\": ENV('STRIPE_URL')}} {FAST};\n\
         {statements}\n"
    )
}

/// The issues of `acme/shop` that a user opened: issue n is by user 5n modulo 12.
fn issues_of(user: u64) -> usize {
    (1..=NUMBERS).filter(|number| !number.is_multiple_of(5) && number * 5 % 12 == user).count()
}

#[test]
fn customers_meet_members_by_mail() {
    let both = start();
    let results = both.workshop.results(&program(
        "SELECT m.login, c.id FROM gh.members m JOIN pay.customers c ON c.email = m.email ORDER BY c.id;
         SELECT m.login FROM gh.members m LEFT JOIN pay.customers c ON c.email = m.email WHERE c.id IS NULL ORDER BY m.login;",
    ));
    // Member 5 shows no address, customer 10 has none, there is no customer 0.
    let met: Vec<Value> = [1, 2, 3, 4, 6, 7, 8, 9, 11]
        .map(|number| json!({"login": format!("user-{number}"), "id": format!("cus_{number:04}")}))
        .to_vec();
    assert_eq!(results[0], json!(met));
    assert_eq!(results[1], json!([{"login": "user-0"}, {"login": "user-10"}, {"login": "user-5"}]));
}

#[test]
fn sums_of_one_beside_counts_of_the_other() {
    let Both { workshop, github, stripe } = start();
    let program = program(
        "WITH paid AS (
             SELECT c.metadata.github_login AS login, SUM(h.amount) AS amount
             FROM pay.customers c JOIN pay.charges h ON h.customer = c.id
             WHERE h.status = 'succeeded' GROUP BY c.metadata.github_login
         ), opened AS (
             SELECT author, COUNT(*) AS issues, COUNT(closed_at) AS closed
             FROM gh.issues WHERE owner = 'acme' AND repo = 'shop' GROUP BY author
         )
         SELECT p.login, p.amount, COALESCE(o.issues, 0) AS issues FROM paid p LEFT JOIN opened o ON o.author = p.login
         ORDER BY p.amount DESC, p.login LIMIT 5;
         SELECT SUM(h.amount) AS amount FROM pay.charges h
         WHERE h.customer IN (SELECT c.id FROM pay.customers c JOIN gh.issues i ON i.author = c.metadata.github_login
                              WHERE i.owner = 'acme' AND i.repo = 'site' AND i.state = 'open');",
    );
    let results = workshop.results(&program);
    let mut amounts = [0_usize; 12];
    for number in (1..=CHARGES).filter(|number| !number.is_multiple_of(13)) {
        let customer = number % CUSTOMERS + 1;
        amounts[customer % 12] += number * 100;
    }
    let mut users: Vec<u64> = (0..12).collect();
    users.sort_by_key(|user| (std::cmp::Reverse(amounts[*user as usize]), format!("user-{user}")));
    let row = |user: &u64| json!({"login": format!("user-{user}"), "amount": amounts[*user as usize], "issues": issues_of(*user)});
    assert_eq!(results[0], json!(users.iter().take(5).map(row).collect::<Vec<Value>>()));

    let authors: Vec<usize> =
        (1..=12).filter(|n: &usize| !n.is_multiple_of(5) && !n.is_multiple_of(3)).map(|n| n * 5 % 12).collect();
    let charges = (1..=CHARGES).filter(|number| authors.contains(&((number % CUSTOMERS + 1) % 12)));
    assert_eq!(results[1], json!([{"amount": charges.map(|number| number * 100).sum::<usize>()}]));

    // Each list was read once for each SELECT that reads it.
    let pages = |requests: Vec<String>, list: &str| requests.iter().filter(|request| request.contains(list)).count();
    assert_eq!(pages(stripe.take_requests(), "/v1/charges"), 2 * CHARGES.div_ceil(100));
    assert_eq!(pages(github.take_requests(), "/issues?"), 3 + 1);
    workshop.executable_agrees(&program);
}

#[test]
fn a_program_acts_on_one_by_what_it_reads_in_the_other() {
    let both = start();
    let results = both.workshop.results(&program(
        "FOR customer IN SELECT id, name, balance FROM pay.customers WHERE delinquent AND created < '2026-01-01T20:00:00Z' ORDER BY id LOOP
             CONNECTOR_EXEC gh.issues.create(
                 owner => 'acme', repo => 'site', title => customer.name || ' owes us', labels => ['billing'],
                 body => 'Customer `' || customer.id || '`, balance ' || customer.balance);
         END LOOP;
         SELECT title, body FROM gh.issues WHERE owner = 'acme' AND repo = 'site' AND labels CONTAINS 'billing' ORDER BY number;",
    ));
    assert_eq!(
        results.last(),
        Some(&json!([
            {"title": "Customer 9 owes us", "body": "Customer `cus_0009`, balance -9"},
            {"title": "Customer 18 owes us", "body": "Customer `cus_0018`, balance -18"}
        ]))
    );
    let created = both.github.take_requests().iter().filter(|request| request.starts_with("POST")).count();
    assert_eq!(created, 2);
}

#[test]
fn one_that_fails_is_named() {
    let both = start();
    both.stripe.answer_next(moltler_tests::server::Reply::new(200, "<html>"));
    let told = both
        .workshop
        .failure(&program("SELECT m.login, c.id FROM gh.members m JOIN pay.customers c ON c.email = m.email;"));
    assert!(told.contains("= in pay.customers\n"), "{told}");
}

/// Without an address in CONFIG secrets go to the one that the type's author names, and a test without network sees them arrive.
#[test]
fn secrets_reach_the_hosts_that_the_types_name() {
    let workshop =
        Workshop::with(&["github", "stripe", "slack", "salesforce"]).env("MOLTLER_SECRET_A", "secret-of-A-0123456789");
    workshop.write(
        "TEST CONNECTOR TYPE 'github' NAME 'github'
         MOCK_API {\"GET https://api.github.com/user\": {\"body\": {}}}
         BEGIN
             CREATE CONNECTOR c TYPE 'github' CONFIG {\"token\": '{{secrets.a}}'};
             TEST CONNECTOR c;
             ASSERT MOCK_CALLS('GET /user')[0].headers.authorization = 'Bearer ' || ENV('MOLTLER_SECRET_A');
         END TEST;
         TEST CONNECTOR TYPE 'stripe' NAME 'stripe'
         MOCK_API {\"GET https://api.stripe.com/v1/balance\": {\"body\": {}}}
         BEGIN
             CREATE CONNECTOR c TYPE 'stripe' CONFIG {\"api_key\": '{{secrets.a}}'};
             TEST CONNECTOR c;
             ASSERT MOCK_CALLS('GET /v1/balance')[0].headers.authorization = 'Bearer ' || ENV('MOLTLER_SECRET_A');
         END TEST;
         TEST CONNECTOR TYPE 'slack' NAME 'slack'
         MOCK_API {\"GET https://slack.com/api/auth.test\": {\"body\": {\"ok\": true}}}
         BEGIN
             CREATE CONNECTOR c TYPE 'slack' CONFIG {\"bot_token\": '{{secrets.a}}'};
             TEST CONNECTOR c;
             ASSERT MOCK_CALLS('GET /api/auth.test')[0].headers.authorization = 'Bearer ' || ENV('MOLTLER_SECRET_A');
         END TEST;
         TEST CONNECTOR TYPE 'salesforce' NAME 'salesforce'
         MOCK_API {
             \"POST https://login.salesforce.com/services/oauth2/token\": [
                 {\"body\": {\"access_token\": \"access-0123456789\", \"refresh_token\": \"rotated-0123456789\"}},
                 {\"body\": {\"access_token\": \"again-0123456789\"}}
             ],
             \"GET https://acme.my.salesforce.com/services/data/v61.0/limits\": [{\"body\": {}}, {\"status\": 401}, {\"body\": {}}]
         }
         BEGIN
             CREATE CONNECTOR c TYPE 'salesforce' CONFIG {
                 \"instance_url\": 'https://acme.my.salesforce.com', \"client_id\": 'app', \"client_secret\": '{{secrets.a}}', \"refresh_token\": '{{secrets.a}}'
             };
             TEST CONNECTOR c;
             TEST CONNECTOR c;
             DECLARE calls = MOCK_CALLS('POST /services/oauth2/token');
             ASSERT calls[0].body.client_secret = ENV('MOLTLER_SECRET_A') AND calls[1].body.refresh_token = 'rotated-0123456789';
         END TEST;
        ",
    );
    let tested = workshop.start(Command::moltlerc(workshop.path()).args(["test", "program.molt"]));
    assert_eq!(tested.last_line(), "4 passed, 0 failed, 0 skipped", "{}", tested.stdout);
    assert!(!tested.stdout.contains("secret-of-A"), "{}", tested.stdout);
}
