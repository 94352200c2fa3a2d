//! Handlers that wait for what never comes, and those that only seem to.

use super::*;

const NEVER: &str = "ConnectorError: the handler waits for a promise that nothing will settle: ";

#[test]
fn promises_that_nothing_settles() {
    let idle = format!(
        "{NEVER}for longer than `max_wait_seconds` nothing but repeated timers has happened, without any request"
    );
    assert_eq!(evaluate("await new Promise(() => {})"), format!("{NEVER}no request and no timer is under way"));
    assert_eq!(
        evaluate("setTimeout(() => {}, 1000); await new Promise(() => {})"),
        format!("{NEVER}no request and no timer is under way")
    );
    for body in [
        "setInterval(() => {}, 10); await new Promise(() => {})",
        "setInterval(() => {}, 86400000); await new Promise(() => {})",
        "setInterval(() => {}, 0); setInterval(() => {}, 7000); await new Promise(() => {})",
        "const again = () => setTimeout(again, 50); again(); await new Promise(() => {})",
        "while (true) await new Promise(r => setTimeout(r, 20))",
    ] {
        assert_eq!(evaluate(body), idle, "{body}");
    }
}

#[test]
fn long_waits_that_end() {
    for body in [
        "await new Promise(r => setTimeout(r, 3600000)); return 1",
        "const t = setInterval(() => {}, 100); await new Promise(r => setTimeout(r, 3600000)); clearInterval(t); return 1",
        "for (let i = 0; i < 500; i++) await new Promise(r => setTimeout(r, 1000)); return 1",
        "let n = 0; return await new Promise(r => { const t = setInterval(() => { if (++n === 50) { clearInterval(t); r(1); } }, 1000); })",
    ] {
        assert_eq!(evaluate(body), "1", "{body}");
    }
    // Requests are something that happens.
    assert_eq!(
        evaluate_with(
            "let n = 0; return await new Promise(r => setInterval(async () => { await fetch('mock:///a'); if (++n === 5) r(n); }, 60000))",
            r#"{"GET /a": {}}"#,
            |_| {},
        )
        .0,
        "5"
    );
}

#[test]
fn an_instance_goes_on_after_a_runaway() {
    run(async {
        let mut bench = Bench::new("{}");
        let waits = script(
            "execute",
            &[],
            "let calls = 0; async function execute(config, params) { calls++; if (params.never) { setInterval(() => {}, 1000); await new Promise(() => {}); } return calls; }",
        );
        let call = |never: bool| json(&format!(r#"{{"never": {never}}}"#));
        assert_eq!(bench.execute(&waits, &call(false)).await.map(|value| value_to_json(&value)), Ok("1".to_owned()));
        let error = bench.execute(&waits, &call(true)).await.expect_err("it never ends");
        assert_eq!(error.code.as_deref(), Some("never-settles"));
        // Its scope is a new one, without the interval and the counter of the old one.
        assert_eq!(bench.execute(&waits, &call(false)).await.map(|value| value_to_json(&value)), Ok("1".to_owned()));
    });
}
