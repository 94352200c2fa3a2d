//! The published page, word for word: what a reader of it would try.

use std::path::Path;

use moltler_tests::command::{Command, Outcome};
use moltler_tests::sample_api::{ITEMS, KEY, SampleApi};
use moltler_tests::{page, scratch};
use serde_json::Value;

fn write(folder: &Path, name: &str, text: &str) {
    std::fs::write(folder.join(name), text).expect("the scratch folder can be written");
}

/// Runs a program in an empty folder with the sample API behind `SHOP_URL`.
fn run_with(api: &SampleApi, key: &str, program: &str) -> Outcome {
    let folder = scratch();
    write(folder.path(), "page.molt", program);
    Command::moltlerc(folder.path())
        .args(["run", "page.molt", "--format", "json"])
        .env("SHOP_URL", api.url())
        .env("MOLTLER_SECRET_SHOP_KEY", key)
        .run()
}

/// The results of such a program, one for each SELECT and CONNECTOR_EXEC.
fn results(api: &SampleApi, program: &str) -> Vec<Value> {
    let outcome = run_with(api, KEY, program).expect_status(0);
    outcome.stdout.lines().map(|line| serde_json::from_str(line).expect("a line of JSON")).collect()
}

fn diagnostics(folder: &Path) -> Vec<Value> {
    let outcome = Command::moltlerc(folder).args(["check", "--format", "json"]).run().expect_status(0);
    outcome.stdout.lines().map(|line| serde_json::from_str(line).expect("a line of JSON")).collect()
}

#[test]
fn the_unit_test_passes_and_the_integration_test_is_skipped() {
    let folder = scratch();
    write(
        folder.path(),
        "page.molt",
        &[page::connector(), page::block("Unit Tests"), page::block("Integration Tests")].join("\n"),
    );
    let outcome = Command::moltlerc(folder.path()).arg("test").run().expect_status(0);
    assert_eq!(outcome.last_line(), "1 passed, 0 failed, 1 skipped");
    assert!(outcome.stdout.contains("MYSERVICE_TEST_URL"), "{}", outcome.stdout);
}

#[test]
fn the_first_handler_needs_no_more_than_it_says() {
    let api = SampleApi::start().expect("a port is free");
    let program = [
        page::block("1. Define Connector Type"),
        page::block("2. Define Entities"),
        page::block("5. Register Connector"),
        page::instance("my_service_prod"),
        page::block("Query"),
    ]
    .join("\n");
    let results = results(&api, &program);
    let rows = results[0].as_array().expect("a SELECT is an array");
    assert!(!rows.is_empty());
    assert!(rows.iter().all(|row| row["status"] == "active"), "the engine applies the filter that the handler ignores");
    assert_eq!(
        rows[0].as_object().map(|row| row.keys().cloned().collect::<Vec<_>>()),
        Some(["id", "name", "status"].map(str::to_owned).to_vec())
    );
}

#[test]
fn query_and_action_reach_the_api() {
    let api = SampleApi::start().expect("a port is free");
    let program = [
        page::connector(),
        page::instance("my_service_prod"),
        page::block("Query"),
        page::block("Execute Actions"),
        "SELECT name, status FROM my_service_prod.items LIMIT 1;".to_owned(),
    ]
    .join("\n");
    let results = results(&api, &program);
    assert_eq!(results.len(), 3);
    assert_eq!((results[1]["name"].as_str(), results[1]["status"].as_str()), (Some("New Item"), Some("pending")));
    assert_eq!(results[2], serde_json::json!([{"name": "New Item", "status": "pending"}]));
    assert_eq!(api.requests(), ["GET /items?status=active", "POST /items", "GET /items?limit=1"]);
    assert_eq!(api.len(), ITEMS + 1);
}

