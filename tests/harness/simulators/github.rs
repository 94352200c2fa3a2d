//! GitHub's REST API (version 2022-11-28): one organisation, its repositories, and what is in them.
//!
//! - Lists have `per_page` (30, at most 100) and `page`, and name their other pages in the header `Link`, by the
//!   repository's number as GitHub does.
//! - Issues hold pull requests too; without `state` only open ones are listed.
//! - Without a valid token every answer is 401, without `User-Agent` 403.
//! - A search for workflow runs (any parameter but the page) reaches the first [`SEARCHABLE_RUNS`] only.

mod data;

use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use self::data::Data;
use super::{Simulator, simulator};
use crate::server::{Call, Parameters, Reply, lock};

/// The token that it accepts.
pub const TOKEN: &str = "ghp_simulated0123456789abcdefghijklmnop";
/// The organisation.
pub const ORG: &str = "acme";
/// Issues and pull requests of `acme/shop` at first: every fifth number is a pull request.
pub const NUMBERS: u64 = 250;
/// Its workflow runs.
pub const RUNS: u64 = 1_030;
/// How many of the runs that match a search can be reached.
pub const SEARCHABLE_RUNS: usize = 1_000;
/// Repositories of the organisation.
pub const REPOSITORIES: u64 = 120;
/// Members of the organisation.
pub const MEMBERS: u64 = 12;

/// A running GitHub; it stops with its value.
#[derive(Debug)]
pub struct GitHub {
    simulator: Simulator,
    data: Arc<Mutex<Data>>,
}

simulator!(GitHub);

impl GitHub {
    /// Starts it on a free port.
    pub fn start() -> std::io::Result<GitHub> {
        let data = Arc::new(Mutex::new(Data::new()));
        let shared = Arc::clone(&data);
        let simulator = Simulator::start(move |call| answer(&mut lock(&shared), call))?;
        Ok(GitHub { simulator, data })
    }

    /// An issue of `acme/shop`, as the API shows it.
    pub fn issue(&self, number: u64) -> Option<Value> {
        lock(&self.data).issue("shop", number).cloned()
    }

    /// The comments and dispatched workflows so far: paths and bodies.
    pub fn written(&self) -> Vec<(String, Value)> {
        lock(&self.data).written.clone()
    }

