//! Programs with their blanks, line breaks, comments and cases of letters made up: the layout is stable and changes no meaning.

use moltler_hir::item_tree::item_tree;
use moltler_hir::{Database, Package, lower_statement};
use moltler_syntax::{Document, parse};

use super::{Before, format, is_sound, leaves, piece};

/// Where statements come from: programs, and pages whose fences hold some.
const SOURCES: &[&str] = &[
    include_str!("../../../syntax/tests/page.molt"),
    include_str!("../../../../tests/cases/shop.molt"),
    include_str!("../../../../tests/examples/shop.molt"),
    include_str!("../../../../tests/examples/stock.molt"),
    include_str!("../../../../tests/examples/refused.molt"),
    include_str!("../../../../tests/examples/restock.molt"),
];
const PAGES: &[&str] = &[
    include_str!("../../../../tests/cases/diagnostics.md"),
    include_str!("../../../../tests/cases/expressions.md"),
    include_str!("../../../../tests/cases/handlers.md"),
    include_str!("../../../../tests/cases/rows.md"),
    include_str!("../../../../tests/cases/select.md"),
    include_str!("../../../../tests/cases/statements.md"),
    include_str!("../../../../tests/cases/tests.md"),
    include_str!("../../../../tests/docs/building-connectors.md"),
    include_str!("samples.md"),
];

fn sources() -> Vec<String> {
    let mut found: Vec<String> = SOURCES.iter().map(|text| (*text).to_owned()).collect();
    for page in PAGES {
        for (index, part) in page.split("\n```").enumerate() {
            if let Some(text) =
                part.strip_prefix("sql\n").or_else(|| part.strip_prefix("molt\n")).filter(|_| index % 2 == 1)
            {
                found.push(text.to_owned());
            }
        }
    }
    found
}

/// What a program means, statement by statement, wherever its parts stand.
fn meaning(text: &str) -> Vec<String> {
    let mut db = Database::default();
    let mut package = Package::new("/p");
    let file = package.open_file(&mut db, "/p/a.molt", text);
    let told = |statement| format!("{:?} {:?}", item_tree(&db, statement), lower_statement(&db, statement).body);
    package
        .statements(file)
        .map(|(statement, _)| without_ranges(&told(statement)))
        .filter(|told| !told.is_empty())
        .collect()
}

fn without_ranges(text: &str) -> String {
    let mut parts = text.split("TextRange {");
    let mut kept = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        kept.push_str(part.split_once('}').map_or(part, |(_, rest)| rest));
    }
    kept
}

#[track_caller]
fn is_stable(text: &str) {
    let once = format(text);
    assert_eq!(format(&once), once, "formatted twice:\n{text}");
    let empty = meaning("");
    let [before, after] = [text, &once].map(|text| {
        let mut told = meaning(text);
        told.retain(|one| !empty.contains(one) && !one.contains("root: None"));
        told
    });
    assert_eq!(before, after, "{text}\n=>\n{once}");
}

#[test]
fn programs_keep_their_meaning() {
    let sources = sources();
    assert!(sources.len() > 60, "{}", sources.len());
    for text in sources {
        is_stable(&text);
    }
}

/// A statement with other blanks and comments; letters of keywords in any case.
fn mutate(random: &mut fastrand::Rng, statement: &str) -> String {
    const BLANKS: &[&str] = &[
        "\n",
        "\n\n\n",
        "\t ",
        " -- c\n",
        "\n  -- d  \n",
        " /* e */ ",
        "\n/* f\n */\n",
        "\n-- g\n\n-- h\n",
        "\n/* i */",
    ];
    let parsed = parse(statement);
    let Some(found) = leaves::leaves(parsed.syntax()) else { return statement.to_owned() };
    let dense = random.usize(2..40);
    let mut text = String::new();
    for (index, leaf) in found.tokens.iter().enumerate() {
        if index > 0 {
            let joins = leaf.joins_left || found.tokens[index - 1].joins_right;
            // Between words such as `END` and `IF` the text is told apart without regard to comments.
            let is_head =
                [leaf, &found.tokens[index - 1]].iter().all(|one| one.kind == moltler_syntax::SyntaxKind::Keyword);
            text.push_str(match random.usize(0..dense) {
                0 if !is_head => BLANKS[random.usize(0..BLANKS.len())],
                _ if joins => "",
                _ => " ",
            });
        }
        match random.bool() && leaf.kind == moltler_syntax::SyntaxKind::Keyword {
            true => text.push_str(&leaf.text.to_lowercase()),
            false => text.push_str(&leaf.text),
        }
    }
    // A word of structure means something else in another place.
    let again = parse(&text);
    let same = is_sound(&again)
        && leaves::leaves(again.syntax()).is_some_and(|again| {
            let texts = |leaves: &leaves::Leaves<'_>| -> Vec<String> {
                leaves.tokens.iter().map(|leaf| leaf.text.to_string()).collect()
            };
            texts(&again) == texts(&found)
        });
    if same && Document::new(&text).statement_count() == 1 { text } else { statement.trim().to_owned() }
}

#[test]
fn made_up_layouts() {
    // Read when the test is compiled.
    let rounds = option_env!("MOLTLER_FORMAT_PROGRAMS").and_then(|count| count.parse().ok()).unwrap_or(1000);
    let mut statements: Vec<String> = Vec::new();
    for source in sources() {
        for found in Document::new(&source).statements() {
            if is_sound(&parse(found.text)) && found.text.trim_end().ends_with(';') {
                statements.push(found.text.to_string());
            }
        }
    }
    let mut random = fastrand::Rng::with_seed(5);
    let mut changed = 0;
    for _ in 0..rounds {
        let mut program = String::new();
        for _ in 0..random.usize(1..4) {
            let statement = &statements[random.usize(0..statements.len())];
            let mutated = mutate(&mut random, statement);
            changed += usize::from(mutated != statement.trim());
            let is_laid_out = piece(&mutated, Before::Nothing, true, "\n").is_some();
            assert!(is_laid_out, "stays as it is:\n{mutated}");
            program.push_str(&mutated);
            program.push_str(["", "\n", " -- x\n", "\n\n\n", "\n\n-- y\n"][random.usize(0..5)]);
        }
        is_stable(&program);
    }
    assert!(changed > rounds / 2, "{changed}");
}
