#![allow(clippy::print_stdout)]
#![allow(missing_docs)]
fn main() {
    let mut p = tree_sitter::Parser::new();
    p.set_language(&tree_sitter_moltler::LANGUAGE.into()).unwrap();
    let path = std::env::args().nth(1).unwrap();
    let text = std::fs::read_to_string(path).unwrap();
    let t = p.parse(&text, None).unwrap();
    println!("{}", tree_sitter::format_sexp(&t.root_node().to_sexp(), 0));
}
