//! The connector for GitHub.

use moltler_tests::server::Reply;
use moltler_tests::simulators::github::{GitHub, NUMBERS, REPOSITORIES, RUNS, TOKEN};
use serde_json::json;

use super::{FAST, Workshop, package_is_sound};

fn start() -> (GitHub, Workshop) {
    let github = GitHub::start().expect("a port is free");
    let workshop =
        Workshop::with(&["github"]).env("GITHUB_URL", github.url()).env("MOLTLER_SECRET_GITHUB_TOKEN", TOKEN);
    (github, workshop)
}

/// A program with an instance `gh`.
fn program(statements: &str) -> String {
    format!(
        "CREATE CONNECTOR gh TYPE 'github'\n\
         CONFIG {{\"token\": \"{{{{secrets.github_token}}}}\", \"org\": \"acme\", \"api_url\": ENV('GITHUB_URL')}} {FAST};\n\
         {statements}\n"
    )
}

#[test]
fn the_package_is_sound() {
    let github = GitHub::start().expect("a port is free");
    let environment = [
        ("GITHUB_TEST_TOKEN", TOKEN),
        ("GITHUB_TEST_URL", &*github.url()),
        ("GITHUB_TEST_OWNER", "acme"),
        ("GITHUB_TEST_REPO", "shop"),
    ];
    package_is_sound("github", &environment);
    let created = github.issue(NUMBERS + 1).expect("the integration test opened an issue");
    assert_eq!((created["state"].as_str(), github.written().len()), (Some("closed"), 1));
}

#[test]
fn pages_are_complete_and_in_order() {
    let (github, workshop) = start();
    let results = workshop.results(&program(
        "SELECT number FROM gh.issues WHERE owner = 'acme' AND repo = 'shop';
         SELECT COUNT(*) AS n, COUNT(DISTINCT id) AS ids FROM gh.repos;
         SELECT COUNT(*) AS n, MIN(id) AS low, MAX(id) AS high FROM gh.actions WHERE owner = 'acme' AND repo = 'shop';
         SELECT COUNT(*) AS n FROM gh.commits WHERE owner = 'acme' AND repo = 'shop';
         SELECT COUNT(*) AS n FROM gh.commits WHERE owner = 'acme' AND repo = 'shop' AND ref = 'next' AND path = 'docs';
         SELECT COUNT(*) AS n FROM gh.commits WHERE owner = 'acme' AND repo = 'tools';",
    ));
    let issues: Vec<_> = (1..=NUMBERS).rev().filter(|number| number % 5 != 0).map(|n| json!({"number": n})).collect();
    assert_eq!(results[0], json!(issues));
    assert_eq!(results[1], json!([{"n": REPOSITORIES, "ids": REPOSITORIES}]));
    // Identifiers beyond 2^53 keep their digits.
    let base = 9_007_199_254_740_992_u64;
    assert_eq!(results[2], json!([{"n": RUNS, "low": base + 1, "high": base + RUNS}]));
    assert_eq!(results[3], json!([{"n": 150}]));
    assert_eq!(results[4], json!([{"n": 13}]));
    assert_eq!(results[5], json!([{"n": 0}]));
    let issue_pages: Vec<String> =
        github.take_requests().into_iter().filter(|request| request.contains("/issues")).collect();
    assert_eq!(
        issue_pages,
        [
            "GET /repos/acme/shop/issues?state=all&per_page=100",
            "GET /repositories/1296001/issues?state=all&per_page=100&page=2",
            "GET /repositories/1296001/issues?state=all&per_page=100&page=3",
        ]
    );
}