#[test]
fn the_integration_test_runs_up_to_the_action_that_nobody_declared() {
    let api = SampleApi::start().expect("a port is free");
    let folder = scratch();
    write(folder.path(), "page.molt", &[page::connector(), page::block("Integration Tests")].join("\n"));
    let outcome = Command::moltlerc(folder.path())
        .arg("test")
        .env("MYSERVICE_TEST_URL", api.url())
        .env("MYSERVICE_TEST_KEY", KEY)
        .run()
        .expect_status(1);
    assert_eq!(outcome.last_line(), "0 passed, 1 failed, 0 skipped");
    assert!(outcome.stdout.contains("items.delete"), "{}", outcome.stdout);
    assert_eq!(api.requests(), ["POST /items", "GET /items"]);
}

#[test]
fn all_blocks_together_have_warnings_only() {
    let folder = scratch();
    write(folder.path(), "page.molt", &page::everything());
    let found = diagnostics(folder.path());
    let mentions = |text: &str| {
        let message = |diagnostic: &Value| diagnostic["message"].as_str().is_some_and(|message| message.contains(text));
        assert!(found.iter().any(message), "no diagnostic mentions {text}: {found:#?}");
    };
    for text in ["myservice.items", "delete", "fetchFromAPI", "url", "headers"] {
        mentions(text);
    }
    assert!(found.iter().all(|diagnostic| diagnostic["severity"] == "warning"), "{found:#?}");
    Command::moltlerc(folder.path()).args(["check", "--deny-warnings"]).run().expect_status(1);
}

#[test]
fn tests_of_all_blocks_together_succeed() {
    let folder = scratch();
    write(folder.path(), "page.molt", &page::everything());
    let outcome = Command::moltlerc(folder.path()).arg("test").run().expect_status(0);
    assert_eq!(outcome.last_line(), "1 passed, 0 failed, 1 skipped");
}

#[test]
fn pagination_reads_all_pages_and_no_more_than_it_needs() {
    let program = |query: &str| {
        let entity = page::entity("items", &page::block("Pagination"));
        let registration = page::block("5. Register Connector");
        [page::block("1. Define Connector Type"), entity, registration, page::instance("shop"), query.to_owned()]
            .join("\n")
    };
    let api = SampleApi::start().expect("a port is free");
    let all = results(&api, &program("SELECT id FROM shop.items;"));
    assert_eq!(all[0].as_array().map(Vec::len), Some(ITEMS));
    assert_eq!(
        api.requests(),
        ["GET /items?limit=100", "GET /items?cursor=151&limit=100", "GET /items?cursor=51&limit=100"]
    );

    let api = SampleApi::start().expect("a port is free");
    let few = results(&api, &program("SELECT id FROM shop.items LIMIT 5;"));
    assert_eq!(few[0].as_array().map(Vec::len), Some(5));
    assert_eq!(api.requests().len(), 1);
}

#[test]
fn rate_limiting_waits_between_calls() {
    let handler =
        page::block("Rate Limiting").replace("// ... make API call", "return [{id: 'now', metadata: Date.now()}];");
    let entity = page::entity("items", &handler);
    let test = "TEST CONNECTOR TYPE 'myservice'\n\
         NAME 'two calls are a tenth of a second apart'\n\
         MOCK_API {}\n\
         BEGIN\n\
             CREATE CONNECTOR shop TYPE 'myservice' CONFIG {\"api_url\": \"mock://\", \"api_key\": \"test\"};\n\
             DECLARE one = SELECT metadata FROM shop.items;\n\
             DECLARE two = SELECT metadata FROM shop.items;\n\
             ASSERT two[0].metadata - one[0].metadata >= 100;\n\
             ASSERT two[0].metadata - one[0].metadata < 200;\n\
         END TEST;\n";
    let folder = scratch();
    write(folder.path(), "page.molt", &[page::block("1. Define Connector Type"), entity, test.to_owned()].join("\n"));
    let outcome = Command::moltlerc(folder.path()).arg("test").run().expect_status(0);
    assert_eq!(outcome.last_line(), "1 passed, 0 failed, 0 skipped");
}

