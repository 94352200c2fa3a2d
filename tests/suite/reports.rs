//! `moltlerc test`: reports for programs.

use std::collections::BTreeMap;

use moltler_tests::command::Command;
use moltler_tests::scratch;
use serde_json::{Value, json};

const SOURCE: &str = r#"CREATE CONNECTOR TYPE 'shop' CONFIG_SCHEMA {"api_url": {"type": "string"}};
REGISTER CONNECTOR TYPE 'shop';
CREATE CONNECTOR ENTITY 'shop.items' FIELDS {"id": {"type": "integer"}}
QUERY_HANDLER '''
async function query(config) {
    console.log('asked <é>');
    const response = await fetch(`${config.api_url}/items`);
    if (!response.ok) throw new ConnectorError('told "no" & gone');
    return response.json();
}
''';
TEST CONNECTOR TYPE 'shop' NAME 'differs' TAGS ['a']
MOCK_API {"GET /items": {"body": [{"id": 4}]}}
BEGIN
    CREATE CONNECTOR s TYPE 'shop' CONFIG {"api_url": "mock://"};
    DECLARE rows = SELECT * FROM s.items;
    ASSERT rows[0].id = 5;
END TEST;
-- äöü
TEST CONNECTOR TYPE 'shop' NAME 'fails'
MOCK_API {"GET /items": {"status": 500}}
BEGIN
    CREATE CONNECTOR s TYPE 'shop' CONFIG {"api_url": "mock://"} OPTIONS {"retry_count": 0};
    DECLARE rows = SELECT * FROM s.items;
    ASSERT [{"id": 1}] = rows;
END TEST;
TEST CONNECTOR TYPE 'shop' NAME 'documents' MOCK_API {"GET /items": {"body": [{"id": 4}]}} BEGIN
    CREATE CONNECTOR s TYPE 'shop' CONFIG {"api_url": "mock://"};
    DECLARE rows = SELECT * FROM s.items;
    ASSERT rows = [{"id": 5}], 'a message';
END TEST;
TEST CONNECTOR TYPE 'shop' NAME 'skipped' BEGIN
    ASSERT ENV('MOLTLER_TEST_UNSET') = 'x';
END TEST;
TEST CONNECTOR TYPE 'shop' NAME 'passes' BEGIN ASSERT 1 = 1; END TEST;
"#;

fn report(format: &str) -> (String, tempfile::TempDir) {
    let folder = scratch();
    std::fs::write(folder.path().join("moltler.toml"), "").expect("a scratch file");
    std::fs::create_dir(folder.path().join("sub")).expect("a scratch folder");
    std::fs::write(folder.path().join("sub/shop.molt"), SOURCE).expect("a scratch file");
    let other = "TEST CONNECTOR TYPE 'shop' NAME 'elsewhere' BEGIN ASSERT 1 = 1; END TEST;\n";
    std::fs::write(folder.path().join("sub/tests.molt"), other).expect("a scratch file");
    let outcome = Command::moltlerc(folder.path()).args(["test", "--format", format]).run().expect_status(1);
    (outcome.stdout, folder)
}

#[test]
fn lines_of_json_have_places_and_values() {
    let (report, folder) = report("json");
    let lines: Vec<Value> = report.lines().map(|line| serde_json::from_str(line).expect("a line of JSON")).collect();
    assert_eq!(lines.last(), Some(&json!({"passed": 2, "failed": 3, "skipped": 1})));
    let path = folder.path().canonicalize().expect("it is there").join("sub/shop.molt");
    let part = |value: &Value, keys: &[&str]| keys.iter().map(|key| value[key].clone()).collect::<Vec<_>>();
    let place = ["line", "column", "end_line", "end_column"];

    let differs = &lines[0];
    assert_eq!(part(differs, &["test", "type", "file"]), [json!("differs"), json!("shop"), json!("sub/shop.molt")]);
    assert_eq!(differs["path"], json!(path));
    assert_eq!(part(differs, &place), [12, 1, 18, 9].map(Value::from));
    assert_eq!(part(differs, &["result", "tags", "output"]), [json!("failed"), json!(["a"]), json!("asked <é>\n")]);
    let error = &differs["error"];
    assert_eq!(part(error, &place), [17, 12, 17, 26].map(Value::from));
    assert_eq!(part(error, &["class", "actual", "expected"]), [json!("AssertionError"), json!(4), json!(5)]);
    assert_eq!(differs["message"], json!("`rows[0].id = 5` is not true"));
    assert_eq!(error["message"], differs["message"]);
    assert!(differs["reason"].as_str().is_some_and(|reason| reason.contains("--> sub/shop.molt:17:12")));

    let fails = &lines[1];
    assert_eq!(part(fails, &place), [20, 1, 26, 9].map(Value::from));
    let error = &fails["error"];
    assert_eq!(part(error, &["class", "entity"]), [json!("ConnectorError"), json!("s.items")]);
    assert_eq!(error["request"], json!({"method": "GET", "url": "mock:///items", "status": 500}));
    assert_eq!(part(error, &["line", "column"]), [json!(8), json!(33)]);
    assert_eq!(part(&error["stack"][0], &["function", "line"]), [json!("query"), json!(8)]);
    assert!(error.get("expected").is_none());

    let documents = &lines[2]["error"];
    assert_eq!(part(documents, &["actual", "expected"]), [json!([{"id": 4}]), json!([{"id": 5}])]);
    assert_eq!(documents["message"], json!("a message"));
    assert_eq!(part(&lines[3], &["result", "error"]), [json!("skipped"), Value::Null]);
    assert!(lines[3]["message"].as_str().is_some_and(|reason| reason.contains("MOLTLER_TEST_UNSET")));
    assert_eq!(
        part(&lines[4], &["result", "message", "error", "reason"]),
        [json!("passed"), json!(null), json!(null), json!(null)]
    );
}