    /// The answer to a request that was one too many: 429, or 403 as GitHub's first rate limit has it.
    pub fn rate_limited(status: u16, headers: &[(&'static str, &str)]) -> Reply {
        let body = json!({
            "message": "API rate limit exceeded for user ID 1.",
            "documentation_url": "https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api",
        });
        headers.iter().fold(Reply::new(status, body), |reply, (name, value)| reply.header(name, value))
    }
}

fn message(status: u16, text: &str) -> Reply {
    let body =
        json!({"message": text, "documentation_url": "https://docs.github.com/rest", "status": status.to_string()});
    Reply::new(status, body)
}

fn not_found() -> Reply {
    message(404, "Not Found")
}

fn invalid(resource: &str, field: &str, code: &str) -> Reply {
    let errors = json!([{"resource": resource, "field": field, "code": code}]);
    let body =
        json!({"message": "Validation Failed", "errors": errors, "documentation_url": "https://docs.github.com/rest"});
    Reply::new(422, body)
}

fn answer(data: &mut Data, call: &Call) -> Reply {
    if call.header("user-agent").is_empty() {
        return message(
            403,
            "Request forbidden by administrative rules. Please make sure your request has a User-Agent header",
        );
    }
    if ![format!("Bearer {TOKEN}"), format!("token {TOKEN}")].contains(&call.header("authorization").to_owned()) {
        return message(401, "Bad credentials");
    }
    let parts: Vec<&str> = call.path.split('/').skip(1).collect();
    let parameters = call.parameters();
    let reply = match (call.method.as_str(), &*parts) {
        ("GET", ["user"]) => Reply::new(200, data.user("user-0").unwrap_or_default()),
        ("GET", ["user", "repos"]) => list(data, call, data.sorted_repositories(&parameters)),
        ("GET", ["orgs" | "users", ORG, "repos"]) => list(data, call, data.sorted_repositories(&parameters)),
        ("GET", ["orgs", ORG, "teams"]) => list(data, call, data.teams.clone()),
        ("GET", ["orgs", ORG, "members"]) => list(data, call, data.members(&parameters)),
        ("GET", ["orgs", ORG, "memberships", login]) => data.membership(login).map_or_else(not_found, ok),
        ("GET", ["users", login]) => data.user(login).map_or_else(not_found, ok),
        (_, ["repos", ORG, name, rest @ ..]) => match data.repository(name).cloned() {
            Some(repository) => in_repository(data, call, &repository, rest),
            None => not_found(),
        },
        (_, ["repositories", number, rest @ ..]) => {
            let number = number.parse::<u64>().ok();
            let found = data.repositories.iter().find(|repository| repository["id"].as_u64() == number).cloned();
            match found {
                Some(repository) => in_repository(data, call, &repository, rest),
                None => not_found(),
            }
        }
        _ => not_found(),
    };
    let reply = reply.header("x-ratelimit-limit", 5000).header("x-ratelimit-remaining", 4999);
    reply.header("x-ratelimit-reset", super::NEW_YEAR).header("x-github-media-type", "github.v3; format=json")
}

fn ok(value: Value) -> Reply {
    Reply::new(200, value)
}

fn in_repository(data: &mut Data, call: &Call, repository: &Value, rest: &[&str]) -> Reply {
    let name = repository["name"].as_str().unwrap_or_default().to_owned();
    let parameters = call.parameters();
    let number = |text: &str| text.parse::<u64>().unwrap_or_default();
    let body = || serde_json::from_slice::<Value>(&call.body).ok().filter(Value::is_object);
    let written = |data: &mut Data| data.written.push((call.path.clone(), body().unwrap_or_default()));
    match (call.method.as_str(), rest) {
        ("GET", []) => ok(repository.clone()),
        ("GET", ["issues"]) => match data.issues(&name, &parameters) {
            Ok(issues) => list(data, call, issues),
            Err(field) => invalid("Issue", field, "invalid"),
        },
        ("GET", ["issues", issue]) => data.issue(&name, number(issue)).cloned().map_or_else(not_found, ok),
        ("POST", ["issues"]) => match body() {
            Some(given) if given["title"].is_string() => Reply::new(201, data.create_issue(&name, &given)),
            Some(_) => invalid("Issue", "title", "missing_field"),
            None => message(400, "Problems parsing JSON"),
        },
        ("PATCH", ["issues", issue]) => match (body(), data.issue(&name, number(issue)).is_some()) {
            (_, false) => not_found(),
            (None, _) => message(400, "Problems parsing JSON"),
            (Some(changes), _) => data.change_issue(&name, number(issue), &changes),
        },
        ("POST", ["issues", issue, "comments"]) => match (body(), data.issue(&name, number(issue)).is_some()) {
            (_, false) => not_found(),
            (Some(given), _) if given["body"].is_string() => {
                written(data);
                Reply::new(
                    201,
                    json!({"id": 9_007_199_254_740_993_u64, "body": given["body"], "user": {"login": "user-0"}}),
                )
            }
            _ => invalid("IssueComment", "body", "missing_field"),
        },
        ("GET", ["pulls"]) => list(data, call, data.pulls(&name, &parameters)),
        ("GET", ["pulls", pull]) => data.pull(&name, number(pull)).map_or_else(not_found, ok),
        ("POST", ["pulls"]) => match body() {
            Some(given) if given["head"] == given["base"] => invalid("PullRequest", "head", "invalid"),
            Some(given) if given["title"].is_string() => Reply::new(201, data.create_pull(&name, &given)),
            _ => invalid("PullRequest", "title", "missing_field"),
        },
        ("PUT", ["pulls", pull, "merge"]) => match data.pull(&name, number(pull)) {
            None => not_found(),
            Some(found) if found["state"] != "open" || found["draft"] == true => {
                message(405, "Pull Request is not mergeable")
            }
            Some(_) => {
                written(data);
                ok(
                    json!({"sha": "6dcb09b5b57875f334f61aebed695e2e4193db5e", "merged": true, "message": "Pull Request successfully merged"}),
                )
            }
        },
        ("GET", ["actions", "runs"]) => {
            let mut runs = data.runs(&name, &parameters);
            let total = runs.len();
            if parameters.0.iter().any(|(key, _)| key != "page" && key != "per_page") {
                runs.truncate(SEARCHABLE_RUNS);
            }
            let links = page(data, call, runs);
            let body: Value = serde_json::from_str(&links.body).unwrap_or_default();
            Reply { body: json!({"total_count": total, "workflow_runs": body}).to_string(), ..links }
        }
        ("POST", ["actions", "workflows", workflow, "dispatches"]) => match body() {
            Some(given) if given["ref"].is_string() && workflow.ends_with(".yml") => {
                written(data);
                Reply::new(204, "")
            }
            Some(_) if !workflow.ends_with(".yml") => not_found(),
            _ => message(422, "Invalid request.\n\n\"ref\" wasn't supplied."),
        },
        ("GET", ["commits"]) => match data.commits(&name, &parameters) {
            Some(commits) => list(data, call, commits),
            None => message(409, "Git Repository is empty."),
        },
        _ => not_found(),
    }
}

fn list(data: &Data, call: &Call, rows: Vec<Value>) -> Reply {
    page(data, call, rows)
}

/// A page of the rows, and the header that names the others.
fn page(data: &Data, call: &Call, rows: Vec<Value>) -> Reply {
    let parameters = call.parameters();
    let whole = |name: &str, default: usize| match parameters.number(name) {
        Ok(Some(number)) if number > 0 => number as usize,
        _ => default,
    };
    let (size, number) = (whole("per_page", 30).min(100), whole("page", 1));
    let last = rows.len().div_ceil(size).max(1);
    let wanted: Vec<&Value> = rows.iter().skip((number - 1) * size).take(size).collect();
    let reply = Reply::new(200, json!(wanted));
    let link = |relation: &str, page: usize| {
        let mut pairs: Vec<String> = call
            .query
            .split('&')
            .filter(|pair| !pair.is_empty() && !pair.starts_with("page="))
            .map(str::to_owned)
            .collect();
        pairs.push(format!("page={page}"));
        format!("<{}{}?{}>; rel=\"{relation}\"", call.origin(), data.path_by_number(&call.path), pairs.join("&"))
    };
    let mut links = Vec::new();
    if number > 1 {
        links.push(link("prev", (number - 1).min(last)));
    }
    if number < last {
        links.push(link("next", number + 1));
        links.push(link("last", last));
    }
    if number > 1 {
        links.push(link("first", 1));
    }
    if links.is_empty() { reply } else { reply.header("link", links.join(", ")) }
}

/// Rows in the order that `sort` and `direction` name; `created`, newest first, when they do not.
fn sort(rows: &mut [Value], parameters: &Parameters, default: (&str, &str)) {
    let member = match parameters.get("sort").unwrap_or(default.0) {
        "updated" => "updated_at",
        "pushed" => "pushed_at",
        "full_name" => "full_name",
        "comments" => "comments",
        _ => "created_at",
    };
    let key = |row: &Value| row[member].as_str().map_or_else(|| format!("{:09}", row[member]), str::to_owned);
    rows.sort_by_key(key);
    if parameters.get("direction").unwrap_or(default.1) == "desc" {
        rows.reverse();
    }
}