#[test]
fn conditions_and_orders_are_right() {
    let (github, workshop) = start();
    // Numbers whose third is closed, that are no pull requests, and by their remainder modulo 4 have the label `bug`.
    let open_bugs = |n: &u64| !n.is_multiple_of(5) && !n.is_multiple_of(3) && n % 4 < 2;
    let results = workshop.results(&program(
        "SELECT number FROM gh.issues
         WHERE owner = 'acme' AND repo = 'shop' AND state = 'open' AND labels CONTAINS 'bug' ORDER BY number DESC;
         SELECT number FROM gh.issues
         WHERE owner = 'acme' AND repo = 'shop' AND (labels CONTAINS 'bug' OR number < 10) AND state <> 'closed'
         ORDER BY number DESC LIMIT 3 OFFSET 1;
         SELECT number FROM gh.issues
         WHERE owner = 'acme' AND repo = 'shop' AND updated_at >= '2026-02-15' ORDER BY updated_at DESC, number LIMIT 2;
         SELECT COUNT(*) AS n FROM gh.issues WHERE owner = 'acme' AND repo = 'shop' AND assignee IS NULL;
         SELECT COUNT(*) AS n FROM gh.issues WHERE owner = 'acme' AND repo = 'shop' AND assignee = 'user-2';
         SELECT number, state FROM gh.pulls WHERE owner = 'acme' AND repo = 'site' ORDER BY number;
         SELECT number, mergeable FROM gh.pulls WHERE owner = 'acme' AND repo = 'shop' AND state = 'merged'
         ORDER BY number LIMIT 2;
         SELECT conclusion, COUNT(*) AS n FROM gh.actions
         WHERE owner = 'acme' AND repo = 'shop' AND head_branch = 'next' AND conclusion = 'failure' GROUP BY conclusion;
         SELECT login, role, email FROM gh.members WHERE role = 'admin' ORDER BY login;
         SELECT name FROM gh.repos WHERE NOT archived AND NOT private ORDER BY stargazers_count DESC, name LIMIT 2;",
    ));
    let bugs: Vec<_> = (1..=NUMBERS).rev().filter(open_bugs).map(|n| json!({"number": n})).collect();
    assert_eq!(results[0], json!(bugs));
    assert_eq!(results[1], json!(bugs[1..4]));
    assert_eq!(results[2], json!([{"number": 248}, {"number": 241}]));
    assert_eq!(results[3], json!([{"n": (1..=NUMBERS).filter(|n| n % 5 != 0 && n % 2 == 1).count()}]));
    assert_eq!(results[4], json!([{"n": (1..=NUMBERS).filter(|n| n % 5 != 0 && n % 12 == 2).count()}]));
    assert_eq!(results[5], json!([{"number": 5, "state": "open"}, {"number": 10, "state": "open"}]));
    assert_eq!(results[6], json!([{"number": 15, "mergeable": false}, {"number": 45, "mergeable": false}]));
    let failed = |n: &u64| n.is_multiple_of(4) && n % 3 == 2 && *n <= RUNS - 2;
    assert_eq!(results[7], json!([{"conclusion": "failure", "n": (1..=RUNS).filter(failed).count()}]));
    assert_eq!(
        results[8],
        json!([
            {"login": "user-0", "role": "admin", "email": "user-0@example.com"},
            {"login": "user-1", "role": "admin", "email": "user-1@example.com"}
        ])
    );
    let mut public: Vec<u64> = (1..=REPOSITORIES).filter(|n| n % 3 != 0 && n % 4 != 0).collect();
    public.sort_by_key(|n| std::cmp::Reverse(n * 37 % 101));
    let names: Vec<_> = public[..2].iter().map(|n| json!({"name": format!("service-{n:03}")})).collect();
    assert_eq!(results[9], json!(names));
    let asked = github.take_requests();
    let bugs = "GET /repos/acme/shop/issues?state=open&labels=bug&per_page=100";
    assert!(asked.iter().any(|request| request == bugs), "{asked:#?}");
    assert!(asked.iter().any(|request| request == "GET /orgs/acme/members?role=admin&per_page=100"), "{asked:#?}");
}

