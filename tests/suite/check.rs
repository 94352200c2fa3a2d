//! `moltlerc check`: its formats, levels and fixes.

use std::path::Path;

use moltler_tests::command::{Command, Outcome};
use moltler_tests::{scratch, test_file};
use serde_json::{Value, json};

use crate::lsp::Server;

fn write(folder: &Path, name: &str, text: &str) {
    std::fs::write(folder.join(name), text).expect("the scratch folder can be written");
}

fn read(folder: &Path, name: &str) -> String {
    std::fs::read_to_string(folder.join(name)).expect("the scratch folder can be read")
}

fn check(folder: &Path, arguments: &[&str]) -> Outcome {
    Command::moltlerc(folder).arg("check").args(arguments).run()
}

/// An error, a warning with a fix, a warning with a label.
const WRONG: &str =
    "SELECT id FROM nowhere.items;\nSELECT 'ä', 1 = NULL;\nCREATE CONNECTOR TYPE 'a';\nCREATE CONNECTOR TYPE 'a';\n";

#[test]
fn github_gets_workflow_commands() {
    let folder = scratch();
    write(folder.path(), "a,b%.molt", WRONG);
    let told = check(folder.path(), &["--format", "github"]).expect_status(1);
    assert_eq!(told.stderr, "");
    let lines: Vec<&str> = told.stdout.lines().collect();
    assert_eq!(
        lines,
        [
            "::error file=a%2Cb%25.molt,line=1,endLine=1,col=16,endColumn=23,title=unknown-instance::there is no connector instance `nowhere`%0Acreate it: `CREATE CONNECTOR nowhere TYPE '…' CONFIG {…};`",
            "::warning file=a%2Cb%25.molt,line=2,endLine=2,col=13,endColumn=21,title=null-comparison::`= NULL` is never true%0Awrite `IS NULL`",
            "::warning file=a%2Cb%25.molt,line=3,endLine=3,col=23,endColumn=26,title=repeated-definition::the connector type `a` is defined again, this definition does not count",
        ]
    );
}

/// What the schema of SARIF 2.1.0 requires of the parts that are written.
fn expect_sarif(document: &Value) {
    assert_eq!(document["version"], "2.1.0");
    let text = |value: &Value| assert!(value["text"].as_str().is_some_and(|text| !text.is_empty()), "{value}");
    let region = |value: &Value| {
        let number = |key: &str| value[key].as_u64().unwrap_or_else(|| panic!("{key} of {value}"));
        assert!(number("startLine") >= 1 && number("startColumn") >= 1, "{value}");
        assert!((number("endLine"), number("endColumn")) >= (number("startLine"), number("startColumn")), "{value}");
    };
    let uri = |value: &Value| {
        let uri = value["uri"].as_str().expect("a URI");
        assert!(uri.bytes().all(|byte| byte.is_ascii_graphic() && !b"\"<>\\^`{|}".contains(&byte)), "{uri}");
    };
    let location = |value: &Value| {
        uri(&value["physicalLocation"]["artifactLocation"]);
        region(&value["physicalLocation"]["region"]);
    };
    for run in document["runs"].as_array().expect("runs") {
        let driver = &run["tool"]["driver"];
        assert!(
            driver["name"].is_string()
                && ["utf16CodeUnits", "unicodeCodePoints"].contains(&run["columnKind"].as_str().expect("a kind"))
        );
        let rules = driver["rules"].as_array().expect("rules");
        for rule in rules {
            assert!(rule["id"].is_string());
            text(&rule["shortDescription"]);
            text(&rule["help"]);
            assert!(
                ["none", "note", "warning", "error"]
                    .contains(&rule["defaultConfiguration"]["level"].as_str().expect("a level"))
            );
        }
        for result in run["results"].as_array().expect("results") {
            text(&result["message"]);
            let rule = result["ruleIndex"].as_u64().expect("an index");
            assert_eq!(rules[usize::try_from(rule).expect("small")]["id"], result["ruleId"]);
            assert!(["none", "note", "warning", "error"].contains(&result["level"].as_str().expect("a level")));
            result["locations"].as_array().expect("locations").iter().for_each(location);
            for related in result["relatedLocations"].as_array().expect("locations") {
                location(related);
                text(&related["message"]);
            }
            for fix in result["fixes"].as_array().expect("fixes") {
                text(&fix["description"]);
                let changes = fix["artifactChanges"].as_array().expect("changes");
                assert!(!changes.is_empty());
                for change in changes {
                    uri(&change["artifactLocation"]);
                    let replacements = change["replacements"].as_array().expect("replacements");
                    assert!(!replacements.is_empty());
                    for replacement in replacements {
                        region(&replacement["deletedRegion"]);
                        assert!(replacement["insertedContent"]["text"].is_string());
                    }
                }
            }
        }
    }
}