/// An element: its name, the attributes that must be there, others, and its children.
type Rule = (&'static str, &'static [&'static str], &'static [&'static str], &'static [&'static str]);

/// What the schema of Jenkins' xUnit plugin (junit-10) lets elements have.
const SCHEMA: [Rule; 7] = [
    ("testsuites", &[], &["name", "time", "tests", "failures", "errors"], &["testsuite"]),
    (
        "testsuite",
        &["name", "tests", "failures", "errors"],
        &["group", "time", "skipped", "timestamp", "hostname", "id", "package", "file", "log", "url", "version"],
        &["testsuite", "properties", "testcase", "system-out", "system-err"],
    ),
    (
        "testcase",
        &["name"],
        &["time", "classname", "group"],
        &["skipped", "error", "failure", "system-out", "system-err"],
    ),
    ("failure", &[], &["type", "message"], &[]),
    ("skipped", &[], &["type", "message"], &[]),
    ("system-out", &[], &[], &[]),
    ("system-err", &[], &[], &[]),
];

/// An element of XML.
#[derive(Debug, Default)]
struct Element {
    name: String,
    attributes: BTreeMap<String, String>,
    children: Vec<Element>,
    text: String,
}

/// Reads an element that the text begins with; gives what follows it.
fn element(text: &str) -> (Element, &str) {
    let text = text.strip_prefix('<').expect("an element");
    let end = text.find(|c: char| c.is_whitespace() || matches!(c, '>' | '/')).expect("the end of its name");
    let mut found = Element { name: text[..end].to_owned(), ..Element::default() };
    let mut rest = text[end..].trim_start();
    while !rest.starts_with(['>', '/']) {
        let (name, value) = rest.split_once("=\"").expect("an attribute");
        let (value, behind) = value.split_once('"').expect("the end of its value");
        assert!(!value.contains(['<', '\n']), "`{value}` is not escaped");
        assert!(found.attributes.insert(name.to_owned(), unescape(value)).is_none(), "`{name}` is there twice");
        rest = behind.trim_start();
    }
    if let Some(rest) = rest.strip_prefix("/>") {
        return (found, rest);
    }
    rest = &rest[1..];
    loop {
        let (content, behind) = rest.split_at(rest.find('<').expect("the end of the element"));
        found.text.push_str(&unescape(content));
        if let Some(closing) = behind.strip_prefix("</") {
            let (name, behind) = closing.split_once('>').expect("the end of a mark");
            assert_eq!(name, found.name);
            return (found, behind);
        }
        let (child, behind) = element(behind);
        found.children.push(child);
        rest = behind;
    }
}

fn unescape(text: &str) -> String {
    for (at, _) in text.match_indices('&') {
        let known = ["&amp;", "&lt;", "&gt;", "&quot;", "&#10;"];
        assert!(known.iter().any(|entity| text[at..].starts_with(entity)), "`{text}` has an unknown entity");
    }
    let text = text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&#10;", "\n");
    text.replace("&amp;", "&")
}

fn check(element: &Element) {
    let rule = SCHEMA.iter().find(|rule| rule.0 == element.name);
    let (_, required, optional, children) = rule.unwrap_or_else(|| panic!("no element is called `{}`", element.name));
    for name in *required {
        assert!(element.attributes.contains_key(*name), "`{}` has no `{name}`", element.name);
    }
    for (name, value) in &element.attributes {
        let is_known = required.contains(&name.as_str()) || optional.contains(&name.as_str());
        assert!(is_known, "`{}` may not have `{name}`", element.name);
        if name == "time" {
            let (whole, fraction) = value.split_once('.').unwrap_or((value, ""));
            let digits = |text: &str, most: usize| text.len() <= most && text.bytes().all(|byte| byte.is_ascii_digit());
            assert!(digits(whole, 9) && digits(fraction, 3), "`{value}` is not a time");
        }
    }
    for child in &element.children {
        assert!(children.contains(&child.name.as_str()), "`{}` in `{}`", child.name, element.name);
        check(child);
    }
    if !children.is_empty() {
        assert!(element.text.trim().is_empty(), "text in `{}`", element.name);
    }
}

#[test]
fn junit_keeps_to_the_schema_of_jenkins() {
    let (report, _folder) = report("junit");
    let text = report.strip_prefix("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n").expect("an XML declaration");
    let (suites, behind) = element(text);
    assert_eq!(behind.trim(), "");
    check(&suites);
    assert_eq!(
        (suites.name.as_str(), &*suites.attributes["tests"], &*suites.attributes["failures"]),
        ("testsuites", "6", "3")
    );
    let names: Vec<&str> = suites.children.iter().map(|suite| suite.attributes["name"].as_str()).collect();
    assert_eq!(names, ["sub/shop.molt", "sub/tests.molt"]);
    let suite = &suites.children[0];
    let counts = ["tests", "failures", "errors", "skipped"].map(|name| suite.attributes[name].as_str());
    assert_eq!(counts, ["5", "3", "0", "1"]);
    let failed = &suite.children[1];
    assert_eq!((&*failed.attributes["classname"], &*failed.attributes["name"]), ("shop", "fails"));
    let failure = &failed.children[0];
    assert_eq!(failure.attributes["message"], "told \"no\" & gone");
    assert!(failure.text.contains("--> sub/shop.molt:8:33") && failure.text.ends_with("test: sub/shop.molt:20\n"));
    assert_eq!(failed.children[1].text, "asked <é>\n");
}
