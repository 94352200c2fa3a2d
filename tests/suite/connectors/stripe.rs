//! The connector for Stripe.

use moltler_tests::server::Reply;
use moltler_tests::simulators::stripe::{BIG, CHARGES, CUSTOMERS, INVOICES, KEY, SUBSCRIPTIONS, Stripe};
use serde_json::{Value, json};

use super::{FAST, Workshop, package_is_sound};

fn start() -> (Stripe, Workshop) {
    let stripe = Stripe::start().expect("a port is free");
    let workshop = Workshop::with(&["stripe"]).env("STRIPE_URL", stripe.url()).env("MOLTLER_SECRET_STRIPE_KEY", KEY);
    (stripe, workshop)
}

/// A program with an instance `pay`.
fn program(statements: &str) -> String {
    format!(
        "CREATE CONNECTOR pay TYPE 'stripe'\n\
         CONFIG {{\"api_key\": \"{{{{secrets.stripe_key}}}}\", \"api_url\": ENV('STRIPE_URL')}} {FAST};\n\
         {statements}\n"
    )
}

#[test]
fn the_package_is_sound() {
    let stripe = Stripe::start().expect("a port is free");
    package_is_sound("stripe", &[("STRIPE_TEST_KEY", KEY), ("STRIPE_TEST_URL", &stripe.url())]);
    assert_eq!(stripe.count("customers"), CUSTOMERS, "the integration test deletes what it made");
}

#[test]
fn pages_are_complete_and_in_order() {
    let (stripe, workshop) = start();
    let results = workshop.results(&program(
        "SELECT id FROM pay.customers;
         SELECT COUNT(*) AS n, COUNT(DISTINCT id) AS ids FROM pay.charges;
         SELECT COUNT(*) AS n FROM pay.invoices;
         SELECT status, COUNT(*) AS n FROM pay.subscriptions GROUP BY status ORDER BY status;",
    ));
    let customers: Vec<Value> = (1..=CUSTOMERS).rev().map(|number| json!({"id": format!("cus_{number:04}")})).collect();
    assert_eq!(results[0], json!(customers));
    assert_eq!(results[1], json!([{"n": CHARGES, "ids": CHARGES}]));
    assert_eq!(results[2], json!([{"n": INVOICES}]));
    let canceled = SUBSCRIPTIONS / 4;
    assert_eq!(
        results[3],
        json!([{"status": "active", "n": SUBSCRIPTIONS - canceled}, {"status": "canceled", "n": canceled}])
    );
    let asked = stripe.take_requests();
    let asked: Vec<&String> = asked.iter().filter(|request| request.contains("customers")).collect();
    assert_eq!(
        asked,
        [
            "GET /v1/customers?limit=100",
            "GET /v1/customers?limit=100&starting_after=cus_0131",
            "GET /v1/customers?limit=100&starting_after=cus_0031",
        ]
    );
}

#[test]
fn numbers_beyond_doubles_and_seconds_survive() {
    let (_stripe, workshop) = start();
    let results = workshop.results(&program(
        "SELECT balance, created FROM pay.customers WHERE id = 'cus_0007';
         SELECT SUM(balance) AS sum FROM pay.customers WHERE id IN ('cus_0007', 'cus_0008');
         SELECT id FROM pay.customers WHERE balance = 9007199254740993;
         SELECT payment_method_details.card.amount_authorized AS authorized FROM pay.charges WHERE id = 'ch_0002';
         SELECT id FROM pay.customers WHERE created > '2026-01-10T13:00:00Z' AND created <= '2026-01-10T14:00:00.9Z';
         DECLARE made = CONNECTOR_EXEC pay.customers.create(balance => 9007199254740993, name => 'Big');
         SELECT made.balance AS balance;",
    ));
    assert_eq!(results[0], json!([{"balance": BIG, "created": "2026-01-01T07:00:00Z"}]));
    assert_eq!(results[1], json!([{"sum": BIG - 8}]));
    assert_eq!(results[2], json!([{"id": "cus_0007"}]));
    assert_eq!(results[3], json!([{"authorized": BIG + 2}]));
    assert_eq!(results[4], json!([{"id": "cus_0230"}]));
    assert_eq!(results[5], json!([{"balance": BIG}]));
}

