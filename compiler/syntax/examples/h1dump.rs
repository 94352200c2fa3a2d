#![allow(clippy::print_stdout)]
#![allow(missing_docs)]
fn main() {
    let path = std::env::args().nth(1).unwrap();
    let text = std::fs::read_to_string(path).unwrap();
    for range in moltler_syntax::split::split(&text) {
        let statement = range.of(&text);
        let parse = moltler_syntax::parse(statement);
        let errors = parse.errors();
        println!("=== {statement:?}");
        if std::env::args().nth(2).is_some() || !errors.is_empty() {
            show(parse.syntax(), 0);
        }
        for error in errors {
            println!("  ERROR[{}] {:?} {:?}: {}", error.code, error.range.of(statement), error.range, error.message);
        }
    }
}
fn show(node: moltler_syntax::SyntaxNode<'_>, depth: usize) {
    let leaf = node.children().next().is_none();
    println!(
        "{:depth$}{:?}{} {}",
        "",
        node,
        if node.is_missing() { " MISSING" } else { "" },
        if leaf { node.text() } else { "" }
    );
    for child in node.children() {
        show(child, depth + 1);
    }
}