#[test]
fn a_limit_stops_the_pages() {
    let (github, workshop) = start();
    let results = workshop.results(&program(
        "SELECT number FROM gh.issues WHERE owner = 'acme' AND repo = 'shop' AND state = 'closed' LIMIT 3;",
    ));
    assert_eq!(results[0], json!([{"number": 249}, {"number": 246}, {"number": 243}]));
    assert_eq!(github.take_requests().len(), 1);
}

#[test]
fn a_join_asks_once_for_each_repository() {
    let (github, workshop) = start();
    let results = workshop.results(&program(
        "SELECT r.name, COUNT(*) AS open FROM gh.repos r JOIN gh.issues i ON i.owner = r.owner AND i.repo = r.name
         WHERE r.name IN ('shop', 'site', 'tools') AND i.state = 'open' GROUP BY r.name ORDER BY open DESC;
         SELECT m.login FROM gh.members m
         WHERE NOT EXISTS (SELECT 1 FROM gh.issues i WHERE i.owner = 'acme' AND i.repo = 'site' AND i.author = m.login)
         ORDER BY m.login LIMIT 2;",
    ));
    let open = |count: u64| (1..=count).filter(|n| n % 5 != 0 && n % 3 != 0).count();
    assert_eq!(results[0], json!([{"name": "shop", "open": open(NUMBERS)}, {"name": "site", "open": open(12)}]));
    assert_eq!(results[1], json!([{"login": "user-1"}, {"login": "user-2"}]));
    let asked = github.take_requests();
    let of = |start: &str| asked.iter().filter(|request| request.starts_with(start)).count();
    assert_eq!((of("GET /repos/acme/shop/issues"), of("GET /repos/acme/tools/issues")), (1, 1), "{asked:#?}");
}