#[test]
fn caching_asks_once_for_the_same_question() {
    let handler = page::block("Caching")
        + "\nasync function fetchFromAPI(config, filters, options) {\n\
           \x20   const response = await fetch(`${config.api_url}/items?status=${filters.status ?? ''}`, {\n\
           \x20       headers: {'Authorization': `Bearer ${config.api_key}`}\n\
           \x20   });\n\
           \x20   return (await response.json()).items;\n\
           }\n";
    let query = "SELECT id FROM shop.items WHERE status = 'active';\n";
    let other = "SELECT id FROM shop.items WHERE status = 'closed';\n";
    let program = [
        page::block("1. Define Connector Type"),
        page::entity("items", &handler),
        page::block("5. Register Connector"),
        page::instance("shop"),
        [query, query, other, query].concat(),
    ]
    .join("\n");
    let api = SampleApi::start().expect("a port is free");
    let results = results(&api, &program);
    assert_eq!((results[0].clone(), results.len()), (results[3].clone(), 4));
    assert_eq!(api.requests(), ["GET /items?status=active", "GET /items?status=closed"]);
}

#[test]
fn error_handling_raises_the_classes_it_names() {
    let handler = page::block("Error Handling").replace(
        "    try {\n",
        "    const url = `${config.api_url}/items`;\n    \
         const headers = {'Authorization': `Bearer ${config.api_key}`};\n    try {\n",
    );
    let program = [
        page::block("1. Define Connector Type"),
        page::entity("items", &handler),
        page::block("5. Register Connector"),
        page::instance("shop"),
        "SELECT id FROM shop.items;\n".to_owned(),
    ]
    .join("\n");
    let api = SampleApi::start().expect("a port is free");
    assert!(run_with(&api, KEY, &program).expect_status(0).stdout.contains("item-1"));

    let wrong_key = run_with(&api, "not-the-key-at-all", &program).expect_status(1);
    assert!(wrong_key.stderr.contains("ConnectorAuthError"), "{}", wrong_key.stderr);
    assert!(wrong_key.stderr.contains("Invalid API key"), "{}", wrong_key.stderr);
    assert!(wrong_key.stderr.contains("page.molt:"), "{}", wrong_key.stderr);
    assert_eq!(wrong_key.stdout, "");

    let at = |path: &str| program.replace("ENV('SHOP_URL')", &format!("ENV('SHOP_URL') || '{path}'"));
    let limited = run_with(&api, KEY, &at("/fail/429")).expect_status(1);
    assert!(limited.stderr.contains("ConnectorRateLimitError"), "{}", limited.stderr);
    assert!(limited.stderr.contains("Rate limited. Retry after 7s"), "{}", limited.stderr);
    let broken = run_with(&api, KEY, &at("/fail/500")).expect_status(1);
    assert!(broken.stderr.contains("ConnectorError: API error: 500 Internal Server Error"), "{}", broken.stderr);

    let nobody = program.replace("ENV('SHOP_URL')", "'http://127.0.0.1:1'");
    let unreachable = run_with(&api, KEY, &nobody).expect_status(1);
    assert!(
        unreachable.stderr.contains("ConnectorConnectionError: Cannot connect to http://127.0.0.1:1"),
        "{}",
        unreachable.stderr
    );
}

#[test]
fn an_unknown_secret_is_told_before_any_request() {
    let folder = scratch();
    write(
        folder.path(),
        "page.molt",
        &[page::connector(), page::block("Create Instance"), page::block("Query")].join("\n"),
    );
    let outcome = Command::moltlerc(folder.path()).args(["run", "page.molt"]).run().expect_status(1);
    assert!(outcome.stderr.contains("myservice_key"), "{}", outcome.stderr);
    assert_eq!(outcome.stdout, "");
}

