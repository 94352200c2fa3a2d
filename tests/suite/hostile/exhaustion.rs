//! More of everything than there is.

use super::{ends, refused, run};

const TIME: &str = "max_run_seconds";
const MEMORY: &str = "max_run_seconds|string too long|max_memory_mb|Invalid string length|invalid string length|invalid array|out of memory|Invalid array|RangeError";

#[test]
fn time_is_limited() {
    run(&[
        refused("a loop", "for (;;) {}", TIME),
        refused("a loop that catches", "for (;;) { try { for (;;) {} } catch {} }", TIME),
        refused("a loop of promises", "for (;;) await null;", TIME),
        refused("a regular expression", "return [{v: String(/^(a+)+$/.test('a'.repeat(40) + 'b'))}];", TIME),
        refused("a comparison", "[3, 2, 1].sort(() => { for (;;) {} });", TIME),
        refused("a promise that nothing settles", "await new Promise(() => {});", "nothing will settle"),
        refused(
            "waiting for other threads",
            "Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);",
            "TypeError|Error",
        ),
        ends("rows without end", "return (function* () { for (;;) yield {v: 'x'}; })();", Ok("\"v\":\"x\"")),
    ]);
}

#[test]
fn memory_is_limited() {
    run(&[
        refused("a long text", "return [{v: 'x'.repeat(2 ** 29)}];", MEMORY),
        refused("a text that doubles", "let text = 'xy'; for (;;) text += text;", MEMORY),
        refused("a long array", "return new Array(2 ** 31).fill({v: 'x'});", MEMORY),
        refused("arrays", "const all = []; for (;;) all.push(new Array(1000).fill(0));", MEMORY),
        refused("bytes", "const all = []; for (;;) all.push(new Uint8Array(1 << 20));", MEMORY),
        refused("a large number", "return [{v: String(2n ** 10000000000n)}];", "RangeError|max_"),
        refused(
            "promises",
            "const all = []; for (;;) all.push(new Promise(() => {}).then(() => {}));",
            "max_memory_mb|max_run_seconds",
        ),
        refused("recursion", "const down = n => 1 + down(n + 1); down(0);", "stack|RangeError"),
        refused("recursion of getters", "const o = {get x() { return this.x; }}; o.x;", "stack|RangeError"),
        refused("recursion of toString", "const o = {toString() { return `${o}`; }}; `${o}`;", "stack|RangeError"),
        refused("timers", "for (;;) setTimeout(() => {}, 1e9);", "max_memory_mb|max_run_seconds"),
        refused(
            "keys",
            "for (;;) await crypto.subtle.generateKey({name: 'HMAC', hash: 'SHA-256'}, true, ['sign']);",
            "QuotaExceededError|max_run_seconds",
        ),
    ]);
}

#[test]
fn answers_are_limited() {
    run(&[
        refused("nested without end", "await (await fetch(api + '/deep')).json();", "JSON|stack|nested"),
        refused("a bomb", "await fetch(config.raw_url + '/bomb');", "larger|too large"),
        refused("without end", "await fetch(config.raw_url + '/endless');", "larger|too large|timed out|no answer"),
        refused("silence", "await fetch(config.raw_url + '/silent');", "timed out|no answer"),
        refused("nonsense", "await fetch(config.raw_url + '/nonsense');", "FetchError"),
    ]);
}