#[test]
fn conditions_and_limits_are_right() {
    let (stripe, workshop) = start();
    let results = workshop.results(&program(
        "SELECT id FROM pay.customers WHERE email = 'user-42@example.com';
         SELECT id FROM pay.customers WHERE email IS NULL AND created < '2026-01-02' ORDER BY created LIMIT 1;
         SELECT id FROM pay.charges WHERE customer = 'cus_0002' ORDER BY amount;
         SELECT currency, COUNT(*) AS n, SUM(amount) AS amount, SUM(fee) AS fee FROM pay.charges
         WHERE status = 'succeeded' GROUP BY currency ORDER BY currency;
         SELECT id FROM pay.charges WHERE status = 'failed' LIMIT 2;
         SELECT id FROM pay.invoices WHERE status = 'open' ORDER BY due_date NULLS LAST LIMIT 2;
         SELECT id, items[0].quantity AS seats FROM pay.subscriptions WHERE status = 'canceled' ORDER BY id LIMIT 1;",
    ));
    assert_eq!(results[0], json!([{"id": "cus_0042"}]));
    assert_eq!(results[1], json!([{"id": "cus_0010"}]));
    assert_eq!(results[2], json!([{"id": "ch_0001"}, {"id": "ch_0231"}]));
    let sums = |usd: bool| {
        let numbers = (1..=CHARGES).filter(|n| !n.is_multiple_of(13) && n.is_multiple_of(3) == usd);
        numbers.fold((0, 0, 0), |(n, amount, fee), number| (n + 1, amount + number * 100, fee + number * 2 + 30))
    };
    let row = |currency: &str, (n, amount, fee)| json!({"currency": currency, "n": n, "amount": amount, "fee": fee});
    assert_eq!(results[3], json!([row("eur", sums(false)), row("usd", sums(true))]));
    assert_eq!(results[4], json!([{"id": "ch_0312"}, {"id": "ch_0299"}]));
    assert_eq!(results[5], json!([{"id": "in_0004"}, {"id": "in_0010"}]));
    assert_eq!(results[6], json!([{"id": "sub_0004", "seats": 5}]));
    let asked = stripe.take_requests();
    assert_eq!(asked[0], "GET /v1/customers?email=user-42%40example.com&limit=100");
}

#[test]
fn a_limit_is_the_size_of_the_page() {
    let (stripe, workshop) = start();
    workshop.results(&program("SELECT id FROM pay.charges WHERE customer = 'cus_0002' LIMIT 1;"));
    assert_eq!(stripe.take_requests(), ["GET /v1/charges?customer=cus_0002&limit=1"]);
}

