//! Types are taken out: what is left is as long, has its line ends, and is the JavaScript that was meant.

use moltler_js::{ErrorKind, Language, parse};

/// Checks what TypeScript becomes, with runs of blanks shown as one.
fn check(source: &str, expected: &str) {
    let script = parse(source, Language::TypeScript);
    let text = script.javascript.as_deref().unwrap_or_else(|| panic!("{source}\n{:?}", script.errors));
    assert!(script.errors.is_empty(), "{source}\n{text}\n{:?}", script.errors);
    assert_eq!(text.len(), source.len(), "{source}");
    let ends = |text: &str| text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at).collect();
    let (before, after): (Vec<usize>, Vec<usize>) = (ends(source), ends(text));
    assert_eq!(before, after, "{source}");
    let mut shown = String::new();
    for character in text.chars() {
        if character != ' ' || !shown.ends_with(' ') {
            shown.push(character);
        }
    }
    assert_eq!(shown.trim_end(), expected, "{source}");
}

fn errors(source: &str) -> Vec<String> {
    let script = parse(source, Language::TypeScript);
    assert!(script.javascript.is_none(), "{source}");
    let at = |error: &moltler_js::ScriptError| source[error.range.start as usize..error.range.end as usize].to_owned();
    script
        .errors
        .iter()
        .inspect(|error| assert_eq!(error.kind, ErrorKind::NotErasable, "{source}: {}", error.message))
        .map(|error| format!("{}: {}", at(error), error.message))
        .collect()
}

#[test]
fn annotations() {
    check("let x: number = 1, y: string;", "let x = 1, y ;");
    check("let x!: number;", "let x ;");
    check("function f(a: A, b?: B, ...c: C[]): Promise<void> {}", "function f(a , b , ...c ) {}");
    check("function f(a ? : A) {}", "function f(a ) {}");
    check("const f = async ({a, b}: {a: A, b: B} = {}): Promise<A> => a;", "const f = async ({a, b} = {}) => a;");
    check("function f(this: Window, a: A) {}", "function f( a ) {}");
    check("function f(this: Window) {}", "function f( ) {}");
    check("try {} catch (error: unknown) {}", "try {} catch (error ) {}");
    check("function is(x: unknown): x is string { return true; }", "function is(x ) { return true; }");
    check("function is(x: unknown): asserts x is string {}", "function is(x ) {}");
    check(
        "const o = {m<T>(x: T): T { return x; }, get a(): number { return 1; }};",
        "const o = {m (x ) { return x; }, get a() { return 1; }};",
    );
    check("for (const x of (y as string[])) {}", "for (const x of (y )) {}");
    check("let é: 'ü' = 'ö';", "let é = 'ö';");
}

#[test]
fn expressions() {
    check("const a = b as C as D;", "const a = b ;");
    check("const a = {x: 1} satisfies X;", "const a = {x: 1} ;");
    check("const a = ['x'] as const;", "const a = ['x'] ;");
    check("a!.b![c!]!();", "a .b [c ] ();");
    check("a?.b!.c;", "a?.b .c;");
    check("f<string>(x); new Map<string, Array<number>>(); tag<T>`x`;", "f (x); new Map (); tag `x`;");
    check("const g = f<string>;", "const g = f ;");
    check("const id = <T,>(x: T) => x;", "const id = (x ) => x;");
    check("const id = async <T>(x: T) => x;", "const id = async (x ) => x;");
    check("(a as any) = 1; (b!) = 2; (c satisfies D).e = 3;", "(a ) = 1; (b ) = 2; (c ).e = 3;");
    check("const t = `${x as string}`;", "const t = `${x }`;");
    check("const lt = a < b, gt = c > d;", "const lt = a < b, gt = c > d;");
    check("const text = 'x as y', re = /a: b/, t = `let x: T`;", "const text = 'x as y', re = /a: b/, t = `let x: T`;");
}

#[test]
fn declarations() {
    check("type A = string;\ninterface B { x: A }\nlet c;", "; \n; \nlet c;");
    check("declare const API: string;\ndeclare function f(): void;\nlet c;", "; \n; \nlet c;");
    check("declare class A { x: number }\ndeclare enum E { A }\ndeclare module 'x' { }\nlet c;", "; \n; \n; \nlet c;");
    check("namespace Types { export type A = string; interface B {} }\nlet c;", "; \nlet c;");
    check(
        "function f(a: string): void;\nfunction f(a: number): void;\nfunction f(a: any) {}",
        "; \n; \nfunction f(a ) {}",
    );
    check("import type { A } from 'x';\nlet c: A;", "; \nlet c ;");
    check("function f() { type A = 1; let x: A; return x; }", "function f() { ; let x ; return x; }");
}

