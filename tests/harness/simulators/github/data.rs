//! What there is at this GitHub.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::super::{NEW_YEAR, iso};
use super::{MEMBERS, NUMBERS, ORG, REPOSITORIES, RUNS, sort};
use crate::server::{Parameters, Reply};

const HOUR: i64 = 3_600;
const DAY: i64 = 24 * HOUR;

/// Everything, as the API shows it.
#[derive(Debug)]
pub(super) struct Data {
    pub(super) repositories: Vec<Value>,
    pub(super) teams: Vec<Value>,
    /// Comments, merges and dispatched workflows: path and body.
    pub(super) written: Vec<(String, Value)>,
    /// By repository and number, pull requests too.
    issues: BTreeMap<(String, u64), Value>,
    pulls: BTreeMap<(String, u64), Value>,
}

fn login(number: u64) -> String {
    format!("user-{}", number % MEMBERS)
}

fn account(login: &str) -> Value {
    json!({"login": login, "id": 1_000 + login.len() as u64, "type": "User"})
}

fn repository(number: u64) -> Value {
    let name = match number {
        1 => "shop".to_owned(),
        2 => "site".to_owned(),
        3 => "tools".to_owned(),
        _ => format!("service-{number:03}"),
    };
    let created = NEW_YEAR - 400 * DAY + number as i64 * 30 * HOUR;
    let language = ["Rust", "TypeScript", "Go"][(number % 3) as usize];
    let description = format!("Repository no. {number} — {name}");
    json!({
        "id": 1_296_000 + number, "name": name, "full_name": format!("{ORG}/{name}"),
        "owner": {"login": ORG, "id": 1, "type": "Organization"},
        "private": number.is_multiple_of(4), "fork": false, "archived": number.is_multiple_of(3),
        "description": if number == 2 { Value::Null } else { json!(description) },
        "language": language,
        "stargazers_count": number * 37 % 101, "forks_count": number % 9, "open_issues_count": number % 20,
        "default_branch": "main", "html_url": format!("https://github.com/{ORG}/{name}"),
        "created_at": iso(created), "updated_at": iso(created + 90 * DAY),
        "pushed_at": iso(created + (number as i64 * 7 % 60) * DAY),
    })
}

fn issue(repository: &str, number: u64) -> Value {
    let created = NEW_YEAR + number as i64 * 3 * HOUR;
    let closed = number.is_multiple_of(3);
    let updated = created + (number as i64 * 5 % 17) * DAY;
    let labels: &[&str] = match number % 4 {
        0 => &["bug"],
        1 => &["bug", "needs review"],
        2 => &["feature"],
        _ => &[],
    };
    let labels: Vec<Value> =
        labels.iter().map(|name| json!({"id": name.len(), "name": name, "color": "d73a4a"})).collect();
    let assignees: Vec<Value> =
        if number.is_multiple_of(2) { vec![account(&login(number)), account(&login(number + 1))] } else { Vec::new() };
    let kind = if number.is_multiple_of(5) { "pull" } else { "issues" };
    let body = format!("Seen at “step {number}” …\nand again");
    let mut issue = json!({
        "id": 2_000_000 + number, "number": number, "title": format!("Issue {number} of {repository}"),
        "body": if number.is_multiple_of(7) { Value::Null } else { json!(body) },
        "state": if closed { "closed" } else { "open" },
        "user": account(&login(number * 5)), "labels": labels,
        "assignee": assignees.first(), "assignees": assignees,
        "milestone": if number.is_multiple_of(10) { json!({"number": 1, "title": "1.0"}) } else { Value::Null },
        "comments": number % 6, "locked": false,
        "created_at": iso(created), "updated_at": iso(updated),
        "closed_at": if closed { json!(iso(updated)) } else { Value::Null },
        "html_url": format!("https://github.com/{ORG}/{repository}/{kind}/{number}"),
    });
    if kind == "pull" {
        let url = format!("https://api.github.com/repos/{ORG}/{repository}/pulls/{number}");
        issue["pull_request"] = json!({"url": url});
    }
    issue
}

/// The pull request that this issue is.
fn pull(issue: &Value, repository: &str) -> Value {
    let number = issue["number"].as_u64().unwrap_or_default();
    let branch = |name: &str, number: u64| json!({"ref": name, "sha": format!("{number:040x}"), "label": format!("{ORG}:{name}")});
    let merged = issue["state"] == "closed" && !number.is_multiple_of(2);
    json!({
        "id": 3_000_000 + number, "number": number, "title": issue["title"], "body": issue["body"],
        "state": issue["state"], "draft": number.is_multiple_of(25), "user": issue["user"],
        "head": branch(&format!("topic-{number}"), number),
        "base": branch(if number.is_multiple_of(4) { "next" } else { "main" }, 0),
        "requested_reviewers": [account(&login(number + 3))],
        "created_at": issue["created_at"], "updated_at": issue["updated_at"], "closed_at": issue["closed_at"],
        "merged_at": if merged { issue["closed_at"].clone() } else { Value::Null },
        "html_url": format!("https://github.com/{ORG}/{repository}/pull/{number}"),
    })
}

