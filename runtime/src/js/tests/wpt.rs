//! Runs the Web Platform Tests' `.any.js` files against the globals: a measurement, with the files from elsewhere.
//!
//! `MOLTLER_WPT` is the folder of a checkout; without it the test only says so. `MOLTLER_WPT_ONLY` takes the files whose path
//! contains it and prints each subtest that fails. The results are compared with `tests/web-platform.md`; `UPDATE=1` rewrites
//! its numbers and keeps the reasons.
#![allow(clippy::print_stdout, reason = "the table is what the test is for")]

mod report;
mod site;

use std::fs;
use std::path::Path;
use std::rc::Rc;
use std::time::Duration;

use rquickjs::context::EvalOptions;

use super::super::engine::Settings;
use super::super::scope::{Failure, Scope, keep, thrown};
use report::{Expected, Outcome};
use site::Site;

/// The measured areas: a name for the table, and the folders that belong to it.
const AREAS: &[(&str, &[&str])] = &[
    ("url", &["url/url-", "url/historical", "url/idlharness"]),
    ("urlsearchparams", &["url/urlsearchparams-", "url/urlencoded-parser"]),
    ("headers", &["fetch/api/headers/"]),
    ("request", &["fetch/api/request/"]),
    ("response", &["fetch/api/response/"]),
    ("body", &["fetch/api/body/"]),
    ("abort of fetch", &["fetch/api/abort/"]),
    ("data URLs", &["fetch/data-urls/"]),
    ("encoding", &["encoding/"]),
    ("abort", &["dom/abort/"]),
    ("events", &["dom/events/"]),
    ("timers", &["html/webappapis/timers/"]),
    ("microtasks", &["html/webappapis/microtask-queuing/"]),
    ("structured clone", &["html/webappapis/structured-clone/"]),
    ("base64", &["html/webappapis/atob/"]),
    ("time", &["hr-time/"]),
    ("blob", &["FileAPI/blob/", "FileAPI/file/", "FileAPI/idlharness"]),
    ("formdata", &["xhr/formdata/"]),
    ("console", &["console/"]),
    ("crypto", &["WebCryptoAPI/"]),
    ("streams", &["streams/readable-streams/"]),
    ("dom exception", &["webidl/ecmascript-binding/es-exceptions/"]),
];

/// What the host does not have: a subtest that fails for want of one measures something else, and is left out.
const ABSENT: &[&str] = &[
    "ByteLengthQueuingStrategy",
    "CompressionStream",
    "CountQueuingStrategy",
    "DecompressionStream",
    "MessageChannel",
    "TextDecoderStream",
    "TextEncoderStream",
    "TransformStream",
    "WebAssembly",
    "WritableStream",
    "XMLHttpRequest",
    "caches",
    "document",
    "window",
];

/// What the host says of algorithms, curves and sizes that it does not have: a subtest that fails because of one is left out. The
/// files of HKDF and PBKDF2 take a key of ECDH for the wrong one.
const ABSENT_CRYPTO: &[&str] = &[
    "does not know the algorithm",
    "the curve 'P-521' is not supported",
    "keys of AES have 128 or 256 bits here",
    "AES keys of 192 bits",
    "AES-GCM has an iv of 12 bytes here",
    "tags have 128 bits here",
    "RSA keys cannot be made here",
    "RSA-PSS has a salt as long as its hash here",
    "signing with RSA and SHA-1",
    "verifying with RSA-PSS and SHA-1",
    "ECDSA signs with SHA-256 on P-256",
    "ECDSA verifies with SHA-256 on P-256",
    "with wrong (ECDH) key",
];

/// Interfaces whose own subtests are left out.
const ABSENT_INTERFACES: &[&str] =
    &["FileList ", "FileReader ", "FileReaderSync ", "TextDecoderStream ", "TextEncoderStream "];

/// In the time of the run, which jumps where everything waits.
const FILE_LIMIT: Duration = Duration::from_secs(120);

