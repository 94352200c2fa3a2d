//! What `parse` finds in handlers.

use moltler_js::{AccessForm, ErrorKind, Language, NameKind, ParameterForm, Range, Script, parse};

fn script(source: &str) -> Script {
    parse(source, Language::JavaScript)
}

fn sound(source: &str) -> Script {
    let script = script(source);
    assert_eq!(script.errors, [], "{source}");
    assert!(script.is_complete);
    script
}

fn text(source: &str, range: &Range) -> String {
    source[range.start as usize..range.end as usize].to_owned()
}

/// `kind text-at-range` of each error.
fn errors(source: &str) -> Vec<String> {
    script(source).errors.iter().map(|error| format!("{:?} `{}`", error.kind, text(source, &error.range))).collect()
}

fn free(source: &str) -> Vec<String> {
    let script = sound(source);
    for name in &script.free_names {
        assert_eq!(text(source, &name.range), name.name);
    }
    script.free_names.iter().map(|name| format!("{}{}", name.name, if name.is_written { "=" } else { "" })).collect()
}

/// `position.name` of each access of `query`; the ranges hold the names.
fn accesses(source: &str) -> Vec<String> {
    let script = sound(source);
    let (_, function) = script.function("query").expect("there is a function `query`");
    for access in &function.accesses {
        assert_eq!(text(source, &access.range), access.name);
    }
    let whole = function.parameters.iter().enumerate().filter(|(_, parameter)| parameter.is_used_whole);
    let written = |is_written| if is_written { "=" } else { "" };
    function
        .accesses
        .iter()
        .map(|access| format!("{}.{}{}", access.parameter, access.name, written(access.is_written)))
        .chain(whole.map(|(position, _)| format!("{position}.*")))
        .collect()
}

/// The keys of each returned object, `…` for an open one; then whether that is all.
fn returned(source: &str) -> Vec<String> {
    let script = sound(source);
    let (_, function) = script.function("query").expect("there is a function `query`");
    let objects = function.returned.iter().map(|object| {
        let mut keys: Vec<String> = object.keys.iter().map(|key| key.name.clone()).collect();
        keys.extend(object.is_open.then(|| "…".to_owned()));
        keys.join(",")
    });
    objects.chain([if function.returns_are_known { "known" } else { "unknown" }.to_owned()]).collect()
}

const PAGE: &str = "
async function query(config, filters, options) {
    const params = new URLSearchParams();
    if (filters.status) {
        params.append('status', filters.status);
    }
    if (options.limit) {
        params.append('limit', options.limit);
    }
    const url = `${config.api_url}/items?${params}`;
    const response = await fetch(url, {
        headers: {'Authorization': `Bearer ${config.api_key}`, 'Content-Type': 'application/json'}
    });
    if (!response.ok) {
        throw new Error(`API error: ${response.status}`);
    }
    const data = await response.json();
    return data.items.map(item => ({
        id: item.id,
        name: item.name,
        created_at: new Date(item.created_at),
        metadata: item.extra || {}
    }));
}
";

#[test]
fn the_handler_of_the_page() {
    assert_eq!(free(PAGE), ["URLSearchParams", "fetch", "Error", "Date"]);
    assert_eq!(accesses(PAGE), ["1.status", "1.status", "2.limit", "2.limit", "0.api_url", "0.api_key"]);
    assert_eq!(returned(PAGE), ["id,name,created_at,metadata", "known"]);
    let script = sound(PAGE);
    let (name, function) = script.function("query").expect("it is there");
    assert_eq!(text(PAGE, &name.range), "query");
    assert!(function.is_async && !function.is_generator);
    let names: Vec<_> = function.parameters.iter().map(|parameter| parameter.name.as_deref()).collect();
    assert_eq!(names, [Some("config"), Some("filters"), Some("options")]);
    assert!(text(PAGE, &function.body).starts_with("{\n    const params"));
    assert!(text(PAGE, &function.body).ends_with('}'));
}