#[test]
fn the_package_is_the_same_twice_and_published_once() {
    let folder = scratch();
    write(folder.path(), "page.molt", &page::everything());
    write(folder.path(), "moltler.toml", "[package]\nname = \"page\"\n\n[registries]\nmarketplace = \"market\"\n");
    let package = || {
        let outcome = Command::moltlerc(folder.path()).arg("package").run().expect_status(0);
        assert_eq!(outcome.stdout, "dist/myservice-1.0.0.moltpkg\n");
        std::fs::read(folder.path().join("dist/myservice-1.0.0.moltpkg")).expect("it was written")
    };
    let first = package();
    std::fs::remove_dir_all(folder.path().join("dist")).expect("our own folder");
    assert!(first == package(), "two packages of the same sources differ");

    Command::moltlerc(folder.path()).arg("publish").run().expect_status(0);
    let published = folder.path().join("market/myservice/myservice-1.0.0.moltpkg");
    assert!(first == std::fs::read(published).expect("it was published"));
    let again = Command::moltlerc(folder.path()).arg("publish").run().expect_status(1);
    assert!(again.stderr.contains("a version never changes"), "{}", again.stderr);
}

#[test]
fn a_package_holds_definitions_and_documentation_only() {
    let folder = scratch();
    let documented = page::block("1. Define Connector Type").replacen(
        "CONFIG_SCHEMA",
        "DOCUMENTATION '''\nRead *me*.\n'''\nCONFIG_SCHEMA",
        1,
    );
    let program = page::everything().replacen(&page::block("1. Define Connector Type"), &documented, 1);
    write(folder.path(), "page.molt", &program);
    write(folder.path(), ".env", "MYSERVICE_KEY=hidden\n");
    Command::moltlerc(folder.path()).arg("package").run().expect_status(0);
    let unpacked = std::process::Command::new("sh")
        .args(["-c", "zstd -dc dist/*.moltpkg | tar -x -O"])
        .current_dir(folder.path())
        .output();
    let Some(unpacked) = unpacked.ok().filter(|output| output.status.success()) else { return }; // no zstd here
    let text = String::from_utf8_lossy(&unpacked.stdout);
    for there in ["Read *me*.", "## Entity `myservice.items`", "async function execute", "REGISTER CONNECTOR TYPE"] {
        assert!(text.contains(there), "{there} is missing in\n{text}");
    }
    for absent in ["my_service_prod", "test_conn", "secrets.", "hidden", "PUBLISH", "SELECT"] {
        assert!(!text.contains(absent), "{absent} must not be in\n{text}");
    }
}

#[test]
fn package_and_publish_act_when_the_program_is_run() {
    let folder = scratch();
    let program =
        [page::connector(), page::block("Unit Tests"), page::block("Package Connector"), page::block("Publish")]
            .join("\n");
    write(folder.path(), "page.molt", &program);
    Command::moltlerc(folder.path()).args(["run", "page.molt"]).run().expect_status(0);
    assert!(folder.path().join("dist/myservice-1.0.0.moltpkg").is_file());
    let marketplace = folder.path().join(".local/share/moltler/marketplace");
    assert!(marketplace.join("myservice/myservice-1.0.0.moltpkg").is_file());
    let again = Command::moltlerc(folder.path()).args(["run", "page.molt"]).run().expect_status(1);
    assert!(again.stderr.contains("a version never changes"), "{}", again.stderr);
}

#[test]
fn a_failing_test_stops_publishing() {
    let folder = scratch();
    let failing = page::block("Unit Tests").replace("= 'Test'", "= 'Other'");
    let program = [page::connector(), failing, page::block("Package Connector"), page::block("Publish")].join("\n");
    write(folder.path(), "page.molt", &program);
    let outcome = Command::moltlerc(folder.path()).arg("publish").run().expect_status(1);
    assert!(outcome.stderr.contains("0 passed, 1 failed, 0 skipped"), "{}", outcome.stderr);
    assert!(!folder.path().join(".local").exists());
}