/// What the files' pages have. FileReader stands here, not in the host: Blob's tests read through it.
const PREPARE: &str = r"
globalThis.self = globalThis;
globalThis.FileReader = class {
    readAsText(blob) { this.#read(blob.text()); }
    readAsArrayBuffer(blob) { this.#read(blob.arrayBuffer()); }
    #handlers = [];
    addEventListener(type, handler) { if (type === 'load') this.#handlers.push(handler); }
    async #read(result) {
        this.result = await result;
        const event = {type: 'load', target: this};
        for (const handler of [this.onload, ...this.#handlers, this.onloadend]) handler?.call(this, event);
    }
};
globalThis.GLOBAL = {isWindow: () => false, isWorker: () => false, isShadowRealm: () => false};
";

const COLLECT: &str = r"
(() => {
    const known = new Map();
    const note = test => known.set(test.name, {status: test.status, message: String(test.message)});
    add_test_state_callback(note);
    add_result_callback(note);
    globalThis.wptResults = () => JSON.stringify([...known].map(([name, {status, message}]) => [name.toWellFormed(), status, message.toWellFormed()]));
    globalThis.wptDone = new Promise(resolve => add_completion_callback((tests, status) => {
        tests.forEach(note);
        resolve(status.status);
    }));
})();
";

#[test]
fn web_platform_tests() {
    let Some(folder) = std::env::var_os("MOLTLER_WPT") else {
        println!("skipped: MOLTLER_WPT is not set (the folder of a checkout of the Web Platform Tests)");
        return;
    };
    let folder = Path::new(&folder);
    let only = std::env::var("MOLTLER_WPT_ONLY").ok();
    let list = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/web-platform.md");
    let expected = Expected::read(&fs::read_to_string(list).unwrap_or_default());
    let mut outcomes = Vec::new();
    for (area, prefixes) in AREAS {
        let mut files = Vec::new();
        prefixes.iter().for_each(|prefix| find(folder, prefix, &mut files));
        files.sort();
        for path in files {
            if only.as_ref().is_some_and(|only| !path.contains(only.as_str())) {
                continue;
            }
            let mut outcome = Outcome::new(area, &path);
            if expected.left_out(&path).is_none() {
                run_file(folder, &path, &mut outcome);
            }
            if only.is_some() {
                outcome.failures.iter().for_each(|failure| println!("{path}: {failure}"));
            }
            outcomes.push(outcome);
        }
    }
    println!("{}", report::table(&outcomes, &expected));
    if only.is_some() {
        return;
    }
    if std::env::var_os("UPDATE").is_some() {
        fs::write(list, report::document(&outcomes, &expected)).expect("the list can be written");
        return;
    }
    let differences = report::differences(&outcomes, &expected);
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

/// The `.any.js` files below the folder of `prefix` whose path begins with it.
fn find(folder: &Path, prefix: &str, files: &mut Vec<String>) {
    let parent = prefix.rsplit_once('/').map_or("", |(parent, _)| parent);
    walk(folder, parent, &mut |path| {
        if path.starts_with(prefix) && path.ends_with(".any.js") {
            files.push(path.to_owned());
        }
    });
}

fn walk(folder: &Path, path: &str, found: &mut dyn FnMut(&str)) {
    let Ok(entries) = fs::read_dir(folder.join(path)) else { return };
    for entry in entries.filter_map(Result::ok) {
        let inner = format!("{path}/{}", entry.file_name().to_string_lossy());
        if entry.path().is_dir() {
            walk(folder, &inner, found);
        } else {
            found(&inner);
        }
    }
}

fn run_file(folder: &Path, path: &str, outcome: &mut Outcome) {
    let Ok(source) = fs::read_to_string(folder.join(path)) else { return outcome.fail("the file", "is no UTF-8") };
    let meta = |key: &str| {
        let start = format!("// META: {key}=");
        source.lines().filter_map(move |line| line.strip_prefix(&start).map(str::trim).map(str::to_owned))
    };
    let mut variants: Vec<String> = meta("variant").collect();
    if variants.is_empty() {
        variants.push(String::new());
    }
    let scripts: Vec<String> = meta("script").collect();
    for variant in variants {
        run_variant(folder, path, &variant, &scripts, &source, outcome);
    }
}

fn run_variant(folder: &Path, path: &str, variant: &str, scripts: &[String], source: &str, outcome: &mut Outcome) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        // What measures real time needs it.
        .start_paused(!path.starts_with("hr-time/"))
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        let site = Rc::new(Site::new(folder));
        let page = format!("{}{path}{variant}", site::ORIGIN);
        let mut settings = Settings::new(Rc::clone(&site) as _);
        settings.console = Rc::new(|_, _| {});
        settings.base_url = Some(page.clone());
        let scope = match Scope::new(&settings) {
            Ok(scope) => scope,
            Err(failure) => return outcome.fail("the context", &described(failure)),
        };
        let is_window = path.ends_with("idlharness.any.js");
        // A global becomes an ordinary property when it is first used.
        let globals: Vec<&str> = moltler_abi::host::HOST_GLOBALS.iter().map(|global| global.name).collect();
        let mut texts = vec![
            (
                "prepare".to_owned(),
                format!(
                    "{PREPARE}if ({is_window}) self.Window = class {{}};\nglobalThis.location = new URL({page:?});\n{}",
                    globals.join(";")
                ),
            ),
            ("/resources/testharness.js".to_owned(), site.text("/resources/testharness.js", path)),
            ("collect".to_owned(), COLLECT.to_owned()),
        ];
        texts.extend(scripts.iter().map(|script| (script.clone(), site.text(script, path))));
        texts.push((path.to_owned(), site::substitute(path, source)));
        scope.host.start_running();
        let done = scope.with(|ctx| {
            let evaluate = |name: &str, text: &str| {
                let mut options = EvalOptions::default();
                options.global = true;
                options.strict = false;
                options.filename = Some(name.to_owned());
                ctx.eval_with_options::<rquickjs::Value<'_>, _>(text, options)
            };
            for (name, text) in &texts {
                evaluate(name, text).map_err(|error| thrown(ctx, error))?;
            }
            Ok(keep(ctx, evaluate("done", "wptDone").map_err(|error| thrown(ctx, error))?))
        });
        let stopped = match done {
            Err(failure) => Some(described(failure)),
            Ok(done) => loop {
                match tokio::time::timeout(FILE_LIMIT, scope.settle(done.clone())).await {
                    Err(_) => break Some(format!("not done after {} s", FILE_LIMIT.as_secs())),
                    Ok(Ok(_)) => break None,
                    // What a page would tell its error handler.
                    Ok(Err(Failure::Thrown(_))) if !scope.host.has_overrun() => {}
                    Ok(Err(failure)) => break Some(described(failure)),
                }
            },
        };
        let results = scope.with(|ctx| {
            let text: rquickjs::Result<String> = ctx.eval("wptResults()");
            text.map_err(|error| thrown(ctx, error))
        });
        match results.map(|text| serde_json::from_str::<Vec<(String, i32, String)>>(&text)) {
            Ok(Ok(results)) => {
                let none = results.is_empty();
                for (name, status, message) in results {
                    match status {
                        0 => outcome.passed += 1,
                        // The file itself says that the part is optional.
                        4 => {}
                        // A network failure rejects with a FetchError, a subclass; the harness wants the class itself.
                        1 if message.contains("(\"FetchError\") expected instance of") => outcome.left_out += 1,
                        1 if needs_absent(&name, &message) => outcome.left_out += 1,
                        1 => outcome.fail(&name, &message),
                        _ => outcome.fail(&name, "not done"),
                    }
                }
                if let Some(reason) = stopped.as_ref().filter(|_| none || !reason_is_told(outcome)) {
                    outcome.fail("the file", reason);
                }
            }
            _ => outcome.fail("the file", stopped.as_deref().unwrap_or("gave no results")),
        }
    });
}

/// Whether a subtest fails for want of what the host does not have.
fn needs_absent(name: &str, message: &str) -> bool {
    ABSENT.iter().any(|absent| message.contains(&format!("{absent} is not defined")))
        || ABSENT_CRYPTO.iter().any(|absent| message.contains(absent))
        || ABSENT_INTERFACES.iter().any(|absent| name.starts_with(absent))
}

/// Whether an end before its time shows in a subtest.
fn reason_is_told(outcome: &Outcome) -> bool {
    outcome.failures.iter().any(|failure| failure.ends_with("not done"))
}

fn described(failure: Failure) -> String {
    match failure {
        Failure::Thrown(thrown) => thrown.into_error(|_, _, _| None).to_string(),
        Failure::Other(error) => error.to_string(),
        Failure::Walk(_) => "its value cannot be read".to_owned(),
    }
}
