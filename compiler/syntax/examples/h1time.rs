#![allow(clippy::print_stdout, missing_docs)]
use std::time::Instant;
fn main() {
    let text = std::fs::read_to_string(std::env::args().nth(1).unwrap()).unwrap();
    for range in moltler_syntax::split::split(&text) {
        let s = range.of(&text);
        let t = Instant::now();
        for _ in 0..20 {
            std::hint::black_box(moltler_syntax::parse(s));
        }
        let a = t.elapsed() / 20;
        let p = moltler_syntax::parse(s);
        let t = Instant::now();
        let n = p.errors().len();
        for _ in 0..20 {
            std::hint::black_box(p.errors());
        }
        let b = t.elapsed() / 21;
        println!("{} bytes parse {:?} errors({n}) {:?}", s.len(), a, b);
    }
    let t = Instant::now();
    let n = 50_000 / text.lines().count().max(1);
    let big = text.repeat(n);
    let d = moltler_syntax::Document::new(&big);
    println!("document {} bytes {} statements {:?}", big.len(), d.statement_count(), t.elapsed());
}
