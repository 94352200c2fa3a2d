//! Damaged text in the front end: no text may make it panic, and what it says after an edit is what it says of the text as
//! it is.

use moltler_db::FileId;
use moltler_hir::{Database, Package};
use moltler_syntax::TextRange;
use moltler_tests::page;

const EDITS: usize = 10_000;
/// Every so many edits the text is opened afresh and must give the same diagnostics.
const COMPARE: usize = 100;
/// A text that has grown beyond this is cut back, so that all edits cost the same.
const LONGEST: usize = 20_000;

/// Pieces that are likely to upset a parser.
const PIECES: &[&str] = &[
    "'",
    "''",
    "'''",
    "\"",
    ";",
    "\n",
    "(",
    ")",
    "{",
    "}",
    "[",
    "]",
    ",",
    ".",
    ":",
    "::",
    "--",
    "/*",
    "*/",
    "`",
    "\\",
    "\u{0}",
    "ä",
    "𝄞",
    "\r\n",
    "SELECT ",
    "FROM ",
    "WHERE ",
    "CREATE CONNECTOR ",
    "CREATE CONNECTOR TYPE 'x';",
    "TEST CONNECTOR TYPE ",
    "BEGIN ",
    "END TEST;",
    "END IF;",
    "IF ",
    "THEN ",
    "FOR r IN ",
    "LOOP ",
    "TRY ",
    "CATCH ",
    "NULL",
    "async function ",
    "${",
    "=> ",
    "await ",
    "{{secrets.",
    "}}",
    "ENV('",
    "0x",
    "1e999",
    "9223372036854775808",
    "not",
    "CASE WHEN ",
    "INTERVAL '",
];

#[test]
fn every_prefix_of_the_page() {
    for text in [page::everything(), page::TEXT.to_owned()] {
        let mut db = Database::default();
        let mut package = Package::new("/fuzz");
        let file = package.open_file(&mut db, "/fuzz/page.molt", "");
        let mut before = 0;
        for (offset, character) in text.char_indices() {
            let end = offset + character.len_utf8();
            package.edit(&mut db, file, TextRange::new(before as u32, before as u32), &text[before..end]);
            let diagnostics = moltler_hir::file_diagnostics(&db, &package, file);
            assert!(diagnostics.iter().all(|diagnostic| diagnostic.range.range.end() as usize <= end));
            before = end;
        }
        assert_eq!(package.text(file), text);
    }
}

#[test]
fn random_edits_of_the_page() {
    let page = page::everything();
    let mut random = fastrand::Rng::with_seed(20);
    let mut db = Database::default();
    let mut package = Package::new("/fuzz");
    let file = package.open_file(&mut db, "/fuzz/page.molt", &page);
    let mut text = page.clone();
    for round in 0..EDITS {
        let (range, replacement) = if text.len() > LONGEST || round % 500 == 499 {
            (0..text.len(), page.clone()) // back to a sound text
        } else {
            edit(&mut random, &text, &page)
        };
        text.replace_range(range.clone(), &replacement);
        package.edit(&mut db, file, TextRange::new(range.start as u32, range.end as u32), &replacement);
        let diagnostics = moltler_hir::file_diagnostics(&db, &package, file);
        if round % COMPARE == 0 {
            assert_eq!(package.text(file), text, "round {round}");
            assert_eq!(diagnostics, fresh(&text), "round {round}");
        }
    }
}

/// A range of the text and what takes its place.
fn edit(random: &mut fastrand::Rng, text: &str, page: &str) -> (std::ops::Range<usize>, String) {
    let place = |random: &mut fastrand::Rng, text: &str| text.floor_char_boundary(random.usize(0..=text.len()));
    let start = place(random, text);
    let end = match random.u8(0..4) {
        0 => start,
        1 => text.ceil_char_boundary((start + 1).min(text.len())),
        _ => text.floor_char_boundary((start + random.usize(0..40)).min(text.len())).max(start),
    };
    let replacement = match random.u8(0..4) {
        0 => String::new(),
        1 => PIECES[random.usize(0..PIECES.len())].to_owned(),
        2 => random.char(' '..='~').to_string(),
        _ => {
            let from = place(random, page);
            page[from..page.floor_char_boundary((from + random.usize(0..120)).min(page.len())).max(from)].to_owned()
        }
    };
    (start..end, replacement)
}

fn fresh(text: &str) -> Vec<moltler_db::Diagnostic> {
    let mut db = Database::default();
    let mut package = Package::new("/fuzz");
    let file: FileId = package.open_file(&mut db, "/fuzz/page.molt", text);
    moltler_hir::file_diagnostics(&db, &package, file)
}