fn labels(names: &Value) -> Value {
    names.as_array().into_iter().flatten().map(|name| json!({"name": name})).collect()
}

impl Data {
    pub(super) fn new() -> Data {
        let mut issues = BTreeMap::new();
        for (name, count) in [("shop", NUMBERS), ("site", 12)] {
            issues.extend((1..=count).map(|number| ((name.to_owned(), number), issue(name, number))));
        }
        let pulls = issues
            .iter()
            .filter(|(_, issue)| !issue["pull_request"].is_null())
            .map(|((repository, number), issue)| ((repository.clone(), *number), pull(issue, repository)))
            .collect();
        let team = |number: u64, name: &str, permission: &str| {
            let slug = name.to_lowercase().replace(' ', "-");
            json!({"id": number, "name": name, "slug": slug, "description": null, "permission": permission, "privacy": "closed"})
        };
        Data {
            repositories: (1..=REPOSITORIES).map(repository).collect(),
            teams: vec![team(1, "Core Team", "admin"), team(2, "Docs", "pull"), team(3, "Release", "push")],
            written: Vec::new(),
            issues,
            pulls,
        }
    }

    pub(super) fn repository(&self, name: &str) -> Option<&Value> {
        self.repositories.iter().find(|repository| repository["name"] == name)
    }

    /// `/repositories/1296001/issues` for `/repos/acme/shop/issues`: GitHub names pages by a repository's number.
    pub(super) fn path_by_number(&self, path: &str) -> String {
        let named = path.strip_prefix("/repos/").and_then(|rest| rest.strip_prefix(ORG)?.strip_prefix('/'));
        let Some((name, rest)) = named.and_then(|rest| rest.split_once('/')) else { return path.to_owned() };
        let Some(repository) = self.repository(name) else { return path.to_owned() };
        format!("/repositories/{}/{rest}", repository["id"])
    }

    /// By name the order is ascending by default, by time descending.
    pub(super) fn sorted_repositories(&self, parameters: &Parameters) -> Vec<Value> {
        let mut rows = self.repositories.clone();
        let by_time = matches!(parameters.get("sort"), Some("created" | "updated" | "pushed"));
        sort(&mut rows, parameters, ("full_name", if by_time { "desc" } else { "asc" }));
        rows
    }

    pub(super) fn user(&self, login: &str) -> Option<Value> {
        let number: u64 = login.strip_prefix("user-")?.parse().ok().filter(|number| *number < MEMBERS)?;
        let email = if number == 5 { Value::Null } else { json!(format!("{login}@example.com")) };
        let name = format!("User No. {number}");
        Some(json!({"login": login, "id": 1_000 + number, "name": name, "email": email, "type": "User"}))
    }

    pub(super) fn membership(&self, login: &str) -> Option<Value> {
        self.user(login)?;
        let role = if matches!(login, "user-0" | "user-1") { "admin" } else { "member" };
        Some(json!({"state": "active", "role": role, "user": account(login)}))
    }

    pub(super) fn members(&self, parameters: &Parameters) -> Vec<Value> {
        let role = parameters.get("role").unwrap_or("all");
        let wanted = |login: &String| {
            role == "all" || self.membership(login).is_some_and(|membership| membership["role"] == role)
        };
        (0..MEMBERS).map(login).filter(wanted).map(|login| account(&login)).collect()
    }

    pub(super) fn issue(&self, repository: &str, number: u64) -> Option<&Value> {
        self.issues.get(&(repository.to_owned(), number))
    }

