//! Input that is not meant to be read.

use moltler_js::{ErrorKind, Language, Script, parse};

fn check(source: &str) -> Script {
    let typescript = parse(source, Language::TypeScript);
    let script = parse(source, Language::JavaScript);
    for error in script.errors.iter().chain(&typescript.errors) {
        let range = error.range.start as usize..error.range.end as usize;
        assert!(source.get(range.clone()).is_some(), "{range:?} in {} bytes", source.len());
        assert!(source.is_empty() || !range.is_empty(), "{error:?}");
    }
    script
}

/// Smaller than any stack a server gives its threads.
fn on_a_small_stack(run: impl FnOnce() + Send + 'static) {
    std::thread::Builder::new()
        .stack_size(512 << 10)
        .spawn(run)
        .expect("a thread starts")
        .join()
        .expect("it ends well");
}

#[test]
fn deep_nesting() {
    on_a_small_stack(|| {
        for (open, close) in [("(", ")"), ("[", "]"), ("{", "}"), ("a(", ")"), ("x=>{", "}"), ("`${", "}`")] {
            for text in [open.repeat(100_000), open.repeat(100_000) + &close.repeat(100_000)] {
                assert_eq!(check(&text).errors[0].kind, ErrorKind::TooDeep, "{open}");
            }
            check(&(open.repeat(400) + &close.repeat(400)));
            check(&open.repeat(400));
        }
    });
}

#[test]
fn long_chains() {
    on_a_small_stack(|| {
        for part in [
            "!", "- ", "a+", "a.", "new ", "typeof ", "a=>", "a=", "a?b:", "if(a)", "else ", "a:", "do ", "a`${a}`",
            "async ",
        ] {
            for count in [1_000, 20_000, 1_000_000] {
                check(&part.repeat(count));
                check(&(part.repeat(count) + "a"));
            }
        }
    });
}

#[test]
fn brackets_hidden_in_strings() {
    on_a_small_stack(|| {
        check(&("((((\"))))\"".repeat(5_000)));
    });
}

const SAMPLE: &str = "const cache = new Map();
async function* query(config, {status, ...rest}, options) {
    for await (const [k, v] of Object.entries(rest ?? {})) { yield { k, v, 'é': `${k}😀`, re: /[/]'\"/g }; }
    try { throw new Error('x'); } catch ({message}) { console.log(message?.[0], typeof y, 0x1f, 1n); } finally { delete rest.a; }
    class A extends B { #p = 1; static { this.q = 2; } get z() { return this.#p; } }
    return data.map(({id}) => ({id, name: new Date(null)}));
}
";

#[test]
fn every_prefix() {
    for end in (0..SAMPLE.len()).filter(|end| SAMPLE.is_char_boundary(*end)) {
        check(&SAMPLE[..end]);
    }
    assert!(check(SAMPLE).errors.is_empty());
}

#[test]
fn random_edits() {
    let mut random = fastrand::Rng::with_seed(1);
    let odd = [
        "'", "\"", "`", "${", "}", "{", "(", ")", "[", "]", "/", "*/", "/*", "//", "\\", "\n", "\r", "\u{2028}", "\0",
        "é", "😀", "=>", "async ", "await ", "yield ", "class ", "#", "...", "?.", "import ", "export ", "<!--", "0",
        "1e", "\\u{", "@", ";",
    ];
    let characters: Vec<char> = SAMPLE.chars().collect();
    for _ in 0..3_000 {
        let mut text = characters.clone();
        for _ in 0..random.usize(1..6) {
            let start = random.usize(0..text.len());
            let end = (start + random.usize(0..8)).min(text.len());
            let from = random.usize(0..characters.len());
            let to = (from + random.usize(0..12)).min(characters.len());
            let insert: Vec<char> = if random.bool() {
                odd[random.usize(0..odd.len())].chars().collect()
            } else {
                characters[from..to].to_vec()
            };
            text.splice(start..end, insert);
        }
        check(&text.into_iter().collect::<String>());
    }
}

#[test]
fn random_characters() {
    let mut random = fastrand::Rng::with_seed(2);
    for _ in 0..2_000 {
        let text: String = (0..random.usize(0..60)).map(|_| random.char(..)).collect();
        check(&text);
        let ascii: String = (0..random.usize(0..60)).map(|_| char::from(random.u8(9..127))).collect();
        check(&ascii);
    }
}
