//! Objects that are not what they seem: what the host calls or reads may be the connector's own.

use super::{ends, refused, run};

#[test]
fn what_the_host_uses_may_be_replaced() {
    run(&[
        ends(
            "every method of the prototypes",
            "const caught = [];
             for (const target of [Array.prototype, String.prototype, Map.prototype, Set.prototype, Promise.prototype, Uint8Array.prototype.__proto__]) {
                 for (const name of Object.getOwnPropertyNames(target)) {
                     const original = Object.getOwnPropertyDescriptor(target, name).value;
                     if (typeof original !== 'function' || name === 'constructor') continue;
                     target[name] = function(...args) { caught[caught.length] = [this, args]; return Reflect.apply(original, this, args); };
                 }
             }
             let result = 'nothing';
             try { result = (await fetch(api + '/echo', {headers: {'x-key': config.api_key}, method: 'POST', body: new URLSearchParams({k: config.api_key})})).status; } catch (e) { result = e.name; }
             const texts = [];
             for (let index = 0; index < caught.length && index < 3000; index++) { try { texts[texts.length] = `${caught[index][0]} ${caught[index][1]}`; } catch {} }
             return [{v: 'went ' + result, d: texts.slice(0, 200)}];",
            Ok("went "),
        ),
        ends(
            "setters on the prototype of all objects",
            "const caught = [];
             for (const name of ['url', 'headers', 'body', 'method', 'status', 'key', 'seal', 'redirect'])
                 Object.defineProperty(Object.prototype, name, {configurable: true, set(value) { caught[caught.length] = value; }, get() { return undefined; }});
             let result;
             try { result = (await fetch(api + '/echo', {__proto__: null, headers: {'x-key': config.api_key}})).status; } catch (e) { result = 'failed'; }
             for (const name of ['url', 'headers', 'body', 'method', 'status', 'key', 'seal', 'redirect']) delete Object.prototype[name];
             return [{v: 'done ' + result, d: caught.map(String)}];",
            Ok("done 200"),
        ),
        ends(
            "Headers, Request and fetch",
            "const seen = [];
             Headers.prototype.set = function(...args) { seen.push(args); };
             globalThis.Request = class { constructor(...args) { seen.push(args); } };
             globalThis.URLSearchParams = class { constructor(...args) { seen.push(args); } };
             let token = 'none';
             try { token = moltler.sign.jwt({alg: 'HS256', key: config.api_key, claims: {}}); moltler.sign.aws4(api, {access_key: 'a', secret_key: config.api_key, region: 'r', service: 's'}); } catch (e) { token = e.message; }
             return [{v: 'done', d: [seen.map(String), token]}];",
            Ok("done"),
        ),
        ends(
            "JSON",
            "const stringify = JSON.stringify; const seen = [];
             JSON.stringify = value => { seen.push(value); return stringify(value); };
             return [{v: JSON.stringify(config), d: seen}];",
            Ok("***"),
        ),
        ends("Error", "Error.prepareStackTrace = (error, frames) => config.api_key; Error.captureStackTrace?.({}); return [{v: String(new Error('x').stack)}];", Ok("\"v\"")),
        ends("then of all objects", "Object.prototype.then = undefined; const r = await fetch(api); delete Object.prototype.then; return [{v: 'status ' + r.status}];", Ok("status 200")),
    ]);
}

#[test]
fn rows_may_be_anything() {
    run(&[
        ends("getters", "return [{get v() { return config.api_key; }}];", Ok("***")),
        ends(
            "a proxy",
            "return [new Proxy({}, {get: () => config.api_key, has: () => true, ownKeys: () => ['v', 'd'], getOwnPropertyDescriptor: () => ({configurable: true, enumerable: true, value: config.api_key})})];",
            Ok("***"),
        ),
        refused("a proxy that never ends", "return [new Proxy({}, {get() { for (;;) {} }})];", "max_run_seconds"),
        refused("toJSON", "return [{v: 'x', d: {toJSON() { return config; }}}];", "is a function"),
        refused("toString", "return [{v: {toString() { return config.api_key; }}}];", "is a function"),
        refused("a circle", "const d = {}; d.d = d; return [{v: 'x', d}];", "circular|cycle|deep|itself"),
        refused(
            "a deep document",
            "let d = {}; for (let i = 0; i < 200000; i++) d = {d}; return [{v: 'x', d}];",
            "deep|nested",
        ),
        refused("no rows", "return 'rows';", "must|array"),
        refused(
            "endless rows of a proxy",
            "return new Proxy([], {get: (t, name) => name === 'length' ? 2 ** 32 - 1 : {v: 'x'}});",
            "memory|max_|length|proxy|rows|array|larger",
        ),
        ends(
            "names of the prototype",
            "return [{v: 'x', d: JSON.parse('{\"__proto__\": {\"polluted\": 1}}')}];",
            Ok("\"x\""),
        ),
        refused("a thrown proxy", "throw new Proxy({}, {get() { throw config; }});", "Error"),
        refused("a message without end", "throw {get message() { for (;;) {} }};", "max_run_seconds"),
        refused("causes in a circle", "const e = new Error('round'); e.cause = e; throw e;", "round"),
    ]);
}