#[test]
fn sarif_has_what_its_schema_requires() {
    let folder = scratch();
    write(folder.path(), "with blank ä.molt", WRONG);
    let told = check(folder.path(), &["--format", "sarif"]).expect_status(1);
    assert_eq!((told.stderr.as_str(), told.stdout.lines().count()), ("", 1));
    let document: Value = serde_json::from_str(&told.stdout).expect("a document");
    expect_sarif(&document);
    let results = document["runs"][0]["results"].as_array().expect("results");
    let ids: Vec<&str> = results.iter().map(|result| result["ruleId"].as_str().expect("a code")).collect();
    assert_eq!(ids, ["unknown-instance", "null-comparison", "repeated-definition"]);
    let place = &results[1]["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], "with%20blank%20%C3%A4.molt");
    assert_eq!(place["region"]["startColumn"], 13);
    assert_eq!(results[1]["fixes"][0]["artifactChanges"][0]["replacements"][0]["insertedContent"]["text"], "1 IS NULL");
    assert_eq!(results[2]["relatedLocations"][0]["physicalLocation"]["region"]["startLine"], 4);
    write(folder.path(), "with blank ä.molt", "SELECT 1;\n");
    let document: Value = serde_json::from_str(&check(folder.path(), &["--format", "sarif"]).expect_status(0).stdout)
        .expect("a document");
    expect_sarif(&document);
    assert_eq!(document["runs"][0]["results"], Value::Array(Vec::new()));
}

#[test]
fn advice_is_told_where_it_is_asked_for() {
    let folder = scratch();
    write(folder.path(), "moltler.toml", "");
    write(folder.path(), "a.molt", "CREATE CONNECTOR TYPE 'a';\n");
    let told = check(folder.path(), &["--deny-warnings"]).expect_status(0);
    assert!(told.stderr.ends_with("0 errors, 0 warnings in 1 file\n"), "{}", told.stderr);
    let told = check(folder.path(), &["--pedantic", "--deny-warnings"]).expect_status(1);
    assert!(told.stderr.contains("warning[missing-description]"), "{}", told.stderr);
    write(folder.path(), "moltler.toml", "[lints]\nadvice = \"warn\"\n");
    let told = check(folder.path(), &[]).expect_status(0);
    assert!(told.stderr.contains("warning[missing-description]"), "{}", told.stderr);
    write(folder.path(), "moltler.toml", "[lints]\nadvice = \"warn\"\nmissing-description = \"allow\"\n");
    check(folder.path(), &["--deny-warnings"]).expect_status(0);
    write(folder.path(), "moltler.toml", "[lints]\nmissing-description = \"deny\"\n");
    let told = check(folder.path(), &[]).expect_status(1);
    assert!(told.stderr.contains("error[missing-description]"), "{}", told.stderr);
}

#[test]
fn what_is_wrong_with_levels_is_told_at_its_place() {
    let folder = scratch();
    write(folder.path(), "moltler.toml", "[lints]\nnul-date = \"deny\"\nnull-date = \"error\"\n");
    write(folder.path(), "a.molt", "-- moltler: allow(nul-date)\nPRINT 1;\n");
    let told = check(folder.path(), &["--format", "json"]).expect_status(1);
    let found: Vec<String> = told
        .stdout
        .lines()
        .map(|line| {
            let line: Value = serde_json::from_str(line).expect("a line of JSON");
            format!("{}:{}:{} {}", line["file"].as_str().expect("a file"), line["line"], line["column"], line["code"])
        })
        .collect();
    assert_eq!(
        found,
        ["moltler.toml:2:1 \"unknown-lint\"", "moltler.toml:3:13 \"invalid-value\"", "a.molt:1:19 \"unknown-lint\""]
    );
}

/// Mends the files, expects that nothing is left to mend, and gives what was told.
#[track_caller]
fn mended(folder: &Path, arguments: &[&str]) -> String {
    let fix = || Command::moltlerc(folder).args(["check", "--fix"]).args(arguments).run();
    let first = fix();
    let files: Vec<(String, String)> = std::fs::read_dir(folder)
        .expect("the scratch folder")
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|name| name.ends_with(".molt"))
        .map(|name| (name.clone(), read(folder, &name)))
        .collect();
    let again = fix();
    assert!(again.stderr.starts_with("0 fixes in 0 files\n"), "{}", again.stderr);
    for (name, text) in files {
        assert_eq!(read(folder, &name), text);
    }
    first.stderr
}

