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
        refused("a bomb", "await (await fetch(config.raw_url + '/bomb')).text();", "larger"),
        refused("a bomb of deflate", "await (await fetch(config.raw_url + '/bomb-deflate')).json();", "larger"),
        refused("a bomb of brotli", "await (await fetch(config.raw_url + '/bomb-br')).bytes();", "larger"),
        refused("without end", "await (await fetch(config.raw_url + '/endless')).text();", "larger|no answer"),
        refused(
            "without end, kept in pieces",
            "const all = []; for await (const piece of (await fetch(config.raw_url + '/endless')).body) all.push(piece);",
            "max_memory_mb|larger|no answer",
        ),
        refused(
            "many without end",
            "await Promise.all(Array.from({length: 40}, async () => (await fetch(config.raw_url + '/endless')).text()));",
            "larger|no answer",
        ),
        refused("one byte after the other", "await (await fetch(config.raw_url + '/drip')).text();", "no answer"),
        refused(
            "one byte after the other, in pieces",
            "for await (const piece of (await fetch(config.raw_url + '/drip')).body);",
            "no answer",
        ),
        refused(
            "a second reader",
            "const r = await fetch(config.raw_url + '/drip'); const c = r.clone(); await Promise.all([r.text(), c.body.cancel()]);",
            "no answer",
        ),
        refused(
            "cut off",
            "await (await fetch(config.raw_url + '/cut')).text();",
            "closed before the answer was complete",
        ),
        refused("silence", "await fetch(config.raw_url + '/silent');", "timed out|no answer"),
        refused("nonsense", "await fetch(config.raw_url + '/nonsense');", "FetchError"),
    ]);
}

#[test]
fn keys_are_limited() {
    run(&[
        refused(
            "billions of iterations",
            "const key = await crypto.subtle.importKey('raw', new Uint8Array(8), 'PBKDF2', false, ['deriveBits']);
             await crypto.subtle.deriveBits({name: 'PBKDF2', hash: 'SHA-256', salt: new Uint8Array(8), iterations: 4294967295}, key, 256);",
            "OperationError|iterations",
        ),
        refused(
            "gigabytes derived",
            "const key = await crypto.subtle.importKey('raw', new Uint8Array(8), 'HKDF', false, ['deriveBits']);
             await crypto.subtle.deriveBits({name: 'HKDF', hash: 'SHA-256', salt: new Uint8Array(8), info: new Uint8Array(8)}, key, 2 ** 40);",
            "OperationError|255 times",
        ),
        refused(
            "keys without end",
            "for (let index = 0; index < 20000; index++) await crypto.subtle.generateKey({name: 'AES-GCM', length: 128}, false, ['encrypt']);",
            "at most 10000 keys|max_run_seconds",
        ),
    ]);
}