#[test]
fn actions_send_forms_that_stripe_reads() {
    let (stripe, workshop) = start();
    let results = workshop.results(&program(
        "DECLARE made = CONNECTOR_EXEC pay.customers.create({
             \"email\": 'ada@example.com', \"name\": 'Ada & Söhne', \"metadata\": {\"a b\": '1=2'}, \"idempotency_key\": 'order-1'
         });
         DECLARE again = CONNECTOR_EXEC pay.customers.create({
             \"email\": 'ada@example.com', \"name\": 'Ada & Söhne', \"metadata\": {\"a b\": '1=2'}, \"idempotency_key\": 'order-1'
         });
         SELECT made.id = again.id AS same;
         DECLARE changed = CONNECTOR_EXEC pay.customers.update(id => made.id, name => NULL, metadata => {\"plan\": 'gold'});
         SELECT changed.name AS name, changed.metadata AS metadata;
         DECLARE started = CONNECTOR_EXEC pay.subscriptions.create(
             customer => made.id, items => [{\"price\": 'price_a', \"quantity\": 3}, {\"price\": 'price_b'}]);
         SELECT items FROM pay.subscriptions WHERE id = started.id;
         DECLARE charge = CONNECTOR_EXEC pay.charges.create(amount => 2500, currency => 'eur', customer => made.id, source => 'tok_visa');
         DECLARE back = CONNECTOR_EXEC pay.refunds.create(charge => charge.id, amount => 500, reason => 'duplicate');
         SELECT c.amount - c.amount_refunded AS left, r.amount AS back FROM pay.charges c JOIN pay.refunds r ON r.charge = c.id WHERE c.id = charge.id;",
    ));
    assert_eq!(results[0], json!([{"same": true}]));
    assert_eq!(results[1], json!([{"name": null, "metadata": {"a b": "1=2", "plan": "gold"}}]));
    let item = |price: &str, quantity: u64| json!({"id": "si_new", "price": price, "quantity": quantity});
    assert_eq!(results[2], json!([{"items": [item("price_a", 3), item("price_b", 1)]}]));
    assert_eq!(results[3], json!([{"left": 2000, "back": 500}]));
    assert_eq!(stripe.count("customers"), CUSTOMERS + 1);
    assert_eq!((stripe.newest("customers").expect("it was made")["email"].as_str()), Some("ada@example.com"));
}

#[test]
fn what_is_repeated_is_done_once() {
    let (stripe, workshop) = start();
    stripe.answer_next(Stripe::rate_limited().header("retry-after", 0));
    // Stripe did it, and its answer was lost on the way.
    stripe.lose_next_answer(Reply::new(503, ""));
    let results = workshop.results(&program(
        "DECLARE made = CONNECTOR_EXEC pay.customers.create(name => 'Once');
         SELECT made.name AS name;",
    ));
    assert_eq!(results[0], json!([{"name": "Once"}]));
    assert_eq!(stripe.take_requests().len(), 3);
    assert_eq!((stripe.count("customers"), stripe.keys().len()), (CUSTOMERS + 1, 1));
}

#[test]
fn failures_are_told_as_what_they_are() {
    let (stripe, workshop) = start();
    let list = program("SELECT id FROM pay.customers LIMIT 1;");

    let told = workshop.failure(&list.replace("{{secrets.stripe_key}}", "sk_test_of_nobody_1234"));
    assert!(
        told.contains("error: ConnectorAuthError: Stripe answered 401: Invalid API Key provided: sk_test_"),
        "{told}"
    );

    let charge = "CONNECTOR_EXEC pay.charges.create(amount => 100, currency => 'eur', source => 'tok_chargeDeclined');";
    let told = workshop.failure(&program(charge));
    assert!(told.contains("error: ConnectorError: Stripe answered 402: Your card was declined.\n"), "{told}");
    assert!(told.contains("= in pay.charges.create\n") && told.contains("= code: generic_decline\n"), "{told}");

    let key = "CONNECTOR_EXEC pay.customers.create(name => 'A', idempotency_key => 'k');
               CONNECTOR_EXEC pay.customers.create(name => 'B', idempotency_key => 'k');";
    let told = workshop.run(&program(key)).expect_status(1).stderr;
    assert!(
        told.contains("ConnectorError: Stripe answered 400: Keys for idempotent requests can only be used"),
        "{told}"
    );
    assert!(told.contains("= code: idempotency_error\n"), "{told}");

    stripe.answer_next(Reply::new(200, "{\"object\": \"list\", \"data\": [{\"id\": "));
    let told = workshop.failure(&list);
    assert!(told.contains("ConnectorError: Stripe answered 200 with something that is no JSON: "), "{told}");

    stripe.answer_next(Reply::new(200, "null"));
    let told = workshop.failure(&list);
    assert!(told.contains("ConnectorError: Stripe's answer is no list\n"), "{told}");
}

#[test]
fn an_executable_does_the_same() {
    let (_stripe, workshop) = start();
    workshop.executable_agrees(&program(
        "SELECT c.name, COUNT(*) AS charges, SUM(h.amount) AS amount FROM pay.customers c JOIN pay.charges h ON h.customer = c.id
         WHERE h.paid GROUP BY c.name HAVING COUNT(*) > 1 ORDER BY amount DESC, c.name LIMIT 10;",
    ));
}
