use std::path::{Path, PathBuf};

use tree_sitter::{Language, Parser, Query, QueryCursor, StreamingIterator};

use super::{
    FOLDS_QUERY, HIGHLIGHTS_QUERY, INDENTS_QUERY, INJECTIONS_QUERY, LANGUAGE, LOCALS_QUERY, TAGS_QUERY,
    TEXTOBJECTS_QUERY,
};

/// FNV-1a over `grammar.js` and `grammar/*.js`, as `generate` computes it.
fn hash_of_sources() -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut sources: Vec<PathBuf> = std::fs::read_dir(root.join("grammar"))
        .expect("the grammar is there")
        .map(|entry| entry.expect("a folder can be read").path())
        .collect();
    sources.sort();
    sources.insert(0, root.join("grammar.js"));
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    for source in sources {
        let text = std::fs::read(source).expect("a source can be read");
        for byte in text.into_iter().filter(|byte| *byte != b'\r') {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }
    format!("{hash:016x}")
}

#[test]
fn the_parser_was_generated_from_these_sources() {
    let generated = include_str!("../../src/grammar.hash").trim();
    assert_eq!(generated, hash_of_sources(), "run `cargo run` in tree-sitter-moltler/generate and commit src/");
}

/// The captures of a query in a sound text, each as `text: capture`; the last one for a piece of text counts.
pub(super) fn captures(query: &str, text: &str) -> Vec<(String, String)> {
    let language: Language = LANGUAGE.into();
    let mut parser = Parser::new();
    parser.set_language(&language).expect("the parser fits its library");
    let tree = parser.parse(text, None).expect("there is a language");
    assert!(!tree.root_node().has_error(), "{}", tree.root_node().to_sexp());
    let query = Query::new(&language, query).expect("the query fits the grammar");
    let mut found: Vec<(usize, usize, usize, String)> = Vec::new();
    let mut cursor = QueryCursor::new();
    let mut matches = cursor.matches(&query, tree.root_node(), text.as_bytes());
    while let Some(found_match) = matches.next() {
        let settings = query.property_settings(found_match.pattern_index);
        let language = settings.iter().find(|setting| &*setting.key == "injection.language");
        for capture in found_match.captures() {
            let name = query.capture_names()[capture.index as usize];
            if name.starts_with('_') {
                continue;
            }
            let name = language.and_then(|setting| setting.value.as_deref()).unwrap_or(name);
            let range = capture.node.byte_range();
            found.push((range.start, range.end, found_match.pattern_index, name.to_owned()));
        }
    }
    found.sort();
    let mut last: Vec<(usize, usize, usize, String)> = Vec::new();
    for item in found {
        match last.last_mut() {
            Some(before) if (before.0, before.1) == (item.0, item.1) => *before = item,
            _ => last.push(item),
        }
    }
    last.into_iter().map(|(start, end, _, name)| (text[start..end].to_owned(), name)).collect()
}

fn check(query: &str, text: &str, expected: &[(&str, &str)]) {
    let found = captures(query, text);
    for (piece, name) in expected {
        let got: Vec<&str> = found.iter().filter(|(text, _)| text == piece).map(|(_, name)| name.as_str()).collect();
        assert!(got.contains(name), "`{piece}` is {got:?}, not {name}, in {found:?}");
    }
}

#[test]
fn highlights() {
    check(
        HIGHLIGHTS_QUERY,
        "select COUNT(*) AS n, from FROM shop.items WHERE `a` = 'x' AND b > 1.5 -- c",
        &[
            ("select", "keyword"),
            ("COUNT", "function.call"),
            ("*", "operator"),
            ("from", "variable"),
            ("FROM", "keyword"),
            ("shop", "module"),
            ("items", "type"),
            ("AND", "keyword.operator"),
            ("'x'", "string"),
            ("1.5", "number"),
            ("-- c", "comment"),
        ],
    );
    check(
        HIGHLIGHTS_QUERY,
        "CREATE CONNECTOR ENTITY 'a.b' FIELDS {\"id\": {type: TRUE}} QUERY_HANDLER '''x'''; IF a THEN CONNECTOR_EXEC c.d(e => 1); END IF;",
        &[
            ("'a.b'", "type"),
            ("\"id\"", "property"),
            ("type", "property"),
            ("TRUE", "boolean"),
            ("x", "string"),
            ("IF", "keyword.conditional"),
            ("c", "module"),
            ("d", "function.call"),
            ("e", "variable.parameter"),
        ],
    );
}

#[test]
fn injections() {
    check(
        INJECTIONS_QUERY,
        "CREATE CONNECTOR ENTITY 'a.b' DOCUMENTATION '''# b''' FIELDS {} QUERY_HANDLER '''x''';",
        &[("x", "javascript"), ("# b", "markdown")],
    );
    check(
        INJECTIONS_QUERY,
        "CREATE CONNECTOR ACTION 'a.b' HANDLER '''y''' LANGUAGE 'typescript';",
        &[("y", "typescript")],
    );
}