#[test]
fn fixes_are_carried_out() {
    let folder = scratch();
    write(
        folder.path(),
        "a.molt",
        r#"CREATE CONNECTOR TYPE 'shop' DESCRIPTION 'A shop' CONFIG_SCHEMA {"url": {"type": "string"}, "key": {"type": "string", "secret": true}};
CREATE CONNECTOR ENTITY 'shop.items' FIELDS {"id": {"type": "string"}, "name": {"type": "string"}} QUERY_HANDLER '''
async function query(config, filters) {
    const response = await fetch(config.ulr + config.key + filters.nmae);
    const data = await response.json();
    console.log(data.results.length);
    return data;
}
''';
CREATE CONNECTOR shop TYPE 'shop' CONFIG {"url": "https://shop.example", "key": "s3cr3t"};
DECLARE unused = 1;
SELECT nmae FROM shop.itmes WHERE name = NULL AND id != NULL"#,
    );
    let told = mended(folder.path(), &["--pedantic"]);
    assert!(told.contains("12 fixes in 1 file\n"), "{told}");
    assert!(told.contains("moltlerc secrets set key") && !told.contains("s3cr3t"), "{told}");
    assert_eq!(
        read(folder.path(), "a.molt"),
        r#"CREATE CONNECTOR TYPE 'shop' DESCRIPTION 'A shop' CONFIG_SCHEMA {"url": {"type": "string"}, "key": {"type": "string", "secret": true}};
CREATE CONNECTOR ENTITY 'shop.items' FIELDS {"id": {"type": "string"}, "name": {"type": "string"}} QUERY_HANDLER '''
async function query(config, filters) {
    const response = await fetch(config.url + config.key + filters.name);
    if (!response.ok) throw new ConnectorError(`the server answered ${response.status}`);
    const data = await response.json();
    console.log(data.results.length);
    return data.results;
}
''';
REGISTER CONNECTOR TYPE 'shop';

CREATE CONNECTOR shop TYPE 'shop' CONFIG {"url": "https://shop.example", "key": "{{secrets.key}}"};
SELECT name FROM shop.items WHERE name IS NULL AND id IS NOT NULL;"#
    );
    let list = Command::moltlerc(folder.path()).args(["secrets", "list"]).run().expect_status(0);
    assert_eq!(list.stdout, "key\n");
}

#[test]
fn what_would_make_it_worse_is_left() {
    let folder = scratch();
    // The nearest name is that of a text, which does not take part in a sum.
    let text = "DECLARE nmae = 'a';\nPRINT nmae;\nPRINT 1 + nam;\n";
    write(folder.path(), "a.molt", text);
    let told = mended(folder.path(), &[]);
    assert!(told.starts_with("0 fixes in 0 files\n") || read(folder.path(), "a.molt").contains("1 + nmae"), "{told}");
    // Two values for one name of a secret: the second stays.
    write(
        folder.path(),
        "a.molt",
        "CREATE CONNECTOR TYPE 'a' CONFIG_SCHEMA {\"key\": {\"type\": \"string\", \"secret\": true}};\nREGISTER CONNECTOR TYPE \
         'a';\nCREATE CONNECTOR b TYPE 'a' CONFIG {\"key\": \"one\"};\nCREATE CONNECTOR c TYPE 'a' CONFIG {\"key\": \"two\"};\n",
    );
    let told = mended(folder.path(), &[]);
    assert!(told.contains("1 fix in 1 file\n"), "{told}");
    let text = read(folder.path(), "a.molt");
    assert!(text.contains("{{secrets.key}}") && text.contains("\"two\""), "{text}");
}