#[test]
fn classes() {
    check(
        "class A<T> extends B<T> implements C, D<T> { public x: T; private readonly y?: number = 1; static z!: string; declare w: T; [key: string]: any; }",
        "class A extends B { ; x; ; ; y = 1; static z ; ; ; ; }",
    );
    check(
        "abstract class A extends B { abstract x: number; abstract m(): void; protected async m2(): Promise<void> {} override *g() {} }",
        " class A extends B { ; ; ; async m2() {} ; *g() {} }",
    );
    check("class A { constructor(a: string);\nconstructor(a: any) {} }", "class A { ; \nconstructor(a ) {} }");
    check("class A { get: number\n x() {} }", "class A { get; \n x() {} }");
    check("class A { x = 1\n public ['y'] = 2 }", "class A { x = 1\n ; ['y'] = 2 }");
    check("class A { #x: number = 1; async #m(): Promise<void> {} }", "class A { #x = 1; async #m() {} }");
    check("const A = class implements B {};", "const A = class {};");
}

#[test]
fn line_ends_still_end_statements() {
    check("const a = 1\ntype T = string\n(b)()", "const a = 1\n; \n(b)()");
    check("const a = b as T\n(c)()", "const a = b; \n(c)()");
    check("const a = b as T\n[c].d()", "const a = b; \n[c].d()");
    check("const a = b as T\n+ 1", "const a = b \n+ 1");
    check("const f = () => { return <T,\n>(x: T) => x };", "const f = () => { return ( \n x ) => x };");
    check("const f = (x: T): {\n a: T\n} => x;", "const f = (x \n \n) => x;");
    check("const f = (): {\n a: T\n} => x;", "const f = ( \n \n) => x;");
}

#[test]
fn what_makes_code_is_refused() {
    assert_eq!(errors("enum Level { Low }"), ["enum: `enum` makes code: write `const Level = {…} as const`"]);
    assert_eq!(
        errors("namespace A { export const x = 1; }"),
        ["namespace: a namespace with values makes code: write its functions at the top level, or an object"]
    );
    assert_eq!(
        errors("class A { constructor(private x: string) {} }"),
        ["private: a parameter property makes code: declare the field and set it in the constructor"]
    );
    assert_eq!(errors("@sealed class A {}"), ["@sealed: a decorator makes code: call the function yourself"]);
    assert_eq!(errors("const a = <string>b;"), ["<string>: write `x as T` instead of `<T>x`"]);
    assert_eq!(
        errors("import fs = require('fs');"),
        ["import: a handler has no modules: put shared code into the type's SHARED block"]
    );
    assert_eq!(
        errors("function query() {}\nexport = query;"),
        ["export: a handler has no modules: write the function alone, it is found by its name"]
    );
}

#[test]
fn facts_are_those_of_the_javascript() {
    let source = "interface Config { url: string }\nasync function query(config: Config, filters: {id?: string}): Promise<Row[]> {\n  return fetsh(config.url!, filters.id as string);\n}";
    let script = parse(source, Language::TypeScript);
    assert!(script.is_complete);
    let (_, query) = script.function("query").expect("it is declared");
    let accesses: Vec<_> = query.accesses.iter().map(|access| (access.parameter, access.name.as_str())).collect();
    assert_eq!(accesses, [(0, "url"), (1, "id")]);
    let free: Vec<_> =
        script.free_names.iter().map(|name| &source[name.range.start as usize..name.range.end as usize]).collect();
    assert_eq!(free, ["fetsh"]);
}

#[test]
fn errors_of_syntax_have_their_places() {
    let script = parse("const x: number = ;", Language::TypeScript);
    assert!(!script.is_complete);
    assert_eq!(script.errors[0].kind, ErrorKind::Syntax);
    assert_eq!(script.errors[0].range, 18..19);
    let script = parse("let a: number; let a: string;", Language::TypeScript);
    assert_eq!(script.errors[0].kind, ErrorKind::Duplicate);
}

#[test]
fn deep_and_ambiguous_texts_end() {
    for text in [
        "<T>(".repeat(300),
        "(a: ".repeat(200),
        "<T>(a: ".repeat(200),
        "f(a<b, ".repeat(150),
        "a<".repeat(300),
        "(a = (b): ".repeat(60),
        "(x) ? (y) : (".repeat(60),
        "async (".repeat(60),
        "a ? (b) : c => ".repeat(60),
        format!("type A = {}x{};", "[".repeat(300), "]".repeat(300)),
        format!("type A = {}D;", "B extends C ? ".repeat(300)),
    ] {
        let script = parse(&text, Language::TypeScript);
        assert!(script.javascript.is_none() || script.is_complete, "{text}");
    }
}

#[test]
fn javascript_without_types_stays_as_it_is() {
    let page = include_str!("../../../tests/docs/building-connectors.md");
    let raw = page.split("'''").skip(1).step_by(2);
    let blocks = page.split("```javascript\n").skip(1).filter_map(|text| text.split("```").next());
    let handlers: Vec<&str> = raw.chain(blocks).filter(|text| text.contains("function")).collect();
    assert!(handlers.len() > 5, "{}", handlers.len());
    for handler in handlers {
        let javascript = parse(handler, Language::JavaScript);
        let typescript = parse(handler, Language::TypeScript);
        assert_eq!(typescript.javascript.as_deref(), Some(handler));
        assert_eq!(typescript.names, javascript.names);
        assert_eq!(typescript.free_names, javascript.free_names);
    }
}