/// Definitions of all sorts, a test with control flow, and a query.
const SAMPLE: &str = r#"CREATE CONNECTOR TYPE 'shop' CONFIG_SCHEMA {"url": {"type": "string"}};
CREATE CONNECTOR ENTITY 'shop.items' FIELDS {"id": {"type": "string"}} QUERY_HANDLER '''code''';
CREATE CONNECTOR ACTION 'shop.items.make' HANDLER '''more''';
CREATE CONNECTOR mine TYPE 'shop' CONFIG {"url": 'x'};
DECLARE found = SELECT i.id FROM mine.items i WHERE i.id = :wanted;
TEST CONNECTOR TYPE 'shop' NAME 'it sells' BEGIN
    FOR row IN found LOOP
        IF row.id = 'a' THEN PRINT UPPER(row.id); END IF;
    END LOOP;
    CONNECTOR_EXEC mine.items.make(name => 'b');
END TEST;
"#;

#[test]
fn locals() {
    check(
        LOCALS_QUERY,
        SAMPLE,
        &[
            ("found", "local.definition.var"),
            ("found", "local.reference"),
            ("row", "local.definition.var"),
            ("row", "local.reference"),
            ("i", "local.definition.var"),
            ("mine", "local.definition.namespace"),
            ("mine", "local.reference"),
            ("wanted", "local.reference"),
        ],
    );
}

#[test]
fn tags() {
    check(
        TAGS_QUERY,
        SAMPLE,
        &[
            ("CREATE CONNECTOR mine TYPE 'shop' CONFIG {\"url\": 'x'}", "definition.module"),
            ("'it sells'", "name"),
            ("UPPER(row.id)", "reference.call"),
            ("'shop'", "reference.interface"),
            ("items", "reference.class"),
            ("make", "reference.method"),
        ],
    );
}

#[test]
fn folds_indents_and_text_objects() {
    check(FOLDS_QUERY, SAMPLE, &[("'''code'''", "fold"), ("{\"url\": 'x'}", "fold")]);
    check(INDENTS_QUERY, SAMPLE, &[("UPPER(row.id)", "indent.begin"), ("END", "indent.branch"), ("}", "indent.end")]);
    check(
        TEXTOBJECTS_QUERY,
        SAMPLE,
        &[
            ("code", "function.inner"),
            ("PRINT UPPER(row.id);", "conditional.inner"),
            ("row.id", "parameter.inner"),
            ("name => 'b'", "parameter.inner"),
            ("{\"url\": {\"type\": \"string\"}}", "class.inner"),
        ],
    );
}

/// Every name of a query of another editor is known to the grammar, and every one of ours.
#[test]
fn all_queries_fit_the_grammar() {
    let language: Language = LANGUAGE.into();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut count = 0;
    let folders = ["queries", "../editors/helix/queries/moltler", "../editors/zed/languages/moltler"];
    for folder in folders.map(|folder| root.join(folder)) {
        for entry in std::fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
            let path = entry.expect("a folder can be read").path();
            if path.extension().is_none_or(|extension| extension != "scm") {
                continue;
            }
            let text = std::fs::read_to_string(&path).expect("a query can be read");
            if let Err(error) = Query::new(&language, &text) {
                panic!("{}: {error}", path.display());
            }
            count += 1;
        }
    }
    assert!(count >= 15, "{count}");
}

/// Our captures and those that Helix has in their place.
const HELIX: &[(&str, &str)] = &[
    ("@keyword.conditional", "@keyword.control"),
    ("@function.call", "@function"),
    ("@module", "@namespace"),
    ("@property", "@variable.other.member"),
    ("@number", "@constant.numeric"),
    ("@boolean", "@constant.builtin.boolean"),
];

/// Our captures and those that Zed has in their place.
const ZED: &[(&str, &str)] = &[
    ("@keyword.conditional", "@keyword"),
    ("@keyword.operator", "@keyword"),
    ("@function.call", "@function"),
    ("@module", "@namespace"),
    ("@variable.parameter", "@variable"),
    ("@constant.builtin", "@constant"),
];

/// The highlights of other editors are ours with the names of their captures; `UPDATE=1` writes them.
#[test]
fn highlights_of_other_editors() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for (file, names) in [
        ("../editors/helix/queries/moltler/highlights.scm", HELIX),
        ("../editors/zed/languages/moltler/highlights.scm", ZED),
    ] {
        let expected =
            names.iter().fold(HIGHLIGHTS_QUERY.to_owned(), |text, (ours, theirs)| text.replace(ours, theirs));
        let path = root.join(file);
        if std::env::var_os("UPDATE").is_some() {
            std::fs::write(&path, &expected).expect("a query can be written");
        }
        let found = std::fs::read_to_string(&path).expect("a query can be read");
        assert_eq!(found, expected, "{file}: run this test with UPDATE=1");
    }
}