    /// The issues that the parameters ask for; `Err` is the name of the parameter that is wrong.
    pub(super) fn issues(&self, repository: &str, parameters: &Parameters) -> Result<Vec<Value>, &'static str> {
        let state = parameters.get("state").unwrap_or("open");
        if !["open", "closed", "all"].contains(&state) {
            return Err("state");
        }
        let since = parameters.get("since").unwrap_or_default();
        if !since.is_empty() && (since.len() < 20 || !since.ends_with('Z')) {
            return Err("since");
        }
        let wanted_labels = parameters.get("labels").unwrap_or_default();
        let wanted_labels: Vec<&str> = wanted_labels.split(',').filter(|label| !label.is_empty()).collect();
        let assignee = parameters.get("assignee").unwrap_or_default();
        let creator = parameters.get("creator").unwrap_or_default();
        let names = |value: &Value, member: &str| -> Vec<String> {
            let items = value.as_array().into_iter().flatten();
            items.filter_map(|item| item[member].as_str()).map(str::to_owned).collect()
        };
        let wanted = |issue: &&Value| {
            let assignees = names(&issue["assignees"], "login");
            let has = names(&issue["labels"], "name");
            (state == "all" || issue["state"] == state)
                && issue["updated_at"].as_str().unwrap_or_default() >= since
                && wanted_labels.iter().all(|label| has.iter().any(|name| name.eq_ignore_ascii_case(label)))
                && match assignee {
                    "" => true,
                    "none" => assignees.is_empty(),
                    "*" => !assignees.is_empty(),
                    login => assignees.iter().any(|name| name == login),
                }
                && (creator.is_empty() || issue["user"]["login"] == creator)
        };
        let of = self.issues.range((repository.to_owned(), 0)..=(repository.to_owned(), u64::MAX));
        let mut rows: Vec<Value> = of.map(|(_, issue)| issue).filter(wanted).cloned().collect();
        sort(&mut rows, parameters, ("created", "desc"));
        Ok(rows)
    }

    pub(super) fn create_issue(&mut self, repository: &str, given: &Value) -> Value {
        let number = self.next_number(repository);
        let mut new = issue(repository, number);
        new["title"] = given["title"].clone();
        new["body"] = given["body"].clone();
        new["state"] = json!("open");
        new["closed_at"] = Value::Null;
        new["labels"] = labels(&given["labels"]);
        let assignees = given["assignees"].as_array().into_iter().flatten();
        new["assignees"] = assignees.filter_map(Value::as_str).map(account).collect();
        new["assignee"] = new["assignees"].get(0).cloned().unwrap_or_default();
        if let Some(issue) = new.as_object_mut() {
            issue.remove("pull_request");
        }
        self.issues.insert((repository.to_owned(), number), new.clone());
        new
    }

    fn next_number(&self, repository: &str) -> u64 {
        let mut of = self.issues.range((repository.to_owned(), 0)..=(repository.to_owned(), u64::MAX));
        of.next_back().map_or(1, |((_, number), _)| number + 1)
    }

    pub(super) fn change_issue(&mut self, repository: &str, number: u64, changes: &Value) -> Reply {
        let Some(issue) = self.issues.get_mut(&(repository.to_owned(), number)) else { return super::not_found() };
        for (name, value) in changes.as_object().into_iter().flatten() {
            match name.as_str() {
                "state" if value != "open" && value != "closed" => return super::invalid("Issue", "state", "invalid"),
                "title" | "body" | "state" | "state_reason" => issue[name] = value.clone(),
                "labels" => issue["labels"] = labels(value),
                _ => return super::invalid("Issue", "data", "invalid"),
            }
        }
        Reply::new(200, issue)
    }

    /// A pull request by itself has a member that lists do not have.
    pub(super) fn pull(&self, repository: &str, number: u64) -> Option<Value> {
        let mut pull = self.pulls.get(&(repository.to_owned(), number))?.clone();
        pull["mergeable"] = json!(!number.is_multiple_of(15));
        Some(pull)
    }

    pub(super) fn pulls(&self, repository: &str, parameters: &Parameters) -> Vec<Value> {
        let state = parameters.get("state").unwrap_or("open");
        let is = |name: &str, value: &Value| parameters.get(name).is_none_or(|wanted| value == wanted);
        let wanted = |pull: &&Value| {
            (state == "all" || pull["state"] == state)
                && is("base", &pull["base"]["ref"])
                && is("head", &pull["head"]["label"])
        };
        let of = self.pulls.range((repository.to_owned(), 0)..=(repository.to_owned(), u64::MAX));
        let mut rows: Vec<Value> = of.map(|(_, pull)| pull).filter(wanted).cloned().collect();
        // By any other sort than `created` the oldest come first.
        let ascending = parameters.get("sort").is_some_and(|sort| sort != "created");
        sort(&mut rows, parameters, ("created", if ascending { "asc" } else { "desc" }));
        rows
    }

    pub(super) fn create_pull(&mut self, repository: &str, given: &Value) -> Value {
        let issue = self.create_issue(repository, given);
        let number = issue["number"].as_u64().unwrap_or_default();
        let mut new = pull(&issue, repository);
        new["head"]["ref"] = given["head"].clone();
        new["base"]["ref"] = given["base"].clone();
        new["draft"] = json!(given["draft"] == true);
        self.pulls.insert((repository.to_owned(), number), new.clone());
        new
    }

    /// Newest first.
    pub(super) fn runs(&self, repository: &str, parameters: &Parameters) -> Vec<Value> {
        let count = if repository == "shop" { RUNS } else { 0 };
        let run = |number: u64| {
            let at = NEW_YEAR + number as i64 * 5 * HOUR;
            let running = number > RUNS - 2;
            let name = ["CI", "Release"][(number % 2) as usize];
            let conclusion = ["success", "success", "failure"][(number % 3) as usize];
            json!({
                // A number that a double cannot hold.
                "id": 9_007_199_254_740_992_u64 + number, "name": name,
                "status": if running { "in_progress" } else { "completed" },
                "conclusion": if running { Value::Null } else { json!(conclusion) },
                "head_branch": if number.is_multiple_of(4) { "next" } else { "main" },
                "head_sha": format!("{number:040x}"),
                "event": if number.is_multiple_of(6) { "schedule" } else { "push" },
                "run_number": number, "run_attempt": 1 + number % 2, "actor": account(&login(number)),
                "run_started_at": iso(at), "created_at": iso(at), "updated_at": iso(at + HOUR),
                "html_url": format!("https://github.com/{ORG}/{repository}/actions/runs/{number}"),
            })
        };
        let is = |name: &str, value: &Value| parameters.get(name).is_none_or(|wanted| value == wanted);
        let wanted = |run: &Value| {
            let status = parameters.get("status");
            let at = run["created_at"].as_str().unwrap_or_default();
            is("branch", &run["head_branch"])
                && is("event", &run["event"])
                && is("head_sha", &run["head_sha"])
                && status.is_none_or(|status| run["status"] == status || run["conclusion"] == status)
                && parameters.get("created").is_none_or(|range| in_range(range, at))
        };
        (1..=count).rev().map(run).filter(wanted).collect()
    }

    /// Newest first; `None` for a repository that is empty.
    pub(super) fn commits(&self, repository: &str, parameters: &Parameters) -> Option<Vec<Value>> {
        let count = match repository {
            "shop" => 150,
            "site" => 3,
            _ => return None,
        };
        let commit = |number: i64| {
            let at = NEW_YEAR + number * 2 * HOUR;
            let login = login(number as u64);
            let person = |at: i64| {
                let (name, email) = (format!("Author of {login}"), format!("{login}@example.com"));
                json!({"name": name, "email": email, "date": iso(at)})
            };
            let path = if number % 10 == 0 { "docs" } else { "src" };
            let message = format!("Change {number}\n\nIn {path}/");
            json!({
                "sha": format!("{number:040x}"),
                "commit": {"message": message, "author": person(at - HOUR / 2), "committer": person(at)},
                "author": if number % 11 == 0 { Value::Null } else { account(&login) },
                "committer": account(&login), "parents": [],
                "html_url": format!("https://github.com/{ORG}/{repository}/commit/{number:040x}"),
            })
        };
        let wanted = |commit: &Value| {
            let at = commit["commit"]["committer"]["date"].as_str().unwrap_or_default();
            let message = commit["commit"]["message"].as_str().unwrap_or_default();
            let is_author =
                |author: &str| commit["author"]["login"] == author || commit["commit"]["author"]["email"] == author;
            parameters.get("since").is_none_or(|since| at >= since)
                && parameters.get("until").is_none_or(|until| at <= until)
                && parameters.get("author").is_none_or(is_author)
                && parameters
                    .get("path")
                    .is_none_or(|path| message.ends_with(&format!("In {}/", path.trim_end_matches('/'))))
        };
        // The other branch left the main one twenty commits ago.
        let on_branch = |number: &i64| match parameters.get("sha").unwrap_or("main") {
            "main" => true,
            "next" => *number <= count - 20,
            _ => false,
        };
        Some((1..=count).rev().filter(on_branch).map(commit).filter(wanted).collect())
    }
}

/// Whether a time is in a range as GitHub's search writes it: `>=T`, `>T`, `<=T`, `<T`, `T..T`.
fn in_range(range: &str, at: &str) -> bool {
    if let Some((from, to)) = range.split_once("..") {
        return (from == "*" || at >= from) && (to == "*" || at <= to);
    }
    let rest = |prefix: &str| range.strip_prefix(prefix);
    match (rest(">="), rest("<="), rest(">"), rest("<")) {
        (Some(from), ..) => at >= from,
        (_, Some(to), ..) => at <= to,
        (_, _, Some(from), _) => at > from,
        (.., Some(to)) => at < to,
        _ => at.starts_with(range),
    }
}
