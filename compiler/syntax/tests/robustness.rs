//! No text makes the splitter, the parser or the views fail, and none takes long.

use moltler_syntax::ast::AstNode;
use moltler_syntax::{Document, TextRange, embedded, floor_char_boundary, parse, split};

const PAGE: &str = include_str!("page.molt");

/// Parses each statement of a text and looks at everything that can be asked of it.
fn read(text: &str) {
    let mut end = 0;
    for range in split::split(text) {
        assert_eq!(range.start(), end, "statements are the whole text: {text:?}");
        end = range.end();
        let statement = range.of(text);
        let parse = parse(statement);
        let length = statement.len() as u32;
        for error in parse.errors() {
            assert!(error.range.end() <= length, "{error:?} of {statement:?}");
            assert!(!error.range.is_empty() && !error.range.of(statement).is_empty(), "{error:?} of {statement:?}");
        }
        for node in parse.syntax().descendants() {
            assert!(node.range().end() <= length && statement.is_char_boundary(node.range().start() as usize));
            let _ = node.text();
        }
        for statement in parse.source_file().statements() {
            let _ = (statement.range(), statement.keyword());
        }
        for script in embedded(&parse) {
            assert!(script.range.end() <= length);
        }
    }
    assert_eq!(end as usize, text.len());
}

#[test]
fn every_prefix_and_suffix_of_the_page() {
    for at in (0..PAGE.len()).filter(|at| PAGE.is_char_boundary(*at)).step_by(11) {
        read(&PAGE[..at]);
        read(&PAGE[at..]);
    }
}

#[test]
fn random_edits_of_the_page() {
    const PIECES: [&str; 40] = [
        "'",
        "\"",
        "'''",
        "`",
        "(",
        ")",
        "[",
        "]",
        "{",
        "}",
        ",",
        ";",
        ".",
        ":",
        "::",
        "=>",
        "..",
        "||",
        "/*",
        "*/",
        "-- ",
        "\n",
        "\r\n",
        "\u{1}",
        "\u{feff}",
        "é",
        "😀",
        "\\",
        " SELECT ",
        "\nSELECT ",
        "\nCREATE CONNECTOR TYPE 'x'",
        " END ",
        "END TEST;",
        "BEGIN ",
        " FROM ",
        " IF x THEN ",
        " CASE ",
        " NOT ",
        "1.5e",
        "x",
    ];
    for seed in 0..40 {
        let mut random = fastrand::Rng::with_seed(seed);
        let mut text = PAGE.to_owned();
        let mut document = Document::new(&text);
        for _ in 0..10 {
            let start = floor_char_boundary(&text, random.usize(0..=text.len()));
            let end = floor_char_boundary(&text, (start + random.usize(0..30)).min(text.len())).max(start);
            let piece = if random.bool() { PIECES[random.usize(0..PIECES.len())] } else { "" };
            text.replace_range(start..end, piece);
            document.edit(TextRange::from(start..end), piece);
            for statement in document.statements_in(TextRange::empty(start as u32)) {
                read(statement.text);
            }
        }
        assert_eq!(document.text(), text);
        read(&text);
    }
}

#[test]
fn deep_nesting_is_an_error_and_nothing_worse() {
    let deep = [
        format!("SELECT {}1{};", "(".repeat(20_000), ")".repeat(20_000)),
        format!("SELECT {};", "(".repeat(20_000)),
        format!("SELECT {};", "[{\"a\": ".repeat(20_000)),
        format!("SELECT {} 1;", "NOT ".repeat(20_000)),
        format!("SELECT {}1;", "- ".repeat(20_000)),
        format!("SELECT 1{};", " || 1".repeat(20_000)),
        format!("SELECT a{};", ".b".repeat(20_000)),
        format!("SELECT {}a{};", "CASE WHEN ".repeat(2_000), " THEN 1 END".repeat(2_000)),
        "IF a THEN ".repeat(20_000),
        format!("SELECT 1{};", " UNION SELECT 1".repeat(20_000)),
    ];
    for text in deep {
        let parse = parse(&text);
        let codes: Vec<&str> = parse.errors().iter().map(|error| error.code).collect();
        assert_eq!(codes, ["nesting-too-deep"], "{}", &text[..40]);
        assert_eq!(parse.source_file().statements().count(), 0);
    }
    assert_eq!(parse(&format!("SELECT {}1", "CASE WHEN ".repeat(20_000))).errors().len(), 1);
    let wide = format!("SELECT a FROM b.c WHERE d IN ({}1);", "'x', ".repeat(20_000));
    assert_eq!(parse(&wide).errors(), []);
    for chain in [
        format!("SELECT a FROM b.c WHERE {} b = 1;", "a = 1 OR ".repeat(4000)),
        format!("SELECT 1{};", " || 1".repeat(4000)),
    ] {
        assert_eq!(parse(&chain).errors(), []);
    }
}

/// Not a measurement: what is quadratic would take minutes here.
#[test]
fn long_damaged_texts_take_linear_time() {
    for piece in [
        "/* a;\n",
        "'",
        "\"a\n",
        "x ",
        "( ",
        "} ",
        "SELECT ",
        "HANDLER '''\n",
        "IF ",
        "CREATE CONNECTOR ",
        "a = , ",
        "` ",
        "\\",
        "END ",
        "{a: ",
        ", ",
    ] {
        let text = piece.repeat(40_000 / piece.len());
        read(&text);
    }
}