#[test]
fn actions_change_what_is_there() {
    let (github, workshop) = start();
    let results = workshop.results(&program(
        "DECLARE made = CONNECTOR_EXEC gh.issues.create(owner => 'acme', repo => 'shop', title => 'It''s “new”', labels => ['bug']);
         SELECT made.number AS number, made.state AS state;
         DECLARE comment = CONNECTOR_EXEC gh.issues.comment(owner => 'acme', repo => 'shop', issue_number => made.number, body => 'Hm.');
         SELECT comment.id AS id;
         CONNECTOR_EXEC gh.issues.update({\"owner\": \"acme\", \"repo\": \"shop\", \"issue_number\": made.number, \"data\": {\"state\": \"closed\"}});
         SELECT title, state, labels FROM gh.issues WHERE owner = 'acme' AND repo = 'shop' AND number = made.number;
         DECLARE pull = CONNECTOR_EXEC gh.pulls.create(owner => 'acme', repo => 'shop', title => 'Fix', head => 'fix', base => 'main');
         CONNECTOR_EXEC gh.pulls.merge(owner => 'acme', repo => 'shop', pull_number => pull.number, merge_method => 'squash');
         CONNECTOR_EXEC gh.actions.dispatch(owner => 'acme', repo => 'shop', workflow => 'deploy.yml', ref => 'main');",
    ));
    assert_eq!(results[0], json!([{"number": NUMBERS + 1, "state": "open"}]));
    assert_eq!(results[1], json!([{"id": 9_007_199_254_740_993_u64}]));
    assert_eq!(results[3], json!([{"title": "It's “new”", "state": "closed", "labels": ["bug"]}]));
    assert_eq!(results[4]["merged"], json!(true));
    assert_eq!(results[5], json!(null));
    let shop = "/repos/acme/shop";
    assert_eq!(
        github.written(),
        [
            (format!("{shop}/issues/{}/comments", NUMBERS + 1), json!({"body": "Hm."})),
            (format!("{shop}/pulls/{}/merge", NUMBERS + 2), json!({"merge_method": "squash"})),
            (format!("{shop}/actions/workflows/deploy.yml/dispatches"), json!({"ref": "main", "inputs": {}})),
        ]
    );
}

const ISSUES: &str =
    "SELECT number FROM gh.issues WHERE owner = 'acme' AND repo = 'shop' AND state = 'closed' LIMIT 1;";

#[test]
fn failures_are_told_as_what_they_are() {
    let (github, workshop) = start();
    let failure = |reply: Option<Reply>, program: &str| {
        if let Some(reply) = reply {
            github.answer_next(reply);
        }
        workshop.failure(program)
    };
    let refused = program(ISSUES).replace("{{secrets.github_token}}", "not-the-token");
    let told = failure(None, &refused);
    assert!(told.contains("error: ConnectorAuthError: GitHub answered 401: Bad credentials\n"), "{told}");
    assert!(told.contains("= in gh.issues\n") && told.contains(", answered 401\n"), "{told}");

    let told = failure(Some(Reply::new(200, "[{\"number\": 1, ")), &program(ISSUES));
    assert!(told.contains("error: ConnectorError: GitHub's answer is no JSON: "), "{told}");
    assert!(told.contains("= code: malformed\n"), "{told}");

    let page = Reply::new(200, "<!doctype html><title>Sign in</title>").header("content-type", "text/html");
    let told = failure(Some(page), &program(ISSUES));
    assert!(told.contains("error: ConnectorError: GitHub's answer is no JSON: "), "{told}");

    let told = failure(None, &program(&ISSUES.replace("'shop'", "'nowhere'")));
    assert!(told.contains("error: ConnectorError: GitHub answered 404: Not Found\n"), "{told}");
    assert!(told.contains("= code: not_found\n"), "{told}");
}

#[test]
fn a_rate_limit_is_waited_for() {
    let (github, workshop) = start();
    github.answer_next(GitHub::rate_limited(429, &[("retry-after", "1")]));
    github.answer_next(GitHub::rate_limited(403, &[("x-ratelimit-remaining", "0"), ("retry-after", "0")]));
    let start = std::time::Instant::now();
    assert_eq!(workshop.results(&program(ISSUES))[0], json!([{"number": 249}]));
    assert!(start.elapsed().as_secs_f64() >= 1.0);
    assert_eq!(github.take_requests().len(), 3);

    // A wait of an hour is nobody's wish.
    github.answer_next(GitHub::rate_limited(429, &[("retry-after", "3600")]));
    let told = workshop.failure(&program(ISSUES));
    assert!(told.contains("error: ConnectorRateLimitError: "), "{told}");
    assert!(told.contains("3600"), "{told}");
}

#[test]
fn a_query_without_its_repository_does_not_compile() {
    let (github, workshop) = start();
    let told = workshop.failure(&program("SELECT number FROM gh.issues WHERE repo = 'shop';"));
    assert!(told.contains("error[required-field]"), "{told}");
    assert_eq!(github.take_requests().len(), 0);
}

#[test]
fn an_executable_does_the_same() {
    let (_github, workshop) = start();
    workshop.executable_agrees(&program(
        "SELECT r.name, i.number, i.labels FROM gh.repos r JOIN gh.issues i ON i.owner = r.owner AND i.repo = r.name
         WHERE r.name IN ('shop', 'site') AND i.state = 'closed' ORDER BY i.created_at, r.name LIMIT 20;",
    ));
}

#[test]
fn explain_tells_what_github_is_asked() {
    let (_github, workshop) = start();
    workshop.write(&program(""));
    let told = workshop.explain(
        "SELECT number, title FROM gh.issues WHERE owner = 'acme' AND repo = 'shop' AND labels CONTAINS 'bug'
         AND title LIKE '%crash%' ORDER BY updated_at DESC LIMIT 5",
    );
    for line in [
        "LIMIT 5: withheld, ",
        "`repo = 'shop'`: pushed in `filters` and `options.where`; re-checked here\n",
        "`labels CONTAINS 'bug'`: pushed in `options.where`; re-checked here\n",
        "ORDER BY: told in `options.orderBy`, and sorted here all the same\n",
    ] {
        assert!(told.contains(line), "{told}");
    }
}