#[test]
fn every_code_is_explained() {
    let folder = scratch();
    let list = Command::moltlerc(folder.path()).arg("explain").run().expect_status(0).stdout;
    assert!(list.lines().count() > 80, "{list}");
    for line in list.lines() {
        let (code, summary) = line.split_once(' ').expect("a code and what it means");
        assert!(!summary.trim().is_empty());
        if code == "null-comparison" {
            let page = Command::moltlerc(folder.path()).args(["explain", code]).run().expect_status(0).stdout;
            assert!(page.starts_with("# null-comparison\n\n") && page.contains("works:\n\n    SELECT"), "{page}");
        }
    }
    let told = Command::moltlerc(folder.path()).args(["explain", "null-comparisson"]).run().expect_status(1);
    assert_eq!(told.stderr, "error: there is no diagnostic `null-comparisson`; did you mean `null-comparison`?\n");
}

/// A package with all `.molt` files of a folder of ours, told all advice as warnings.
fn package(folder: &Path) -> tempfile::TempDir {
    let package = scratch();
    write(package.path(), "moltler.toml", "[lints]\nadvice = \"warn\"\n");
    for entry in std::fs::read_dir(folder).expect("a folder of ours") {
        let path = entry.expect("an entry").path();
        if let Some(name) = path.file_name().and_then(|name| name.to_str()).filter(|name| name.ends_with(".molt")) {
            std::fs::copy(&path, package.path().join(name)).expect("a file of ours");
        }
    }
    package
}

#[test]
fn the_server_tells_the_same() {
    let page = scratch();
    write(page.path(), "page.molt", &moltler_tests::page::everything());
    write(page.path(), "wrong.molt", WRONG);
    let connectors = test_file("connectors");
    let folders = std::fs::read_dir(&connectors).expect("the connectors").filter_map(|entry| Some(entry.ok()?.path()));
    let folders = folders.filter(|path| path.is_dir()).chain([test_file("examples"), page.path().to_owned()]);
    for folder in folders {
        let package = package(&folder);
        let root = package.path().to_owned();
        let told = check(&root, &["--format", "json"]).stdout;
        let mut checked: Vec<String> = told
            .lines()
            .map(|line| {
                let line: Value = serde_json::from_str(line).expect("a line of JSON");
                let message = match line["help"].as_str() {
                    Some(help) => format!("{}\n{help}", line["message"].as_str().expect("a message")),
                    None => line["message"].as_str().expect("a message").to_owned(),
                };
                format!(
                    "{}:{}:{}-{}:{} {} {} {message}",
                    line["file"],
                    line["line"],
                    line["column"],
                    line["end_line"],
                    line["end_column"],
                    line["severity"],
                    line["code"]
                )
            })
            .collect();
        let capabilities = json!({
            "general": {"positionEncodings": ["utf-32"]}, "textDocument": {"diagnostic": {}},
        });
        let mut server = Server::start_in(package, capabilities);
        let mut shown = Vec::new();
        for entry in std::fs::read_dir(&root).expect("the package") {
            let path = entry.expect("an entry").path();
            let Some(name) = path.file_name().and_then(|name| name.to_str()).filter(|name| name.ends_with(".molt"))
            else {
                continue;
            };
            let uri = format!("file://{}", path.display());
            let document = json!({"uri": uri, "languageId": "moltler", "version": 1, "text": read(&root, name)});
            server.notify("textDocument/didOpen", json!({"textDocument": document}));
            let report = server.request("textDocument/diagnostic", json!({"textDocument": {"uri": uri}}));
            for one in report["items"].as_array().expect("diagnostics") {
                let severity = match one["severity"].as_u64() {
                    Some(1) => "error",
                    Some(2) => "warning",
                    _ => "hint",
                };
                let number = |place: &str, key: &str| one["range"][place][key].as_u64().expect("a number") + 1;
                shown.push(format!(
                    "\"{name}\":{}:{}-{}:{} \"{severity}\" {} {}",
                    number("start", "line"),
                    number("start", "character"),
                    number("end", "line"),
                    number("end", "character"),
                    one["code"],
                    one["message"].as_str().expect("a message"),
                ));
            }
        }
        server.stop();
        checked.sort();
        shown.sort();
        assert_eq!(checked, shown, "{}", folder.display());
        assert!(folder != page.path() || checked.len() > 10, "{checked:?}");
    }
}