#[test]
fn forms_of_entry_points() {
    let forms = [
        ("async function query(c, f, o) {}", true, false),
        ("function query(c, f, o) {}", false, false),
        ("async function* query(c, f, o) {}", true, true),
        ("function* query(c, f, o) {}", false, true),
        ("const query = async (c, f, o) => {};", true, false),
        ("const query = (c, f, o) => [];", false, false),
        ("const query = async function (c, f, o) {};", true, false),
        ("let query = function inner(c, f, o) {};", false, false),
        ("var query = (async function* (c, f, o) {});", true, true),
    ];
    for (source, is_async, is_generator) in forms {
        let script = sound(source);
        let (_, function) = script.function("query").expect(source);
        assert_eq!((function.is_async, function.is_generator), (is_async, is_generator), "{source}");
        assert_eq!(function.parameters.len(), 3, "{source}");
    }
}

#[test]
fn top_level_names_and_kinds() {
    let script = sound("const a = 1, {b, c: [d]} = a; let e; var f; class G {} function h() { const inner = 1; }");
    let names: Vec<_> = script.names.iter().map(|name| (name.name.as_str(), name.kind)).collect();
    assert_eq!(
        names,
        [
            ("a", NameKind::Const),
            ("b", NameKind::Const),
            ("d", NameKind::Const),
            ("e", NameKind::Let),
            ("f", NameKind::Var),
            ("G", NameKind::Class),
            ("h", NameKind::Function),
        ]
    );
}

#[test]
fn free_names_respect_scopes() {
    assert_eq!(free("function f(a) { { const b = a; } return b; }"), ["b"]);
    assert_eq!(free("function f() { use(x); { var x; } }"), ["use"]);
    assert_eq!(free("function f() { g(); function g() {} }"), [] as [&str; 0]);
    assert_eq!(free("const f = function g() { return g; }; g;"), ["g"]);
    assert_eq!(free("for (const i of xs) i; i;"), ["xs", "i"]);
    assert_eq!(free("for (let i = 0; i < n; i++) { i; } i;"), ["n", "i"]);
    assert_eq!(free("try { } catch ({message}) { message; } message;"), ["message"]);
    assert_eq!(free("try { } catch { }"), [] as [&str; 0]);
    assert_eq!(free("switch (k) { case 1: const z = 1; break; default: z; } z;"), ["k", "z"]);
    assert_eq!(free("class A extends B { x = y; static z = A; #p = this.#q; #q; m(a) { return a; } }"), ["B", "y"]);
    assert_eq!(free("const o = {a, b: c, [d]: 1, e() { return f; }, get g() { return 1; }};"), ["a", "c", "d", "f"]);
    assert_eq!(free("const {a = b, [c]: d, ...e} = f; d; e;"), ["b", "c", "f"]);
    assert_eq!(free("function f() { return arguments; } const g = () => arguments;"), ["arguments"]);
    assert_eq!(free("outer: for (;;) { break outer; }"), [] as [&str; 0]);
    assert_eq!(free("a.b.c(d); `${e}`; tag`x${f}`;"), ["a", "d", "e", "tag", "f"]);
    assert_eq!(
        free("x = 1; y++; [z, {w: v}] = u; ({t} = u); for (s of u) ;"),
        ["x=", "y=", "z=", "v=", "u", "t=", "u", "s=", "u"]
    );
}

#[test]
fn typeof_is_no_use() {
    assert_eq!(free("typeof window === 'undefined'; typeof (a); typeof b.c;"), ["b"]);
}

#[test]
fn accesses_in_every_form() {
    let source = "async function query(config, filters) {
        config.a; config?.b; config['c']; config[`d`]; (config).e;
        const {f, 'g': h, i = 1} = config;
        const copy = filters; copy.j;
        const {k} = filters || {};
        if ('l' in filters) delete filters.m;
        config.n = 1; config.o++;
        return [1].map(x => config.p);
    }";
    assert_eq!(
        accesses(source),
        ["0.a", "0.b", "0.c", "0.d", "0.e", "0.f", "0.g", "0.i", "1.j", "1.k", "1.l", "1.m=", "0.n=", "0.o=", "0.p"]
    );
}

#[test]
fn accesses_in_the_parameter_list() {
    assert_eq!(
        accesses("const query = ({api_url, key: k}, {status} = {}, o) => o.limit;"),
        ["0.api_url", "0.key", "1.status", "2.limit"]
    );
    let script = sound("const query = ({api_url}, [first] = [], ...rest) => 1;");
    let (_, function) = script.function("query").expect("it is there");
    let forms: Vec<_> = function.parameters.iter().map(|parameter| parameter.form).collect();
    assert_eq!(forms, [ParameterForm::Destructured, ParameterForm::Destructured, ParameterForm::Rest]);
    assert_eq!(function.accesses[0].form, AccessForm::Destructured);
}

#[test]
fn whole_uses_of_parameters() {
    assert_eq!(accesses("function query(config, filters) { return f(config); }"), ["0.*"]);
    assert_eq!(accesses("function query(config) { const {a, ...rest} = config; }"), ["0.a", "0.*"]);
    assert_eq!(accesses("function query(config, filters, k) { filters[k.x]; ({...config}); }"), ["2.x", "0.*", "1.*"]);
    assert_eq!(accesses("function query({a, ...rest}) { }"), ["0.a", "0.*"]);
}

#[test]
fn shadowed_parameters_are_not_accessed() {
    assert_eq!(
        accesses("function query(config) { { const config = {}; config.x; } (config => config.y)(1); }"),
        [] as [&str; 0]
    );
}

#[test]
fn helpers_have_their_own_accesses() {
    let script =
        sound("function build(filters) { return filters.a; } function query(c, filters) { return build(filters); }");
    let (_, build) = script.function("build").expect("it is there");
    assert_eq!(build.accesses[0].name, "a");
    assert!(script.function("query").expect("it is there").1.parameters[1].is_used_whole);
}

#[test]
fn returned_objects() {
    assert_eq!(returned("const query = () => [{id: 1, 'name': 2, [x]: 3}, {...y}];"), ["id,name,…", "…", "known"]);
    assert_eq!(
        returned("const query = async () => (await rows()).map(function (r) { return {id: r.id}; });"),
        ["id", "known"]
    );
    assert_eq!(returned("function query() { if (a) return []; return null; }"), ["known"]);
    assert_eq!(
        returned("function query() { const rows = data.map(r => ({id: r})); return rows.slice(0, 3); }"),
        ["id", "known"]
    );
    assert_eq!(
        returned("function query() { const out = []; for (const r of x) { out.push({id: r.id}); } return out; }"),
        ["id", "known"]
    );
    assert_eq!(
        returned("function query() { let all = []; all = all.concat(d.map(({id}) => ({id}))); return all; }"),
        ["id", "known"]
    );
    assert_eq!(returned("function query() { const row = {id: 1}; row.name = 2; return [row]; }"), ["id,…", "known"]);
    assert_eq!(
        returned("function query() { return a ? [{x: 1}] : b?.items?.map(i => ({y: i})) ?? []; }"),
        ["x", "y", "known"]
    );
    assert_eq!(
        returned(
            "async function* query() { for (const p of ps) { yield p.map(i => ({id: i})); yield {id: 1, n: 2}; } }"
        ),
        ["id", "id,n", "known"]
    );
    assert_eq!(returned("async function query(c) { return await (await fetch(c.u)).json(); }"), ["unknown"]);
    assert_eq!(returned("function query(rows) { return rows; }"), ["unknown"]);
    assert_eq!(returned("function query() { return Promise.all(ids.map(async id => ({id}))); }"), ["id", "known"]);
    assert_eq!(returned("function query() { let a = b; let b = a; return a; }"), ["known"]);
}

#[test]
fn rows_inside_a_returned_object() {
    let script = sound("function query() { const items = d.map(i => ({id: i})); return {items, total: d.length}; }");
    let (_, function) = script.function("query").expect("it is there");
    let items = &function.returned[0].keys[0];
    assert_eq!((items.name.as_str(), items.is_shorthand, items.rows_are_known), ("items", true, true));
    assert_eq!(items.rows[0].keys[0].name, "id");
    assert!(!function.returned[0].keys[1].rows_are_known);
}

#[test]
fn dates_from_null() {
    let source = "f(new Date(null), new Date(0), new Date((null)));";
    let script = sound(source);
    let dates: Vec<_> = script.null_dates.iter().map(|range| text(source, range)).collect();
    assert_eq!(dates, ["new Date(null)", "new Date((null))"]);
    assert_eq!(sound("class Date {} new Date(null);").null_dates, []);
}

#[test]
fn strings_and_their_names() {
    let source = r#"const API_KEY = 'sk\u0041', o = {token: "t", 'x-y': `z`}; o.secret = 'q'; f('a' + `b${1}`);"#;
    let strings: Vec<_> =
        sound(source).strings.into_iter().map(|string| (string.value, string.name.unwrap_or_default())).collect();
    let expected = [("skA", "API_KEY"), ("t", "token"), ("z", "x-y"), ("q", "secret"), ("a", "")];
    assert_eq!(strings, expected.map(|(value, name)| (value.to_owned(), name.to_owned())));
}

#[test]
fn syntax_errors_are_where_they_are() {
    assert_eq!(errors("const {\nconst response = 1;"), ["Syntax `const`", "Syntax `response`"]);
    assert_eq!(errors("function f( { }"), ["Syntax `}`"]);
    assert_eq!(errors("x = 'abc"), ["Syntax `'abc`"]);
    assert_eq!(errors("é = }"), ["Syntax `}`"]);
    assert_eq!(errors("var x = 010; delete y;").len(), 2);
    assert!(!script("function query() {").is_complete);
    assert_eq!(errors(""), [] as [&str; 0]);
}

#[test]
fn modules_are_not_for_handlers() {
    assert_eq!(errors("import a from 'b'; a;"), ["Import `import a from 'b';`"]);
    assert_eq!(errors("export default 1;"), ["Export `export`"]);
    assert_eq!(errors("export async function query() {}"), ["Export `export`"]);
    assert!(script("export async function query() {}").function("query").is_some());
    assert_eq!(errors("const x = await import('y');"), ["TopLevelAwait `await import('y')`", "Import `import`"]);
    assert_eq!(errors("return 1;"), ["TopLevelReturn `return 1;`"]);
    assert_eq!(errors("const f = async () => await 1; class A { static { f(); } }"), [] as [&str; 0]);
}

#[test]
fn duplicates() {
    assert_eq!(errors("const a = 1; const a = 2;"), ["Duplicate `a`"]);
    assert_eq!(errors("function f() { let a; var a; }"), ["Duplicate `a`"]);
    assert_eq!(errors("function f() { var a; let a; }"), ["Duplicate `a`"]);
    assert_eq!(errors("function f(a) { let a; }"), ["Duplicate `a`"]);
    assert_eq!(errors("function f() { let a; { var a; } }"), ["Duplicate `a`"]);
    assert_eq!(errors("function query() {} function query() {}"), ["Duplicate `query`"]);
    assert_eq!(errors("try {} catch (e) { let e; }"), ["Duplicate `e`"]);
    assert_eq!(errors("switch (1) { case 1: let a; case 2: let a; }"), ["Duplicate `a`"]);
    for fine in [
        "function f(a) { var a; { let a; } }",
        "var a; var a;",
        "function f() { function g() {} function g() {} }",
        "for (let i;;) { let i; }",
        "const f = function g() { const g = 1; };",
        "try {} catch (e) { var e; }",
    ] {
        assert_eq!(errors(fine), [] as [&str; 0], "{fine}");
    }
    let script = script("const a = 1; let a;");
    assert_eq!(script.errors[0].related.as_ref().map(|(range, _)| range.clone()), Some(6..7));
    assert_eq!(script.errors[0].kind, ErrorKind::Duplicate);
}
